"""A child process works within its limits, takes nothing along, and leaves nothing behind."""

import asyncio
import json
import os
import time
from contextlib import suppress
from pathlib import Path

import pytest

from libs.common.child_process import (
    ChildCrashed,
    ChildFailed,
    ChildProcesses,
    ChildrenBusy,
    LimitExceeded,
    Limits,
)

WORK = "tests.common.child_work"


async def run(content: bytes, **limits: int) -> bytes:
    return await ChildProcesses().run(WORK, content, Limits(**limits))


def children() -> set[str]:
    """The ids of this process's children."""
    return set(Path(f"/proc/self/task/{os.getpid()}/children").read_text().split())


async def test_megabytes_go_in_and_come_out(anyio_backend):
    content = os.urandom(5 * 2**20)
    assert await run(b"reverse " + content) == content[::-1]


async def test_a_child_inherits_nothing(monkeypatch):
    monkeypatch.setenv("UPLOAD_SECRET", "do not tell")
    kept_open = os.dup(0)
    os.set_inheritable(kept_open, True)  # noqa: FBT003 - takes no name
    seen = json.loads(await run(b"surroundings", memory_bytes=2**28))
    os.close(kept_open)
    assert len(seen["open_files"]) == len(["0", "1", "2", "the answer", "the listing"])
    assert set(seen["environment"]) <= {
        "PYTHONPATH",
        "PYTHONUTF8",
        "PYTHONDONTWRITEBYTECODE",
        "LANG",
        "MALLOC_ARENA_MAX",
        "LC_CTYPE",
    }
    assert (seen["folder"], seen["session"], seen["memory"]) == ("/", True, 2**28)


async def test_what_a_library_prints_is_not_part_of_the_answer():
    assert await run(b"print") == b"answer"


async def test_what_the_work_raises_is_named_but_not_quoted():
    with pytest.raises(ChildFailed) as raised:
        await run(b"raise")
    assert "ValueError in _raise_secret, line" in str(raised.value)
    assert "secret of" not in str(raised.value)


@pytest.mark.parametrize("task", ["sleep", "spin"])
async def test_a_child_that_takes_too_long_is_killed(task):
    before, started = children(), time.monotonic()
    with pytest.raises(LimitExceeded):
        await run(task.encode(), wall_s=1)
    assert time.monotonic() - started < 3
    assert children() <= before


async def test_processor_time_is_limited():
    with pytest.raises(LimitExceeded):
        await run(b"spin", cpu_s=1)


async def test_memory_is_limited_for_python_and_for_c():
    with pytest.raises(LimitExceeded):
        await run(b"allocate", memory_bytes=2**28)
    assert await run(b"allocate_in_c", memory_bytes=2**28) == b"0"


async def test_a_child_may_not_answer_more_than_is_allowed():
    with pytest.raises(LimitExceeded):
        await run(b"flood", answer_bytes=2**20)


async def test_a_child_writes_no_file():
    with pytest.raises(ChildFailed):
        await run(b"write")


async def test_a_child_that_dies_is_told_apart():
    with pytest.raises(ChildCrashed):
        await run(b"die " + bytes(2**20))


async def test_no_more_children_run_at_once_than_allowed():
    crowd = ChildProcesses(at_once=2)
    before, most = len(children()), 0
    tasks = [asyncio.create_task(crowd.run(WORK, b"echo x")) for _ in range(6)]
    while not all(task.done() for task in tasks):
        most = max(most, len(children()) - before)
        await asyncio.sleep(0.005)
    assert [task.result() for task in tasks] == [b"x"] * 6
    assert most <= 2


async def test_who_waits_too_long_for_a_child_is_told_so():
    crowd = ChildProcesses(at_once=1, patience_s=0.1)
    busy = asyncio.create_task(crowd.run(WORK, b"sleep"))
    await asyncio.sleep(0)
    with pytest.raises(ChildrenBusy):
        await crowd.run(WORK, b"echo x")
    busy.cancel()
    with suppress(asyncio.CancelledError):
        await busy


async def test_a_caller_who_leaves_takes_the_child_along():
    before = children()
    work = asyncio.create_task(run(b"sleep"))
    await asyncio.sleep(0.2)
    assert children() - before
    work.cancel()
    with suppress(asyncio.CancelledError):
        await work
    assert children() <= before


async def test_the_event_loop_goes_on_meanwhile():
    work = asyncio.create_task(run(b"reverse " + bytes(10 * 2**20)))
    longest = 0.0
    while not work.done():
        started = time.monotonic()
        await asyncio.sleep(0.001)
        longest = max(longest, time.monotonic() - started)
    await work
    assert longest < 0.05
