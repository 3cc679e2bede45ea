"""A replica that does nothing but fire timers, to be killed: `python -m … <database url>`."""

import asyncio
import sys

from libs.common.database import open_database
from libs.common.timers import TimerWorker
from services.notifications.timers import TIMERS


async def fire_timers(database_url: str) -> None:
    database = await open_database(database_url, "notifications")
    worker = TimerWorker(database=database, kinds=TIMERS)
    while True:
        if await worker.fire_one():
            # Whoever waits to kill it reads along.
            sys.stdout.write("fired\n")
            sys.stdout.flush()
        else:
            await asyncio.sleep(0.02)


if __name__ == "__main__":
    asyncio.run(fire_timers(sys.argv[1]))
