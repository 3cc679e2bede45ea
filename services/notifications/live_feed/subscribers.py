"""One subscription's place in the feed: a bounded queue, and who may read from it."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Final, TypeAlias

from libs.common.caller import Caller, Member
from libs.common.sight import NOTHING, sight_of
from services.notifications.domain.status_changes import LoggedChange
from services.notifications.domain.visibility import Watch, loses, may_see

Refresh: TypeAlias = Callable[[Caller], Awaitable[Caller]]

_MOST_QUEUED: Final = 64


class Subscriber:
    """Nothing here waits for the client: what does not fit is read from the table later.

    is_behind       changes were dropped; the table has them
    must_refresh    the caller's membership may have changed
    reads_entries   it follows a member's feed entries; of those the table has all
    """

    def __init__(self, caller: Caller, watch: Watch, *, reads_entries: bool = False) -> None:
        self.watch = watch
        self.reads_entries = reads_entries
        self._queued: deque[LoggedChange] = deque()
        self.become(caller)
        self.is_behind = False
        self.must_refresh = False
        self.has_ended = False
        self._sleep: asyncio.Future[None] | None = None

    def become(self, caller: Caller) -> None:
        """The same login with the rights that it has now."""
        self.caller = caller
        self._sight = sight_of(caller) or NOTHING
        self._queued = deque(change for change in self._queued if self.may_see(change))

    def may_see(self, change: LoggedChange) -> bool:
        return may_see(self._sight, change)

    @property
    def account_id(self) -> str | None:
        """Whose changes alone can concern it; None is every account's."""
        if isinstance(self.caller, Member):
            return self.caller.account_id
        return self.watch.account_id

    @property
    def member_id(self) -> str | None:
        return self.caller.member_id if isinstance(self.caller, Member) else None

    def offer(self, change: LoggedChange) -> None:
        if self.is_behind or not self.watch.includes(change, self._sight):
            return
        # With rights in doubt the stream decides, once it has asked for them anew.
        if not self.must_refresh and not self.may_see(change):
            return
        if len(self._queued) == _MOST_QUEUED:
            self._queued.clear()
            self.is_behind = True
        else:
            self._queued.append(change)
        self._wake()

    def fall_behind(self) -> None:
        """The table has something for it."""
        self.is_behind = True
        self._wake()

    def doubt(self) -> None:
        self.must_refresh = True
        self._wake()

    async def ask_rights_anew(self, refresh: Refresh) -> None:
        """Ends the stream where a right was taken away; the client subscribes anew.

        `refresh` asks for a caller's present membership.
        """
        self.must_refresh = False
        caller = await refresh(self.caller)
        if loses(self.caller, caller):
            self.end()
        else:
            self.become(caller)

    def end(self) -> None:
        self.has_ended = True
        self._wake()

    def start_over(self) -> None:
        """From here on changes are queued again: to be called before the table is read."""
        self._queued.clear()
        self.is_behind = False

    async def wait(self) -> None:
        """Until there is a change, or something else to look at."""
        while not (self._queued or self.is_behind or self.must_refresh or self.has_ended):
            self._sleep = asyncio.get_running_loop().create_future()
            await self._sleep

    def _wake(self) -> None:
        if self._sleep is not None and not self._sleep.done():
            self._sleep.set_result(None)

    def take(self) -> LoggedChange | None:
        """What the caller may see with the rights of now."""
        return self._queued.popleft() if self._queued else None
