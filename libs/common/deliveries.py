"""What a broker delivers on a channel: kept in its order, handed out in micro-batches, acked."""

import asyncio
from collections import deque
from typing import Final

import aiormq
from aiormq.abc import DeliveredMessage

BATCH: Final = 500


class Deliveries:
    """What the broker has sent and nobody has taken yet, in its order."""

    def __init__(self, channel: aiormq.Channel) -> None:
        self._waiting: deque[DeliveredMessage] = deque()
        self._news = asyncio.Event()
        self._channel = channel
        self._is_cancelled = False
        channel.closing.add_done_callback(lambda _: self._news.set())
        # The broker ends a consumer whose queue is gone, and leaves its channel open.
        channel.on_consumer_cancel_callbacks.add(self._note_cancel)

    async def add(self, message: DeliveredMessage) -> None:
        self._waiting.append(message)
        self._news.set()

    async def next_batch(self) -> list[DeliveredMessage]:
        """Waits for one, then takes what has come meanwhile: no lingering."""
        while not self._waiting:
            if self._channel.is_closed or self._is_cancelled:
                raise ConnectionError("nothing is delivered any more")
            self._news.clear()
            await self._news.wait()
        return [self._waiting.popleft() for _ in range(min(BATCH, len(self._waiting)))]

    async def ack_until(self, last: DeliveredMessage) -> None:
        assert last.delivery_tag is not None
        await self._channel.basic_ack(last.delivery_tag, multiple=True, wait=False)

    def _note_cancel(self, _frame: object) -> None:
        self._is_cancelled = True
        self._news.set()
