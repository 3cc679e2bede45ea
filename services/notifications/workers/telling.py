"""The teller: takes due notices, some at a time, until none is left; woken by each new one."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from libs.common.database import Database
from libs.common.repeating import repeat
from services.notifications.store.telling import MadeEntry
from services.notifications.use_cases.telling import Limits, tell_due

_POLL_S: Final = 1.0


@dataclass(kw_only=True)
class TellingWorker:
    """`announce` is called with new entries of feeds once they are committed; `woken` ends a pause."""

    database: Database
    limits: Limits
    announce: Callable[[Sequence[MadeEntry]], None] = lambda _entries: None
    woken: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        """Never returns."""
        await repeat(self.tell_some, worker="telling", poll_s=_POLL_S, woken=self.woken)

    async def tell_some(self) -> int:
        """How many notices were due."""
        async with self.database.working() as connection:
            due, entries = await tell_due(connection, self.limits)
        if entries:
            self.announce(entries)
        return due
