"""Telling one queue again what was published before: for a copy that is new, or was emptied.

Each event comes under a new id, so that an inbox takes it, with the old one beside and at its old
place: copies are filled by it, and what it started once does not start again. Under its own id
(`keeps_ids`) an inbox takes only what it has not had in the last seven days: for a queue that
missed something.
"""

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final
from uuid import uuid5

import aio_pika
import aiormq
import orjson
from aio_pika.abc import AbstractChannel

from libs.common.batches import split
from libs.common.broker import CONTENT_TYPE, DEAD_LETTERS, LOST, Topology
from libs.common.database import Database, Row, is_database_lost
from libs.common.events import REPLAY_OF
from libs.common.operator_acts import acting_by_hand
from libs.common.replays import Wanted, ask_replay

log = logging.getLogger(__name__)

_STEP: Final = 5_000
_AT_ONCE: Final = 500
_TIMEOUT_S: Final = 30
_POLL_S: Final = 1.0
_PAUSE_S: Final = 5.0
_MOMENT_S: Final = 0.1
# It is not there, or it is one connection's own: asking again would change nothing.
_NOT_OURS: Final = (
    aio_pika.exceptions.ChannelNotFoundEntity,
    aiormq.exceptions.ChannelLockedResource,
    aiormq.exceptions.ChannelAccessRefused,
)

_FIND_UNFINISHED = """
    SELECT replay_id, queue
    FROM replays
    WHERE finished_at IS NULL
    ORDER BY replay_id
    LIMIT 1
"""
# One at a time works on it, so that its order is kept.
_LOCK = """
    SELECT replay_id, queue, types, since, until, keeps_ids, at_seq, last_seq
    FROM replays
    WHERE replay_id = $1 AND finished_at IS NULL
    FOR UPDATE SKIP LOCKED
"""
# An event is published after it was recorded: what is in question begins with the first that
# was published since then.
_START = """
    UPDATE replays
    SET at_seq = coalesce(
        (
          SELECT min(seq)
          FROM event_log
          WHERE $2::timestamptz IS NULL OR published_at >= $2
        ),
        (SELECT max(seq) + 1 FROM event_log),
        1
      ) - 1,
      last_seq = coalesce((SELECT max(seq) FROM event_log), 0)
    WHERE replay_id = $1
    RETURNING at_seq, last_seq
"""
# Where the next step through the log ends, whatever it holds.
_FIND_END = """
    SELECT max(seq)
    FROM (
      SELECT seq
      FROM event_log
      WHERE seq > $1 AND seq <= $2
      ORDER BY seq
      LIMIT $3
    ) AS step
"""
_FIND_EVENTS = """
    SELECT event_id, type, body
    FROM event_log
    WHERE seq > $1
      AND seq <= $2
      AND ($3::text[] IS NULL OR type = ANY($3))
      AND ($6::text[] IS NULL OR type ~ ANY($6))
      AND ($4::timestamptz IS NULL OR recorded_at >= $4)
      AND ($5::timestamptz IS NULL OR recorded_at < $5)
    ORDER BY seq
"""
_GO_ON = "UPDATE replays SET at_seq = $2, told = told + $3 WHERE replay_id = $1"
_FINISH = """
    UPDATE replays
    SET finished_at = clock_timestamp(), reason = $2
    WHERE replay_id = $1 AND finished_at IS NULL
"""
_FIND_TOLD = "SELECT told FROM replays WHERE replay_id = $1 AND finished_at IS NOT NULL"


class NoSuchQueueError(Exception):
    """The broker has no queue of this name, or one that is not a consumer's to be told again."""


async def replay(database: Database, amqp_url: str, wanted: Wanted, topology: Topology) -> int:
    """Tells them now; answers how many. Raises `NoSuchQueueError`.

    A queue of `topology` hears only what it is bound to: the rest it could not read. If it is
    broken off, the service's own worker carries it to its end.
    """
    async with _open(amqp_url, wanted.queue, topology) as channel:
        async with acting_by_hand(database) as connection:
            replay_id = await ask_replay(connection, wanted)
        while True:
            while await _go_on(database, channel, topology, replay_id):
                pass
            async with database.working() as connection:
                told: int | None = await connection.fetchval(_FIND_TOLD, replay_id)
            if told is not None:
                return told
            # The service's worker has taken it up as well.
            await asyncio.sleep(_MOMENT_S)


@dataclass(kw_only=True)
class ReplayWorker:
    """Tells what was asked for through the graph, and what a command left unfinished."""

    database: Database
    amqp_url: str
    topology: Topology

    async def run(self) -> None:
        """Never returns; a lost database or broker is met again after a pause."""
        while True:
            pause = _POLL_S
            try:
                while await self.work_one():
                    pass
            except Exception as error:
                if not isinstance(error, LOST) and not is_database_lost(error):
                    raise
                pause = _PAUSE_S
                log.warning(
                    "a replay waits",
                    extra={"action": "replay.interrupted", "reason": type(error).__name__},
                )
            await asyncio.sleep(pause)

    async def work_one(self) -> bool:
        """Answers whether it may have left another."""
        async with self.database.working() as connection:
            row = await connection.fetchrow(_FIND_UNFINISHED)
        if row is None:
            return False
        replay_id, has_told = row["replay_id"], False
        try:
            async with _open(self.amqp_url, row["queue"], self.topology) as channel:
                while await _go_on(self.database, channel, self.topology, replay_id):
                    has_told = True
        except NoSuchQueueError:
            await self._give_up(replay_id, "NO_SUCH_QUEUE")
            return True
        except Exception as fault:
            if isinstance(fault, LOST) or is_database_lost(fault):
                raise
            # It would fail again: a person sees why, and asks anew.
            log.exception("a replay failed", extra={"action": "replay.failed"})
            await self._give_up(replay_id, type(fault).__name__)
            return True
        return has_told

    async def _give_up(self, replay_id: int, reason: str) -> None:
        async with self.database.working() as connection:
            await connection.execute(_FINISH, replay_id, reason)


@asynccontextmanager
async def _open(
    amqp_url: str, queue: str, topology: Topology
) -> AsyncIterator[AbstractChannel]:
    if queue in {DEAD_LETTERS, *(stream.name for stream in topology.streams)}:
        # A stream's readers are many, and have had it all; dead letters wait for a person.
        raise NoSuchQueueError(queue)
    async with await aio_pika.connect(amqp_url, timeout=5) as broker:
        channel = await broker.channel(on_return_raises=True)
        try:
            await channel.get_queue(queue, ensure=True)
        except _NOT_OURS:
            raise NoSuchQueueError(queue) from None
        yield channel


async def _go_on(
    database: Database, channel: AbstractChannel, topology: Topology, replay_id: int
) -> bool:
    """One step through the log; answers whether there may be more.

    A step that is lost before its commit is told again, under the same ids.
    """
    async with database.working() as connection:
        row = await connection.fetchrow(_LOCK, replay_id)
        if row is None:
            return False
        at, last = row["at_seq"], row["last_seq"]
        if at is None:
            [(at, last)] = await connection.fetch(_START, replay_id, row["since"])
        end = await connection.fetchval(_FIND_END, at, last, _STEP)
        if end is None:
            await connection.execute(_FINISH, replay_id, None)
            return False
        events = await connection.fetch(
            _FIND_EVENTS,
            at,
            end,
            row["types"],
            row["since"],
            row["until"],
            _patterns_of(topology, row["queue"]),
        )
        for some in split(events, _AT_ONCE):
            await _send(channel, row, some)
        await connection.execute(_GO_ON, replay_id, end, len(events))
    return True


def _patterns_of(topology: Topology, name: str) -> list[str] | None:
    """What the queue is bound to, as regular expressions; None for one that is not ours."""
    for queue in topology.queues:
        if queue.name == name:
            return [_pattern_of(key) for key in queue.keys]
    return None


def _pattern_of(key: str) -> str:
    return f"^{re.escape(key).replace(re.escape('#'), '.*').replace(re.escape('*'), '[^.]*')}$"


async def _send(channel: AbstractChannel, replaying: Row, events: Collection[Row]) -> None:
    """In the order given, and not before the broker has confirmed each."""
    exchange, queue = channel.default_exchange, replaying["queue"]
    async with asyncio.timeout(_TIMEOUT_S):
        await asyncio.gather(
            *(exchange.publish(_message(replaying, event), queue) for event in events)
        )


def _message(replaying: Row, event: Row) -> aio_pika.Message:
    body: Any = event["body"].encode()
    event_id = event["event_id"]
    if not replaying["keeps_ids"]:
        first_id = event_id
        event_id = uuid5(first_id, f"replay {replaying['replay_id']}")
        new = {"id": str(event_id), REPLAY_OF: str(first_id)}
        body = orjson.dumps(orjson.loads(body) | new)
    return aio_pika.Message(
        body,
        content_type=CONTENT_TYPE,
        delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
        message_id=str(event_id),
        type=event["type"],
    )
