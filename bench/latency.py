"""How soon an event is applied at a calm 60 a second, against a bare publish, consume and commit."""

import asyncio
import statistics
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace

import aio_pika
import asyncpg
from aiormq.abc import DeliveredMessage

from bench.confirms import describe
from bench.consumer import build_consumer
from bench.delivery import Delivery, prepare_delivery
from bench.delivery_programs import add_numbers, open_relay, port_in
from bench.measuring import Result, compare, take_turns
from bench.number_facts import Numbers
from deploy.local.servers import Servers
from libs.common.consumer import Projection
from libs.common.database import Connection, after_commit, open_database
from libs.common.events import Event, encode
from libs.contracts.number_events import NumberPortedIn
from services.porting.consumers import CONSUMES

PER_SECOND = 60
SAMPLES = 120
_BARE_QUEUE = "bench.bare"
_BARE_TABLE = "CREATE TABLE bench_bare (id uuid PRIMARY KEY, body text NOT NULL)"


async def measure_latency(servers: Servers) -> list[Result]:
    async with AsyncExitStack() as leaving:
        delivery = await leaving.enter_async_context(prepare_delivery(servers))
        bare = await leaving.enter_async_context(open_bare(delivery))
        ours = await leaving.enter_async_context(_open_ours(delivery))
        pairs = await take_turns(bare, ours)
    ratio, figures = compare([(1e3 * floor, 1e3 * mine) for floor, mine in pairs])
    return [
        Result(
            name="commit to applied, p50 at 60/s",
            value=ratio,
            goal=5,
            more_is_better=False,
            detail=f"milliseconds: {figures}",
        )
    ]


@asynccontextmanager
async def open_bare(delivery: Delivery) -> AsyncIterator[Callable[[], Awaitable[float]]]:
    """No outbox, no inbox: a confirmed publish, and a row committed where it arrives."""
    numbers = Numbers(100)
    started: dict[str, float] = {}
    seconds: list[float] = []
    async with AsyncExitStack() as leaving:
        connection = await leaving.enter_async_context(
            await aio_pika.connect(delivery.amqp_url)
        )
        database = await asyncpg.connect(delivery.porting.migrations_url)
        leaving.push_async_callback(database.close)
        await database.execute(_BARE_TABLE)
        channel = await (await connection.channel()).get_underlay_channel()
        await channel.queue_declare(
            _BARE_QUEUE, durable=True, arguments={"x-queue-type": "quorum"}
        )

        async def apply(message: DeliveredMessage) -> None:
            message_id = message.header.properties.message_id
            await database.execute(
                "INSERT INTO bench_bare VALUES ($1, $2)", message_id, message.body.decode()
            )
            seconds.append(time.perf_counter() - started.pop(message_id))
            await channel.basic_ack(message.delivery_tag)

        await channel.basic_consume(_BARE_QUEUE, apply)

        async def publish() -> None:
            (event,) = numbers.next_events(1)
            started[str(event.id)] = time.perf_counter()
            await channel.basic_publish(
                encode(event).encode(),
                routing_key=_BARE_QUEUE,
                properties=describe(event),
            )

        yield lambda: sample_median(publish, seconds)


@asynccontextmanager
async def _open_ours(delivery: Delivery) -> AsyncIterator[Callable[[], Awaitable[float]]]:
    """Producer, relay and consumer as two services have them, here in one process."""
    committed: dict[str, float] = {}
    seconds: list[float] = []
    async with AsyncExitStack() as leaving:
        numbers = await open_database(delivery.numbers.database_url, "numbers")
        leaving.push_async_callback(numbers.close)
        porting = await open_database(delivery.porting.database_url, "porting")
        leaving.push_async_callback(porting.close)
        relay = open_relay(numbers, delivery.numbers.database_url, delivery.amqp_url)
        consumer = build_consumer(porting, delivery.amqp_url, _timed(seconds, committed))
        for work in (relay.run(), consumer.run()):
            leaving.callback(asyncio.create_task(work).cancel)
        (number,) = await add_numbers(numbers, 1)
        version = 0

        async def change() -> None:
            nonlocal version
            version += 1
            async with numbers.working() as connection:
                await port_in(connection, [number])
            committed[str(version)] = time.perf_counter()

        yield lambda: sample_median(change, seconds)


def _timed(seconds: list[float], committed: dict[str, float]) -> Projection:
    """Porting's own projection, that also tells when it has committed."""
    real = next(
        each
        for each in CONSUMES[0].subscriptions
        if isinstance(each, Projection) and NumberPortedIn in each.facts
    )

    async def apply(connection: Connection, events: list[Event]) -> None:
        await real.apply(connection, events)

        def note() -> None:
            now = time.perf_counter()
            seconds.extend(now - committed.pop(str(each.sequence), now) for each in events)

        after_commit(note)

    return replace(real, apply=apply)


async def sample_median(
    make_one: Callable[[], Awaitable[None]], seconds: list[float]
) -> float:
    """The median, once everything that was made is applied."""
    seconds.clear()
    next_at = time.perf_counter()
    for _ in range(SAMPLES):
        await make_one()
        next_at += 1 / PER_SECOND
        await asyncio.sleep(max(0, next_at - time.perf_counter()))
    while len(seconds) < SAMPLES:  # noqa: ASYNC110 - callbacks fill it
        await asyncio.sleep(0.01)
    return statistics.median(seconds)
