"""Replay: what was published comes again to one queue, at its old place and under a new id."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from libs.common import outbox, replay, replays
from libs.common.broker import Queue, declare
from libs.common.caller import Support
from libs.common.events import EventRegistry
from libs.common.replay import ReplayWorker
from libs.common.replays import Wanted
from tests.common.sample import a_login
from tests.common.traffic import (
    QUEUE,
    TOPOLOGY,
    Changed,
    Noted,
    channel,
    count_waiting,
    event,
    running,
    take,
)

KEPT = """
    INSERT INTO event_log
      (seq, event_id, source, subject, sequence, type, traceparent, body, recorded_at)
    SELECT seq, event_id, source, subject, sequence, type, traceparent, body, recorded_at
    FROM outbox
"""


async def publish_once(database, *events):
    """As the relay leaves them."""
    async with database.working() as connection:
        await outbox.record_events(connection, events)
        await connection.execute(KEPT)


async def test_events_of_the_types_named_come_again_in_order(database, amqp_url, monkeypatch):
    monkeypatch.setattr(replay, "_STEP", 3)
    monkeypatch.setattr(replay, "_AT_ONCE", 2)
    said = [
        event(
            subject, sequence, Noted() if sequence == 2 else Changed(), time=datetime.now(UTC)
        )
        for sequence in range(1, 5)
        for subject in ("one", "two")
    ]
    await publish_once(database, *said)
    async with channel(amqp_url) as opened:
        await declare(opened, TOPOLOGY)
        await opened.declare_queue("other", durable=True)
        other = await opened.get_queue("other")
        await other.bind(TOPOLOGY.exchanges[0], "#")

    count = await replay.replay(
        database, amqp_url, Wanted(queue=QUEUE.name, types=[Changed.type]), TOPOLOGY
    )

    registry = EventRegistry([Changed])
    again = [registry.decode(message.body) for message in await take(amqp_url, count)]
    wanted = [each for each in said if isinstance(each.fact, Changed)]
    assert [(each.subject, each.sequence) for each in again] == [
        (each.subject, each.sequence) for each in wanted
    ]
    assert not {each.id for each in again} & {each.id for each in said}
    assert [each.first_id for each in again] == [each.id for each in wanted]
    assert [each.time for each in again] == [each.time for each in wanted]
    assert await count_waiting(amqp_url, "other") == 0


async def test_a_queue_that_nobody_has_is_refused(database, amqp_url):
    with pytest.raises(replay.NoSuchQueueError, match="nowhere"):
        await replay.replay(database, amqp_url, Wanted(queue="nowhere"), TOPOLOGY)


async def told(amqp_url, count):
    registry = EventRegistry([Changed, Noted])
    return [registry.decode(message.body) for message in await take(amqp_url, count)]


@pytest.fixture
async def queue(amqp_url):
    async with channel(amqp_url) as opened:
        await declare(opened, TOPOLOGY)
    return QUEUE.name


async def test_only_what_was_recorded_in_the_time_named_comes_again(database, amqp_url, queue):
    said = [event("one", sequence) for sequence in range(1, 6)]
    await publish_once(database, *said)
    noon = datetime.now(UTC) - timedelta(days=1)
    async with database.working() as connection:
        await connection.execute(
            "UPDATE event_log SET recorded_at = $1::timestamptz + seq * interval '1 hour', "
            "published_at = $1::timestamptz + seq * interval '2 hours'",
            noon,
        )
        first = await connection.fetchval("SELECT min(recorded_at) FROM event_log")
    hour = timedelta(hours=1)
    wanted = Wanted(queue=queue, since=first + hour, until=first + 3 * hour)

    count = await replay.replay(database, amqp_url, wanted, TOPOLOGY)

    assert count == 2
    assert [each.sequence for each in await told(amqp_url, count)] == [2, 3]


async def test_under_their_own_ids_events_come_as_they_were(database, amqp_url, queue):
    said = [event("one", 1), event("one", 2, Noted())]
    await publish_once(database, *said)

    count = await replay.replay(
        database, amqp_url, Wanted(queue=queue, keeps_ids=True), TOPOLOGY
    )

    again = await told(amqp_url, count)
    assert [each.id for each in again] == [each.id for each in said]
    assert {each.replay_of for each in again} == {None}


async def test_a_replay_that_was_broken_off_is_carried_to_its_end_under_the_same_ids(
    database, amqp_url, queue, monkeypatch
):
    monkeypatch.setattr(replay, "_STEP", 2)
    await publish_once(database, *(event("one", sequence) for sequence in range(1, 6)))
    worker = ReplayWorker(database=database, amqp_url=amqp_url, topology=TOPOLOGY)
    async with database.transaction(Support(login=a_login("sue"))) as connection:
        replay_id = await replays.ask_replay(connection, Wanted(queue=queue))
    real, calls = replay._send, []

    async def send(*given):
        await real(*given)
        calls.append(given)
        if len(calls) == 2:
            raise ConnectionError

    monkeypatch.setattr(replay, "_send", send)
    with pytest.raises(ConnectionError):
        await worker.work_one()
    assert await worker.work_one()
    assert not await worker.work_one()

    again = await told(amqp_url, 7)
    async with database.working() as connection:
        found = await replays.find_replay(connection, replay_id)
        acts = await connection.fetch("SELECT act, actor, note FROM operator_acts")
    assert [each.sequence for each in again] == [1, 2, 3, 4, 3, 4, 5]
    assert len({each.id for each in again}) == 5
    assert (found.told, found.reason, found.requested_by) == (5, None, "support:sue")
    assert found.finished_at is not None
    assert [tuple(act) for act in acts] == [
        ("replayed", "support:sue", f"replay {replay_id} to {queue}")
    ]


async def test_a_replay_to_a_queue_that_nobody_has_ends_and_says_so(database, amqp_url):
    async with database.working() as connection:
        replay_id = await replays.ask_replay(connection, Wanted(queue="nowhere"))

    assert await ReplayWorker(
        database=database, amqp_url=amqp_url, topology=TOPOLOGY
    ).work_one()

    async with database.working() as connection:
        found = await replays.find_replay(connection, replay_id)
    assert (found.told, found.reason) == (0, "NO_SUCH_QUEUE")


@pytest.mark.parametrize("name", ["portline.dead", "everybodys.stream", "somebodys.own"])
async def test_a_queue_that_should_not_hear_it_is_told_nothing_and_holds_up_no_other(
    database, amqp_url, name
):
    topology = replace(
        TOPOLOGY, streams=(Queue(name="everybodys.stream", exchange="", keys=()),)
    )
    async with channel(amqp_url) as opened:
        await declare(opened, TOPOLOGY)
        await opened.declare_queue("everybodys.stream", durable=True)
        await opened.declare_queue("somebodys.own", exclusive=True)
        async with database.working() as connection:
            replay_id = await replays.ask_replay(connection, Wanted(queue=name))

        assert await ReplayWorker(
            database=database, amqp_url=amqp_url, topology=topology
        ).work_one()

    async with database.working() as connection:
        found = await replays.find_replay(connection, replay_id)
    assert found.reason == "NO_SUCH_QUEUE"


async def test_a_replay_that_fails_by_our_own_fault_ends_and_takes_nothing_down(
    database, amqp_url, queue, monkeypatch
):
    async def fail(*_given):
        raise LookupError

    await publish_once(database, event("one", 1))
    monkeypatch.setattr(replay, "_send", fail)
    async with database.working() as connection:
        replay_id = await replays.ask_replay(connection, Wanted(queue=queue))

    worker = ReplayWorker(database=database, amqp_url=amqp_url, topology=TOPOLOGY)
    assert await worker.work_one()
    assert not await worker.work_one()

    async with database.working() as connection:
        found = await replays.find_replay(connection, replay_id)
    assert (found.told, found.reason) == (0, "LookupError")


async def test_a_command_and_the_worker_tell_one_replay_together_each_event_once(
    database, amqp_url, queue, monkeypatch
):
    monkeypatch.setattr(replay, "_STEP", 2)
    monkeypatch.setattr(replay, "_POLL_S", 0.001)
    await publish_once(database, *(event("one", sequence) for sequence in range(1, 40)))
    worker = ReplayWorker(database=database, amqp_url=amqp_url, topology=TOPOLOGY)

    async with running(worker.run):
        count = await replay.replay(database, amqp_url, Wanted(queue=queue), TOPOLOGY)

    assert count == 39
    again = [each.sequence for each in await told(amqp_url, count)]
    assert again == [*range(1, 40)]
    assert await count_waiting(amqp_url, queue) == 0


async def test_a_broker_that_is_away_lets_a_replay_wait(
    database, amqp_url, queue, monkeypatch
):
    monkeypatch.setattr(replay, "_POLL_S", 0.01)
    monkeypatch.setattr(replay, "_PAUSE_S", 0.01)
    await publish_once(database, event("one", 1))
    async with database.working() as connection:
        await replays.ask_replay(connection, Wanted(queue=queue))
    worker = ReplayWorker(database=database, amqp_url="amqp://127.0.0.1:9/", topology=TOPOLOGY)
    async with running(worker.run):
        await asyncio.sleep(0.05)
        worker.amqp_url = amqp_url
        assert [each.sequence for each in await told(amqp_url, 1)] == [1]


@pytest.mark.parametrize(
    ("keys", "heard"),
    [
        (("sample.#",), 2),
        (("sample.noted.v1",), 1),
        (("sample.*.v1",), 2),
        (("sample.*",), 0),
        (("sampleXnoted.v1",), 0),
    ],
)
async def test_a_queue_hears_again_only_what_it_is_bound_to(
    database, amqp_url, queue, keys, heard
):
    await publish_once(database, event("one", 1), event("one", 2, Noted()))
    bound = replace(TOPOLOGY, queues=(replace(QUEUE, keys=keys),))

    assert await replay.replay(database, amqp_url, Wanted(queue=queue), bound) == heard
