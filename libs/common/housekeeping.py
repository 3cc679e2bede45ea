"""Housekeeping: forgets what only had to be remembered for a while."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final

from libs.common.database import DATABASE_LOST, Database

log = logging.getLogger(__name__)

_EVERY_S: Final = 3600
_STEP: Final = 5_000

# Longer than any redelivery: the relay publishes at most six days again.
_FORGET_RECEIVED = """
    DELETE FROM inbox
    WHERE event_id IN (
      SELECT event_id
      FROM inbox
      WHERE state = 'applied' AND received_at < clock_timestamp() - interval '7 days'
      LIMIT $1
    )
"""
_FORGET_IDEMPOTENCY_KEYS = """
    DELETE FROM idempotency_keys
    WHERE ctid IN (
      SELECT ctid
      FROM idempotency_keys
      WHERE created_at < clock_timestamp() - interval '7 days'
      LIMIT $1
    )
"""
# Long enough to ask whoever did it.
_FORGET_DROPPED = """
    DELETE FROM dropped_events
    WHERE ctid IN (
      SELECT ctid
      FROM dropped_events
      WHERE dropped_at < clock_timestamp() - interval '90 days'
      LIMIT $1
    )
"""
_FORGET_REPLAYS = """
    DELETE FROM replays
    WHERE replay_id IN (
      SELECT replay_id
      FROM replays
      WHERE finished_at < clock_timestamp() - interval '90 days'
      LIMIT $1
    )
"""
_FORGET_ACTS = """
    DELETE FROM operator_acts
    WHERE act_id IN (
      SELECT act_id
      FROM operator_acts
      WHERE acted_at < clock_timestamp() - interval '1 year'
      LIMIT $1
    )
"""
_STATEMENTS: Final = (
    _FORGET_RECEIVED,
    _FORGET_IDEMPOTENCY_KEYS,
    _FORGET_DROPPED,
    _FORGET_REPLAYS,
    _FORGET_ACTS,
)


async def keep_house(database: Database) -> None:
    """Never returns."""
    await every_hour(partial(forget, database))


async def every_hour(clean: Callable[[], Awaitable[None]]) -> None:
    """Never returns. What is out of reach now is cleaned an hour later."""
    while True:
        try:
            await clean()
        except DATABASE_LOST as error:
            log.warning(
                "housekeeping lost its database or files",
                extra={"action": "housekeeping.interrupted", "reason": type(error).__name__},
            )
        await asyncio.sleep(_EVERY_S)


async def forget(database: Database) -> None:
    """In small steps, so that no statement takes long however much there is."""
    for statement in _STATEMENTS:
        while await _delete_some(database, statement) == _STEP:
            pass


async def _delete_some(database: Database, statement: str) -> int:
    async with database.working() as connection:
        _, _, deleted = (await connection.execute(statement, _STEP)).partition(" ")
        return int(deleted)
