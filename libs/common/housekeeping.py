"""Housekeeping: forgets what only had to be remembered for a while."""

import asyncio
import logging
from typing import Final

from libs.common.database import Database
from libs.common.inbox import DATABASE_LOST

log = logging.getLogger(__name__)

_EVERY_S: Final = 3600

# Longer than any redelivery: the relay publishes at most six days again.
_FORGET_RECEIVED = """
    DELETE FROM inbox
    WHERE state = 'applied' AND received_at < clock_timestamp() - interval '7 days'
"""
_FORGET_IDEMPOTENCY_KEYS = """
    DELETE FROM idempotency_keys
    WHERE created_at < clock_timestamp() - interval '7 days'
"""


async def keep_house(database: Database) -> None:
    """Never returns."""
    while True:
        try:
            await forget(database)
        except DATABASE_LOST as error:
            log.warning(
                "housekeeping lost its database",
                extra={"action": "housekeeping.database_lost", "reason": type(error).__name__},
            )
        await asyncio.sleep(_EVERY_S)


async def forget(database: Database) -> None:
    async with database.working() as connection:
        await connection.execute(_FORGET_RECEIVED)
        await connection.execute(_FORGET_IDEMPOTENCY_KEYS)
