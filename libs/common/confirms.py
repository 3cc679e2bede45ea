"""Publishing many messages at once on one channel, and what the broker says to each.

aiormq's `basic_publish` makes a task, a lock's turn and four objects for every message. Here a
batch is written as one piece, and one future waits for all its confirms: a quarter of the work.
"""

import asyncio
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, NamedTuple

import aiormq
import pamqp.frame
from aiormq.abc import ChannelFrame
from pamqp.commands import Basic

# What a broker that is well says about one message: a full queue, or no queue bound.
REFUSED: Final = (aiormq.exceptions.DeliveryError, aiormq.exceptions.PublishError)

_HEADER: Final = 2
_BODY: Final = 3
_END: Final = b"\xce"
_FRAME: Final = struct.Struct(">BHI")
_CONTENT: Final = struct.Struct(">HHQH")
_LONG: Final = struct.Struct(">I")
_BASIC_CLASS: Final = 60
_PERSISTENT: Final = b"\x02"
# content_type, delivery_mode, message_id and type are always there.
_FLAGS: Final = 1 << 15 | 1 << 12 | 1 << 7 | 1 << 5
_HEADERS_FLAG: Final = 1 << 13


class Message(NamedTuple):
    """`type` is the routing key too."""

    id: str
    type: str
    traceparent: str | None
    body: bytes


@dataclass(frozen=True, kw_only=True)
class BatchPublisher:
    """Of one channel with confirms; nobody else publishes on it."""

    channel: aiormq.Channel
    exchange: str
    content_type: str

    async def publish(
        self, messages: Sequence[Message], *, timeout_s: float
    ) -> list[Exception | None]:
        """None where the broker confirmed; one of `REFUSED` where it did not take it.

        Any other error says that the channel, or the time, is over.
        """
        channel = self.channel
        payload = b"".join(map(self._frames, messages))
        batch = _Batch(len(messages), channel.create_future())
        try:
            async with asyncio.timeout(timeout_s), channel.lock:
                self._expect(batch, messages)
                await channel.write_queue.put(ChannelFrame(payload, should_close=False))
                await batch.settled
        except Exception as error:  # noqa: BLE001 - it is the answer to what is still open
            batch.settle_rest(error)
        finally:
            for message in messages:
                channel.message_id_delivery_tag.pop(message.id, None)
        return list(batch.outcomes)

    def _expect(self, batch: "_Batch", messages: Sequence[Message]) -> None:
        """The broker counts what a channel publishes, and names messages by that number."""
        channel: Any = self.channel
        for place, message in enumerate(messages):
            channel.delivery_tag += 1
            channel.confirmations[channel.delivery_tag] = _Confirmation(batch, place)
            channel.message_id_delivery_tag[message.id] = channel.delivery_tag

    def _frames(self, message: Message) -> bytes:
        number = self.channel.number
        body = message.body
        header = _describe(message, self.content_type)
        parts = [
            _publish_frame(number, self.exchange, message.type),
            _FRAME.pack(_HEADER, number, len(header)),
            header,
            _END,
        ]
        size = self.channel.max_content_size
        for start in range(0, len(body), size):
            part = body[start : start + size]
            parts += (_FRAME.pack(_BODY, number, len(part)), part, _END)
        return b"".join(parts)


class _Batch:
    def __init__(self, size: int, settled: asyncio.Future[None]) -> None:
        self.outcomes: list[Exception | None] = [None] * size
        self.settled = settled
        self._open = set(range(size))
        if not size:
            settled.set_result(None)

    def settle(self, place: int, outcome: Exception | None) -> None:
        self._open.discard(place)
        self.outcomes[place] = outcome
        if not self._open and not self.settled.done():
            self.settled.set_result(None)

    def settle_rest(self, outcome: Exception) -> None:
        for place in self._open:
            self.outcomes[place] = outcome
        self._open = set()

    def is_open(self, place: int) -> bool:
        return place in self._open


class _Confirmation:
    """What aiormq takes for the future of one message."""

    __slots__ = ("_batch", "_place")

    def __init__(self, batch: _Batch, place: int) -> None:
        self._batch = batch
        self._place = place

    def done(self) -> bool:
        return not self._batch.is_open(self._place)

    def cancelled(self) -> bool:
        return False

    def set_result(self, _frame: object) -> None:
        self._batch.settle(self._place, None)

    def set_exception(self, error: Exception) -> None:
        self._batch.settle(self._place, error)


@lru_cache(maxsize=256)
def _publish_frame(number: int, exchange: str, routing_key: str) -> bytes:
    frame = Basic.Publish(exchange=exchange, routing_key=routing_key, mandatory=True)
    return pamqp.frame.marshal(frame, number)


def _describe(message: Message, content_type: str) -> bytes:
    """The content header, its properties in the order of their flags."""
    parts = [_short(content_type)]
    flags = _FLAGS
    if message.traceparent:
        flags |= _HEADERS_FLAG
        trace = message.traceparent.encode()
        table = b"".join((_short("traceparent"), b"S", _LONG.pack(len(trace)), trace))
        parts += (_LONG.pack(len(table)), table)
    parts += (_PERSISTENT, _short(message.id), _short(message.type))
    return _CONTENT.pack(_BASIC_CLASS, 0, len(message.body), flags) + b"".join(parts)


def _short(text: str) -> bytes:
    encoded = text.encode()
    return bytes((len(encoded),)) + encoded
