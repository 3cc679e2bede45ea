"""The relay: takes committed events from the outbox to the broker, in order, one leader a database."""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

import aio_pika
import aiormq
import asyncpg
from aio_pika.abc import AbstractConnection

from libs.common.broker import CONTENT_TYPE, Broker
from libs.common.confirms import REFUSED, BatchPublisher, Message
from libs.common.database import is_database_lost
from libs.common.hops import sending
from libs.common.tracing import mark_failed, traceparent_of

log = logging.getLogger(__name__)

_BATCH: Final = 500
_POLL_S: Final = 0.02
# Where so many wait at once that more will follow, they leave together: a sixth more a second.
_BUSY: Final = 8
_GATHER_S: Final = 0.015
_STANDBY_POLL_S: Final = 0.5
_CONFIRM_TIMEOUT_S: Final = 10
_FIRST_PAUSE_S: Final = 0.1
_LONGEST_PAUSE_S: Final = 5.0
# A database that says nothing for so long is lost, though no connection has broken.
_SILENCE_S: Final = 15.0
# A commit that a crash of PostgreSQL takes back puts rows into the outbox again: they are
# published twice, and inboxes know them. So the relay waits for no disk. A leader whose machine
# is gone is missed after half a minute, not after PostgreSQL's two hours.
_SESSION: Final = {
    "synchronous_commit": "off",
    "tcp_keepalives_idle": "15",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
    "jit": "off",
}

_LEAD = "SELECT pg_try_advisory_lock(hashtext('portline relay'))"

# The oldest events first: identity order is commit order within an aggregate, because its row
# is locked while its events are written. Rows are deleted, never passed by a cursor.
_NEXT = """
    SELECT seq, event_id::text, subject, type, traceparent, body
    FROM outbox
    ORDER BY seq
    LIMIT $1
"""
# What the broker has confirmed moves to the log of published events.
_KEEP = """
    WITH confirmed AS (
      DELETE FROM outbox
      WHERE seq = ANY($1::bigint[])
      RETURNING *
    )
    INSERT INTO event_log
      (seq, event_id, source, subject, sequence, type, traceparent, body, recorded_at)
    SELECT seq, event_id, source, subject, sequence, type, traceparent, body, recorded_at
    FROM confirmed
"""
# Events that a broker with an empty disk must hear again. Inboxes remember 7 days, so what is
# younger than 6 is dropped by whoever has it already.
_PUBLISHED_LATELY = """
    SELECT seq, event_id::text, subject, type, traceparent, body
    FROM event_log
    WHERE published_at > clock_timestamp() - interval '6 days'
      AND seq > $1
    ORDER BY seq
    LIMIT $2
"""


@dataclass(kw_only=True)
class Relay:
    """`exchange` is where events go; `service` names the worker role and the leader's marker."""

    database_url: str
    service: str
    broker: Broker
    exchange: str
    _awake: asyncio.Event = field(default_factory=asyncio.Event)

    def wake(self) -> None:
        self._awake.set()

    async def run(self) -> None:
        """A lost database or broker is met again after a pause; a fault of ours is raised."""
        while True:
            try:
                await self._lead()
            except Exception as error:
                if not is_database_lost(error):
                    raise
                log.warning(
                    "relay lost its database",
                    extra={"action": "relay.database_lost", "reason": type(error).__name__},
                )
                await asyncio.sleep(1)

    async def _lead(self) -> None:
        connection = await asyncpg.connect(
            self.database_url,
            timeout=_SILENCE_S,
            command_timeout=_SILENCE_S,
            server_settings={"application_name": f"{self.service} relay", **_SESSION},
        )
        try:
            await connection.execute(f'SET ROLE "{self.service}_worker"')
            while not await connection.fetchval(_LEAD):  # noqa: ASYNC110 - another process decides
                await asyncio.sleep(_STANDBY_POLL_S)
            log.info("relay leads", extra={"action": "relay.elected"})
            await self.broker.keep_connected(
                lambda broker_connection: self._publish_forever(connection, broker_connection)
            )
        finally:
            # Not `close`: it fails where the server ended the session within a statement.
            connection.terminate()

    async def _publish_forever(
        self, database: asyncpg.Connection, broker: AbstractConnection
    ) -> None:
        channel = await broker.channel(on_return_raises=True)
        underlay = await channel.get_underlay_channel()
        assert isinstance(underlay, aiormq.Channel)
        publisher = BatchPublisher(
            channel=underlay, exchange=self.exchange, content_type=CONTENT_TYPE
        )
        await self._publish_again_on_an_empty_broker(database, broker, publisher)
        pause = _FIRST_PAUSE_S
        while not underlay.is_closed:
            self._awake.clear()
            rows = await database.fetch(_NEXT, _BATCH)
            if rows and await self._publish(database, publisher, rows):
                await asyncio.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE_S)
                continue
            pause = _FIRST_PAUSE_S
            if not rows:
                with suppress(TimeoutError):
                    async with asyncio.timeout(_POLL_S):
                        await self._awake.wait()
            elif _BUSY <= len(rows) < _BATCH:
                await asyncio.sleep(_GATHER_S)
        raise ConnectionError("channel closed")

    async def _publish(
        self,
        database: asyncpg.Connection,
        publisher: BatchPublisher,
        rows: Sequence[asyncpg.Record],
    ) -> bool:
        """Answers whether the broker refused some of them, which stay for the next time."""
        outcomes = await _send(publisher, rows)
        confirmed = confirmed_rows(rows, outcomes)
        if confirmed:
            await database.execute(_KEEP, confirmed)
        return _was_refused(outcomes)

    async def _publish_again_on_an_empty_broker(
        self,
        database: asyncpg.Connection,
        broker: AbstractConnection,
        publisher: BatchPublisher,
    ) -> None:
        """A durable exchange marks a broker that has seen our log; a lost disk has none."""
        marker = f"portline.relay.{self.service}"
        try:
            async with broker.channel() as probe:
                await probe.get_exchange(marker, ensure=True)
        except aio_pika.exceptions.ChannelNotFoundEntity:
            last = 0
            while rows := await database.fetch(_PUBLISHED_LATELY, last, _BATCH):
                while _was_refused(await _send(publisher, rows)):  # noqa: ASYNC110 - the broker decides
                    await asyncio.sleep(_LONGEST_PAUSE_S)
                last = rows[-1]["seq"]
            async with broker.channel() as declaring:
                await declaring.declare_exchange(marker, durable=True)
            log.info(
                "broker was empty",
                extra={"action": "relay.republished", "last_seq": last},
            )


async def _send(
    publisher: BatchPublisher, rows: Sequence[asyncpg.Record]
) -> list[Exception | None]:
    with sending(publisher.exchange, rows) as told:
        messages = [
            Message(
                id=row["event_id"],
                type=row["type"],
                traceparent=traceparent_of(told[place]) if told else row["traceparent"],
                body=row["body"].encode(),
            )
            for place, row in enumerate(rows)
        ]
        outcomes = await publisher.publish(messages, timeout_s=_CONFIRM_TIMEOUT_S)
        for sent, failure in zip(told, outcomes, strict=False):
            if failure is not None:
                mark_failed(sent, failure)
        return outcomes


def _was_refused(outcomes: Sequence[Exception | None]) -> bool:
    """Raises what ended the channel instead, if something did."""
    failures = [outcome for outcome in outcomes if outcome is not None]
    for failure in failures:
        if not isinstance(failure, REFUSED):
            raise failure
    if failures:
        log.error(
            "the broker refuses events",
            extra={
                "action": "relay.refused",
                "refused": len(failures),
                "reason": type(failures[0]).__name__,
            },
        )
    return bool(failures)


def confirmed_rows(
    rows: Sequence[asyncpg.Record], outcomes: Sequence[BaseException | None]
) -> list[int]:
    """What may leave the outbox: for each aggregate nothing behind its first failure."""
    failed: set[str] = set()
    confirmed = []
    for row, failure in zip(rows, outcomes, strict=True):
        if failure is not None:
            failed.add(row["subject"])
        elif row["subject"] not in failed:
            confirmed.append(row["seq"])
    return confirmed
