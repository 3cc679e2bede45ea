"""Port requests in PostgreSQL."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from libs.common.database import Connection, Row
from libs.common.paging import Key, Listing, Page, Slice, read_page, read_pages
from services.porting.domain.countries import Country
from services.porting.domain.requests import PortRequest, PortRequestStatus, WaitingOn


@dataclass(frozen=True, kw_only=True)
class Filters:
    """None means no limit."""

    account_id: str | None
    company_ids: Sequence[str] | None
    requester_id: str | None
    statuses: Sequence[str] | None
    search: str | None = None


REQUEST_COLUMNS: Final = """
    id, account_id, company_id, requester_id, requester_name, name, status, status_since,
    created_at, version, country, made_by_support, warnings_acknowledged,
    warnings_acknowledged_at, warnings_acknowledged_by, submitted_at, submitted_by, authorized_at,
    authorized_by, declined_at, declined_by, decline_reason, preconfigured_at, sent_at,
    completed_at, fault_code, fault_waiting_on, fault_remedy, requested_firm_date, claimed_by,
    claimed_at, line_count, unsent_count, earliest_firm_date, losing_carriers, countries
"""

_ADD: Final = """
    INSERT INTO port_requests
      (id, account_id, company_id, requester_id, requester_name, name, status, status_since,
       created_at, version, country, made_by_support)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
"""
# One request, kept from other writers until the transaction ends.
_LOCK: Final = f"SELECT {REQUEST_COLUMNS} FROM port_requests WHERE id = $1 FOR UPDATE"
# The same for a timer, which must not wait for whoever moves it.
_LOCK_IF_FREE: Final = f"{_LOCK} SKIP LOCKED"
_IDLE_SINCE: Final = "SELECT idle_since FROM port_requests WHERE id = $1"
# Those of `ids` that the caller may see; NULL for account, companies or requester means all.
_FIND: Final = f"""
    SELECT {REQUEST_COLUMNS}
    FROM port_requests
    WHERE id = ANY($1::text[])
      AND ($2::text IS NULL OR account_id = $2)
      AND ($3::text[] IS NULL OR company_id = ANY($3))
      AND ($4::text IS NULL OR requester_id = $4)
"""
_FILTER_CONDITION: Final = """
          ($1::text IS NULL OR account_id = $1)
      AND ($2::text[] IS NULL OR company_id = ANY($2))
      AND ($3::text IS NULL OR requester_id = $3)
      AND ($4::text[] IS NULL OR status = ANY($4))
      AND ($5::text IS NULL OR name ILIKE $5)
"""
_LIST_TEMPLATE: Final = f"""
    SELECT {REQUEST_COLUMNS}
    FROM port_requests
    WHERE {_FILTER_CONDITION} {{keyset}} {{order}}
"""
# Ids sort by time of making.
_ID: Final = Key(column="id", kind=str)
_NAME: Final = Key(column="name", kind=str)
_CHANGE: Final = Key(column="status_since", kind=datetime)
REQUESTS: Final = Listing(_LIST_TEMPLATE, parameters=5, keys=[_ID], descending=True)
REQUESTS_OLDEST_FIRST: Final = Listing(_LIST_TEMPLATE, parameters=5, keys=[_ID])
REQUESTS_BY_NAME: Final = Listing(_LIST_TEMPLATE, parameters=5, keys=[_NAME, _ID])
REQUESTS_BY_CHANGE: Final = Listing(
    _LIST_TEMPLATE, parameters=5, keys=[_CHANGE, _ID], descending=True
)
# The same page of the list of each of many accounts.
REQUESTS_OF_ACCOUNTS: Final = Listing(
    f"""
    SELECT request.*
    FROM unnest($1::text[]) AS wanted (account_id)
    CROSS JOIN LATERAL (
      SELECT {REQUEST_COLUMNS}
      FROM port_requests
      WHERE account_id = wanted.account_id
        AND ($2::text[] IS NULL OR company_id = ANY($2))
        AND ($3::text IS NULL OR requester_id = $3) {{keyset}} {{order}}
    ) AS request
    """,
    parameters=3,
    keys=[_ID],
    descending=True,
)
_COUNT_OF_ACCOUNTS: Final = """
    SELECT account_id, count(*) AS requests
    FROM port_requests
    WHERE account_id = ANY($1::text[])
      AND ($2::text[] IS NULL OR company_id = ANY($2))
      AND ($3::text IS NULL OR requester_id = $3)
    GROUP BY account_id
"""
_COUNT: Final = f"SELECT count(*) FROM port_requests WHERE {_FILTER_CONDITION}"


async def add_request(connection: Connection, request: PortRequest) -> None:
    await connection.execute(
        _ADD,
        request.id,
        request.account_id,
        request.company_id,
        request.requester_id,
        request.requester_name,
        request.name,
        request.status,
        request.status_since,
        request.created_at,
        request.version,
        request.country,
        request.made_by_support,
    )


async def lock_request(connection: Connection, request_id: str) -> PortRequest | None:
    row = await connection.fetchrow(_LOCK, request_id)
    return read_request(row) if row else None


async def lock_request_if_free(connection: Connection, request_id: str) -> PortRequest | None:
    """None, too, while somebody else is changing it."""
    row = await connection.fetchrow(_LOCK_IF_FREE, request_id)
    return read_request(row) if row else None


async def find_idle_since(connection: Connection, request_id: str) -> datetime:
    since: datetime = await connection.fetchval(_IDLE_SINCE, request_id)
    return since


async def find_requests(
    connection: Connection,
    ids: Sequence[str],
    account_id: str | None,
    company_ids: Sequence[str] | None,
    requester_id: str | None,
) -> dict[str, PortRequest]:
    rows = await connection.fetch(_FIND, list(ids), account_id, company_ids, requester_id)
    return {row["id"]: read_request(row) for row in rows}


async def find_request_page(
    connection: Connection, listing: Listing, filters: Filters, page: Page
) -> Slice[PortRequest]:
    rows = await read_page(connection, listing, page, *_arguments(filters))
    return rows.map(read_request)


async def find_request_pages(
    connection: Connection,
    account_ids: Sequence[str],
    company_ids: Sequence[str] | None,
    requester_id: str | None,
    page: Page,
) -> dict[str, Slice[PortRequest]]:
    """An account without requests is missing."""
    pages = await read_pages(
        connection,
        REQUESTS_OF_ACCOUNTS,
        page,
        "account_id",
        list(account_ids),
        company_ids,
        requester_id,
    )
    return {account_id: rows.map(read_request) for account_id, rows in pages.items()}


async def count_requests_of_accounts(
    connection: Connection,
    account_ids: Sequence[str],
    company_ids: Sequence[str] | None,
    requester_id: str | None,
) -> dict[str, int]:
    rows = await connection.fetch(
        _COUNT_OF_ACCOUNTS, list(account_ids), company_ids, requester_id
    )
    return {row["account_id"]: row["requests"] for row in rows}


async def count_requests(connection: Connection, filters: Filters) -> int:
    count: int = await connection.fetchval(_COUNT, *_arguments(filters))
    return count


def _arguments(filters: Filters) -> tuple[object, ...]:
    return (
        filters.account_id,
        filters.company_ids,
        filters.requester_id,
        filters.statuses,
        _pattern(filters.search),
    )


def _pattern(search: str | None) -> str | None:
    """Somewhere in the text; what LIKE would read as a sign of its own is a letter here."""
    if not search:
        return None
    for sign in ("\\", "%", "_"):
        search = search.replace(sign, f"\\{sign}")
    return f"%{search}%"


def read_request(row: Row) -> PortRequest:
    columns = dict(row)
    columns.pop("queued_at", None)
    waiting_on, firm_date = columns["fault_waiting_on"], columns["earliest_firm_date"]
    country = columns["country"]
    return PortRequest(
        **{
            **columns,
            "status": PortRequestStatus(columns["status"]),
            "fault_waiting_on": WaitingOn(waiting_on) if waiting_on else None,
            "country": Country(country) if country else None,
            "warnings_acknowledged": tuple(columns["warnings_acknowledged"]),
            "earliest_firm_date": None if firm_date == date.max else firm_date,
            "losing_carriers": tuple(columns["losing_carriers"]),
            "countries": tuple(columns["countries"]),
        }
    )
