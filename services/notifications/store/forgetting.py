"""What was told long ago, forgotten in PostgreSQL."""

from datetime import datetime, timedelta
from typing import Final

from libs.common.database import Connection
from services.notifications.domain.mails import BOUNCES_COUNT_FOR

# So long feeds show it and support looks after its mail. What is told again after it is too old.
_SHOWN_FOR: Final = timedelta(days=365)
# Much longer than a fact may be under way, or a request stands still.
_KEPT: Final = timedelta(days=180)

# With their entries of feeds.
_FORGET_NOTICES: Final = """
    DELETE FROM notices
    WHERE notice_id IN (
      SELECT notice_id
      FROM notices
      WHERE state <> 'pending' AND due_at < $1
      ORDER BY due_at
      LIMIT $2
    )
"""
_FORGET_MAILS: Final = """
    DELETE FROM mails
    WHERE mail_id IN (
      SELECT mail_id
      FROM mails
      WHERE made_at < $1 AND state NOT IN ('queued', 'sending')
      ORDER BY made_at
      LIMIT $2
    )
"""
_FORGET_PARTS: Final = """
    DELETE FROM notice_parts
    WHERE ctid = ANY(ARRAY(
      SELECT ctid
      FROM notice_parts
      WHERE gathered_at < $1
      ORDER BY gathered_at
      LIMIT $2
    ))
"""
_FORGET_AWAITED: Final = """
    DELETE FROM awaited
    WHERE thing IN (
      SELECT thing
      FROM awaited
      WHERE NOT is_waiting AND heard_at < $1
      ORDER BY heard_at
      LIMIT $2
    )
"""
# Those that count no more; where nothing is sent any more stays known.
_FORGET_BOUNCES: Final = """
    DELETE FROM bouncing_addresses
    WHERE address IN (
      SELECT address
      FROM bouncing_addresses
      WHERE suppressed_at IS NULL AND last_bounced_at < $1
      LIMIT $2
    )
"""
FORGETTING: Final = (
    (_FORGET_NOTICES, _SHOWN_FOR),
    (_FORGET_MAILS, _SHOWN_FOR),
    (_FORGET_PARTS, _KEPT),
    (_FORGET_AWAITED, _KEPT),
    (_FORGET_BOUNCES, BOUNCES_COUNT_FOR),
)
STATEMENTS: Final = tuple(statement for statement, _ in FORGETTING)


async def forget_some(
    connection: Connection, statement: str, before: datetime, limit: int
) -> int:
    """How many went."""
    _, _, gone = (await connection.execute(statement, before, limit)).partition(" ")
    return int(gone)
