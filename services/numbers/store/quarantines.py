"""Numbers that stayed disabled: which of them are due."""

from datetime import datetime

from libs.common.database import Connection
from services.numbers.domain.tracking_numbers import TrackingNumber
from services.numbers.store.tracking_numbers import NUMBER_COLUMNS, number_of

# Disabled before a time, and still ours. Who restores one right now is let go first.
_LOCK_DISABLED = f"""
    SELECT {NUMBER_COLUMNS}
    FROM tracking_numbers
    WHERE id IN (
      SELECT id
      FROM tracking_numbers
      WHERE state = 'DISABLED'
        AND ported_out_at IS NULL
        AND disabled_at <= $1
      ORDER BY disabled_at
      LIMIT $2
      FOR UPDATE SKIP LOCKED
    )
    ORDER BY id
    FOR UPDATE
"""
# In quarantine since before a time.
_LOCK_QUARANTINED = f"""
    SELECT {NUMBER_COLUMNS}
    FROM tracking_numbers
    WHERE id IN (
      SELECT id
      FROM tracking_numbers
      WHERE state = 'QUARANTINED'
        AND quarantined_at <= $1
      ORDER BY quarantined_at
      LIMIT $2
      FOR UPDATE SKIP LOCKED
    )
    ORDER BY id
    FOR UPDATE
"""


async def lock_disabled_numbers(
    connection: Connection, disabled_until: datetime, most: int
) -> list[TrackingNumber]:
    rows = await connection.fetch(_LOCK_DISABLED, disabled_until, most)
    return [number_of(row) for row in rows]


async def lock_quarantined_numbers(
    connection: Connection, quarantined_until: datetime, most: int
) -> list[TrackingNumber]:
    rows = await connection.fetch(_LOCK_QUARANTINED, quarantined_until, most)
    return [number_of(row) for row in rows]
