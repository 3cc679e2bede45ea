"""Lines moved from state to state in PostgreSQL: by sets, never one by one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

import asyncpg

from libs.common.database import Connection, Row
from services.porting.domain.firm_dates import FirmDay
from services.porting.domain.lines import LineState
from services.porting.domain.refusals.lines import NumberIsInAnotherRequest
from services.porting.store.lines import LINE_COLUMNS, Line, read_line, read_lines

# Lines in one of the states before, all or the named ones, take the state behind.
_MOVE: Final = f"""
    UPDATE lines
    SET state = $2
    WHERE port_request_id = $1
      AND state = ANY($3::text[])
    RETURNING {LINE_COLUMNS}
"""
# By a row of the table of states: each line goes where its own state leads.
_MOVE_BY: Final = f"""
    UPDATE lines
    SET state = moved.after, firm_date = CASE WHEN $6 THEN NULL ELSE firm_date END
    FROM unnest($2::text[], $3::text[]) AS moved (before, after)
    WHERE port_request_id = $1
      AND state = moved.before
      AND ($4::text[] IS NULL OR tracking_number = ANY($4))
      AND ($5::boolean IS NULL OR (firm_date IS NOT NULL) = $5)
    RETURNING {LINE_COLUMNS}, moved.before
"""
# The same, and the line takes the date: its first (or the same again), or another.
_DATE: Final = f"""
    UPDATE lines
    SET state = moved.after, firm_date = $2
    FROM unnest($3::text[], $4::text[]) AS moved (before, after)
    WHERE port_request_id = $1
      AND state = moved.before
      AND ($5::text[] IS NULL OR tracking_number = ANY($5))
      AND coalesce(firm_date <> $2, false) = $6
      AND (moved.before <> moved.after OR firm_date IS DISTINCT FROM $2)
    RETURNING {LINE_COLUMNS}, moved.before
"""
# What a date that is about to be recorded takes the place of.
_OTHER_DATES: Final = """
    SELECT DISTINCT firm_date
    FROM lines
    WHERE port_request_id = $1
      AND state = ANY($2::text[])
      AND ($3::text[] IS NULL OR tracking_number = ANY($3))
      AND firm_date <> $4
    ORDER BY firm_date
"""
# Lines whose firm date has come where their losing carrier is.
_START_DUE: Final = f"""
    UPDATE lines
    SET state = 'ACTIVATING'
    FROM unnest($2::date[], $3::text[]) AS due (day, losing_carrier)
    WHERE lines.port_request_id = $1
      AND state = 'APPROVED'
      AND firm_date = due.day
      AND due.losing_carrier IS NOT DISTINCT FROM (
        SELECT o.losing_carrier FROM carrier_orders AS o WHERE o.id = carrier_order_id
      )
    RETURNING {LINE_COLUMNS}
"""
_FIRM_DATES: Final = """
    SELECT DISTINCT lines.firm_date, o.losing_carrier
    FROM lines
    LEFT JOIN carrier_orders AS o ON o.id = lines.carrier_order_id
    WHERE lines.port_request_id = $1
      AND lines.state = 'APPROVED'
      AND ($2::text[] IS NULL OR lines.tracking_number = ANY($2))
"""
_PORTED_AT: Final = """
    SELECT tracking_number, ported_at
    FROM lines
    WHERE port_request_id = $1
      AND state = 'PORTED'
      AND ($2::text[] IS NULL OR tracking_number = ANY($2))
    ORDER BY id
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
# Another forwarding number for each, by the number that ports.
_FORWARD: Final = """
    UPDATE lines
    SET forwarding_number = given.forwarding_number
    FROM unnest($2::text[], $3::text[]) AS given (tracking_number, forwarding_number)
    WHERE lines.port_request_id = $1
      AND lines.tracking_number = given.tracking_number
"""
_LATEST_FIRM_DAY: Final = """
    SELECT lines.firm_date, o.losing_carrier
    FROM lines
    LEFT JOIN carrier_orders AS o ON o.id = lines.carrier_order_id
    WHERE lines.port_request_id = $1
      AND lines.firm_date IS NOT NULL
    ORDER BY lines.firm_date DESC, lines.id
    LIMIT 1
"""


@dataclass(frozen=True, kw_only=True)
class MovedLine:
    line: Line
    before: LineState


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


async def move_by(
    connection: Connection,
    request_id: str,
    moves: Mapping[LineState, LineState],
    numbers: Sequence[str] | None = None,
    *,
    dated: bool | None = None,
    forgets_date: bool = False,
) -> list[MovedLine]:
    """Answers what stood in one of the states, also where the move leads to the same state.

    `dated` limits it to lines with a firm date, or to those without.
    """
    rows = await connection.fetch(
        _MOVE_BY,
        request_id,
        list(moves),
        list(moves.values()),
        numbers,
        dated,
        forgets_date,
    )
    return _moved(rows)


async def date_lines(
    connection: Connection,
    request_id: str,
    firm_date: date,
    first: Mapping[LineState, LineState],
    changed: Mapping[LineState, LineState],
    numbers: Sequence[str] | None,
) -> tuple[list[MovedLine], list[date]]:
    """Answers what is new, and the dates that it takes the place of.

    Those that have ported keep the first date that comes late, and are not answered.
    """
    await connection.execute(_KEEP_LATE_FIRM_DATE, request_id, firm_date, numbers)
    replaced = await connection.fetch(
        _OTHER_DATES, request_id, list(changed), numbers, firm_date
    )
    rows = []
    for moves, is_change in ((changed, True), (first, False)):
        rows += await connection.fetch(
            _DATE,
            request_id,
            firm_date,
            list(moves),
            list(moves.values()),
            numbers,
            is_change,
        )
    return _moved(rows), [row["firm_date"] for row in replaced]


async def start_due_lines(
    connection: Connection, request_id: str, due: Sequence[FirmDay]
) -> list[Line]:
    days, carriers = [each.day for each in due], [each.losing_carrier for each in due]
    return read_lines(await connection.fetch(_START_DUE, request_id, days, carriers))


async def find_firm_days(
    connection: Connection, request_id: str, numbers: Sequence[str] | None = None
) -> list[FirmDay]:
    """Of the approved lines, all or the named ones."""
    rows = await connection.fetch(_FIRM_DATES, request_id, numbers)
    return [
        FirmDay(day=row["firm_date"], losing_carrier=row["losing_carrier"]) for row in rows
    ]


async def find_ported_at(
    connection: Connection, request_id: str, numbers: Sequence[str] | None
) -> dict[str, datetime]:
    """Of the lines that are ported now, by their number."""
    rows = await connection.fetch(_PORTED_AT, request_id, numbers)
    return {row["tracking_number"]: row["ported_at"] for row in rows}


async def forward_lines(
    connection: Connection, request_id: str, forwarding: Mapping[str, str]
) -> None:
    """`forwarding` maps the number that ports to where it will ring."""
    await connection.execute(_FORWARD, request_id, list(forwarding), list(forwarding.values()))


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


async def find_latest_firm_day(connection: Connection, request_id: str) -> FirmDay | None:
    row = await connection.fetchrow(_LATEST_FIRM_DAY, request_id)
    return FirmDay(day=row["firm_date"], losing_carrier=row["losing_carrier"]) if row else None


def _moved(rows: Sequence[Row]) -> list[MovedLine]:
    moved = []
    for row in rows:
        columns = dict(row)
        before = LineState(columns.pop("before"))
        moved.append(MovedLine(line=read_line(columns), before=before))
    return moved
