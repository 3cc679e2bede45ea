"""Replay: what was published comes again to one queue, at its old place and under a new id."""

from datetime import UTC, datetime

import pytest

from libs.common import outbox, replay
from libs.common.broker import declare
from libs.common.events import EventRegistry
from libs.common.replay import Wanted
from tests.common.traffic import (
    QUEUE,
    TOPOLOGY,
    Changed,
    Noted,
    channel,
    count_waiting,
    event,
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
        database, amqp_url, Wanted(queue=QUEUE.name, types=[Changed.type])
    )

    registry = EventRegistry([Changed])
    again = [registry.decode(message.body) for message in await take(amqp_url, count)]
    wanted = [each for each in said if isinstance(each.fact, Changed)]
    assert [(each.subject, each.sequence) for each in again] == [
        (each.subject, each.sequence) for each in wanted
    ]
    assert not {each.id for each in again} & {each.id for each in said}
    assert [each.time for each in again] == [each.time for each in wanted]
    assert await count_waiting(amqp_url, "other") == 0


async def test_a_queue_that_nobody_has_is_refused(database, amqp_url):
    with pytest.raises(replay.NoSuchQueueError, match="nowhere"):
        await replay.replay(database, amqp_url, Wanted(queue="nowhere"))
