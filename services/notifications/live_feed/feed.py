"""One replica's feed: hears the log's changes in order and hands them to who may see them."""

import asyncio
import time
from collections.abc import Sequence
from functools import partial
from typing import Final

from libs.common.database import Database
from libs.common.repeating import repeat
from services.notifications.domain.feed_entries import NewEntries
from services.notifications.domain.status_changes import LoggedChange, SubjectKind
from services.notifications.live_feed.exchange import LiveExchange
from services.notifications.live_feed.subscribers import Subscriber
from services.notifications.store import feed_entries as entry_store
from services.notifications.store import status_changes as store

_LONGEST_SILENCE_S: Final = 1.0
_PAGE: Final = 500


class LiveFeed:
    """`log_id` is the last change handed on: the next one is one more, or was missed.

    Of feed entries it only says whose are new: each stream reads its own. `place` is as far as
    the table was looked through for what no news told.
    """

    def __init__(self, exchange: LiveExchange) -> None:
        self._exchange = exchange
        self._log_id: int | None = None
        self._place: int | None = None
        self._looked_at = 0.0
        self._started = asyncio.Event()
        self._by_account: dict[str | None, set[Subscriber]] = {}

    async def run(self, database: Database) -> None:
        """Never returns; ends every stream when it is cancelled."""
        try:
            await repeat(
                partial(self._follow, database),
                worker="live_feed",
                poll_s=_LONGEST_SILENCE_S,
            )
        finally:
            for subscriber in self._all():
                subscriber.end()

    async def join(self, subscriber: Subscriber) -> int:
        """Queues for it what comes after the log_id that is answered."""
        await self._started.wait()
        assert self._log_id is not None
        self._by_account.setdefault(subscriber.account_id, set()).add(subscriber)
        return self._log_id

    def leave(self, subscriber: Subscriber) -> None:
        remaining = self._by_account.get(subscriber.account_id, set())
        remaining.discard(subscriber)
        if not remaining:
            self._by_account.pop(subscriber.account_id, None)

    async def _follow(self, database: Database) -> None:
        if self._log_id is None:
            async with database.working() as connection:
                self._log_id = await store.find_last_log_id(connection)
                self._place = await entry_store.find_last_place(connection)
            self._started.set()
        while True:
            heard = await self._exchange.hear(_LONGEST_SILENCE_S)
            if heard is None:
                await self._read_table(database)
            elif isinstance(heard, NewEntries):
                self._wake_readers(heard)
            else:
                await self._hand_on(database, heard)
            if time.monotonic() >= self._looked_at + _LONGEST_SILENCE_S:
                # Also of changes some may be lost while other news keeps coming.
                await self._read_table(database)
                await self._look_for_entries(database)

    async def _hand_on(self, database: Database, changes: Sequence[LoggedChange]) -> None:
        for change in changes:
            assert self._log_id is not None
            if change.log_id > self._log_id + 1:
                await self._read_table(database)
            if change.log_id == self._log_id + 1:
                self._hand_to_subscribers(change)
                self._log_id = change.log_id
                # Streams send meanwhile, so that a burst does not overflow their queues.
                await asyncio.sleep(0)

    async def _read_table(self, database: Database) -> None:
        while True:
            assert self._log_id is not None
            async with database.working() as connection:
                missed = await store.find_after(connection, self._log_id, _PAGE)
            for change in missed:
                self._hand_to_subscribers(change)
                self._log_id = change.log_id
                await asyncio.sleep(0)
            if len(missed) < _PAGE:
                return

    async def _look_for_entries(self, database: Database) -> None:
        assert self._place is not None
        self._looked_at = time.monotonic()
        async with database.working() as connection:
            last_place = await entry_store.find_last_place(connection)
            if last_place > self._place:
                readers = await entry_store.find_readers(connection, self._place, last_place)
                self._wake_readers(readers)
        self._place = last_place

    def _wake_readers(self, news: NewEntries) -> None:
        for account_id, member_ids in news.members_by_account.items():
            for subscriber in self._by_account.get(account_id, ()):
                if subscriber.reads_entries and subscriber.member_id in member_ids:
                    subscriber.fall_behind()

    def _hand_to_subscribers(self, change: LoggedChange) -> None:
        concerned = self._by_account.get(change.account_id, ())
        if change.subject_kind is SubjectKind.ACCOUNT:
            for subscriber in concerned:
                subscriber.doubt()
        elif not change.is_late:
            for subscriber in (*concerned, *self._by_account.get(None, ())):
                subscriber.offer(change)

    def _all(self) -> list[Subscriber]:
        return [one for group in self._by_account.values() for one in group]
