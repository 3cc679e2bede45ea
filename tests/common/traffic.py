"""A small service's events: one exchange, one queue, facts that say little, and their broker."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import ClassVar

import aio_pika
from aio_pika.abc import AbstractChannel, AbstractIncomingMessage

from libs.common.broker import Broker, Queue, Topology
from libs.common.events import Event, Fact, encode, make_event

EXCHANGE = "sample.events"
QUEUE = Queue(name="sample.events", exchange=EXCHANGE, keys=("sample.#",))
TOPOLOGY = Topology(exchanges=(EXCHANGE,), queues=(QUEUE,), streams=())


class Changed(Fact):
    type: ClassVar[str] = "sample.changed.v1"
    state: str = "new"


class Noted(Fact):
    type: ClassVar[str] = "sample.noted.v1"
    state: str = "new"


def event(
    subject: str = "one", sequence: int = 1, fact: Fact | None = None, **given: object
) -> Event:
    made = {"traceparent": None, "time": datetime.now(UTC), **given}
    return make_event(fact or Changed(), subject=subject, sequence=sequence, **made)


def broker(amqp_url: str) -> Broker:
    return Broker(url=amqp_url, topology=TOPOLOGY, name="sample")


@asynccontextmanager
async def channel(amqp_url: str) -> AsyncIterator[AbstractChannel]:
    async with await aio_pika.connect(amqp_url) as connection:
        yield await connection.channel()


async def publish(amqp_url: str, *bodies: Event | bytes) -> None:
    """As another service's relay would, or whoever sends bytes that are no event."""
    async with channel(amqp_url) as opened:
        exchange = await opened.get_exchange(EXCHANGE)
        for body in bodies:
            written = encode(body).encode() if isinstance(body, Event) else body
            await exchange.publish(aio_pika.Message(written), Changed.type)


async def count_waiting(amqp_url: str, queue: str = QUEUE.name) -> int:
    """Ready messages; those that a consumer holds are not counted."""
    async with channel(amqp_url) as opened:
        declared = await opened.get_queue(queue)
        return declared.declaration_result.message_count or 0


async def take(amqp_url: str, how_many: int) -> list[AbstractIncomingMessage]:
    """The queue's next messages, acked."""
    taken: list[AbstractIncomingMessage] = []
    async with channel(amqp_url) as opened:
        queue = await opened.get_queue(QUEUE.name)
        async with asyncio.timeout(10), queue.iterator() as messages:
            async for message in messages:
                await message.ack()
                taken.append(message)
                if len(taken) == how_many:
                    break
    return taken


@asynccontextmanager
async def running(*works: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
    tasks = [asyncio.ensure_future(work()) for work in works]
    try:
        yield
        for task in tasks:
            assert not task.done(), task
    finally:
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task


async def eventually(is_true: Callable[[], Awaitable[object]], within_s: float = 10) -> None:
    async with asyncio.timeout(within_s):
        while not await is_true():  # noqa: ASYNC110 - others decide
            await asyncio.sleep(0.02)
