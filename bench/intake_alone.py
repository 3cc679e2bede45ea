"""Program of the intake benchmark: one import, its memory, and how long it holds the loop up."""

import asyncio
import gc
import json
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import uvloop

from libs.common.caller import Login, Member, Role
from libs.common.child_process import ChildProcesses
from libs.common.database import open_database
from libs.common.serve import calm_garbage_collector
from services.porting.integrations.files import Files
from services.porting.use_cases.importing import IntakeLimits, accept_lines, read_upload
from tests.porting.builders import VAULT

_TICK_S = 0.001
_SETTLING_S = 0.5


class Blocks:
    """The longest that other tasks had to wait.

    In the processor's time: what the machine gives to other programs is not ours to answer for.
    """

    def __init__(self) -> None:
        self.longest_ms = 0.0

    async def watch(self) -> None:
        while True:
            cpu, wall = time.process_time(), time.perf_counter()
            await asyncio.sleep(_TICK_S)
            waited = min(time.process_time() - cpu, time.perf_counter() - wall - _TICK_S)
            self.longest_ms = max(self.longest_ms, 1e3 * waited)


async def measure(told: dict[str, str]) -> dict[str, float]:
    database = await open_database(told["database_url"], "porting")
    files = Files(told["files_url"])
    member = Member(
        login=Login(
            issuer="https://issuer.example",
            subject="ann",
            expires_at=datetime.now(UTC) + timedelta(hours=1),
        ),
        account_id=told["account_id"],
        member_id=told["member_id"],
        role=Role.ADMINISTRATOR,
    )
    blocks = Blocks()
    watching = asyncio.create_task(blocks.watch())
    await asyncio.sleep(_SETTLING_S)
    gc.collect()
    idle, blocks.longest_ms = _read_memory("VmRSS"), 0.0
    Path("/proc/self/clear_refs").write_text("5")  # noqa: ASYNC240 - the peak starts anew
    numbers = await read_upload(
        database,
        files,
        ChildProcesses(),
        IntakeLimits(most_rows=50_000, allow_fictional=False),
        member,
        request_id=told["request_id"],
        upload_id=told["upload_id"],
    )
    async with database.transaction(member) as connection:
        await accept_lines(connection, member, VAULT, told["request_id"], numbers)
    megabytes = _read_memory("VmHWM") - idle
    watching.cancel()
    await database.close()
    return {"megabytes": megabytes, "longest_block_ms": blocks.longest_ms}


def _read_memory(name: str) -> float:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(name):
            return int(line.split()[1]) / 1024
    raise LookupError(name)


if __name__ == "__main__":
    calm_garbage_collector()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        print(json.dumps(runner.run(measure(json.loads(sys.argv[1])))))
