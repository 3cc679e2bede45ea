"""What a test sees of processes and files, without asking the code under test."""

import time
from collections.abc import Callable
from pathlib import Path


def lives(pid: int) -> bool:
    """A zombie is dead: it only waits for its parent."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] not in "ZX"


def find_processes(below: Path) -> set[int]:
    """Those that work in the folder or below it."""
    found = set()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            workplace = (folder / "cwd").readlink()
        except OSError:
            continue
        if workplace.is_relative_to(below):
            found.add(int(folder.name))
    return found


def find_listeners(pid: int) -> set[str]:
    """Addresses on which the process listens, in the kernel's hexadecimal writing."""
    sockets = set()
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        try:
            sockets.add(str(descriptor.readlink()).removeprefix("socket:[").removesuffix("]"))
        except OSError:
            continue
    rows = [
        row.split()
        for table in ("tcp", "tcp6")
        for row in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]
    ]
    return {row[1].split(":")[0] for row in rows if row[3] == "0A" and row[9] in sockets}


def wait_until(is_true: Callable[[], bool], seconds: float = 5) -> bool:
    deadline = time.monotonic() + seconds
    while not is_true() and time.monotonic() < deadline:
        time.sleep(0.01)
    return is_true()
