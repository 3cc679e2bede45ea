"""A worker's loop: until nothing is left, then a pause that news end."""

import asyncio
import logging

import pytest

from libs.common.repeating import repeat


class Work:
    """Each answer once, in order; then nothing is left."""

    def __init__(self, *answers: object) -> None:
        self.answers, self.asked = list(answers), 0
        self.is_quiet = asyncio.Event()

    async def __call__(self) -> object:
        self.asked += 1
        answer = self.answers.pop(0) if self.answers else None
        if isinstance(answer, Exception):
            raise answer
        if not answer:
            self.is_quiet.set()
        return answer

    async def come_to_rest(self) -> int:
        """How often it had been asked by then."""
        async with asyncio.timeout(5):
            await self.is_quiet.wait()
        self.is_quiet.clear()
        return self.asked


@pytest.fixture
async def repeating():
    """Starts `repeat`, and ends it with the test."""
    async with asyncio.TaskGroup() as tasks:
        started = []

        def start(work: Work, **given) -> None:
            started.append(tasks.create_task(repeat(work, worker="mill", **given)))

        yield start
        for task in started:
            task.cancel()


async def test_work_is_done_until_none_is_left_and_asked_for_after_a_pause(repeating) -> None:
    work = Work(1, 3)

    repeating(work, poll_s=0.01)

    assert await work.come_to_rest() == 3
    assert await work.come_to_rest() == 4


async def test_what_wakes_it_ends_the_pause(repeating) -> None:
    work, woken = Work(), asyncio.Event()

    repeating(work, poll_s=3600, woken=woken)
    await work.come_to_rest()
    woken.set()

    assert await work.come_to_rest() == 2


async def test_a_lost_database_is_met_again_after_the_pause(repeating, caplog) -> None:
    caplog.set_level(logging.WARNING)
    work = Work(1, OSError("gone"), 1)

    repeating(work, poll_s=0.01)

    assert await work.come_to_rest() == 4
    assert [record.action for record in caplog.records] == ["mill.database_lost"]


async def test_a_fault_of_ours_ends_it() -> None:
    with pytest.raises(ZeroDivisionError):
        await repeat(Work(ZeroDivisionError()), worker="mill", poll_s=3600)
