"""The guard: whatever happens to this process, its programs end and its folders go.

A watchdog in a session of its own holds the read end of a pipe. It is told every process
group and folder by a line; when the pipe closes, by a clean end, Ctrl-C or `kill -9`, it
kills the groups with all their descendants and removes the folders.
"""

import contextlib
import fcntl
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

POLITE_SECONDS = 1.0
KILL_SECONDS = 5.0
DRIVER_LOOK_SECONDS = 1.0
ABANDONED_SECONDS = 60

# A program announces its group before it runs, so no moment is left in which only a driver
# that may die knows of it. Its stdin is the pipe until then.
LAUNCH = 'printf "group %s %s\\n" "$$" "$1" >&0; shift; exec "$@" </dev/null'


class Guard:
    def __init__(self) -> None:
        read, self._pipe = os.pipe()
        self._watchdog = subprocess.Popen(
            [sys.executable, "-I", "-S", __file__, str(os.getpid())],
            stdin=read,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        os.close(read)
        self._started: list[subprocess.Popen[bytes]] = []

    def make_folder(self, below: Path) -> Path:
        below.mkdir(parents=True, exist_ok=True)
        _remove_abandoned_folders(below)
        folder = Path(tempfile.mkdtemp(dir=below, prefix=""))
        self._tell(f"folder {folder}")
        return folder

    def start(
        self,
        command: Sequence[str | Path],
        *,
        env: Mapping[str, str],
        log: Path,
        cwd: Path | None = None,
        last_signal: signal.Signals = signal.SIGKILL,
    ) -> subprocess.Popen[bytes]:
        """A program that cleans up at `last_signal` gets that first, and a second to obey."""
        with log.open("ab") as output:
            process = subprocess.Popen(
                ["/bin/sh", "-c", LAUNCH, "sh", str(int(last_signal)), *command],
                stdin=self._pipe,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=env,
                cwd=cwd,
                start_new_session=True,
            )
        self._tell(f"group {process.pid} {int(last_signal)}")  # before any `stop` of it
        self._started.append(process)
        return process

    def stop(self, process: subprocess.Popen[bytes]) -> None:
        """Ends its whole group, now; returns when it has ended."""
        self._tell(f"stop {process.pid}")
        process.wait(POLITE_SECONDS + KILL_SECONDS)

    def close(self) -> None:
        """Returns when nothing runs and no folder is left."""
        self._tell("end")  # the pipe's end may wait for a child that has not announced itself
        os.close(self._pipe)
        self._watchdog.wait()
        for process in self._started:
            process.wait(KILL_SECONDS)  # takes its exit code: no zombie stays

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _tell(self, line: str) -> None:
        os.write(self._pipe, f"{line}\n".encode())


def _remove_abandoned_folders(below: Path) -> None:
    """Those of runs that ended with their watchdog, as when the machine lost power."""
    for folder in below.iterdir():
        with contextlib.suppress(OSError):
            young = time.time() - folder.stat().st_mtime < ABANDONED_SECONDS
            if not young and (lock := _lock_folder(folder)) is not None:
                shutil.rmtree(folder, ignore_errors=True)
                os.close(lock)


def _lock_folder(folder: Path) -> int | None:
    """The descriptor that holds the lock until it or its process ends."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


class Process(NamedTuple):
    pid: int
    started: int  # clock ticks since boot: tells a process from a later one of the same pid


class Place(NamedTuple):
    parent: int
    group: int


class Group(NamedTuple):
    leader: int
    last_signal: int
    started: int | None


def watch(driver: int) -> None:
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(ignored, signal.SIG_IGN)
    groups: dict[int, Group] = {}
    folders: list[str] = []
    for line in _read_lines(driver):
        match line.split(" ", 1):
            case ["group", words]:
                leader, last_signal = map(int, words.split())
                started = next((p.started for p in _find_processes() if p.pid == leader), None)
                groups[leader] = Group(leader, last_signal, started)
            case ["stop", leader_word]:
                if group := groups.pop(int(leader_word), None):
                    _kill([group])
            case ["folder", folder]:
                folders.append(folder)
                with contextlib.suppress(OSError):
                    _lock_folder(Path(folder))
            case ["end"]:
                break
            case _:
                continue
    _kill(list(groups.values()))
    for folder in folders:
        _remove(Path(folder))


def _read_lines(driver: int) -> Iterator[str]:
    """Lines until the pipe's end or the driver's: its forks too may hold the pipe open."""
    pending = b""
    while True:
        readable, _, _ = select.select([0], [], [], DRIVER_LOOK_SECONDS)
        if readable:
            received = os.read(0, 65536)
            if not received:
                return
            *lines, pending = (pending + received).split(b"\n")
            yield from (line.decode() for line in lines)
        elif os.getppid() != driver:
            return


def _kill(groups: list[Group]) -> None:
    victims = _find_family(groups, frozenset())
    polite = {group.leader for group in groups if group.last_signal != signal.SIGKILL}
    for group in groups:
        if any(victim.pid == group.leader for victim in victims):
            _send(group.leader, group.last_signal)
    begun = time.monotonic()
    while victims and (passed := time.monotonic() - begun) < POLITE_SECONDS + KILL_SECONDS:
        for victim in victims:
            if victim.pid not in polite or passed > POLITE_SECONDS:
                _send(victim.pid, signal.SIGKILL)
        time.sleep(0.005)
        victims = _find_family(groups, victims)


def _find_family(groups: list[Group], known: frozenset[Process]) -> frozenset[Process]:
    """The groups' and the known processes that live, with their descendants.

    A descendant may have a session of its own, as PostgreSQL's have.
    """
    processes = _find_processes()
    started = {process.pid: process.started for process in processes}
    parents = {process.pid: place.parent for process, place in processes.items()}
    leaders = {g.leader for g in groups if started.get(g.leader, g.started) == g.started}
    roots = {p.pid for p, place in processes.items() if place.group in leaders or p in known}

    def descends(pid: int) -> bool:
        while pid in parents and pid not in roots:
            pid = parents[pid]
        return pid in roots

    return frozenset(process for process in processes if descends(process.pid))


def _find_processes() -> dict[Process, Place]:
    """Those that run; a zombie only waits for its parent."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            stat = (folder / "stat").read_text(errors="replace")
        except OSError:
            continue
        state, parent, group, *rest = stat.rpartition(")")[2].split()
        if state not in "ZX":
            found[Process(int(folder.name), int(rest[16]))] = Place(int(parent), int(group))
    return found


def _send(pid: int, number: int) -> None:
    with contextlib.suppress(OSError):
        os.kill(pid, number)


def _remove(folder: Path) -> None:
    deadline = time.monotonic() + KILL_SECONDS
    while folder.exists() and time.monotonic() < deadline:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    watch(int(sys.argv[1]))
