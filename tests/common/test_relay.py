"""The relay: every committed event leaves, in order, from one leader."""

import asyncio
from contextlib import suppress
from urllib.parse import urlsplit

import aio_pika
import asyncpg
import pytest
from aio_pika.exceptions import DeliveryError

from libs.common import outbox, relay
from libs.common.broker import declare
from libs.common.events import EventRegistry
from libs.common.relay import Relay, confirmed_rows
from tests.common.traffic import (
    EXCHANGE,
    QUEUE,
    TOPOLOGY,
    Changed,
    Noted,
    broker,
    channel,
    count_waiting,
    event,
    eventually,
    running,
    take,
)
from tests.journeys.wires import Wire


@pytest.fixture
def make_relay(urls, amqp_url):
    def make() -> Relay:
        return Relay(
            database_url=urls.database_url,
            service="sample",
            broker=broker(amqp_url),
            exchange=EXCHANGE,
        )

    return make


@pytest.fixture
async def owner(urls):
    connection = await asyncpg.connect(urls.migrations_url)
    yield connection
    await connection.close()


async def record(database, *events):
    async with database.working() as connection:
        await outbox.record_events(connection, events)


async def is_empty(owner):
    return not await owner.fetchval("SELECT count(*) FROM outbox")


def read(messages):
    registry = EventRegistry([Changed, Noted])
    return [
        (decoded.subject, decoded.sequence)
        for decoded in (registry.decode(message.body) for message in messages)
    ]


async def bind_a_full_queue(amqp_url):
    """A second queue that refuses whatever comes."""
    async with channel(amqp_url) as opened:
        await declare(opened, TOPOLOGY)
        arguments = {
            "x-queue-type": "quorum",
            "x-max-length": 1,
            "x-overflow": "reject-publish",
        }
        queue = await opened.declare_queue("full", durable=True, arguments=arguments)
        await queue.bind(EXCHANGE, "#")
        with suppress(DeliveryError):
            while True:
                await opened.default_exchange.publish(aio_pika.Message(b""), "full")


def test_nothing_leaves_behind_the_first_failure_of_its_subject():
    rows = [
        {"seq": 1, "subject": "one"},
        {"seq": 2, "subject": "two"},
        {"seq": 3, "subject": "one"},
        {"seq": 4, "subject": "two"},
        {"seq": 5, "subject": "one"},
    ]

    assert confirmed_rows(rows, [None, None, OSError(), None, None]) == [1, 2, 4]


async def test_events_leave_in_order_and_are_kept_for_replay(
    database, owner, make_relay, amqp_url
):
    events = [event(subject, sequence) for sequence in (1, 2, 3) for subject in ("one", "two")]
    await record(database, *events)

    async with running(make_relay().run):
        await eventually(lambda: is_empty(owner))

    told = [(each.subject, each.sequence) for each in events]
    assert read(await take(amqp_url, 6)) == told
    kept = await owner.fetch("SELECT subject, sequence FROM event_log ORDER BY seq")
    assert [tuple(row) for row in kept] == told


async def test_more_than_one_batch_leaves_in_order(database, owner, make_relay, amqp_url):
    await record(database, *(event(sequence=sequence) for sequence in range(1, 1201)))

    async with running(make_relay().run):
        await eventually(lambda: is_empty(owner))

    assert read(await take(amqp_url, 1200)) == [("one", number) for number in range(1, 1201)]


async def test_only_one_of_two_leads_and_the_other_takes_over(
    database, owner, make_relay, amqp_url, servers, monkeypatch
):
    monkeypatch.setattr(relay, "_STANDBY_POLL_S", 0.02)
    superuser = await asyncpg.connect(servers.postgres_url)
    query = (
        "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted "
        "AND database = (SELECT oid FROM pg_database WHERE datname = $1)"
    )
    name = await owner.fetchval("SELECT current_database()")

    async def find_leader():
        rows = await superuser.fetch(query, name)
        assert len(rows) <= 1
        return rows[0]["pid"] if rows else None

    async with running(make_relay().run, make_relay().run):
        await eventually(find_leader)
        first = await find_leader()
        await record(database, event(sequence=1))
        await eventually(lambda: is_empty(owner))

        await superuser.execute("SELECT pg_terminate_backend($1)", first)
        await record(database, event(sequence=2))
        await eventually(lambda: is_empty(owner))

        assert await find_leader() not in {None, first}
    await superuser.close()
    assert set(read(await take(amqp_url, 2))) == {("one", 1), ("one", 2)}


async def test_a_full_queue_loses_nothing_and_the_rest_goes_on_when_there_is_room(
    database, owner, make_relay, amqp_url
):
    await bind_a_full_queue(amqp_url)
    await record(database, *(event(sequence=sequence) for sequence in range(1, 41)))

    async with running(make_relay().run):
        await eventually(lambda: count_waiting(amqp_url))
        assert await owner.fetchval("SELECT count(*) FROM outbox") == 40
        async with channel(amqp_url) as opened:
            await opened.queue_delete("full")
        await eventually(lambda: is_empty(owner))

    registry = EventRegistry([Changed])
    messages = await take(amqp_url, await count_waiting(amqp_url))
    arrived = [registry.decode(message.body).sequence for message in messages]
    # At least once; and each version's first coming is in order.
    assert list(dict.fromkeys(arrived)) == list(range(1, 41))
    assert await owner.fetchval("SELECT count(*) FROM event_log") == 40


async def test_what_no_queue_wants_waits_and_holds_back_only_its_subject(
    database, owner, make_relay, amqp_url, monkeypatch
):
    monkeypatch.setattr(relay, "_LONGEST_PAUSE_S", 0.1)

    class Unheard(Changed):
        type = "unheard.of.v1"

    await record(
        database,
        event("one", 1, Unheard()),
        event("one", 2),
        event("two", 1),
        event("three", 1),
    )

    async def is_settled():
        rows = await owner.fetch("SELECT subject, sequence FROM outbox ORDER BY seq")
        return [tuple(row) for row in rows] == [("one", 1), ("one", 2)]

    async with running(make_relay().run):
        await eventually(is_settled)
        async with channel(amqp_url) as opened:
            queue = await opened.get_queue(QUEUE.name)
            await queue.bind(EXCHANGE, "unheard.#")
        await eventually(lambda: is_empty(owner))


async def test_a_broker_that_lost_its_disk_hears_the_log_again(
    database, owner, make_relay, amqp_url
):
    await record(database, *(event(sequence=sequence) for sequence in range(1, 701)))
    async with running(make_relay().run):
        await eventually(lambda: is_empty(owner))
    await _forget_everything(amqp_url)
    await record(database, event(sequence=701))

    async with running(make_relay().run):
        await eventually(lambda: is_empty(owner))

    assert read(await take(amqp_url, 701)) == [("one", number) for number in range(1, 702)]


async def test_a_broker_that_has_heard_the_log_hears_it_once(
    database, owner, make_relay, amqp_url
):
    await record(database, event(sequence=1))
    for sequence in (2, 3):
        async with running(make_relay().run):
            await eventually(lambda: is_empty(owner))
        await record(database, event(sequence=sequence))
    async with running(make_relay().run):
        await eventually(lambda: is_empty(owner))

    assert await count_waiting(amqp_url) == 3


async def test_an_idle_relay_that_lost_its_broker_connects_again_at_once(
    database, owner, make_relay
):
    idle = make_relay()

    async def is_connected():
        return idle.broker.is_connected

    async with running(idle.run):
        await eventually(is_connected)
        (held,) = idle.broker._held
        await held.close(aio_pika.exceptions.AMQPConnectionError())
        await eventually(is_connected)
        assert held not in idle.broker._held
        await record(database, event())
        await eventually(lambda: is_empty(owner))


async def test_a_database_that_falls_silent_is_left_and_met_again(
    database, owner, make_relay, urls, servers, caplog, monkeypatch
):
    monkeypatch.setattr(relay, "_SILENCE_S", 0.5)
    server = urlsplit(servers.postgres_url)
    wire = Wire(str(server.hostname), server.port or 5432)
    with wire.laid():
        through = urlsplit(urls.database_url)
        login = through.netloc.rpartition("@")[0]
        silent = make_relay()
        silent.database_url = through._replace(
            netloc=f"{login}@127.0.0.1:{wire.listen_port}"
        ).geturl()

        async def is_missed():
            return "relay.database_lost" in [record.action for record in caplog.records]

        async with running(silent.run):
            await record(database, event(sequence=1))
            await eventually(lambda: is_empty(owner))
            wire.freeze()
            await eventually(is_missed)
            await record(database, event(sequence=2))
            wire.thaw()
            await eventually(lambda: is_empty(owner))


async def test_a_fault_of_ours_ends_the_relay(database, owner, make_relay):
    await owner.execute("ALTER TABLE event_log RENAME TO gone")
    await record(database, event())

    with pytest.raises(asyncpg.UndefinedTableError):
        await asyncio.wait_for(make_relay().run(), 10)
    await owner.execute("ALTER TABLE gone RENAME TO event_log")


async def _forget_everything(amqp_url):
    """What a lost disk does to a broker."""
    async with channel(amqp_url) as opened:
        await opened.queue_delete(QUEUE.name)
        await opened.exchange_delete(EXCHANGE)
        await opened.exchange_delete("portline.relay.sample")
