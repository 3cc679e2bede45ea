"""PostgreSQL ends sessions in the middle of everything; nothing is lost, nobody gives up."""

import asyncio
import random

import asyncpg

from libs.common import outbox
from libs.common.database import is_database_lost
from libs.common.relay import Relay
from tests.common.test_consumer import Ears
from tests.common.traffic import EXCHANGE, Changed, Noted, broker, event, eventually, running

EVENTS = 300
# On a machine that is busy, sessions would otherwise end faster than work gets done.
ENDED = 80
_IS_RECORDED = """
    SELECT EXISTS (SELECT FROM outbox WHERE event_id = $1)
      OR EXISTS (SELECT FROM event_log WHERE event_id = $1)
"""
_END_ONE = """
    SELECT pg_terminate_backend(pid)
    FROM (
      SELECT pid FROM pg_stat_activity WHERE datname = $1 ORDER BY random() LIMIT 1
    ) AS victim
"""


async def test_sessions_that_end_anywhere_lose_nothing_and_end_no_loop(
    database, urls, amqp_url, servers
):
    ears = Ears(database, amqp_url)
    relay = Relay(
        database_url=urls.database_url,
        service="sample",
        broker=broker(amqp_url),
        exchange=EXCHANGE,
    )
    name = urls.database_url.rpartition("/")[2]
    superuser = await asyncpg.connect(servers.postgres_url)

    async with running(relay.run, ears.consumer.run, ears.worker.run):
        recording = asyncio.create_task(_record_all(database))
        ended = 0
        while not recording.done() and ended < ENDED:
            await asyncio.sleep(random.uniform(0, 0.03))
            ended += len(await superuser.fetch(_END_ONE, name))
        await recording
        await eventually(lambda: _is_all_applied(urls.migrations_url), within_s=30)

    assert ended > 10
    await superuser.close()


async def _record_all(database) -> None:
    """As a caller who asks again until it is said to be done."""
    for number in range(EVENTS):
        fact = Changed() if number % 3 else Noted()
        said = event(f"subject-{number % 20}", number // 20 + 1, fact)
        while not await _record(database, said):  # noqa: ASYNC110 - it tries again
            await asyncio.sleep(0.01)


async def _record(database, said) -> bool:
    try:
        async with database.working() as connection:
            # Only the answer to the commit may have been lost.
            if not await connection.fetchval(_IS_RECORDED, said.id):
                await outbox.record_events(connection, [said])
    except Exception as error:
        if not is_database_lost(error):
            raise
        return False
    return True


async def _is_all_applied(url) -> bool:
    owner = await asyncpg.connect(url)
    try:
        rows = await owner.fetch("SELECT state, count(*) AS events FROM inbox GROUP BY state")
        left = await owner.fetchval("SELECT count(*) FROM outbox")
        kept = await owner.fetchval("SELECT count(*) FROM event_log")
    finally:
        await owner.close()
    return [tuple(row) for row in rows] == [("applied", EVENTS)] and (left, kept) == (
        0,
        EVENTS,
    )
