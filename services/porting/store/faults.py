"""Faults in PostgreSQL: opened, corrected, closed; by sets, never one by one."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from libs.common.database import Connection, Row
from libs.common.ids import new_id
from services.porting.domain.faults import ClosedBy, Fault, Finding
from services.porting.domain.requests import WaitingOn

_COLUMNS: Final = """
    id, port_request_id, line_id, code, carrier_code, carrier_text, remedy, waiting_on,
    needs_new_letter, opened_at, corrected_at, correction, closed_at, closed_by
"""
# The same fault again, while it is open, is a doubled message.
_OPEN: Final = """
    INSERT INTO faults
      (port_request_id, account_id, code, carrier_code, carrier_text, remedy, waiting_on,
       needs_new_letter, opened_at, id, line_id)
    SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, added.id, added.line_id
    FROM unnest($10::text[], $11::text[]) AS added (id, line_id)
    WHERE added.line_id IS NULL
      OR EXISTS (SELECT FROM lines WHERE lines.id = added.line_id AND port_request_id = $1)
    ON CONFLICT (port_request_id, coalesce(line_id, ''), code) WHERE closed_at IS NULL
    DO NOTHING
    RETURNING line_id
"""
_CORRECT: Final = """
    UPDATE faults
    SET corrected_at = $2, correction = given.correction
    FROM unnest($3::text[], $4::text[]) AS given (line_id, correction)
    WHERE faults.port_request_id = $1
      AND faults.line_id = given.line_id
      AND faults.closed_at IS NULL
"""
_CLOSE_OF_LINES: Final = """
    UPDATE faults
    SET closed_at = $2, closed_by = $3
    WHERE port_request_id = $1
      AND line_id = ANY($4::text[])
      AND closed_at IS NULL
"""
_CLOSE_OF_REQUEST: Final = """
    UPDATE faults
    SET closed_at = $2, closed_by = $3
    WHERE port_request_id = $1
      AND line_id IS NULL
      AND closed_at IS NULL
"""
_CLOSE: Final = """
    UPDATE faults
    SET closed_at = $2, closed_by = $3
    WHERE id = ANY($1::text[])
      AND closed_at IS NULL
"""
_CLOSE_ALL: Final = """
    UPDATE faults
    SET closed_at = $2, closed_by = $3
    WHERE port_request_id = $1
      AND closed_at IS NULL
"""
_FIND_OPEN: Final = f"""
    SELECT {_COLUMNS}
    FROM faults
    WHERE port_request_id = $1
      AND closed_at IS NULL
    ORDER BY opened_at, id
"""
# Whose turn it is: the one that has been open for longest, of those nobody has corrected yet.
_FIND_OLDEST: Final = f"""
    SELECT {_COLUMNS}
    FROM faults
    WHERE port_request_id = $1
      AND closed_at IS NULL
    ORDER BY corrected_at IS NOT NULL, opened_at, id
    LIMIT 1
"""
_FIND_OF_LINES: Final = f"""
    SELECT {_COLUMNS}
    FROM faults
    WHERE line_id = ANY($1::text[])
    ORDER BY id
"""
_FIND_OF_REQUESTS: Final = f"""
    SELECT {_COLUMNS}
    FROM faults
    WHERE port_request_id = ANY($1::text[])
      AND line_id IS NULL
    ORDER BY id
"""


async def open_faults(
    connection: Connection,
    request_id: str,
    account_id: str,
    finding: Finding,
    line_ids: Sequence[str | None],
    opened_at: datetime,
) -> set[str | None]:
    """One for each line, None for the whole request; answers those that had none such open.

    A line that the request does not have is passed over.
    """
    rows = await connection.fetch(
        _OPEN,
        request_id,
        account_id,
        finding.code,
        finding.carrier_code,
        finding.carrier_text,
        finding.remedy,
        finding.waiting_on,
        finding.needs_new_letter,
        opened_at,
        [new_id("flt") for _ in line_ids],
        list(line_ids),
    )
    return {row["line_id"] for row in rows}


async def correct_faults(
    connection: Connection,
    request_id: str,
    corrected_at: datetime,
    line_ids: Sequence[str],
    corrections: Sequence[str],
) -> None:
    await connection.execute(
        _CORRECT, request_id, corrected_at, list(line_ids), list(corrections)
    )


async def close_faults_of_lines(
    connection: Connection,
    request_id: str,
    line_ids: Sequence[str],
    closed_by: ClosedBy,
    closed_at: datetime,
) -> None:
    await connection.execute(_CLOSE_OF_LINES, request_id, closed_at, closed_by, list(line_ids))


async def close_faults_of_request(
    connection: Connection, request_id: str, closed_by: ClosedBy, closed_at: datetime
) -> None:
    """Those of the whole request; what is wrong with its lines stays open."""
    await connection.execute(_CLOSE_OF_REQUEST, request_id, closed_at, closed_by)


async def close_faults(
    connection: Connection, fault_ids: Sequence[str], closed_by: ClosedBy, closed_at: datetime
) -> None:
    """These alone; others of their lines stay open."""
    if fault_ids:
        await connection.execute(_CLOSE, list(fault_ids), closed_at, closed_by)


async def close_all_faults(
    connection: Connection, request_id: str, closed_by: ClosedBy, closed_at: datetime
) -> None:
    await connection.execute(_CLOSE_ALL, request_id, closed_at, closed_by)


async def find_open_faults(connection: Connection, request_id: str) -> list[Fault]:
    """The oldest first."""
    return [_fault(row) for row in await connection.fetch(_FIND_OPEN, request_id)]


async def find_oldest_fault(connection: Connection, request_id: str) -> Fault | None:
    row = await connection.fetchrow(_FIND_OLDEST, request_id)
    return _fault(row) if row else None


async def find_faults_of_lines(
    connection: Connection, line_ids: Sequence[str]
) -> dict[str, list[Fault]]:
    """The oldest first; a line without faults is missing."""
    faults: dict[str, list[Fault]] = {}
    for row in await connection.fetch(_FIND_OF_LINES, list(line_ids)):
        faults.setdefault(row["line_id"], []).append(_fault(row))
    return faults


async def find_faults_of_requests(
    connection: Connection, request_ids: Sequence[str]
) -> dict[str, list[Fault]]:
    """Those of the whole request, the oldest first; one without any is missing."""
    faults: dict[str, list[Fault]] = {}
    for row in await connection.fetch(_FIND_OF_REQUESTS, list(request_ids)):
        faults.setdefault(row["port_request_id"], []).append(_fault(row))
    return faults


def _fault(row: Row) -> Fault:
    columns = dict(row)
    closed_by = columns["closed_by"]
    return Fault(
        **{
            **columns,
            "waiting_on": WaitingOn(columns["waiting_on"]),
            "closed_by": ClosedBy(closed_by) if closed_by else None,
        }
    )
