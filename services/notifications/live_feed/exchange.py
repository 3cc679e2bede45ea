"""The live exchange: what is new goes out to every replica, this one included, and comes in."""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from typing import Final, TypeAlias

import aio_pika
from aio_pika.abc import AbstractConnection, AbstractIncomingMessage
from pydantic import TypeAdapter, ValidationError

from libs.common.broker import Broker
from libs.common.hops import announcing
from libs.contracts.topology import LIVE
from services.notifications.domain.feed_entries import NewEntries
from services.notifications.domain.status_changes import LoggedChange
from services.notifications.store.telling import MadeEntry

log = logging.getLogger(__name__)

_CHANGES_KEY: Final = "status_changes.logged"
_ENTRIES_KEY: Final = "feed_entries.made"
_MOST_WAITING: Final = 1_000
_MOST_QUEUED: Final = 10_000
# Of the rest of a larger audience the replicas hear from the table.
_MOST_ENTRIES: Final = 2_000

News: TypeAlias = Sequence[LoggedChange] | NewEntries
_Outgoing: TypeAlias = tuple[str, bytes]

_changes: Final = TypeAdapter(list[LoggedChange])
_entries: Final = TypeAdapter(NewEntries)


class LiveExchange:
    """Fast and allowed to lose: whatever does not arrive is read from the table."""

    def __init__(self) -> None:
        self._outgoing: asyncio.Queue[_Outgoing] = asyncio.Queue(_MOST_WAITING)
        self._heard: asyncio.Queue[News] = asyncio.Queue(_MOST_WAITING)

    def announce(self, changes: Sequence[LoggedChange]) -> None:
        """To be called after their transaction has committed."""
        if changes:
            with announcing(LIVE, [change.traceparent for change in changes]):
                self._send(_CHANGES_KEY, _changes.dump_json(list(changes)))

    def announce_entries(self, entries: Sequence[MadeEntry]) -> None:
        """Who has new feed entries; to be called after their transaction has committed."""
        readers: dict[str, set[str]] = {}
        for entry in entries[:_MOST_ENTRIES]:
            readers.setdefault(entry.account_id, set()).add(entry.member_id)
        if readers:
            news = NewEntries(
                members_by_account={each: sorted(members) for each, members in readers.items()}
            )
            self._send(_ENTRIES_KEY, _entries.dump_json(news))

    def _send(self, routing_key: str, body: bytes) -> None:
        with suppress(asyncio.QueueFull):
            self._outgoing.put_nowait((routing_key, body))

    async def hear(self, patience_s: float) -> News | None:
        """What was announced together; nothing after a silence of `patience_s`."""
        with suppress(TimeoutError):
            async with asyncio.timeout(patience_s):
                return await self._heard.get()
        return None

    async def run(self, broker: Broker) -> None:
        """Never returns."""
        await broker.keep_connected(self._talk)

    async def _talk(self, connection: AbstractConnection) -> None:
        channel = await connection.channel(publisher_confirms=False)
        lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        channel.close_callbacks.add(lambda *_: lost.cancel())
        exchange = await channel.get_exchange(LIVE, ensure=False)
        # It goes with this connection, and what it would have held is in the table.
        queue = await channel.declare_queue(
            exclusive=True, auto_delete=True, arguments={"x-max-length": _MOST_QUEUED}
        )
        await queue.bind(LIVE, "#")
        await queue.consume(self._take_in, no_ack=True)
        while True:
            routing_key, body = await _first(self._outgoing, lost)
            await exchange.publish(_to_message(body), routing_key=routing_key)

    async def _take_in(self, message: AbstractIncomingMessage) -> None:
        reader = _entries if message.routing_key == _ENTRIES_KEY else _changes
        try:
            news: News = reader.validate_json(message.body)
        except ValidationError:
            # Another release's writing, perhaps: its rows are read from the table.
            log.warning("unreadable news", extra={"action": "live_feed.news_refused"})
            return
        with suppress(asyncio.QueueFull):
            self._heard.put_nowait(news)


async def _first(outgoing: asyncio.Queue[_Outgoing], lost: asyncio.Future[None]) -> _Outgoing:
    getting = asyncio.ensure_future(outgoing.get())
    try:
        await asyncio.wait((getting, lost), return_when=asyncio.FIRST_COMPLETED)
        if lost.done():
            raise ConnectionError("channel closed")
        return getting.result()
    finally:
        getting.cancel()


def _to_message(body: bytes) -> aio_pika.Message:
    return aio_pika.Message(
        body,
        content_type="application/json",
        delivery_mode=aio_pika.DeliveryMode.NOT_PERSISTENT,
    )
