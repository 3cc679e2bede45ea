"""Deliveries of calls over HTTP: which ids have been taken, until they can come no more."""

from datetime import datetime

from libs.common.database import Connection

# Waits for one of the same id that is being taken now.
_ADD = """
    INSERT INTO call_deliveries (id, body_hash, kept_until)
    VALUES ($1, $2, $3)
    ON CONFLICT (id) DO NOTHING
    RETURNING true
"""
_FIND_BODY_HASH = "SELECT body_hash FROM call_deliveries WHERE id = $1"
_FORGET = """
    DELETE FROM call_deliveries
    WHERE id IN (
      SELECT id
      FROM call_deliveries
      WHERE kept_until < clock_timestamp()
      ORDER BY kept_until
      LIMIT $1
      FOR UPDATE SKIP LOCKED
    )
"""


async def add_delivery(
    connection: Connection, delivery_id: str, body_hash: bytes, kept_until: datetime
) -> bool:
    """Answers whether it is new."""
    return await connection.fetchval(_ADD, delivery_id, body_hash, kept_until) is not None


async def find_body_hash(connection: Connection, delivery_id: str) -> bytes | None:
    found: bytes | None = await connection.fetchval(_FIND_BODY_HASH, delivery_id)
    return found


async def forget_deliveries(connection: Connection, at_most: int) -> int:
    """How many were forgotten."""
    _, _, count = (await connection.execute(_FORGET, at_most)).partition(" ")
    return int(count)
