"""Lines of drafts in PostgreSQL, one by one."""

from collections.abc import Sequence
from typing import Final

from libs.common.database import Connection
from services.porting.domain.line_rules import NewLine
from services.porting.store.lines import LINE_COLUMNS, Line, read_line

_CORRECT: Final = """
    UPDATE lines
    SET tracking_number = $2, forwarding_number = $3, name = $4, source = $5, company_id = $6,
      account_number = $7, billing_number = $8
    WHERE id = $1
"""
_DROP: Final = """
    DELETE FROM lines
    WHERE port_request_id = $1
      AND tracking_number = ANY($2::text[])
"""
_FIND: Final = f"SELECT {LINE_COLUMNS} FROM lines WHERE port_request_id = $1 AND id = $2"
# NULL for companies means all.
_FIND_NUMBERS: Final = """
    SELECT tracking_number
    FROM lines
    WHERE port_request_id = $1
      AND tracking_number = ANY($2::text[])
      AND ($3::text[] IS NULL OR company_id = ANY($3))
"""
# Lines of the request that have one of the numbers, but for the one that is asked for.
_CLASHES: Final = """
    SELECT tracking_number, forwarding_number
    FROM lines
    WHERE port_request_id = $1
      AND (tracking_number = ANY($2::text[]) OR forwarding_number = ANY($2::text[]))
      AND id IS DISTINCT FROM $3
"""


async def correct_line(connection: Connection, line: NewLine) -> None:
    await connection.execute(
        _CORRECT,
        line.id,
        line.tracking_number,
        line.forwarding_number,
        line.name,
        line.source,
        line.company_id,
        line.account_number,
        line.billing_number,
    )


async def drop_lines(connection: Connection, request_id: str, numbers: Sequence[str]) -> None:
    await connection.execute(_DROP, request_id, list(numbers))


async def find_line(connection: Connection, request_id: str, line_id: str) -> Line | None:
    row = await connection.fetchrow(_FIND, request_id, line_id)
    return read_line(row) if row else None


async def find_numbers(
    connection: Connection,
    request_id: str,
    numbers: Sequence[str],
    company_ids: Sequence[str] | None,
) -> set[str]:
    """Those of `numbers` that the request has in these companies."""
    rows = await connection.fetch(_FIND_NUMBERS, request_id, list(numbers), company_ids)
    return {row["tracking_number"] for row in rows}


async def find_clashing_numbers(
    connection: Connection, request_id: str, numbers: Sequence[str], line_id: str | None
) -> tuple[set[str], set[str]]:
    """What the request's other lines port, and what they forward to."""
    rows = await connection.fetch(_CLASHES, request_id, list(numbers), line_id)
    return (
        {row["tracking_number"] for row in rows},
        {row["forwarding_number"] for row in rows},
    )
