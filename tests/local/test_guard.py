"""Nothing outlives its driver."""

import os
import signal
import time
from pathlib import Path

import pytest

from deploy.local.guard import Guard
from tests.local.observations import lives, wait_until

STARTS_A_FAMILY = """
    program = guard.start(
        ["sh", "-c", "setsid sleep 600 & echo $!; exec sleep 600"],
        env=os.environ, log=folder / "log",
    )
    while not (folder / "log").read_text().strip():
        time.sleep(0.01)
    print(program.pid, (folder / "log").read_text().strip(), folder)
"""


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_no_program_and_no_folder_outlives_a_driver_that_is_ended(start_driver, end):
    driver = start_driver(STARTS_A_FAMILY + "    time.sleep(600)\n")
    program, grandchild, folder = driver.stdout.readline().split()

    driver.send_signal(end)

    assert wait_until(lambda: not lives(int(program)))
    assert wait_until(lambda: not lives(int(grandchild)))
    assert wait_until(lambda: not Path(folder).exists())


def test_no_program_outlives_a_driver_that_crashes_right_after_its_start(start_driver):
    driver = start_driver("""
        program = guard.start(["sleep", "600"], env=os.environ, log=folder / "log")
        print(program.pid, flush=True)
        os.abort()
    """)
    program = int(driver.stdout.readline())

    assert wait_until(lambda: not lives(program))


def test_a_child_that_the_driver_forked_does_not_keep_its_programs_alive(start_driver):
    driver = start_driver("""
        program = guard.start(["sleep", "600"], env=os.environ, log=folder / "log")
        child = os.fork()
        if child == 0:
            time.sleep(3)
            os._exit(0)
        print(program.pid, child, flush=True)
        time.sleep(600)
    """)
    program, child = map(int, driver.stdout.readline().split())

    driver.kill()

    assert wait_until(lambda: not lives(program), seconds=2.5)
    assert lives(child)


def test_leaving_ends_everything_at_once(tmp_path):
    with Guard() as guard:
        folder = guard.make_folder(tmp_path)
        stubborn = ["sh", "-c", "trap '' TERM INT HUP QUIT; sleep 600; true"]
        programs = [guard.start(stubborn, env=os.environ, log=folder / "log") for _ in "abc"]
        begun = time.monotonic()

    assert time.monotonic() - begun < 0.5
    assert not any(lives(program.pid) for program in programs)
    assert not folder.exists()


def test_stopping_one_program_leaves_the_others_running(guard, tmp_path):
    first, second = (
        guard.start(["sleep", "600"], env=os.environ, log=tmp_path / "log") for _ in "ab"
    )

    guard.stop(first)

    assert not lives(first.pid)
    assert lives(second.pid)


def test_a_program_may_clean_up_at_the_signal_it_asked_for(guard, tmp_path):
    tidy = "trap 'echo tidied; exit 0' QUIT; echo ready; while :; do sleep 0.05; done"
    log = tmp_path / "log"
    program = guard.start(
        ["sh", "-c", tidy], env=os.environ, log=log, last_signal=signal.SIGQUIT
    )
    assert wait_until(lambda: "ready" in log.read_text())

    guard.stop(program)

    assert "tidied" in log.read_text()


def test_a_stopped_program_ends_too(guard, tmp_path):
    program = guard.start(["sleep", "600"], env=os.environ, log=tmp_path / "log")
    os.kill(program.pid, signal.SIGSTOP)

    guard.stop(program)

    assert not lives(program.pid)


def test_a_folder_that_no_watchdog_holds_goes_at_the_next_run(guard, tmp_path):
    held = guard.make_folder(tmp_path)
    guard.stop(guard.start(["sleep", "600"], env=os.environ, log=held / "log"))
    abandoned, fresh = tmp_path / "abandoned", tmp_path / "fresh"
    abandoned.mkdir()
    fresh.mkdir()
    for folder in (held, abandoned):
        os.utime(folder, (0, 0))

    guard.make_folder(tmp_path)

    assert not abandoned.exists()
    assert fresh.exists()
    assert held.exists()
