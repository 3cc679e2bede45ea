"""Lines in PostgreSQL: taken in, counted, listed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from libs.common.batches import split
from libs.common.database import Connection, Row
from libs.common.paging import Key, Listing, Page, Slice, read_pages
from libs.contracts.phone_number import PhoneNumber
from services.porting.domain.line_rules import NewLine
from services.porting.domain.lines import LineState


@dataclass(frozen=True, kw_only=True)
class Line:
    id: str
    port_request_id: str
    account_id: str
    company_id: str
    tracking_number: PhoneNumber
    forwarding_number: PhoneNumber
    name: str
    source: str
    state: LineState
    firm_date: date | None
    ported_at: datetime | None
    number_id: str | None
    carrier_order_id: str | None
    account_number: str | None
    billing_number: PhoneNumber | None


LINE_COLUMNS: Final = """
    id, port_request_id, account_id, company_id, tracking_number, forwarding_number, name, source,
    state, firm_date, ported_at, number_id, carrier_order_id, account_number, billing_number
"""
_AT_ONCE: Final = 5_000
_REMOVE_ALL: Final = "DELETE FROM lines WHERE port_request_id = $1"
_ADD: Final = """
    INSERT INTO lines
      (port_request_id, account_id, id, tracking_number, forwarding_number, name, source,
       company_id, account_number, billing_number, state)
    SELECT $1, $2, added.*, 'ADDED'
    FROM unnest(
      $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
      $10::text[]
    ) AS added
"""
_COUNT_BY_STATE: Final = """
    SELECT state, count(*) AS lines
    FROM lines
    WHERE port_request_id = $1
    GROUP BY state
"""
_STATES_OF_MANY: Final = """
    SELECT DISTINCT port_request_id, state
    FROM lines
    WHERE port_request_id = ANY($1::text[])
"""
_COUNT_OF_MANY: Final = """
    SELECT port_request_id, count(*) AS lines
    FROM lines
    WHERE port_request_id = ANY($1::text[])
      AND ($2::text[] IS NULL OR company_id = ANY($2))
    GROUP BY port_request_id
"""
_STATES: Final = """
    SELECT tracking_number, state
    FROM lines
    WHERE port_request_id = $1
      AND tracking_number = ANY($2::text[])
"""
_NUMBERS: Final = "SELECT tracking_number FROM lines WHERE port_request_id = $1"
# The area codes of each request's +1 numbers tell its country.
_AREA_CODES: Final = """
    SELECT DISTINCT port_request_id, substr(tracking_number, 3, 3) AS area_code
    FROM lines
    WHERE port_request_id = ANY($1::text[])
      AND tracking_number LIKE '+1%'
"""
_FIND_ALL: Final = f"SELECT {LINE_COLUMNS} FROM lines WHERE port_request_id = $1 ORDER BY id"
_FIND_NAMED: Final = f"""
    SELECT {LINE_COLUMNS}
    FROM lines
    WHERE port_request_id = $1
      AND tracking_number = ANY($2::text[])
"""
_FIND_BY_ID: Final = f"SELECT {LINE_COLUMNS} FROM lines WHERE id = ANY($1::text[])"
# Each line now names its number in inventory.
_LINK_NUMBERS: Final = """
    UPDATE lines
    SET number_id = linked.number_id
    FROM unnest($1::text[], $2::text[]) AS linked (line_id, number_id)
    WHERE lines.id = linked.line_id
"""
# The same page of the list of each of many requests.
LINES: Final = Listing(
    f"""
    SELECT line.*
    FROM unnest($1::text[]) AS wanted (request_id)
    CROSS JOIN LATERAL (
      SELECT {LINE_COLUMNS}
      FROM lines
      WHERE port_request_id = wanted.request_id
        AND ($2::text[] IS NULL OR company_id = ANY($2)) {{keyset}} {{order}}
    ) AS line
    """,
    parameters=2,
    keys=[Key(column="id", kind=str)],
)
# The next of a request's lines for a file, each with its company's name.
_FOR_EXPORT: Final = """
    SELECT line.id, tracking_number, forwarding_number, line.name, source,
      coalesce(company.name, '') AS company, coalesce(account_number, '') AS account_number,
      coalesce(billing_number, '') AS billing_number
    FROM lines AS line
    LEFT JOIN companies AS company ON company.company_id = line.company_id
    WHERE port_request_id = $1
      AND ($2::text[] IS NULL OR line.company_id = ANY($2))
      AND line.id > $3
    ORDER BY line.id
    LIMIT $4
"""
_FIND_TRACKING_NUMBERS_SEEN: Final = """
    SELECT tracking_number
    FROM lines
    WHERE port_request_id = $1
      AND ($2::text[] IS NULL OR company_id = ANY($2))
      AND state NOT IN ('CANCELLED', 'NOT_PORTABLE')
    ORDER BY id
"""


async def replace_lines(
    connection: Connection, request_id: str, account_id: str, lines: Sequence[NewLine]
) -> None:
    await connection.execute(_REMOVE_ALL, request_id)
    await add_lines(connection, request_id, account_id, lines)


async def add_lines(
    connection: Connection, request_id: str, account_id: str, lines: Sequence[NewLine]
) -> None:
    """Some thousands at a time: the event loop is free between them."""
    for some in split(lines, _AT_ONCE):
        await connection.execute(
            _ADD,
            request_id,
            account_id,
            [line.id for line in some],
            [line.tracking_number for line in some],
            [line.forwarding_number for line in some],
            [line.name for line in some],
            [line.source for line in some],
            [line.company_id for line in some],
            [line.account_number for line in some],
            [line.billing_number for line in some],
        )


async def count_lines(connection: Connection, request_id: str) -> dict[LineState, int]:
    rows = await connection.fetch(_COUNT_BY_STATE, request_id)
    return {LineState(row["state"]): row["lines"] for row in rows}


async def find_states_of_many(
    connection: Connection, request_ids: Sequence[str]
) -> dict[str, set[LineState]]:
    """The states that each request's lines are in; a request without lines is missing."""
    found: dict[str, set[LineState]] = {}
    for row in await connection.fetch(_STATES_OF_MANY, list(request_ids)):
        found.setdefault(row["port_request_id"], set()).add(LineState(row["state"]))
    return found


async def count_lines_of_many(
    connection: Connection, request_ids: Sequence[str], company_ids: Sequence[str] | None
) -> dict[str, int]:
    """How many lines of each request are in these companies."""
    rows = await connection.fetch(_COUNT_OF_MANY, list(request_ids), company_ids)
    counted = {row["port_request_id"]: row["lines"] for row in rows}
    return {request_id: counted.get(request_id, 0) for request_id in request_ids}


async def find_tracking_numbers_seen(
    connection: Connection, request_id: str, company_ids: Sequence[str] | None
) -> list[PhoneNumber]:
    """Those that may still port, in these companies, or in all where `company_ids` is None."""
    rows = await connection.fetch(
        _FIND_TRACKING_NUMBERS_SEEN,
        request_id,
        None if company_ids is None else list(company_ids),
    )
    return [PhoneNumber(row["tracking_number"]) for row in rows]


async def find_tracking_numbers(connection: Connection, request_id: str) -> list[PhoneNumber]:
    rows = await connection.fetch(_NUMBERS, request_id)
    return [PhoneNumber(row["tracking_number"]) for row in rows]


async def find_area_codes(
    connection: Connection, request_ids: Sequence[str]
) -> dict[str, list[str]]:
    """A request without North American numbers is missing."""
    found: dict[str, list[str]] = {}
    for row in await connection.fetch(_AREA_CODES, list(request_ids)):
        found.setdefault(row["port_request_id"], []).append(row["area_code"])
    return found


async def find_states(
    connection: Connection, request_id: str, numbers: Sequence[str]
) -> dict[str, LineState]:
    """Of those of `numbers` that the request has."""
    rows = await connection.fetch(_STATES, request_id, list(numbers))
    return {row["tracking_number"]: LineState(row["state"]) for row in rows}


async def find_all_lines(connection: Connection, request_id: str) -> list[Line]:
    return read_lines(await connection.fetch(_FIND_ALL, request_id))


async def find_lines_for_export(
    connection: Connection,
    request_id: str,
    company_ids: Sequence[str] | None,
    *,
    after: str,
    most: int,
) -> Sequence[Row]:
    """From the line behind `after`, an id; '' is before the first."""
    return await connection.fetch(_FOR_EXPORT, request_id, company_ids, after, most)


async def find_named_lines(
    connection: Connection, request_id: str, numbers: Sequence[str]
) -> dict[str, Line]:
    """By their number, those that the request has."""
    rows = await connection.fetch(_FIND_NAMED, request_id, list(numbers))
    return {line.tracking_number: line for line in read_lines(rows)}


async def find_lines_by_id(connection: Connection, line_ids: Sequence[str]) -> dict[str, Line]:
    rows = await connection.fetch(_FIND_BY_ID, list(line_ids))
    return {line.id: line for line in read_lines(rows)}


async def link_numbers(connection: Connection, number_ids: Mapping[str, str]) -> None:
    """`number_ids` maps a line's id to its number in inventory."""
    await connection.execute(_LINK_NUMBERS, list(number_ids), list(number_ids.values()))


async def find_line_pages(
    connection: Connection,
    request_ids: Sequence[str],
    company_ids: Sequence[str] | None,
    page: Page,
) -> dict[str, Slice[Line]]:
    """A request without lines is missing."""
    pages = await read_pages(
        connection, LINES, page, "port_request_id", list(request_ids), company_ids
    )
    return {request_id: rows.map(read_line) for request_id, rows in pages.items()}


def read_lines(rows: Sequence[Row]) -> list[Line]:
    return [read_line(row) for row in rows]


def read_line(row: Row | Mapping[str, Any]) -> Line:
    columns = dict(row)
    columns["state"] = LineState(columns["state"])
    columns["tracking_number"] = PhoneNumber(columns["tracking_number"])
    columns["forwarding_number"] = PhoneNumber(columns["forwarding_number"])
    if columns["billing_number"]:
        columns["billing_number"] = PhoneNumber(columns["billing_number"])
    return Line(**columns)
