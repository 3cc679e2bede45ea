"""Timers fire once each, when they are due."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from libs.common.database import after_commit
from libs.common.timers import TimerWorker, clear_timer, clear_timers, set_timer, set_timers

NOW = datetime.now(UTC)
DUE = NOW - timedelta(seconds=1)


class Clockwork:
    """Two kinds of timers, and what has fired."""

    def __init__(self, database):
        self.database = database
        self.fired = []
        self.announced = []
        self.broken = set()

    def worker(self):
        return TimerWorker(database=self.database, kinds={"remind": self._fire})

    async def set(self, key, due_at=DUE, kind="remind"):
        async with self.database.working() as connection:
            await set_timer(connection, kind, key, due_at)

    async def rows(self):
        async with self.database.working() as connection:
            rows = await connection.fetch(
                "SELECT key, attempts, reason, due_at > clock_timestamp() AS is_later "
                "FROM timers ORDER BY key"
            )
        return [tuple(row) for row in rows]

    async def _fire(self, connection, key):
        self.fired.append(key)
        # Long enough for another worker to look.
        await connection.execute("SELECT pg_sleep(0.01)")
        after_commit(lambda: self.announced.append(key))
        if key in self.broken:
            raise LookupError


@pytest.fixture
def clockwork(database):
    return Clockwork(database)


async def work_off(worker):
    while await worker.fire_one():
        pass


async def test_each_due_timer_fires_once_however_many_workers_there_are(clockwork):
    keys = [f"key-{number:02d}" for number in range(20)]
    for key in keys:
        await clockwork.set(key)

    await asyncio.gather(*(work_off(clockwork.worker()) for _ in range(3)))

    assert sorted(clockwork.fired) == keys
    assert await clockwork.rows() == []


async def test_what_is_not_due_or_of_another_kind_waits(clockwork):
    await clockwork.set("later", NOW + timedelta(hours=1))
    await clockwork.set("other", kind="expire")

    assert not await clockwork.worker().fire_one()

    assert clockwork.fired == []


async def test_many_are_set_moved_and_cleared_at_once(clockwork):
    later = NOW + timedelta(hours=1)
    names = [("remind", key) for key in "abc"]
    async with clockwork.database.working() as connection:
        await set_timers(connection, [])
        await clear_timers(connection, [])
        await set_timers(connection, [(*name, DUE) for name in names])
        await set_timers(connection, [(*names[0], later), (*names[1], DUE)])
        await clear_timers(connection, [names[2], ("remind", "unknown")])

    assert await clockwork.rows() == [("a", 0, None, True), ("b", 0, None, False)]


async def test_a_timer_that_is_set_again_moves_and_one_that_is_cleared_is_gone(clockwork):
    await clockwork.set("moved")
    await clockwork.set("moved", NOW + timedelta(hours=1))
    await clockwork.set("cleared")
    async with clockwork.database.working() as connection:
        await clear_timer(connection, "remind", "cleared")

    assert not await clockwork.worker().fire_one()

    assert [key for key, *_ in await clockwork.rows()] == ["moved"]


async def test_a_fault_postpones_that_timer_alone_and_leaves_nothing_half_done(clockwork):
    clockwork.broken = {"broken"}
    await clockwork.set("broken", DUE - timedelta(seconds=1))
    await clockwork.set("sound")

    await work_off(clockwork.worker())

    assert clockwork.fired == ["broken", "sound"]
    assert clockwork.announced == ["sound"]
    assert await clockwork.rows() == [("broken", 1, "LookupError", True)]


async def test_a_timer_set_in_a_transaction_that_rolls_back_never_was(clockwork):
    async def set_and_fail():
        async with clockwork.database.working() as connection:
            await set_timer(connection, "remind", "never", DUE)
            raise LookupError

    with pytest.raises(LookupError):
        await set_and_fail()

    assert await clockwork.rows() == []
