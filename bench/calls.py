"""How fast calls are received at a million numbers, against a bare consumer, and by how much CPU."""

import asyncio
import os
import random
from collections.abc import Iterable, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime

import aio_pika
import asyncpg
import orjson
from aio_pika.abc import AbstractIncomingMessage

from bench.confirms import Floor, open_floor
from bench.consumer import build_consumer
from bench.data_sets import MILLION, numbers_data_set, phone_number_at, superuser_url
from bench.measuring import (
    ROUNDS,
    Result,
    Stopwatch,
    compare,
    find_descendants,
    read_cpu_seconds,
    take_turns,
)
from bench.rooms import QUEUE
from deploy.local.servers import Servers
from deploy.local.vhosts import create_vhost
from libs.common.consumer import Report
from libs.common.database import Connection, Database, open_database
from libs.common.deliveries import BATCH
from libs.common.events import Event, make_event
from libs.contracts.number_reports import CallReceived
from libs.contracts.phone_number import PhoneNumber
from services.numbers.consumers import CONSUMES
from services.numbers.store.calls import FIND_UNUSUAL

CALLS = 20_000
# No event goes out here: nobody publishes them.
_START_OVER = """
    TRUNCATE outbox;
    UPDATE tracking_numbers
    SET state = 'AWAITING_FIRST_CALL', first_called_at = NULL
    WHERE id IN (SELECT 'num_' || lpad((100 * place)::text, 26, '0')
                 FROM generate_series(0, 9999) AS place)
      AND state = 'ACTIVE';
"""


@dataclass(kw_only=True)
class Exchange:
    """Calls on a queue, to numbers of the data set by chance; of a hundred one is a first call."""

    servers: Servers
    amqp_url: str
    postgres_url: str
    database: Database
    floor: Floor
    cpu_s: list[float] = field(default_factory=list)
    chance: random.Random = field(default_factory=lambda: random.Random(7))

    async def fill(self) -> None:
        now = datetime.now(UTC)
        await self.floor.publish(
            [
                make_event(
                    CallReceived(
                        tracking_number=PhoneNumber(
                            phone_number_at(self.chance.randrange(MILLION))
                        ),
                        calling_number="+13125550199",
                        called_at=now,
                    ),
                    subject="call",
                    sequence=1,
                    traceparent=None,
                    time=now,
                )
                for _ in range(CALLS)
            ]
        )

    async def consume_barely(self) -> float:
        await self.fill()
        pool = await asyncpg.create_pool(self.postgres_url, min_size=1, max_size=1)
        connection = await aio_pika.connect(self.amqp_url)
        watch = Stopwatch()
        await _consume_barely(connection, pool)
        rate = CALLS / watch.seconds
        await connection.close()
        await pool.close()
        return rate

    async def consume(self) -> float:
        await self.fill()
        (report,) = CONSUMES[1].subscriptions
        assert isinstance(report, Report)
        taken = 0
        done = asyncio.Event()

        async def apply(connection: Connection, events: Sequence[Event]) -> None:
            nonlocal taken
            await report.apply(connection, events)
            taken += len(events)
            if taken == CALLS:
                done.set()

        consumer = build_consumer(
            self.database, self.amqp_url, Report(fact=CallReceived, apply=apply)
        )
        before = read_cpu_seconds(self._find_processes())
        watch = Stopwatch()
        running = asyncio.create_task(consumer.run())
        await done.wait()
        rate = CALLS / watch.seconds
        # The last batch is committed and acked a moment later.
        await asyncio.sleep(0.1)
        self.cpu_s.append(read_cpu_seconds(self._find_processes()) - before)
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
        return rate

    def _find_processes(self) -> Iterable[int]:
        """Ourselves, PostgreSQL and the broker: nobody else uses these."""
        servers = (self.servers.postgres, self.servers.rabbitmq)
        roots = [each.process.pid for each in servers if each and each.process]
        return {os.getpid(), *find_descendants(roots)}


async def measure_calls(servers: Servers) -> list[Result]:
    async with AsyncExitStack() as leaving:
        amqp_url = leaving.enter_context(create_vhost(servers))
        urls = await numbers_data_set(servers)
        postgres_url = superuser_url(servers, urls)
        owner = await asyncpg.connect(postgres_url)
        await owner.execute(_START_OVER)
        await owner.close()
        database = await open_database(urls.database_url, "numbers")
        leaving.push_async_callback(database.close)
        exchange = Exchange(
            servers=servers,
            amqp_url=amqp_url,
            postgres_url=postgres_url,
            database=database,
            floor=await leaving.enter_async_context(open_floor(amqp_url)),
        )
        ratio, figures = compare(await take_turns(exchange.consume_barely, exchange.consume))
    cpu_us = sorted(1e6 * each / CALLS for each in exchange.cpu_s[-ROUNDS:])
    return [
        Result(
            name="calls at 1 M numbers to a bare one",
            value=ratio,
            goal=0.6,
            more_is_better=True,
            detail=f"calls a second: {figures}",
        ),
        Result(
            name="CPU a call, of all three",
            value=cpu_us[ROUNDS // 2],
            goal=200,
            more_is_better=False,
            unit="µs",
            detail=f"{cpu_us[0]:.0f} to {cpu_us[-1]:.0f}",
        ),
    ]


async def _consume_barely(
    connection: aio_pika.abc.AbstractConnection, pool: asyncpg.Pool
) -> None:
    """aio-pika and asyncpg by hand: the same prefetch, batch, multiple ack and statement."""
    channel = await connection.channel()
    await channel.set_qos(prefetch_count=2 * BATCH)
    queue = await channel.get_queue(QUEUE.name)
    waiting: asyncio.Queue[AbstractIncomingMessage] = asyncio.Queue()
    await queue.consume(waiting.put)
    taken = 0
    while taken < CALLS:
        batch = [await waiting.get()]
        while len(batch) < BATCH and not waiting.empty():
            batch.append(waiting.get_nowait())
        numbers = {orjson.loads(each.body)["data"]["tracking_number"] for each in batch}
        await pool.fetch(FIND_UNUSUAL, list(numbers))
        await batch[-1].ack(multiple=True)
        taken += len(batch)
