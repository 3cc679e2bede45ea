"""The port desk's queue: requests that are submitted and not finished, in the order of the day."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from functools import cache
from typing import Any, Final

from libs.common.database import Connection
from libs.common.paging import Key, Listing, Page, Slice, read_page
from services.porting.domain.requests import PortRequest
from services.porting.store.requests import REQUEST_COLUMNS, read_request


class QueueOrder(StrEnum):
    LONGEST_WAITING = "LONGEST_WAITING"
    FIRST_SUBMITTED = "FIRST_SUBMITTED"
    SOONEST_FIRM_DATE = "SOONEST_FIRM_DATE"
    MOST_LINES = "MOST_LINES"
    ACCOUNT = "ACCOUNT"


@dataclass(frozen=True, kw_only=True)
class QueueFilters:
    """None means no limit. `losing_carrier` is a key; `number_prefix` is of E.164."""

    statuses: Sequence[str] | None = None
    waiting_on: str | None = None
    losing_carrier: str | None = None
    country: str | None = None
    claimed_by: str | None = None
    is_claimed: bool | None = None
    account_id: str | None = None
    company_id: str | None = None
    submitted_before: datetime | None = None
    firm_date_before: date | None = None
    text: str | None = None
    number_prefix: str | None = None


# One condition for each filter that is asked for: what is not asked costs nothing, and the
# planner sees what is.
_CONDITIONS: Final = {
    "statuses": "status = ANY({0}::text[])",
    "waiting_on": "waiting_on = {0}",
    "losing_carrier": "losing_carriers @> ARRAY[{0}::text]",
    "country": "countries @> ARRAY[{0}::text]",
    "claimed_by": "claimed_by = {0}",
    "is_claimed": "(claimed_by IS NOT NULL) = {0}::boolean",
    "account_id": "account_id = {0}",
    "company_id": "company_id = {0}",
    "submitted_before": "queued_at < {0}",
    "firm_date_before": "earliest_firm_date < {0}::date",
    "text": """(
        strpos(lower(name), {0}) > 0
        OR lower(id) = {0}
        OR lower(account_id) = {0}
        OR account_id IN (
          SELECT a.account_id FROM accounts AS a WHERE strpos(lower(a.name), {0}) > 0
        )
      )""",
    # Digits only, so `:` comes right after every number that begins so.
    "number_prefix": """EXISTS (
        SELECT FROM lines
        WHERE lines.port_request_id = port_requests.id
          AND lines.tracking_number >= {0}
          AND lines.tracking_number < {0} || ':'
      )""",
}
_KEYS: Final = {
    QueueOrder.LONGEST_WAITING: (Key(column="status_since", kind=datetime), False),
    QueueOrder.FIRST_SUBMITTED: (Key(column="queued_at", kind=datetime), False),
    QueueOrder.SOONEST_FIRM_DATE: (Key(column="earliest_firm_date", kind=date), False),
    QueueOrder.MOST_LINES: (Key(column="line_count", kind=int), True),
    QueueOrder.ACCOUNT: (Key(column="account_id", kind=str), False),
}
# A word that is a number's beginning finds requests by number, besides by name.
_EITHER: Final = frozenset({"text", "number_prefix"})


@cache
def queue_listing(order: QueueOrder, asked: frozenset[str] = frozenset()) -> Listing:
    """The statement for these filters, each a parameter in the order of `QueueFilters`."""
    key, descending = _KEYS[order]
    return Listing(
        f"SELECT {REQUEST_COLUMNS}, queued_at FROM port_requests "
        f"WHERE {_where(asked)} {{keyset}} {{order}}",
        parameters=len(asked),
        keys=[key, Key(column="id", kind=str)],
        descending=descending,
    )


def every_statement() -> Iterator[str]:
    """Each filter alone and all together, for the test that prepares them."""
    alone = [frozenset({name}) for name in _CONDITIONS]
    for asked in [frozenset[str](), *alone, frozenset(_CONDITIONS)]:
        yield _count(asked)
        for order in QueueOrder:
            yield from queue_listing(order, asked)


async def find_queue_page(
    connection: Connection, filters: QueueFilters, order: QueueOrder, page: Page
) -> Slice[PortRequest]:
    asked, values = _asked(filters)
    rows = await read_page(connection, queue_listing(order, asked), page, *values)
    return rows.map(read_request)


async def count_queue(connection: Connection, filters: QueueFilters) -> int:
    asked, values = _asked(filters)
    count: int = await connection.fetchval(_count(asked), *values)
    return count


def _count(asked: frozenset[str]) -> str:
    return f"SELECT count(*) FROM port_requests WHERE {_where(asked)}"


def _where(asked: frozenset[str]) -> str:
    names = [name for name in _CONDITIONS if name in asked]
    written = {
        name: _CONDITIONS[name].format(f"${place}") for place, name in enumerate(names, 1)
    }
    words = [written.pop(name) for name in names if name in _EITHER]
    searched = [f"({' OR '.join(words)})"] if words else []
    return "\n  AND ".join(["is_open", *written.values(), *searched])


def _asked(filters: QueueFilters) -> tuple[frozenset[str], list[Any]]:
    values = {name: getattr(filters, name) for name in _CONDITIONS}
    given = {name: value for name, value in values.items() if value is not None}
    return frozenset(given), list(given.values())
