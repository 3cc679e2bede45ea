"""Dead notices in PostgreSQL: what could not be told too often, without its content."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from libs.common.database import Connection
from libs.common.paging import Key, Listing, Page, Slice, read_page

# The latest first, of one reason where it is given.
DEAD_NOTICES: Final = Listing(
    """
    SELECT notice_id, message, subject, coalesce(reason, '') AS reason, attempts, occurred_at,
      due_at
    FROM notices
    WHERE state = 'dead'
      AND ($1::text IS NULL OR reason = $1)
      {keyset}
    {order}
    """,
    parameters=1,
    keys=[
        Key(column="due_at", kind=datetime),
        Key(column="notice_id", kind=str),
    ],
    descending=True,
)
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
# On the login role, which reads no table.
COUNT_ALL: Final = "SELECT count_dead_notices()"
STATEMENTS: Final = (*DEAD_NOTICES, _COUNT_BY_REASON, _REDRIVE, COUNT_ALL)


@dataclass(frozen=True, kw_only=True)
class DeadNotice:
    """`due_at` is when it was to be tried last."""

    notice_id: str
    message: str
    subject: str
    reason: str
    attempts: int
    occurred_at: datetime
    due_at: datetime


async def find_dead_notices(
    connection: Connection, reason: str | None, page: Page
) -> Slice[DeadNotice]:
    """Those of every reason without one."""
    rows = await read_page(connection, DEAD_NOTICES, page, reason)
    return rows.map(lambda row: DeadNotice(**dict(row)))


async def count_dead_notices(connection: Connection) -> dict[str, int]:
    """By reason."""
    rows = await connection.fetch(_COUNT_BY_REASON)
    return {row["reason"]: row["notices"] for row in rows}


async def redrive_notices(connection: Connection, reason: str | None) -> int:
    """How many will be told after all; those of every reason without one."""
    return len(await connection.fetch(_REDRIVE, reason))
