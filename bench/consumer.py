"""How fast a consumer applies a full queue to a real projection, against the confirms alone."""

import asyncio
from contextlib import AsyncExitStack, suppress
from uuid import UUID

import asyncpg

from bench.confirms import open_floor
from bench.measuring import Result, Stopwatch, compare, take_turns
from bench.number_facts import Numbers
from bench.rooms import QUEUE, TOPOLOGY, service_database
from deploy.local.databases import DatabaseUrls
from deploy.local.servers import Servers
from deploy.local.vhosts import create_vhost
from libs.common.broker import Broker
from libs.common.consumer import Consumer, Consumes, Subscription, work_of
from libs.common.database import Database, open_database
from libs.common.events import EventRegistry
from libs.common.inbox import InboxWorker
from services.porting.consumers import CONSUMES

EVENTS = 10_000
_LOOK_S = 0.01
_IS_APPLIED = "SELECT EXISTS (SELECT FROM inbox WHERE event_id = $1)"


def build_consumer(database: Database, amqp_url: str, *instead: Subscription) -> Consumer:
    """Porting's own subscriptions, on the benchmark's queue, unless others are given."""
    consumes = Consumes(queue=QUEUE.name, subscriptions=instead or CONSUMES[0].subscriptions)
    worker = InboxWorker(
        database=database, registry=EventRegistry(()), work=work_of((consumes,))
    )
    broker = Broker(url=amqp_url, topology=TOPOLOGY, name="bench")
    return Consumer(consumes=consumes, database=database, broker=broker, worker=worker)


async def measure_consumer(servers: Servers) -> list[Result]:
    async with AsyncExitStack() as leaving:
        amqp_url = leaving.enter_context(create_vhost(servers))
        urls = await leaving.enter_async_context(service_database(servers, "porting"))
        floor = await leaving.enter_async_context(open_floor(amqp_url))
        database = await open_database(urls.database_url, "porting")
        leaving.push_async_callback(database.close)
        numbers = Numbers(1_000)

        last: UUID | None = None

        async def fill() -> float:
            nonlocal last
            events = numbers.next_events(EVENTS)
            last = events[-1].id
            return await floor.publish(events)

        async def drain() -> float:
            return await _drain(database, urls, amqp_url, last)

        ratio, figures = compare(await take_turns(fill, drain))
    return [
        Result(
            name="consumer alone to confirms",
            value=ratio,
            goal=0.7,
            more_is_better=True,
            detail=figures,
        )
    ]


async def _drain(
    database: Database, urls: DatabaseUrls, amqp_url: str, last: UUID | None
) -> float:
    owner = await asyncpg.connect(urls.migrations_url)
    watch = Stopwatch()
    running = asyncio.create_task(build_consumer(database, amqp_url).run())
    while not await owner.fetchval(_IS_APPLIED, last):  # noqa: ASYNC110 - a task decides
        await asyncio.sleep(_LOOK_S)
    rate = EVENTS / watch.seconds
    # What is applied last is acked a moment later.
    await asyncio.sleep(0.1)
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
    await owner.close()
    return rate
