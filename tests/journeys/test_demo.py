"""`make demo` on servers of its own: nothing runs, listens or lies about when it is cut short."""

import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

from deploy.local.ladder import choose_source
from deploy.local.places import ROOT, RUNS
from tests.local.observations import find_listeners, find_processes, lives, wait_until

pytestmark = [
    pytest.mark.journey,
    pytest.mark.skipif(
        {choose_source("postgres"), choose_source("rabbitmq")} != {"local"},
        reason="the servers are given or in containers",
    ),
]


def descendants_of(pid: int) -> set[int]:
    """Also those that have a session of their own, as all that the guard starts have."""
    parents = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            stat = (folder / "stat").read_text()
        except OSError:
            continue
        parents[int(folder.name)] = int(stat.rpartition(")")[2].split()[1])
    found = {pid}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found


@contextmanager
def demo_running():
    """Up to the moment in which everything is ready."""
    with subprocess.Popen(
        [sys.executable, "-m", "deploy.local.demo"],
        cwd=ROOT,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as demo:
        try:
            yield demo
        finally:
            demo.kill()


def wait_until_ready(demo):
    said = []
    for line in demo.stdout:
        said.append(line)
        if "everything is ready" in line:
            return
    pytest.fail(f"it ended before:\n{''.join(said)}")


@pytest.fixture
def demos():
    """Two at once, each up to the moment in which everything is ready."""
    before = set(RUNS.iterdir()) if RUNS.exists() else set()
    with demo_running() as one, demo_running() as other:
        running = [one, other]
        for demo in running:
            wait_until_ready(demo)
        theirs = set().union(*(descendants_of(demo.pid) for demo in running))
        # Other tests make folders, too, at the same time.
        yield (
            running,
            {
                folder
                for folder in set(RUNS.iterdir()) - before
                if find_processes(folder) & theirs
            },
        )


def test_a_demo_that_is_cut_short_leaves_nothing_behind(demos):
    running, folders = demos
    ends = (signal.SIGINT, signal.SIGKILL)
    programs = [descendants_of(demo.pid) - {demo.pid} for demo in running]
    listening = [
        {pid for pid in mine if lives(pid) and find_listeners(pid)} for mine in programs
    ]

    for demo, end in zip(running, ends, strict=True):
        demo.send_signal(end)

    assert len(folders) == len(running)
    assert all(len(mine) > 10 for mine in programs)
    assert all(len(mine) >= 6 for mine in listening)
    for mine in programs:
        assert wait_until(lambda mine=mine: not any(map(lives, mine)), seconds=15)
    assert wait_until(lambda: not any(folder.exists() for folder in folders), seconds=10)
    assert not any(find_processes(folder) for folder in folders)
    interrupted, _ = running
    said, _ = interrupted.communicate(timeout=10)
    assert interrupted.returncode == 1
    assert said.splitlines()[-1] == "stopped"
    assert "Traceback" not in said
