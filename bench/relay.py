"""How fast the relay empties a full outbox, against the confirms alone."""

import asyncio
from contextlib import AsyncExitStack

import asyncpg

from bench.confirms import open_floor
from bench.measuring import Result, Stopwatch, compare, take_turns
from bench.number_facts import Numbers
from bench.rooms import EXCHANGE, TOPOLOGY, service_database
from deploy.local.servers import Servers
from deploy.local.vhosts import create_vhost
from libs.common import outbox
from libs.common.broker import Broker
from libs.common.database import open_database
from libs.common.relay import Relay

EVENTS = 10_000
_LOOK_S = 0.01


async def measure_relay(servers: Servers) -> list[Result]:
    async with AsyncExitStack() as leaving:
        amqp_url = leaving.enter_context(create_vhost(servers))
        urls = await leaving.enter_async_context(service_database(servers, "numbers"))
        floor = await leaving.enter_async_context(open_floor(amqp_url))
        database = await open_database(urls.database_url, "numbers")
        leaving.push_async_callback(database.close)
        owner = await asyncpg.connect(urls.migrations_url)
        leaving.push_async_callback(owner.close)
        relay = Relay(
            database_url=urls.database_url,
            service="numbers",
            broker=Broker(url=amqp_url, topology=TOPOLOGY, name="bench"),
            exchange=EXCHANGE,
        )
        running = asyncio.create_task(relay.run())
        leaving.callback(running.cancel)
        numbers = Numbers(1_000)

        async def publish_alone() -> float:
            rate = await floor.publish(numbers.next_events(EVENTS))
            await floor.empty()
            return rate

        async def drain() -> float:
            events = Numbers(1_000).next_events(EVENTS)
            async with database.working() as connection:
                await outbox.record_events(connection, events)
            watch = Stopwatch()
            while await owner.fetchval("SELECT EXISTS (SELECT FROM outbox)"):  # noqa: ASYNC110
                await asyncio.sleep(_LOOK_S)
            rate = EVENTS / watch.seconds
            await floor.empty()
            return rate

        ratio, figures = compare(await take_turns(publish_alone, drain))
    return [
        Result(
            name="relay alone to confirms",
            value=ratio,
            goal=0.8,
            more_is_better=True,
            detail=figures,
        )
    ]
