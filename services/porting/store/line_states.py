"""Lines moved from state to state in PostgreSQL: by sets, never one by one."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final

import asyncpg

from libs.common.database import Connection
from services.porting.domain.lines import LineState
from services.porting.domain.refusals.lines import NumberIsInAnotherRequest
from services.porting.store.lines import LINE_COLUMNS, Line, read_lines

# Lines in one of the states before, all or the named ones, take the state behind.
_MOVE: Final = f"""
    UPDATE lines
    SET state = $2
    WHERE port_request_id = $1
      AND state = ANY($3::text[])
    RETURNING {LINE_COLUMNS}
"""
_APPROVE: Final = f"""
    UPDATE lines
    SET state = 'APPROVED', firm_date = $2
    WHERE port_request_id = $1
      AND state = ANY($3::text[])
      AND ($4::text[] IS NULL OR tracking_number = ANY($4))
    RETURNING {LINE_COLUMNS}
"""
# The carrier's date can come after the number itself: it is kept, and changes no state.
_KEEP_LATE_FIRM_DATE: Final = """
    UPDATE lines
    SET firm_date = $2
    WHERE port_request_id = $1
      AND state = 'PORTED'
      AND firm_date IS NULL
      AND ($3::text[] IS NULL OR tracking_number = ANY($3))
"""
# The port's instant is the earlier of the carrier's stated time and the first call.
_PORT: Final = f"""
    UPDATE lines
    SET state = 'PORTED', ported_at = $2, evidence = $5
    WHERE port_request_id = $1
      AND state = ANY($3::text[])
      AND ($4::text[] IS NULL OR tracking_number = ANY($4))
    RETURNING {LINE_COLUMNS}
"""
# A later notice may move the instant back, never forward; the evidence is whose instant it is.
_MOVE_PORTED_AT_BACK: Final = f"""
    UPDATE lines
    SET ported_at = $2, evidence = $4
    WHERE port_request_id = $1
      AND state = 'PORTED'
      AND ported_at > $2
      AND ($3::text[] IS NULL OR tracking_number = ANY($3))
    RETURNING {LINE_COLUMNS}
"""
# Those that rang here before the carrier had them.
_FIND_CALLED: Final = """
    SELECT lines.tracking_number
    FROM lines
    JOIN inventory_numbers AS number ON number.number_id = lines.number_id
    WHERE lines.port_request_id = $1
      AND number.state = 'ACTIVE'
"""
_LATEST_FIRM_DATE: Final = "SELECT max(firm_date) FROM lines WHERE port_request_id = $1"


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
    except asyncpg.DeadlockDetectedError as error:
        # Two requests each took a number that the other wants, too: this one gives way.
        raise NumberIsInAnotherRequest from error


async def move_lines(
    connection: Connection, request_id: str, before: Sequence[str], after: LineState
) -> list[Line]:
    return read_lines(await connection.fetch(_MOVE, request_id, after, list(before)))


async def approve_lines(
    connection: Connection,
    request_id: str,
    firm_date: date,
    before: Sequence[str],
    numbers: Sequence[str] | None,
) -> list[Line]:
    """Answers those that are approved now; those that have ported keep the date."""
    await connection.execute(_KEEP_LATE_FIRM_DATE, request_id, firm_date, numbers)
    return read_lines(
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
    return read_lines([*ported, *moved_back])


async def find_called(connection: Connection, request_id: str) -> list[str]:
    """The tracking numbers of lines that were called already."""
    rows = await connection.fetch(_FIND_CALLED, request_id)
    return [row["tracking_number"] for row in rows]


async def find_latest_firm_date(connection: Connection, request_id: str) -> date | None:
    latest: date | None = await connection.fetchval(_LATEST_FIRM_DATE, request_id)
    return latest
