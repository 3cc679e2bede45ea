"""From commit to applied through outbox, relay, broker and inbox: how many, and how soon."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from bench.confirms import Floor, open_floor
from bench.measuring import Result, compare, take_turns
from bench.number_facts import Numbers
from bench.rooms import service_database
from deploy.local.databases import DatabaseUrls
from deploy.local.guard import Guard
from deploy.local.places import ROOT, RUNS
from deploy.local.servers import Servers
from deploy.local.vhosts import create_vhost

EVENTS = 6_000
_TABLE = """
    CREATE TABLE bench_numbers (
      id text COLLATE "C" PRIMARY KEY,
      version integer NOT NULL,
      state text NOT NULL,
      changed_at timestamptz
    )
"""


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """Two databases, a broker, and a floor on it."""

    numbers: DatabaseUrls
    porting: DatabaseUrls
    amqp_url: str
    floor: Floor


@asynccontextmanager
async def prepare_delivery(servers: Servers) -> AsyncIterator[Delivery]:
    async with AsyncExitStack() as leaving:
        amqp_url = leaving.enter_context(create_vhost(servers))
        numbers = await leaving.enter_async_context(service_database(servers, "numbers"))
        porting = await leaving.enter_async_context(service_database(servers, "porting"))
        floor = await leaving.enter_async_context(open_floor(amqp_url))
        owner = await asyncpg.connect(numbers.migrations_url)
        await owner.execute(_TABLE)
        await owner.close()
        yield Delivery(numbers=numbers, porting=porting, amqp_url=amqp_url, floor=floor)


async def measure_throughput(servers: Servers) -> list[Result]:
    """Producers, relay, broker, consumer and PostgreSQL share the machine; events go end to end."""
    with Guard() as guard:
        async with prepare_delivery(servers) as delivery:
            numbers = Numbers(1_000)
            log = guard.make_folder(RUNS) / "delivery.log"

            async def publish_alone() -> float:
                rate = await delivery.floor.publish(numbers.next_events(EVENTS))
                await delivery.floor.empty()
                return rate

            async def deliver() -> float:
                return await _deliver(guard, delivery, log)

            ratio, figures = compare(await take_turns(publish_alone, deliver))
    return [
        Result(
            name="commit to applied to confirms",
            value=ratio,
            goal=0.25,
            more_is_better=True,
            detail=figures,
        )
    ]


async def _deliver(guard: Guard, delivery: Delivery, log: Path) -> float:
    """Events a second, from the first commit to the last one applied, by one server's clock."""
    consumer = _start(guard, delivery, log, "porting")
    producer = await asyncpg.connect(delivery.numbers.migrations_url)
    applier = await asyncpg.connect(delivery.porting.migrations_url)
    try:
        began = await producer.fetchval("SELECT clock_timestamp()")
        before = await applier.fetchval("SELECT count(*) FROM inbox")
        while not await delivery.floor.is_consumed():  # noqa: ASYNC110 - another process decides
            await asyncio.sleep(0.05)
        producing = _start(guard, delivery, log, "numbers", str(EVENTS))
        assert await asyncio.to_thread(producing.wait) == 0, "the producer failed"
        deadline = time.monotonic() + 60
        while await applier.fetchval("SELECT count(*) FROM inbox") < before + EVENTS:
            assert time.monotonic() < deadline, "not everything was applied"
            await asyncio.sleep(0.1)
        first = await producer.fetchval(
            "SELECT min(recorded_at) FROM event_log WHERE recorded_at > $1", began
        )
        last = await applier.fetchval("SELECT max(received_at) FROM inbox")
    finally:
        await producer.close()
        await applier.close()
        guard.stop(consumer)
    return EVENTS / (last - first).total_seconds()


def _start(
    guard: Guard, delivery: Delivery, log: Path, role: str, *arguments: str
) -> subprocess.Popen[bytes]:
    urls = delivery.numbers if role == "numbers" else delivery.porting
    return guard.start(
        [sys.executable, "-m", "bench.delivery_programs", role, *arguments],
        env={**os.environ, "DATABASE_URL": urls.database_url, "AMQP_URL": delivery.amqp_url},
        log=log,
        cwd=ROOT,
    )
