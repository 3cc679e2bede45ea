"""Work in a child process: bytes in, bytes out, within limits, and nothing inherited.

ChildFailed            the work has no answer
    LimitExceeded      it needed more memory or time, or answered more, than it may
    ChildCrashed       the process died: as a rule a library's fault, brought on by the content
ChildrenBusy           no child was free in time: nobody's mistake, worth another try
"""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from libs.common.child_entry import RAISED, RETURNED

_MEGABYTE: Final = 1024 * 1024
_ROOT: Final = Path(__file__).resolve().parents[2]
# No secret and no setting of ours: whoever breaks a parser finds nothing to take along.
_ENVIRONMENT: Final = {
    "PYTHONPATH": str(_ROOT),
    "PYTHONUTF8": "1",
    "PYTHONDONTWRITEBYTECODE": "1",
    "LANG": "C.UTF-8",
    # glibc reserves 64 MB of addresses for each arena: a limit on memory counts them.
    "MALLOC_ARENA_MAX": "2",
}
_CHUNK: Final = 64 * 1024
_PATIENCE_S: Final = 8.0
_OUT_OF_MEMORY: Final = "MemoryError"
_LIMIT_SIGNALS: Final = frozenset(
    {signal.SIGXCPU, signal.SIGXFSZ, signal.SIGALRM, signal.SIGKILL}
)


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Of one child. `file_bytes` is the largest file that it may write: none."""

    memory_bytes: int = 512 * _MEGABYTE
    cpu_s: int = 10
    wall_s: int = 20
    file_bytes: int = 0
    answer_bytes: int = 32 * _MEGABYTE

    def as_arguments(self) -> list[str]:
        return [
            str(self.memory_bytes),
            str(self.cpu_s),
            str(self.wall_s),
            str(self.file_bytes),
        ]


DEFAULT_LIMITS: Final = Limits()


class ChildFailed(Exception):
    pass


class LimitExceeded(ChildFailed):
    pass


class ChildCrashed(ChildFailed):
    pass


class ChildrenBusy(TimeoutError):
    """A time-out, so that the edge answers UNAVAILABLE."""


class ChildProcesses:
    """At most `at_once` children run; the others wait for their turn, and not for ever."""

    def __init__(self, at_once: int = 2, patience_s: float = _PATIENCE_S) -> None:
        self._turns = asyncio.Semaphore(at_once)
        self._patience_s = patience_s

    async def run(self, module: str, content: bytes, limits: Limits = DEFAULT_LIMITS) -> bytes:
        """What `work(content: bytes) -> bytes` of the module answers in a process of its own.

        The module is imported only there, and with it the libraries that it needs. What `work`
        raises is `ChildFailed` here, with the exception's name and place but not its text.
        """
        async with self._turn(), _started(module, limits) as process:
            try:
                async with asyncio.timeout(limits.wall_s):
                    answer = await _exchange(process, content, limits.answer_bytes)
                    if len(answer) > limits.answer_bytes:
                        raise LimitExceeded(f"{module}: more than {limits.answer_bytes} bytes")
                    await process.wait()
            except TimeoutError as late:
                raise LimitExceeded(f"{module}: longer than {limits.wall_s} s") from late
        return _result(module, process.returncode, answer)

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(self._patience_s):
                await self._turns.acquire()
        except TimeoutError as late:
            raise ChildrenBusy("no child process was free in time") from late
        try:
            yield
        finally:
            self._turns.release()


@asynccontextmanager
async def _started(module: str, limits: Limits) -> AsyncIterator[asyncio.subprocess.Process]:
    """Killed, with all that it started, and waited for, however the block ends."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-s", "-P", "-m", "libs.common.child_entry", module),
        *limits.as_arguments(),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env=_ENVIRONMENT,
        cwd="/",
        start_new_session=True,
    )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await asyncio.shield(_wait_for_end(process))


async def _wait_for_end(process: asyncio.subprocess.Process) -> None:
    """To the end of its pipes: a transport left open would be a warning later."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.close()
    while await process.stdout.read(_CHUNK):
        pass
    await process.wait()


async def _exchange(
    process: asyncio.subprocess.Process, content: bytes, answer_bytes: int
) -> bytes:
    async with asyncio.TaskGroup() as both:
        both.create_task(_give(process, content))
        answer = both.create_task(_take(process, answer_bytes))
    return answer.result()


async def _give(process: asyncio.subprocess.Process, content: bytes) -> None:
    """A child that has died reads no more: its end tells why."""
    assert process.stdin is not None
    with suppress(BrokenPipeError, ConnectionResetError):
        process.stdin.write(content)
        await process.stdin.drain()
    process.stdin.close()


async def _take(process: asyncio.subprocess.Process, most: int) -> bytes:
    """No more than shows that it is too much."""
    assert process.stdout is not None
    answer = bytearray()
    while len(answer) <= most and (chunk := await process.stdout.read(_CHUNK)):
        answer += chunk
    return bytes(answer)


def _result(module: str, returncode: int | None, answer: bytes) -> bytes:
    said = answer[1:]
    if returncode == 0 and answer[:1] == RETURNED:
        return said
    if returncode == 0 and answer[:1] == RAISED:
        told = said.decode(errors="replace")
        failed = LimitExceeded if told.startswith(_OUT_OF_MEMORY) else ChildFailed
        raise failed(f"{module}: {told}")
    died = LimitExceeded if -(returncode or 0) in _LIMIT_SIGNALS else ChildCrashed
    raise died(f"{module}: ended with {returncode}")
