"""A service that is told to stop."""

import asyncio
from contextlib import suppress

from libs.common import service


async def test_work_that_loses_its_cancellation_is_told_again(monkeypatch):
    monkeypatch.setattr(service, "_CANCEL_AGAIN_S", 0.01)

    async def lose_the_first() -> None:
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(60)
        await asyncio.sleep(60)

    work = asyncio.ensure_future(lose_the_first())
    await asyncio.sleep(0)
    async with asyncio.timeout(5):
        await service._end([work])
    assert work.cancelled()
