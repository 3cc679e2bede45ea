"""The two processes of a delivery: numbers with its relay, porting with its consumer.

`python -m bench.delivery_programs numbers EVENTS` changes numbers as a use case would, several
at a time, and ends when its outbox is empty; `… porting` applies them until it is stopped.
"""

import asyncio
import logging
import os
import sys
from datetime import UTC, datetime

import uvloop

from bench.consumer import build_consumer
from bench.number_facts import describe_ported_in
from bench.rooms import EXCHANGE, TOPOLOGY
from libs.common import outbox
from libs.common.broker import Broker
from libs.common.database import Connection, Database, open_database
from libs.common.events import make_event
from libs.common.ids import new_id
from libs.common.relay import Relay
from libs.common.serve import calm_garbage_collector
from libs.contracts.phone_number import PhoneNumber

PRODUCERS = 4
NUMBERS_PER_REQUEST = 3
ROLES = {"numbers", "porting"}

_ADD = """
    INSERT INTO bench_numbers (id, version, state)
    SELECT id, 0, 'PRECONFIGURED'
    FROM unnest($1::text[]) AS added (id)
"""
_LOCK = (
    "SELECT id, version FROM bench_numbers WHERE id = ANY($1::text[]) ORDER BY id FOR UPDATE"
)
_SAVE = """
    UPDATE bench_numbers
    SET version = saved.version, state = 'AWAITING_FIRST_CALL', changed_at = $3
    FROM unnest($1::text[], $2::integer[]) AS saved (id, version)
    WHERE bench_numbers.id = saved.id
"""


def open_relay(database: Database, database_url: str, amqp_url: str) -> Relay:
    relay = Relay(
        database_url=database_url,
        service="numbers",
        broker=Broker(url=amqp_url, topology=TOPOLOGY, name="bench relay"),
        exchange=EXCHANGE,
    )
    database.on_commit = relay.wake
    return relay


async def add_numbers(database: Database, how_many: int) -> list[str]:
    ids = [new_id("num") for _ in range(how_many)]
    async with database.working() as connection:
        await connection.execute(_ADD, ids)
    return ids


async def port_in(connection: Connection, ids: list[str]) -> None:
    """As the use case does it: lock, decide, save, record."""
    now = datetime.now(UTC)
    rows = await connection.fetch(_LOCK, ids)
    await connection.execute(
        _SAVE, [row["id"] for row in rows], [row["version"] + 1 for row in rows], now
    )
    await outbox.record_events(
        connection,
        [
            make_event(
                describe_ported_in(PhoneNumber("+12125550142")),
                subject=row["id"],
                sequence=row["version"] + 1,
                traceparent=None,
                time=now,
            )
            for row in rows
        ],
    )


async def produce(database_url: str, amqp_url: str, events: int) -> None:
    database = await open_database(database_url, "numbers")
    relay = asyncio.create_task(open_relay(database, database_url, amqp_url).run())
    left = events // NUMBERS_PER_REQUEST

    async def keep_changing() -> None:
        nonlocal left
        ids = await add_numbers(database, NUMBERS_PER_REQUEST)
        while left > 0:
            left -= 1
            async with database.working() as connection:
                await port_in(connection, ids)

    await asyncio.gather(*(keep_changing() for _ in range(PRODUCERS)))
    while await _is_waiting(database):  # noqa: ASYNC110 - the relay's own process decides
        await asyncio.sleep(0.05)
    relay.cancel()


async def _is_waiting(database: Database) -> bool:
    async with database.working() as connection:
        return bool(await connection.fetchval("SELECT EXISTS (SELECT FROM outbox)"))


async def consume(database_url: str, amqp_url: str) -> None:
    database = await open_database(database_url, "porting")
    await build_consumer(database, amqp_url).run()


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING)
    calm_garbage_collector()
    url, broker_url = os.environ["DATABASE_URL"], os.environ["AMQP_URL"]
    work = (
        produce(url, broker_url, int(sys.argv[2]))
        if sys.argv[1] == "numbers"
        else consume(url, broker_url)
    )
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(work)
