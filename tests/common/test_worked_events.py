"""What an event starts is started once in all time; what it fills is filled as often as it is told."""

import asyncio
from dataclasses import replace
from typing import ClassVar
from uuid import uuid4

import pytest

from libs.common.caller import Support
from libs.common.dead_events import Everything, redrive
from libs.common.dropped_events import drop
from libs.common.events import EventRegistry, Fact, encode
from libs.common.inbox import TRIES, InboxWorker, Work, add_received
from tests.common.sample import a_login
from tests.common.traffic import Changed, Noted, event


class Reported(Fact):
    type: ClassVar[str] = "outside.reported.v1"


class Worker:
    """An inbox without a broker; `kept` and `started` are what its work was told."""

    def __init__(self, database, monkeypatch):
        monkeypatch.setattr("libs.common.inbox._FIRST_DELAY_S", 0)
        self.database = database
        self.kept, self.started = [], []
        self.poison = set()
        self.worker = InboxWorker(
            database=database,
            registry=EventRegistry((Changed, Noted, Reported)),
            work={
                Changed.type: Work(keep=self._keep),
                Noted.type: Work(keep=self._keep, react=self._react),
                Reported.type: Work(react=self._react),
            },
        )

    async def _keep(self, _connection, events):
        self.kept += [(each.subject, each.sequence) for each in events]

    async def _react(self, _connection, each):
        await asyncio.sleep(0.01)
        if each.subject in self.poison:
            raise LookupError("this one is poisoned")
        self.started.append((each.subject, each.sequence))

    async def hear(self, *events):
        async with self.database.working() as connection:
            bodies = {each.id: _told(each) for each in events}
            await add_received(connection, events, bodies)
        await self.work()

    async def work(self):
        while await self.worker.work_one():
            pass

    async def forget_all(self):
        async with self.database.working() as connection:
            await connection.execute("DELETE FROM inbox")


def _told(each):
    body = encode(each)
    return body[:-1] + f',"replayof":"{each.replay_of}"}}' if each.replay_of else body


def again(said):
    return replace(said, id=uuid4(), replay_of=said.id)


@pytest.fixture
def worker(database, monkeypatch):
    return Worker(database, monkeypatch)


async def test_a_replay_under_a_new_id_fills_copies_and_starts_nothing_again(worker):
    said = [event("one", 1, Noted()), event("one", 2, Noted()), event("two", 1, Changed())]
    await worker.hear(*said)
    await worker.hear(*map(again, said))
    await worker.hear(*map(again, said))

    assert worker.started == [("one", 1), ("one", 2)]
    assert worker.kept == 3 * [("one", 1), ("one", 2), ("two", 1)]


async def test_what_comes_under_its_own_id_after_the_inbox_forgot_it_starts_nothing_again(
    worker,
):
    said = event("one", 1, Noted())
    await worker.hear(said)
    await worker.forget_all()
    await worker.hear(said)

    assert worker.started == [("one", 1)]


async def test_what_was_missed_is_started_by_its_replay_also_after_a_later_one(worker):
    missed, came = event("one", 1, Noted()), event("one", 2, Noted())
    await worker.hear(came)
    await worker.hear(again(missed), again(came))
    await worker.hear(missed)

    assert worker.started == [("one", 2), ("one", 1)]


async def test_two_workers_with_the_event_and_its_replay_start_it_once(worker):
    for sequence in range(1, 20):
        said = event("one", sequence, Noted())
        async with worker.database.working() as connection:
            for each in (said, again(said)):
                await add_received(connection, [each], {each.id: _told(each)})
        await asyncio.gather(worker.work(), worker.work())

    assert worker.started == [("one", sequence) for sequence in range(1, 20)]


async def test_what_failed_is_not_taken_for_worked(worker):
    said = event("one", 1, Noted())
    worker.poison = {"one"}
    await worker.hear(said)
    assert worker.started == []

    worker.poison = set()
    async with worker.database.working() as connection:
        await redrive(connection, Everything())
    await worker.work()

    assert worker.started == [("one", 1)]
    assert len(worker.kept) == TRIES + 1


async def test_what_a_person_dropped_fills_copies_by_a_replay_and_starts_nothing(worker):
    said = event("one", 1, Noted())
    worker.poison = {"one"}
    await worker.hear(said)
    worker.poison = set()
    worker.kept.clear()
    sue = Support(login=a_login("sue"))
    async with worker.database.transaction(sue) as connection:
        assert len(await drop(connection, [said.id], "it was never meant for us")) == 1

    await worker.hear(again(said))

    assert (worker.kept, worker.started) == ([("one", 1)], [])


async def test_a_dropped_replay_counts_as_given_up_under_its_first_id(worker):
    said = event("one", 1, Noted())
    worker.poison = {"one"}
    told_again = again(said)
    await worker.hear(told_again)
    worker.poison = set()
    sue = Support(login=a_login("sue"))
    async with worker.database.transaction(sue) as connection:
        assert len(await drop(connection, [told_again.id], "it was never meant for us")) == 1

    await worker.hear(again(said))
    await worker.hear(said)

    assert worker.started == []


async def test_a_report_from_outside_cannot_say_that_an_event_of_ours_was_worked(worker):
    said = event("one", 1, Noted())
    await worker.hear(replace(event("ref", 1, Reported()), replay_of=said.id))
    await worker.hear(said)

    assert worker.started == [("ref", 1), ("one", 1)]


async def test_what_a_replica_of_before_worked_is_not_started_by_its_replay(worker):
    said = event("one", 1, Noted())
    async with worker.database.working() as connection:
        await add_received(connection, [said], {})
    await worker.hear(again(said))

    assert (worker.kept, worker.started) == ([("one", 1)], [])
