"""Work that comes again: done until none is left, then asked for after a pause or a wake-up."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress

from libs.common.database import DATABASE_LOST

log = logging.getLogger(__name__)


async def repeat(
    work_some: Callable[[], Awaitable[object]],
    *,
    worker: str,
    poll_s: float,
    woken: asyncio.Event | None = None,
) -> None:
    """Never returns. `work_some` answers something true as long as there may be more.

    A lost database is met again after the pause, and logged by the name of the `worker`.
    """
    woken = woken or asyncio.Event()
    while True:
        woken.clear()
        try:
            while await work_some():
                pass
        except DATABASE_LOST as error:
            log.warning(
                "%s lost the database",
                worker,
                extra={"action": f"{worker}.database_lost", "reason": type(error).__name__},
            )
        with suppress(TimeoutError):
            async with asyncio.timeout(poll_s):
                await woken.wait()
