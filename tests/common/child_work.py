"""What children of the tests do: the first word of the content says what."""

import ctypes
import json
import os
import resource
import signal
import sys
import time
from pathlib import Path


def work(content: bytes) -> bytes:
    task, _, rest = content.partition(b" ")
    return _TASKS[task.decode()](rest)


def _tell_surroundings(_rest: bytes) -> bytes:
    seen = {
        "environment": dict(os.environ),
        "open_files": sorted(int(path.name) for path in Path("/proc/self/fd").iterdir()),
        "folder": str(Path.cwd()),
        "session": os.getsid(0) == os.getpid(),
        "memory": resource.getrlimit(resource.RLIMIT_AS)[0],
    }
    return json.dumps(seen).encode()


def _print_much(_rest: bytes) -> bytes:
    print("not an answer")  # noqa: T201 - as libraries do
    os.write(2, b"not an answer" * 100_000)
    return b"answer"


def _raise_secret(_rest: bytes) -> bytes:
    raise ValueError("the secret of the file")


def _sleep(_rest: bytes) -> bytes:
    time.sleep(60)
    return b""


def _spin(_rest: bytes) -> bytes:
    while True:
        pass


def _die(_rest: bytes) -> bytes:
    os.kill(os.getpid(), signal.SIGSEGV)
    return b""


_TASKS = {
    "echo": lambda rest: rest,
    "reverse": lambda rest: rest[::-1],
    "surroundings": _tell_surroundings,
    "print": _print_much,
    "raise": _raise_secret,
    "sleep": _sleep,
    "spin": _spin,
    "die": _die,
    "allocate": lambda _rest: bytes(2**30)[:1],
    "allocate_in_c": lambda _rest: b"%d" % (ctypes.CDLL(None).malloc(2**30) or 0),
    "flood": lambda _rest: bytes(4 * 2**20),
    "write": lambda _rest: b"%d" % Path("/tmp/portline-child").write_bytes(b"x"),  # noqa: S108
    "modules": lambda _rest: json.dumps(sorted(sys.modules)).encode(),
}
