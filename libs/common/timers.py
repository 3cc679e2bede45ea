"""Timers are rows: set in the transaction that needs them, fired once, in their own transaction."""

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeAlias

from libs.common.database import Connection, Database, savepoint
from libs.common.repeating import repeat
from libs.common.telemetry import continue_trace
from libs.common.tracing import span

log = logging.getLogger(__name__)

_POLL_S: Final = 1.0

Fire: TypeAlias = Callable[[Connection, str], Awaitable[None]]

# Sets a timer, or moves it.
_SET = """
    INSERT INTO timers (kind, key, due_at)
    VALUES ($1, $2, $3)
    ON CONFLICT ON CONSTRAINT one_timer_per_key DO UPDATE
    SET due_at = excluded.due_at, attempts = 0, reason = NULL
"""
# The same for many; one that stands where it should is not written again.
_SET_ALL = """
    INSERT INTO timers (kind, key, due_at)
    SELECT *
    FROM unnest($1::text[], $2::text[], $3::timestamptz[])
    ON CONFLICT ON CONSTRAINT one_timer_per_key DO UPDATE
    SET due_at = excluded.due_at, attempts = 0, reason = NULL
    WHERE timers.due_at <> excluded.due_at
"""
# One that is firing now is left to itself: who waited for it could hold what it waits for.
_CLEAR = """
    DELETE FROM timers
    WHERE (kind, key) IN (
      SELECT kind, key
      FROM timers
      WHERE kind = $1 AND key = $2
      FOR UPDATE SKIP LOCKED
    )
"""
_CLEAR_ALL = """
    DELETE FROM timers
    WHERE (kind, key) IN (
      SELECT kind, key
      FROM timers
      JOIN unnest($1::text[], $2::text[]) AS named (kind, key) USING (kind, key)
      FOR UPDATE OF timers SKIP LOCKED
    )
"""
# Not one that the fired function has set anew.
_CLEAR_FIRED = "DELETE FROM timers WHERE kind = $1 AND key = $2 AND due_at = $3"
# The next due timer that nobody else is firing.
_CLAIM = """
    SELECT kind, key, due_at
    FROM timers
    WHERE due_at <= clock_timestamp()
      AND kind = ANY($1::text[])
    ORDER BY due_at
    LIMIT 1
    FOR UPDATE SKIP LOCKED
"""
_POSTPONE = """
    UPDATE timers
    SET attempts = attempts + 1, reason = $3,
      due_at = clock_timestamp() + make_interval(secs => least(3600, 2 ^ least(attempts, 12)))
    WHERE kind = $1 AND key = $2
"""


async def set_timer(connection: Connection, kind: str, key: str, due_at: datetime) -> None:
    await connection.execute(_SET, kind, key, due_at)


async def clear_timer(connection: Connection, kind: str, key: str) -> None:
    await connection.execute(_CLEAR, kind, key)


async def set_timers(
    connection: Connection, timers: Sequence[tuple[str, str, datetime]]
) -> None:
    """Kind, key and instant of each."""
    if timers:
        await connection.execute(_SET_ALL, *map(list, zip(*timers, strict=True)))


async def clear_timers(connection: Connection, timers: Sequence[tuple[str, str]]) -> None:
    """Kind and key of each."""
    if timers:
        await connection.execute(_CLEAR_ALL, *map(list, zip(*timers, strict=True)))


@dataclass(kw_only=True)
class TimerWorker:
    """Fires what is due; a fault postpones that one timer with a growing delay."""

    database: Database
    kinds: Mapping[str, Fire]

    async def run(self) -> None:
        """Never returns."""
        await repeat(self.fire_one, worker="timers", poll_s=_POLL_S)

    async def fire_one(self) -> bool:
        """Answers whether one was due."""
        async with self.database.working() as connection:
            row = await connection.fetchrow(_CLAIM, list(self.kinds))
            if row is None:
                return False
            kind, key = row["kind"], row["key"]
            try:
                with continue_trace(None), span(f"fire {kind}"):
                    async with savepoint(connection):
                        await self.kinds[kind](connection, key)
            except Exception as fault:
                if connection.is_closed():
                    raise
                await connection.execute(_POSTPONE, kind, key, type(fault).__name__)
                log.exception(
                    "a timer could not fire",
                    extra={"action": "timers.postponed", "kind": kind, "key": key},
                )
            else:
                await connection.execute(_CLEAR_FIRED, kind, key, row["due_at"])
            return True
