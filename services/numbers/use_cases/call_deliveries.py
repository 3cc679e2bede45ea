"""Deliveries of calls over HTTP: each id takes effect once, however often it is sent."""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from libs.common.database import Connection, Database
from libs.contracts.number_reports import CallReceived
from services.numbers.store import call_deliveries as store
from services.numbers.use_cases.calls import receive_calls

# How far the clocks of our own machines may be apart.
_SKEW: Final = timedelta(minutes=1)
_STEP: Final = 5_000


class DeliveryIdReused(Exception):
    """The id came with another body before."""


async def take_delivery(
    connection: Connection,
    delivery_id: str,
    body: bytes,
    calls: Sequence[CallReceived],
    *,
    holds_until: int,
) -> None:
    """`holds_until` is when its signature ends, in seconds since 1970.

    Afterwards the id may be forgotten. A sender who tries longer signs anew, and calls are
    idempotent by state. Raises `DeliveryIdReused`.
    """
    body_hash = hashlib.sha256(body).digest()
    kept_until = datetime.fromtimestamp(holds_until, UTC) + _SKEW
    if await store.add_delivery(connection, delivery_id, body_hash, kept_until):
        await receive_calls(
            connection,
            [call.tracking_number for call in calls],
            [call.called_at for call in calls],
        )
    elif await store.find_body_hash(connection, delivery_id) != body_hash:
        raise DeliveryIdReused


async def forget_deliveries(database: Database) -> None:
    """Those that can come no more; in small steps."""
    forgotten = _STEP
    while forgotten == _STEP:
        async with database.working() as connection:
            forgotten = await store.forget_deliveries(connection, _STEP)
