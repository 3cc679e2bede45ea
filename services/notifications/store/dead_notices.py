"""Dead notices in PostgreSQL: what could not be told too often, without its content."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from libs.common.database import Connection

# The latest first.
_FIND: Final = """
    SELECT notice_id, message, subject, coalesce(reason, '') AS reason, attempts, occurred_at,
      due_at AS tried_at
    FROM notices
    WHERE state = 'dead'
      AND ($1::text IS NULL OR reason = $1)
    ORDER BY due_at DESC, notice_id DESC
    LIMIT $2
"""
# The most frequent first.
_COUNT_BY_REASON: Final = """
    SELECT coalesce(reason, '') AS reason, count(*) AS notices
    FROM notices
    WHERE state = 'dead'
    GROUP BY 1
    ORDER BY 2 DESC, 1
"""
# With all tries before them.
_REDRIVE: Final = """
    UPDATE notices
    SET state = 'pending', attempts = 0, reason = NULL, due_at = clock_timestamp()
    WHERE state = 'dead'
      AND ($1::text IS NULL OR reason = $1)
    RETURNING notice_id
"""
STATEMENTS: Final = (_FIND, _COUNT_BY_REASON, _REDRIVE)


@dataclass(frozen=True, kw_only=True)
class DeadNotice:
    notice_id: str
    message: str
    subject: str
    reason: str
    attempts: int
    occurred_at: datetime
    tried_at: datetime


async def find_dead_notices(
    connection: Connection, reason: str | None, most: int
) -> list[DeadNotice]:
    """Those of every reason without one."""
    return [DeadNotice(**dict(row)) for row in await connection.fetch(_FIND, reason, most)]


async def count_dead_notices(connection: Connection) -> dict[str, int]:
    """By reason."""
    rows = await connection.fetch(_COUNT_BY_REASON)
    return {row["reason"]: row["notices"] for row in rows}


async def redrive_notices(connection: Connection, reason: str | None) -> int:
    """How many will be told after all; those of every reason without one."""
    return len(await connection.fetch(_REDRIVE, reason))
