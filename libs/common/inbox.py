"""The inbox: what was received is stored once, and worked in order for each aggregate."""

import asyncio
import hashlib
import logging
import random
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final, TypeAlias
from uuid import UUID

from libs.common.database import Connection, Database, Row, savepoint
from libs.common.events import MAX_EVENT_BYTES, Event, EventRegistry, UnreadableEventError
from libs.common.hops import working
from libs.common.repeating import repeat
from libs.common.telemetry import continue_trace

log = logging.getLogger(__name__)

TRIES: Final = 5
# The source of what nobody could read.
UNKNOWN: Final = "unknown"
_POLL_S: Final = 0.5
_FIRST_DELAY_S: Final = 0.5

Apply: TypeAlias = Callable[[Connection, Sequence[Event]], Awaitable[None]]
React: TypeAlias = Callable[[Connection, Event], Awaitable[None]]

# Stores a batch and answers which of it is new: the filter against duplicates.
_ADD = """
    INSERT INTO inbox
      (event_id, source, subject, sequence, type, state, body, next_attempt_at, replay_of)
    SELECT event_id, source, subject, sequence, type,
      CASE WHEN body IS NULL THEN 'applied' ELSE 'pending' END, body,
      CASE WHEN body IS NULL THEN NULL ELSE clock_timestamp() END, replay_of
    FROM unnest(
      $1::uuid[], $2::text[], $3::text[], $4::integer[], $5::text[], $6::text[], $7::uuid[]
    ) AS received (event_id, source, subject, sequence, type, body, replay_of)
    ON CONFLICT DO NOTHING
    RETURNING event_id
"""
# Subjects of which an event of these types was put aside and is not applied yet.
_FIND_HELD_BACK = """
    SELECT DISTINCT source, subject
    FROM inbox
    WHERE state <> 'applied'
      AND subject = ANY($1::text[])
      AND type = ANY($2::text[])
"""
# Keeps what nobody can read, with the reason, for a person; once, however often it comes.
_BURY_UNREADABLE = """
    INSERT INTO inbox (event_id, source, subject, sequence, type, state, body, reason)
    VALUES ($1, 'unknown', $2, 0, 'unreadable', 'dead', $3, $4)
    ON CONFLICT DO NOTHING
"""
# The next event to work: due, and the first of its aggregate that is not applied yet.
_CLAIM = """
    SELECT event_id, source, type, body, attempts
    FROM inbox AS head
    WHERE state = 'pending'
      AND next_attempt_at <= clock_timestamp()
      AND NOT EXISTS (
        SELECT FROM inbox AS earlier
        WHERE earlier.source = head.source
          AND earlier.subject = head.subject
          AND earlier.state <> 'applied'
          AND earlier.sequence < head.sequence
      )
    ORDER BY source, subject, sequence
    LIMIT 1
    FOR UPDATE SKIP LOCKED
"""
# The event's body has done its work; the row stays to filter duplicates.
_MARK_APPLIED = """
    UPDATE inbox
    SET state = 'applied', body = NULL, reason = NULL, next_attempt_at = NULL
    WHERE event_id = $1
"""
# The same, and true to the first that works it, nothing to all later: also under a replay's new
# id. A replica of before `worked_events` only marked its inbox.
_BEGIN_WORK = """
    WITH marked AS (
      UPDATE inbox
      SET state = 'applied', body = NULL, reason = NULL, next_attempt_at = NULL
      WHERE event_id = $1
    )
    INSERT INTO worked_events (source, event_id)
    SELECT $2, $3
    WHERE NOT EXISTS (
      SELECT
      FROM inbox AS first
      WHERE first.event_id = $3 AND first.source = $2 AND first.state = 'applied'
    )
    ON CONFLICT DO NOTHING
    RETURNING true
"""
# A fault: again later, or after the last try into a person's hands.
_MARK_FAILED = """
    UPDATE inbox
    SET attempts = attempts + 1, state = $2, reason = $3,
      next_attempt_at = clock_timestamp() + $4::interval
    WHERE event_id = $1
"""


@dataclass(frozen=True, kw_only=True)
class Work:
    """What an event of one type does: `keep` whenever it is told, `react` once in all time."""

    keep: Apply | None = None
    react: React | None = None

    async def do(self, connection: Connection, event: Event) -> None:
        """Marked applied first, together with the question whether it starts anything."""
        is_first = False
        if self.react is None:
            await connection.execute(_MARK_APPLIED, event.id)
        else:
            is_first = await connection.fetchval(
                _BEGIN_WORK, event.id, event.source, event.first_id
            )
        if self.keep is not None:
            await self.keep(connection, [event])
        if self.react is not None and is_first:
            await self.react(connection, event)


async def add_received(
    connection: Connection, events: Sequence[Event], pending: Mapping[UUID, str]
) -> set[UUID]:
    """Stores `events`; those in `pending` with their body, to be worked one by one.

    Answers the ids of those that had not been received before.
    """
    rows = await connection.fetch(
        _ADD,
        [event.id for event in events],
        [event.source for event in events],
        [event.subject for event in events],
        [event.sequence for event in events],
        [event.type for event in events],
        [pending.get(event.id) for event in events],
        [event.replay_of for event in events],
    )
    return {row["event_id"] for row in rows}


async def find_held_back(
    connection: Connection, subjects: Collection[str], types: Collection[str]
) -> set[tuple[str, str]]:
    """(source, subject) of those whose next event waits behind an earlier one."""
    rows = await connection.fetch(_FIND_HELD_BACK, list(subjects), list(types))
    return {(row["source"], row["subject"]) for row in rows}


async def bury_unreadable(connection: Connection, body: bytes, reason: str) -> None:
    event_id = _name_of(body)
    text = body[:MAX_EVENT_BYTES].decode(errors="replace").replace("\x00", "")
    await connection.execute(_BURY_UNREADABLE, event_id, str(event_id), text, reason)


def _name_of(unreadable: bytes) -> UUID:
    return UUID(bytes=hashlib.sha256(unreadable).digest()[:16])


@dataclass(kw_only=True)
class InboxWorker:
    """Works pending events: each in one transaction with everything that it changes."""

    database: Database
    registry: EventRegistry
    work: Mapping[str, Work]
    _awake: asyncio.Event = field(default_factory=asyncio.Event)

    def wake(self) -> None:
        self._awake.set()

    async def run(self) -> None:
        """Never returns."""
        await repeat(self.work_one, worker="inbox", poll_s=_POLL_S, woken=self._awake)

    async def work_one(self) -> bool:
        """Answers whether there was one to work."""
        async with self.database.working() as connection:
            row = await connection.fetchrow(_CLAIM)
            if row is None:
                return False
            try:
                async with savepoint(connection):
                    event = self.registry.decode(row["body"])
                    if row["source"] == UNKNOWN:
                        await self._give_its_place(connection, row, event)
                    else:
                        with continue_trace(event.traceparent), working(event):
                            await self.work[event.type].do(connection, event)
            except Exception as fault:
                if connection.is_closed():
                    raise
                # Kept with its reason, and tried again.
                await self._mark_failed(connection, row, fault)
            return True

    async def _give_its_place(self, connection: Connection, row: Row, event: Event) -> None:
        """What could not be read, and can be now, waits behind the earlier of its aggregate."""
        if _name_of(row["body"].encode()) != row["event_id"]:
            raise UnreadableEventError("MALFORMED", "it was not kept byte for byte")
        if event.type in self.work:
            await add_received(connection, [event], {event.id: row["body"]})
        await connection.execute(_MARK_APPLIED, row["event_id"])

    async def _mark_failed(self, connection: Connection, row: Row, fault: Exception) -> None:
        attempts = row["attempts"] + 1
        is_last = attempts >= TRIES or isinstance(fault, UnreadableEventError)
        delay = _FIRST_DELAY_S * 4 ** (attempts - 1) * random.uniform(0.8, 1.2)  # noqa: S311 - jitter, no secret
        log.error(
            "an event could not be applied",
            exc_info=fault,
            extra={
                "action": "inbox.parked" if is_last else "inbox.retried",
                "event_id": str(row["event_id"]),
                "event_type": row["type"],
                "attempts": attempts,
            },
        )
        await connection.execute(
            _MARK_FAILED,
            row["event_id"],
            "dead" if is_last else "pending",
            str(fault) if isinstance(fault, UnreadableEventError) else type(fault).__name__,
            timedelta(seconds=delay),
        )
