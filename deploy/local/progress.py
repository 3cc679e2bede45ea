"""What set-up shows while it works: a line per step, its seconds, a dot while it lasts."""

import re
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from deploy.local.errors import StartError
from deploy.local.places import CACHE, ROOT

LOG = CACHE / "setup.log"
DOT_SECONDS = 3
TELLING = re.compile(r"^(E:|error|fatal|npm error|.*: error:)", re.IGNORECASE)


Command = Sequence[str | Path]


class CommandError(Exception):
    """The line of a failed command's output that says most."""


@contextmanager
def step(title: str, remedy: str) -> Iterator[None]:
    """Turns a failed command into one sentence: what failed, what it said, what to do."""
    print(f"setup: {title} ", end="", flush=True)
    started = time.monotonic()
    try:
        yield
    except CommandError as error:
        print("failed", flush=True)
        said = str(error).rstrip(".")
        raise StartError(
            f"Set-up stopped at {title!r} ({said}): {remedy} (all output: {LOG})."
        ) from None
    print(f"{time.monotonic() - started:.1f} s", flush=True)


def run_logged(command: Command, *, env: Mapping[str, str], cwd: Path = ROOT) -> None:
    with LOG.open("ab") as log:
        log.write(f"\n$ {' '.join(map(str, command))}\n".encode())
        log.flush()
        begin = log.tell()
        try:
            process = subprocess.Popen(
                command,
                env=env,
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        except OSError as error:
            raise CommandError(f"cannot run {command[0]}: {error.strerror}") from None
        try:
            _wait_with_dots(process)
        except BaseException:
            process.kill()
            process.wait()
            raise
    if process.returncode != 0:
        raise CommandError(_find_telling_line(begin) or f"{command[0]} failed")


def _wait_with_dots(process: subprocess.Popen[bytes]) -> None:
    dotted = False
    while True:
        try:
            process.wait(DOT_SECONDS)
        except subprocess.TimeoutExpired:
            print(".", end="", flush=True)
            dotted = True
            continue
        if dotted:
            print(" ", end="", flush=True)
        return


def _find_telling_line(begin: int) -> str:
    with LOG.open("rb") as log:
        log.seek(begin)
        lines = [
            line for line in log.read().decode(errors="replace").splitlines() if line.strip()
        ]
    telling = [line for line in lines if TELLING.match(line)] or lines
    return telling[-1].strip()[:300] if telling else ""
