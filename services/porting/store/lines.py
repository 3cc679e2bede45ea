"""Lines in PostgreSQL: moved by sets, never one by one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

import asyncpg

from libs.common.database import Connection, Row
from libs.common.paging import Key, Listing, Page, Slice, read_page
from libs.contracts.phone_number import PhoneNumber
from services.porting.domain.lines import LineState
from services.porting.domain.refusals import NumberIsInAnotherRequest


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


@dataclass(frozen=True, kw_only=True)
class NewLine:
    id: str
    tracking_number: PhoneNumber
    forwarding_number: PhoneNumber
    name: str
    source: str
    company_id: str


_COLUMNS: Final = """
    id, port_request_id, account_id, company_id, tracking_number, forwarding_number, name, source,
    state, firm_date, ported_at, number_id
"""
_REMOVE_ALL: Final = "DELETE FROM lines WHERE port_request_id = $1"
_ADD: Final = """
    INSERT INTO lines
      (port_request_id, account_id, id, tracking_number, forwarding_number, name, source,
       company_id, state)
    SELECT $1, $2, added.*, 'ADDED'
    FROM unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[]) AS added
"""
_COUNT_BY_STATE: Final = """
    SELECT state, count(*) AS lines
    FROM lines
    WHERE port_request_id = $1
    GROUP BY state
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
_FIND_ALL: Final = f"SELECT {_COLUMNS} FROM lines WHERE port_request_id = $1 ORDER BY id"
# Lines in one of the states before, all or the named ones, take the state behind.
_MOVE: Final = f"""
    UPDATE lines
    SET state = $2
    WHERE port_request_id = $1
      AND state = ANY($3::text[])
    RETURNING {_COLUMNS}
"""
_APPROVE: Final = f"""
    UPDATE lines
    SET state = 'APPROVED', firm_date = $2
    WHERE port_request_id = $1
      AND state = ANY($3::text[])
      AND ($4::text[] IS NULL OR tracking_number = ANY($4))
    RETURNING {_COLUMNS}
"""
# The port's instant is the earlier of the carrier's stated time and the first call.
_PORT: Final = f"""
    UPDATE lines
    SET state = 'PORTED', ported_at = $2, evidence = $5
    WHERE port_request_id = $1
      AND state = ANY($3::text[])
      AND ($4::text[] IS NULL OR tracking_number = ANY($4))
    RETURNING {_COLUMNS}
"""
# A later notice may move the instant back, never forward; the evidence is whose instant it is.
_MOVE_PORTED_AT_BACK: Final = f"""
    UPDATE lines
    SET ported_at = $2, evidence = $4
    WHERE port_request_id = $1
      AND state = 'PORTED'
      AND ported_at > $2
      AND ($3::text[] IS NULL OR tracking_number = ANY($3))
    RETURNING {_COLUMNS}
"""
_LATEST_FIRM_DATE: Final = "SELECT max(firm_date) FROM lines WHERE port_request_id = $1"
# Each line now names its number in inventory.
_LINK_NUMBERS: Final = """
    UPDATE lines
    SET number_id = linked.number_id
    FROM unnest($1::text[], $2::text[]) AS linked (line_id, number_id)
    WHERE lines.id = linked.line_id
"""
LINES: Final = Listing(
    f"""
    SELECT {_COLUMNS}
    FROM lines
    WHERE port_request_id = $1
      AND ($2::text[] IS NULL OR company_id = ANY($2)) {{keyset}} {{order}}
    """,
    parameters=2,
    keys=[Key(column="id", kind=str)],
)
# The start of many requests' lists in one statement; one row more tells that more follows.
_FIND_FIRST: Final = f"""
    SELECT line.*
    FROM unnest($1::text[]) AS wanted (request_id),
      LATERAL (
        SELECT {_COLUMNS}
        FROM lines
        WHERE port_request_id = wanted.request_id
          AND ($2::text[] IS NULL OR company_id = ANY($2))
        ORDER BY id
        LIMIT $3
      ) AS line
"""
_TAKEN: Final = "SELECT phone_number, is_ours FROM find_taken_numbers($1)"
_FORWARDED_TO: Final = "SELECT phone_number FROM find_forwarded_to($1)"


async def replace_lines(
    connection: Connection, request_id: str, account_id: str, lines: Sequence[NewLine]
) -> None:
    await connection.execute(_REMOVE_ALL, request_id)
    await connection.execute(
        _ADD,
        request_id,
        account_id,
        [line.id for line in lines],
        [line.tracking_number for line in lines],
        [line.forwarding_number for line in lines],
        [line.name for line in lines],
        [line.source for line in lines],
        [line.company_id for line in lines],
    )


async def count_lines(connection: Connection, request_id: str) -> dict[LineState, int]:
    rows = await connection.fetch(_COUNT_BY_STATE, request_id)
    return {LineState(row["state"]): row["lines"] for row in rows}


async def count_lines_of_many(
    connection: Connection, request_ids: Sequence[str], company_ids: Sequence[str] | None
) -> dict[str, int]:
    """How many lines of each request are in these companies."""
    rows = await connection.fetch(_COUNT_OF_MANY, list(request_ids), company_ids)
    counted = {row["port_request_id"]: row["lines"] for row in rows}
    return {request_id: counted.get(request_id, 0) for request_id in request_ids}


async def find_tracking_numbers(connection: Connection, request_id: str) -> list[PhoneNumber]:
    rows = await connection.fetch(_NUMBERS, request_id)
    return [PhoneNumber(row["tracking_number"]) for row in rows]


async def find_states(
    connection: Connection, request_id: str, numbers: Sequence[str]
) -> dict[str, LineState]:
    """Of those of `numbers` that the request has."""
    rows = await connection.fetch(_STATES, request_id, list(numbers))
    return {row["tracking_number"]: LineState(row["state"]) for row in rows}


async def find_all_lines(connection: Connection, request_id: str) -> list[Line]:
    return _lines(await connection.fetch(_FIND_ALL, request_id))


async def claim_lines(
    connection: Connection, request_id: str, before: Sequence[str]
) -> list[Line]:
    """Makes the lines live; refused where another request was first."""
    try:
        return await move_lines(connection, request_id, before, LineState.READY)
    except asyncpg.UniqueViolationError as error:
        if error.constraint_name == "one_live_line_per_number":
            raise NumberIsInAnotherRequest from error
        raise


async def move_lines(
    connection: Connection, request_id: str, before: Sequence[str], after: LineState
) -> list[Line]:
    return _lines(await connection.fetch(_MOVE, request_id, after, list(before)))


async def approve_lines(
    connection: Connection,
    request_id: str,
    firm_date: date,
    before: Sequence[str],
    numbers: Sequence[str] | None,
) -> list[Line]:
    return _lines(
        await connection.fetch(_APPROVE, request_id, firm_date, list(before), numbers)
    )


async def port_lines(
    connection: Connection,
    request_id: str,
    ported_at: datetime,
    before: Sequence[str],
    numbers: Sequence[str] | None,
    *,
    evidence: str,
) -> list[Line]:
    """Answers the lines that ported now, or whose instant moved back."""
    ported = await connection.fetch(
        _PORT, request_id, ported_at, list(before), numbers, evidence
    )
    moved_back = await connection.fetch(
        _MOVE_PORTED_AT_BACK, request_id, ported_at, numbers, evidence
    )
    return _lines([*ported, *moved_back])


async def find_latest_firm_date(connection: Connection, request_id: str) -> date | None:
    latest: date | None = await connection.fetchval(_LATEST_FIRM_DATE, request_id)
    return latest


async def link_numbers(connection: Connection, number_ids: Mapping[str, str]) -> None:
    """`number_ids` maps a line's id to its number in inventory."""
    await connection.execute(_LINK_NUMBERS, list(number_ids), list(number_ids.values()))


async def find_line_page(
    connection: Connection, request_id: str, company_ids: Sequence[str] | None, page: Page
) -> Slice[Line]:
    rows = await read_page(connection, LINES, page, request_id, company_ids)
    return rows.map(_line)


async def find_first_lines(
    connection: Connection,
    request_ids: Sequence[str],
    company_ids: Sequence[str] | None,
    size: int,
) -> dict[str, Slice[Line]]:
    """The first page of each request's lines."""
    pages: dict[str, list[Row]] = {request_id: [] for request_id in request_ids}
    for row in await connection.fetch(_FIND_FIRST, list(request_ids), company_ids, size + 1):
        pages[row["port_request_id"]].append(row)
    return {
        request_id: Slice(
            rows=_lines(rows[:size]),
            cursors=[LINES.cursor_of(row) for row in rows[:size]],
            has_next=len(rows) > size,
            has_previous=False,
        )
        for request_id, rows in pages.items()
    }


async def find_taken_numbers(
    connection: Connection, candidates: Sequence[str]
) -> dict[str, bool]:
    """Taken over all accounts: true where the number is in our inventory already."""
    rows = await connection.fetch(_TAKEN, list(candidates))
    return {row["phone_number"]: row["is_ours"] for row in rows}


async def find_forwarded_to(connection: Connection, candidates: Sequence[str]) -> set[str]:
    """Those that live lines of any account forward to."""
    rows = await connection.fetch(_FORWARDED_TO, list(candidates))
    return {row["phone_number"] for row in rows}


def _lines(rows: Sequence[Row]) -> list[Line]:
    return [_line(row) for row in rows]


def _line(row: Row) -> Line:
    return Line(
        **{
            **dict(row),
            "state": LineState(row["state"]),
            "tracking_number": PhoneNumber(row["tracking_number"]),
            "forwarding_number": PhoneNumber(row["forwarding_number"]),
        }
    )
