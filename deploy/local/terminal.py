"""How a command that starts the stack talks: progress, one sentence for a failure, an exit code."""

import asyncio
import shutil
import signal
import sys
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

from gql.transport.exceptions import TransportError

from deploy.local.errors import StartError
from deploy.local.graph_client import RefusedError
from deploy.local.guard import Guard
from deploy.local.places import FAILED_RUN, ROOT
from deploy.local.stack import Stack, run_stack
from libs.common.dev_issuer import DEVELOPMENT_AUDIENCE
from libs.common.tokens import DEVELOPMENT_ISSUER


def run_on_a_stack(
    work: Callable[[Stack], Coroutine[Any, Any, None]], *, carrier: str | None = None
) -> int:
    """The exit code: 0, or 1 after one sentence. `carrier` as in `run_stack`."""
    signal.signal(signal.SIGTERM, _interrupt)
    started = time.monotonic()

    def say(text: str) -> None:
        print(f"  {text}", flush=True)

    try:
        with (
            Guard() as guard,
            run_stack(
                guard,
                issuer=DEVELOPMENT_ISSUER,
                audience=DEVELOPMENT_AUDIENCE,
                carrier=carrier,
                say=say,
            ) as stack,
        ):
            say(f"everything is ready after {time.monotonic() - started:.1f} s")
            with _keeping_logs_of_a_failure(stack):
                asyncio.run(_watched(stack, work))
    except KeyboardInterrupt:
        print("stopped", flush=True)
        return 1
    except (StartError, RefusedError, TransportError, BaseExceptionGroup) as error:
        print(_sentence(_first(error)), file=sys.stderr, flush=True)
        return 1
    return 0


@contextmanager
def _keeping_logs_of_a_failure(stack: Stack) -> Iterator[None]:
    """The run's folder goes with the run; what its programs said before a failure stays."""
    try:
        yield
    except KeyboardInterrupt:
        raise
    except BaseException:
        shutil.rmtree(FAILED_RUN, ignore_errors=True)
        FAILED_RUN.mkdir(parents=True)
        for log in stack.folder.glob("*.log"):
            shutil.copy(log, FAILED_RUN)
        print(f"\nlogs of this run: {FAILED_RUN.relative_to(ROOT)}", file=sys.stderr)
        raise


async def _watched(stack: Stack, work: Callable[[Stack], Coroutine[Any, Any, None]]) -> None:
    """The work, ended as soon as a program of the stack has died."""

    async def watch() -> None:
        while True:
            stack.programs.check()
            await asyncio.sleep(0.5)

    async with asyncio.TaskGroup() as group:
        watching = group.create_task(watch())
        await work(stack)
        watching.cancel()


def _first(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def _sentence(error: BaseException) -> str:
    """Whatever is not expected here is a fault of ours, and keeps its traceback."""
    match error:
        case StartError() | RefusedError():
            return str(error)
        case TransportError():
            return f"The gateway did not answer as expected ({error}): look into the logs."
        case _:
            raise error


def _interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt
