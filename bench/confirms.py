"""The floor under all events: the same bytes published by aiormq, 500 confirms at a time."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import aio_pika
import aiormq
from aiormq import spec

from bench.measuring import Stopwatch
from bench.rooms import EXCHANGE, QUEUE, TOPOLOGY
from libs.common.broker import CONTENT_TYPE, declare
from libs.common.events import Event, encode

BATCH = 500


class Floor:
    def __init__(self, channel: aiormq.abc.AbstractChannel) -> None:
        self._channel = channel

    async def publish(self, events: Sequence[Event]) -> float:
        """Confirms a second."""
        messages = [(encode(event).encode(), event.type, describe(event)) for event in events]
        watch = Stopwatch()
        for start in range(0, len(messages), BATCH):
            await asyncio.gather(
                *(
                    self._channel.basic_publish(
                        body,
                        exchange=EXCHANGE,
                        routing_key=key,
                        properties=properties,
                        mandatory=True,
                        timeout=10,
                        wait=False,
                    )
                    for body, key, properties in messages[start : start + BATCH]
                )
            )
        return len(events) / watch.seconds

    async def empty(self) -> None:
        await self._channel.queue_purge(QUEUE.name)

    async def is_consumed(self) -> bool:
        declared = await self._channel.queue_declare(QUEUE.name, passive=True)
        return bool(declared.consumer_count)


def describe(event: Event) -> spec.Basic.Properties:
    return spec.Basic.Properties(
        content_type=CONTENT_TYPE,
        delivery_mode=2,
        message_id=str(event.id),
        message_type=event.type,
        headers={"traceparent": event.traceparent},
    )


@asynccontextmanager
async def open_floor(amqp_url: str) -> AsyncIterator[Floor]:
    async with await aio_pika.connect(amqp_url) as connection:
        async with connection.channel() as declaring:
            await declare(declaring, TOPOLOGY)
        channel = await connection.channel(on_return_raises=True)
        yield Floor(await channel.get_underlay_channel())
