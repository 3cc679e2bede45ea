"""The outbox: events are there with their change, or not at all."""

from contextlib import suppress

import asyncpg
import pytest

from libs.common import outbox
from libs.common.events import EventTooLargeError
from tests.common.traffic import Changed, Noted, event


async def _recorded(database):
    async with database.working() as connection:
        rows = await connection.fetch(
            "SELECT subject, sequence, type FROM outbox ORDER BY seq"
        )
    return [tuple(row) for row in rows]


async def _roll_back(database):
    with suppress(LookupError):
        async with database.working() as connection:
            await outbox.record(connection, "one", 0, Changed())
            raise LookupError


async def test_facts_take_the_versions_that_follow_in_their_order(database):
    async with database.working() as connection:
        version = await outbox.record(connection, "one", 0, Changed(), Noted())
        version = await outbox.record(connection, "one", version, Changed())

    assert version == 3
    assert await _recorded(database) == [
        ("one", 1, Changed.type),
        ("one", 2, Noted.type),
        ("one", 3, Changed.type),
    ]


async def test_a_transaction_that_rolls_back_leaves_no_event(database):
    await _roll_back(database)

    assert await _recorded(database) == []


async def test_a_version_is_recorded_once(database):
    async with database.working() as connection:
        await outbox.record(connection, "one", 0, Changed())

    with pytest.raises(asyncpg.UniqueViolationError):
        async with database.working() as connection:
            await outbox.record(connection, "one", 0, Changed())


async def test_an_event_that_no_queue_should_carry_is_refused_where_it_is_made(database):
    with pytest.raises(EventTooLargeError):
        async with database.working() as connection:
            await outbox.record(connection, "one", 0, Changed(state="x" * 300_000))

    assert await _recorded(database) == []


async def test_recording_nothing_is_no_work(database):
    async with database.working() as connection:
        assert await outbox.record(connection, "one", 4) == 4
        await outbox.record_events(connection, [])

    assert await _recorded(database) == []


async def test_the_relay_is_woken_after_the_commit_and_not_by_a_rollback(database):
    woken = []
    database.on_commit = lambda: woken.append(True)

    await _roll_back(database)
    assert not woken

    async with database.working() as connection:
        await outbox.record_events(connection, [event()])
        assert not woken
    assert woken
