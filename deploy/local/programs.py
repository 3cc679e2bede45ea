"""Programs of a run: started together, ready when their health page says so, watched after."""

import subprocess
import time
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from deploy.local.errors import StartError
from deploy.local.guard import Guard
from deploy.local.logs import read_last_lines
from deploy.local.places import ROOT

READY_SECONDS = 60
LOOK_SECONDS = 0.05
PORT_TAKEN = ("address already in use", "eaddrinuse")


class ListenPortTakenError(StartError):
    """Somebody took a listen port between its choice and its use: choose again."""


@dataclass(frozen=True, kw_only=True)
class Program:
    """`ready_url` answers 200 when the program can work."""

    name: str
    command: Sequence[str | Path]
    env: Mapping[str, str] = field(repr=False)
    ready_url: str


class Programs:
    def __init__(self, guard: Guard, folder: Path) -> None:
        self._guard = guard
        self._folder = folder
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._described: dict[str, Program] = {}

    def start(self, programs: Sequence[Program], say: Callable[[str], None]) -> None:
        """Returns when all are ready."""
        started = time.monotonic()
        for program in programs:
            self._described[program.name] = program
            self._running[program.name] = self._guard.start(
                program.command, env=program.env, log=self.get_log(program.name), cwd=ROOT
            )
        waiting = list(programs)
        while waiting:
            self.check()
            for program in [each for each in waiting if _answers(each.ready_url)]:
                waiting.remove(program)
                say(f"{program.name} is ready after {time.monotonic() - started:.1f} s")
            if time.monotonic() - started > READY_SECONDS:
                self._fail(waiting[0].name, f"was not ready after {READY_SECONDS} s")
            time.sleep(LOOK_SECONDS)

    def start_again(self, name: str) -> None:
        """One that has ended, in its old place; returns when it is ready."""
        self.start([self._described[name]], lambda _line: None)

    def check(self) -> None:
        """Fails with its last lines where a program has ended."""
        for name, process in self._running.items():
            if process.poll() is not None:
                self._fail(name, f"ended with code {process.returncode}")

    def get_process(self, name: str) -> subprocess.Popen[bytes]:
        return self._running[name]

    def get_log(self, name: str) -> Path:
        return self._folder / f"{name}.log"

    def stop(self) -> None:
        for process in self._running.values():
            self._guard.stop(process)
        self._running.clear()

    def _fail(self, name: str, what: str) -> None:
        said = read_last_lines(self.get_log(name))
        kind = (
            ListenPortTakenError
            if any(word in said.lower() for word in PORT_TAKEN)
            else StartError
        )
        raise kind(f"{name} {what}; its last lines: {said}")


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310  (our own http)
            return bool(answer.status == 200)  # noqa: PLR2004
    except OSError:
        return False
