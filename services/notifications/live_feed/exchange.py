"""The live exchange: new changes go out to every replica, this one included, and come in."""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

import aio_pika
from aio_pika.abc import AbstractConnection, AbstractIncomingMessage
from pydantic import TypeAdapter, ValidationError

from libs.common.broker import Broker
from libs.common.hops import announcing
from libs.contracts.topology import LIVE
from services.notifications.domain.status_changes import LoggedChange

log = logging.getLogger(__name__)

_ROUTING_KEY: Final = "status_changes.logged"
_MOST_WAITING: Final = 1_000
_MOST_QUEUED: Final = 10_000

_changes: Final = TypeAdapter(list[LoggedChange])


class LiveExchange:
    """Fast and allowed to lose: whatever does not arrive is read from the table."""

    def __init__(self) -> None:
        self._outgoing: asyncio.Queue[Sequence[LoggedChange]] = asyncio.Queue(_MOST_WAITING)
        self._heard: asyncio.Queue[list[LoggedChange]] = asyncio.Queue(_MOST_WAITING)

    def announce(self, changes: Sequence[LoggedChange]) -> None:
        """To be called after their transaction has committed."""
        if changes:
            with (
                announcing(LIVE, [change.traceparent for change in changes]),
                suppress(asyncio.QueueFull),
            ):
                self._outgoing.put_nowait(changes)

    async def hear(self, patience_s: float) -> list[LoggedChange]:
        """What was announced together; empty after a silence of `patience_s`."""
        with suppress(TimeoutError):
            async with asyncio.timeout(patience_s):
                return await self._heard.get()
        return []

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
            changes = await _first(self._outgoing, lost)
            await exchange.publish(_to_message(changes), routing_key=_ROUTING_KEY)

    async def _take_in(self, message: AbstractIncomingMessage) -> None:
        try:
            changes = _changes.validate_json(message.body)
        except ValidationError:
            # Another release's writing, perhaps: its rows are read from the table.
            log.warning("unreadable news", extra={"action": "live_feed.unreadable"})
            return
        with suppress(asyncio.QueueFull):
            self._heard.put_nowait(changes)


async def _first(
    outgoing: asyncio.Queue[Sequence[LoggedChange]], lost: asyncio.Future[None]
) -> Sequence[LoggedChange]:
    getting = asyncio.ensure_future(outgoing.get())
    try:
        await asyncio.wait((getting, lost), return_when=asyncio.FIRST_COMPLETED)
        if lost.done():
            raise ConnectionError("channel closed")
        return getting.result()
    finally:
        getting.cancel()


def _to_message(changes: Sequence[LoggedChange]) -> aio_pika.Message:
    return aio_pika.Message(
        _changes.dump_json(list(changes)),
        content_type="application/json",
        delivery_mode=aio_pika.DeliveryMode.NOT_PERSISTENT,
    )
