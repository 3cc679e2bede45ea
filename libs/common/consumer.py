"""A consumer: takes a queue's messages in micro-batches, one transaction and one ack a batch."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, TypeAlias
from uuid import UUID

import aiormq
from aio_pika.abc import AbstractConnection
from aiormq.abc import DeliveredMessage

from libs.common.broker import Broker
from libs.common.database import Connection, Database, is_database_lost
from libs.common.deliveries import BATCH, Deliveries
from libs.common.events import CLOCK_SKEW, Event, EventRegistry, Fact, UnreadableEventError
from libs.common.hops import taking
from libs.common.inbox import (
    Apply,
    InboxWorker,
    React,
    Work,
    add_received,
    bury_unreadable,
    find_held_back,
)

log = logging.getLogger(__name__)

_FIRST_PAUSE_S: Final = 0.2
_LONGEST_PAUSE_S: Final = 5.0


@dataclass(frozen=True, kw_only=True)
class Projection:
    """A whole batch is written by one statement that is guarded by version."""

    facts: tuple[type[Fact], ...]
    apply: Apply


@dataclass(frozen=True, kw_only=True)
class Reaction:
    """Logic for one event: stored first, then worked in its aggregate's order.

    `react` is done once, `keep` again by a replay: what it writes is a copy, guarded by version.
    """

    fact: type[Fact]
    react: React
    keep: Apply | None = None

    @property
    def facts(self) -> tuple[type[Fact], ...]:
        return (self.fact,)


@dataclass(frozen=True, kw_only=True)
class Report:
    """Thousands a second and idempotent by state: applied without inbox rows."""

    fact: type[Fact]
    apply: Apply

    @property
    def facts(self) -> tuple[type[Fact], ...]:
        return (self.fact,)


@dataclass(frozen=True, kw_only=True)
class Ignored:
    """Known, and nothing to us: what a queue brings that is listed nowhere is refused."""

    facts: tuple[type[Fact], ...]


Subscription: TypeAlias = Projection | Reaction | Report | Ignored


@dataclass(frozen=True, kw_only=True)
class Consumes:
    """What a service does with a queue: each line says which event starts what."""

    queue: str
    subscriptions: tuple[Subscription, ...]


@dataclass(kw_only=True)
class Consumer:
    """One queue's loop. Nothing is acked before its transaction has committed."""

    consumes: Consumes
    database: Database
    broker: Broker
    worker: InboxWorker
    registry: EventRegistry = field(init=False)
    _by_type: dict[str, Subscription] = field(init=False)

    def __post_init__(self) -> None:
        self._by_type = {
            fact.type: subscription
            for subscription in self.consumes.subscriptions
            for fact in subscription.facts
        }
        self.registry = EventRegistry(
            fact for subscription in self.consumes.subscriptions for fact in subscription.facts
        )

    async def run(self) -> None:
        await self.broker.keep_connected(self._consume)

    async def _consume(self, connection: AbstractConnection) -> None:
        channel = await (await connection.channel()).get_underlay_channel()
        assert isinstance(channel, aiormq.Channel)
        deliveries = Deliveries(channel)
        await channel.basic_qos(prefetch_count=2 * BATCH)
        await channel.basic_consume(self.consumes.queue, deliveries.add)
        while True:
            messages = await deliveries.next_batch()
            await self._take_patiently(messages)
            await deliveries.ack_until(messages[-1])

    async def _take_patiently(self, messages: Sequence[DeliveredMessage]) -> None:
        """Holds the batch while the database is away.

        To give it back would count as a delivery each time, and the limit is for messages that
        take a consumer down: an outage of seconds would bury them as dead letters.
        """
        pause = _FIRST_PAUSE_S
        while True:
            try:
                await self._take(messages)
            except Exception as error:
                if not is_database_lost(error):
                    raise
                log.warning(
                    "consumer lost its database",
                    extra={"action": "consumer.database_lost", "reason": type(error).__name__},
                )
            else:
                return
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE_S)

    async def _take(self, messages: Sequence[DeliveredMessage]) -> None:
        known, unreadable = self._decode(messages)
        readable = [
            (event, body)
            for event, body in known
            if not isinstance(self._by_type[event.type], Ignored)
        ]
        try:
            with taking(self.consumes.queue, messages, [event for event, _ in readable]):
                async with self.database.working() as connection:
                    await self._store(connection, readable, unreadable)
        except Exception as error:
            if is_database_lost(error):
                raise
            # One poisoned event among the batch: each is stored, then worked alone.
            log.exception("a batch could not be applied", extra={"action": "consumer.split"})
            async with self.database.working() as connection:
                await self._store_for_later(connection, readable, unreadable)
        self.worker.wake()

    async def _store(
        self,
        connection: Connection,
        readable: Sequence[tuple[Event, str]],
        unreadable: Sequence[tuple[bytes, str]],
    ) -> None:
        for body, reason in unreadable:
            await bury_unreadable(connection, body, reason)
        held_back = await self._find_held_back(connection, [event for event, _ in readable])
        pending = {
            event.id: body
            for event, body in readable
            if isinstance(self._by_type[event.type], Reaction) or event.id in held_back
        }
        filtered = [
            event for event, _ in readable if not isinstance(self._by_type[event.type], Report)
        ]
        fresh = await add_received(connection, filtered, pending) if filtered else set()
        groups: dict[int, tuple[Apply, list[Event]]] = {}
        for event, _ in readable:
            subscription = self._by_type[event.type]
            if isinstance(subscription, Reaction | Ignored) or event.id in held_back:
                continue
            if isinstance(subscription, Projection) and event.id not in fresh:
                continue
            fresh.discard(event.id)
            apply = subscription.apply
            groups.setdefault(id(apply), (apply, []))[1].append(event)
        for apply, events in groups.values():
            await apply(connection, events)

    async def _find_held_back(
        self, connection: Connection, events: Sequence[Event]
    ) -> set[UUID]:
        """What a projection must not apply yet: an earlier event of its subject has failed."""
        projected = [
            event for event in events if isinstance(self._by_type[event.type], Projection)
        ]
        if not projected:
            return set()
        types = [name for name, each in self._by_type.items() if isinstance(each, Projection)]
        held_back = await find_held_back(
            connection, {event.subject for event in projected}, types
        )
        return {event.id for event in projected if (event.source, event.subject) in held_back}

    async def _store_for_later(
        self,
        connection: Connection,
        readable: Sequence[tuple[Event, str]],
        unreadable: Sequence[tuple[bytes, str]],
    ) -> None:
        for body, reason in unreadable:
            await bury_unreadable(connection, body, reason)
        await add_received(
            connection,
            [event for event, _ in readable],
            {event.id: body for event, body in readable},
        )

    def _decode(
        self, messages: Sequence[DeliveredMessage]
    ) -> tuple[list[tuple[Event, str]], list[tuple[bytes, str]]]:
        readable, unreadable = [], []
        latest = datetime.now(UTC) + CLOCK_SKEW
        for message in messages:
            try:
                event = self.registry.decode(message.body)
                # A report says itself when it was: its use case judges that.
                if not isinstance(self._by_type[event.type], Report):
                    event = _refuse_future(event, latest)
            except UnreadableEventError as error:
                log.exception("an event was refused", extra={"action": "consumer.refused"})
                unreadable.append((message.body, str(error)))
            else:
                readable.append((event, message.body.decode()))
        return readable, unreadable


def _refuse_future(event: Event, latest: datetime) -> Event:
    if event.time > latest:
        raise UnreadableEventError("FROM_THE_FUTURE", "its time has not come")
    return event


def work_of(consumes: Sequence[Consumes]) -> Mapping[str, Work]:
    """How the inbox worker treats each type when it works events one by one."""
    work: dict[str, Work] = {}
    for subscription in (one for each in consumes for one in each.subscriptions):
        match subscription:
            case Reaction(fact=fact, react=react, keep=keep):
                work[fact.type] = Work(keep=keep, react=react)
            case Projection(facts=facts, apply=apply):
                work |= {fact.type: Work(keep=apply) for fact in facts}
            case Report(fact=fact, apply=apply):
                work[fact.type] = Work(keep=apply)
            case Ignored():
                pass
    return work
