"""Mails of a demonstration, told as they arrive in the mailbox."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import httpx

_LOOK_SECONDS: Final = 0.25
# The last ones are written a moment after what they tell.
_QUIET_SECONDS: Final = 1.5
_LONGEST_WAIT_SECONDS: Final = 10.0


@dataclass(kw_only=True)
class ArrivingMails:
    url: str
    show: Callable[[dict[str, Any]], None]
    subjects: list[str] = field(default_factory=list)

    async def watch(self) -> None:
        async with httpx.AsyncClient(base_url=self.url, trust_env=False) as client:
            while True:
                answer = await client.get("/mails.json")
                for mail in answer.json()[len(self.subjects) :]:
                    self.subjects.append(mail["subject"])
                    self.show(mail)
                await asyncio.sleep(_LOOK_SECONDS)

    async def settle(self) -> None:
        """Until no more has come for a moment."""
        loop = asyncio.get_running_loop()
        until, quiet_since, seen = loop.time() + _LONGEST_WAIT_SECONDS, loop.time(), 0
        while loop.time() < min(until, quiet_since + _QUIET_SECONDS):
            await asyncio.sleep(_LOOK_SECONDS)
            if len(self.subjects) > seen:
                seen, quiet_since = len(self.subjects), loop.time()


@asynccontextmanager
async def watch_mails(
    url: str, show: Callable[[dict[str, Any]], None]
) -> AsyncIterator[ArrivingMails]:
    mails = ArrivingMails(url=url, show=show)
    watching = asyncio.create_task(mails.watch())
    try:
        yield mails
    finally:
        watching.cancel()
        await asyncio.wait([watching])
