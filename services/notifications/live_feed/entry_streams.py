"""A member's feed, live: first the entries that were missed, then those that come, each once."""

from collections.abc import AsyncGenerator
from typing import Final

from libs.common.caller import Member
from libs.common.database import Database
from services.notifications.domain.feed_entries import FeedEntry, FeedWatch
from services.notifications.domain.visibility import Watch
from services.notifications.live_feed.feed import LiveFeed
from services.notifications.live_feed.streams import (
    MOST_MISSED,
    CursorTooOldError,
    CursorUnknownError,
)
from services.notifications.live_feed.subscribers import Refresh, Subscriber
from services.notifications.store import feed_entries as store

_PAGE: Final = 50
_NO_CHANGES: Final = Watch(kinds=frozenset())


class EntryStream:
    """Hears only that there is something new, and reads it from the table with the rights of now.

    So whatever a client leaves unread stays in the table, and costs no memory.
    """

    def __init__(
        self,
        *,
        feed: LiveFeed,
        database: Database,
        refresh: Refresh,
        reader: Member,
        watch: FeedWatch,
    ) -> None:
        self._feed = feed
        self._database = database
        self._refresh = refresh
        self._watch = watch
        self._subscriber = Subscriber(reader, _NO_CHANGES, reads_entries=True)
        self._place = 0

    async def follow(self, after: int | None) -> AsyncGenerator[tuple[FeedEntry, str], None]:
        """Live from now on, or without a gap from the place `after`; each with its language."""
        subscriber = self._subscriber
        await self._feed.join(subscriber)
        try:
            await subscriber.ask_rights_anew(self._refresh)
            if not subscriber.has_ended:
                await self._begin(after)
            while True:
                await subscriber.wait()
                if subscriber.must_refresh:
                    await subscriber.ask_rights_anew(self._refresh)
                if subscriber.has_ended:
                    return
                if subscriber.is_behind:
                    async for told in self._catch_up():
                        yield told
        finally:
            self._feed.leave(subscriber)

    async def _begin(self, after: int | None) -> None:
        reader = self._reader
        async with self._database.reading(reader) as connection:
            last_place = await store.find_last_place_of(connection, reader)
            if after is None:
                self._place = last_place
                return
            if after > last_place:
                raise CursorUnknownError
            missed = await store.count_missed(
                connection, reader, self._watch, after=after, limit=MOST_MISSED + 1
            )
        if missed > MOST_MISSED:
            raise CursorTooOldError
        self._place = after
        self._subscriber.fall_behind()

    async def _catch_up(self) -> AsyncGenerator[tuple[FeedEntry, str], None]:
        subscriber = self._subscriber
        subscriber.start_over()
        while True:
            reader = self._reader
            async with self._database.reading(reader) as connection:
                page = await store.find_missed(
                    connection, reader, self._watch, after=self._place, limit=_PAGE
                )
                locale = await store.find_locale(connection, reader)
            for entry in page:
                if subscriber.must_refresh:
                    # What is left is read once more, with the rights of then.
                    subscriber.fall_behind()
                    return
                if subscriber.has_ended:
                    return
                self._place = entry.place
                yield entry, locale
            if len(page) < _PAGE:
                return

    @property
    def _reader(self) -> Member:
        caller = self._subscriber.caller
        assert isinstance(caller, Member)
        return caller
