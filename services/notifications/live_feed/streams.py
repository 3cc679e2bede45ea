"""A subscription's stream: first what was missed, then what comes, each change once.

CursorTooOldError       more was missed than a stream catches up on
CursorUnknownError      the log never reached that cursor
"""

from collections.abc import AsyncGenerator
from typing import Final

from libs.common.caller import Caller
from libs.common.database import Database
from services.notifications.domain.status_changes import LoggedChange
from services.notifications.domain.visibility import Watch
from services.notifications.live_feed.feed import LiveFeed
from services.notifications.live_feed.subscribers import Refresh, Subscriber
from services.notifications.store import status_changes as store

MOST_MISSED: Final = 1_000
_PAGE: Final = 50


class CursorTooOldError(Exception):
    pass


class CursorUnknownError(Exception):
    pass


class ChangeStream:
    """Holds no connection while it waits."""

    def __init__(
        self,
        *,
        feed: LiveFeed,
        database: Database,
        refresh: Refresh,
        caller: Caller,
        watch: Watch,
    ) -> None:
        self._feed = feed
        self._database = database
        self._refresh = refresh
        self._subscriber = Subscriber(caller, watch)
        self._log_id = 0
        self._tells_all = False

    async def follow(self, after: int | None) -> AsyncGenerator[LoggedChange, None]:
        """Live from now on, or without a gap from the log_id `after`.

        Registered first and read then: what is committed between the two comes in both ways,
        and once is enough. A client that lags is served from the table in the same manner: all
        that it missed where that is not much, else the newest change of each subject.
        """
        subscriber = self._subscriber
        joined_at = await self._feed.join(subscriber)
        try:
            await subscriber.ask_rights_anew(self._refresh)
            if after is None:
                self._log_id = joined_at
            else:
                await self._resume(after)
            while True:
                await subscriber.wait()
                if subscriber.must_refresh:
                    await subscriber.ask_rights_anew(self._refresh)
                if subscriber.has_ended:
                    return
                if subscriber.is_behind:
                    async for missed in self._catch_up():
                        yield missed
                elif (change := subscriber.take()) and change.log_id > self._log_id:
                    self._log_id = change.log_id
                    yield change
        finally:
            self._feed.leave(subscriber)

    async def _resume(self, after: int) -> None:
        async with self._database.reading(self._subscriber.caller) as connection:
            if after > await store.find_last_log_id(connection):
                raise CursorUnknownError
        self._log_id = after
        if await self._has_missed_much():
            raise CursorTooOldError
        self._tells_all = self._subscriber.is_behind = True

    async def _catch_up(self) -> AsyncGenerator[LoggedChange, None]:
        """May be overtaken by a full queue: then it is run again from where it came to."""
        subscriber = self._subscriber
        subscriber.start_over()
        only_newest = not self._tells_all and await self._has_missed_much()
        self._tells_all = False
        while True:
            page = await self._read_page(only_newest=only_newest)
            for change in page:
                if subscriber.must_refresh:
                    await subscriber.ask_rights_anew(self._refresh)
                if subscriber.has_ended:
                    return
                if self._is_due(change):
                    self._log_id = change.log_id
                    yield change
            if len(page) < _PAGE:
                return

    async def _has_missed_much(self) -> bool:
        subscriber = self._subscriber
        async with self._database.reading(subscriber.caller) as connection:
            missed = await store.count_missed(
                connection,
                subscriber.caller,
                subscriber.watch,
                after=self._log_id,
                limit=MOST_MISSED + 1,
            )
        return missed > MOST_MISSED

    async def _read_page(self, *, only_newest: bool) -> list[LoggedChange]:
        subscriber = self._subscriber
        async with self._database.reading(subscriber.caller) as connection:
            return await store.find_missed(
                connection,
                subscriber.caller,
                subscriber.watch,
                after=self._log_id,
                limit=_PAGE,
                only_newest=only_newest,
            )

    def _is_due(self, change: LoggedChange) -> bool:
        return change.log_id > self._log_id and self._subscriber.may_see(change)
