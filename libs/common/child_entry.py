"""Where a child process begins: limits first, then the module that works, then its answer."""

import importlib
import os
import resource
import signal
import sys
from typing import Final

RETURNED: Final = b"+"
RAISED: Final = b"-"

_MOST_OPEN_FILES: Final = 64


def main(module: str, memory_bytes: int, cpu_s: int, wall_s: int, file_bytes: int) -> None:
    _limit(memory_bytes, cpu_s, wall_s, file_bytes)
    answer = _keep_the_answer_apart()
    try:
        said = RETURNED + importlib.import_module(module).work(sys.stdin.buffer.read())
    except BaseException as fault:  # noqa: BLE001 - the parent tells of it
        said = RAISED + _describe(fault).encode()
    with os.fdopen(answer, "wb") as pipe:
        pipe.write(said)
    # Nothing of the libraries' own farewell: the answer is given.
    os._exit(0)


def _limit(memory_bytes: int, cpu_s: int, wall_s: int, file_bytes: int) -> None:
    for limit, most in (
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_CPU, cpu_s),
        (resource.RLIMIT_FSIZE, file_bytes),
        (resource.RLIMIT_NOFILE, _MOST_OPEN_FILES),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(limit, (most, most))
    # The parent kills it before; this is for a parent that was killed itself.
    signal.alarm(wall_s + 1)


def _keep_the_answer_apart() -> int:
    """What libraries print goes nowhere, and never into the answer."""
    answer = os.dup(1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    os.close(nowhere)
    return answer


def _describe(fault: BaseException) -> str:
    """Its name and place: its text could tell what the file says."""
    place = fault.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    if place is None:
        return type(fault).__name__
    return f"{type(fault).__name__} in {place.tb_frame.f_code.co_name}, line {place.tb_lineno}"


if __name__ == "__main__":
    main(sys.argv[1], *(int(limit) for limit in sys.argv[2:]))
