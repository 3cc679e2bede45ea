"""Telling one queue again what was published before: for a copy that is new, or was emptied.

Each event comes under a new id, so that an inbox takes it, and at its old place: whoever has
kept its aggregate by version takes nothing that is older.
"""

import asyncio
from collections.abc import Collection
from typing import Final

import aio_pika
import orjson

from libs.common.batches import split
from libs.common.broker import CONTENT_TYPE
from libs.common.database import Database, Row
from libs.common.ids import new_event_id

_STEP: Final = 5_000
_AT_ONCE: Final = 500
_TIMEOUT_S: Final = 30

# Where the next step through the log ends, whatever it holds.
_FIND_END = """
    SELECT max(seq)
    FROM (SELECT seq FROM event_log WHERE seq > $1 ORDER BY seq LIMIT $2) AS step
"""
_FIND_EVENTS = """
    SELECT type, body
    FROM event_log
    WHERE seq > $1
      AND seq <= $2
      AND type = ANY($3::text[])
    ORDER BY seq
"""


class NoSuchQueueError(Exception):
    """The broker has no queue of this name: its service has never run."""


async def replay(
    database: Database, amqp_url: str, *, queue: str, types: Collection[str]
) -> int:
    """Sends every published event of these types to `queue` alone; answers how many."""
    count = 0
    broker = await aio_pika.connect(amqp_url)
    async with broker:
        channel = await broker.channel(on_return_raises=True)
        try:
            await channel.get_queue(queue, ensure=True)
        except aio_pika.exceptions.ChannelNotFoundEntity:
            raise NoSuchQueueError(queue) from None
        start = 0
        while True:
            async with database.working() as connection:
                end = await connection.fetchval(_FIND_END, start, _STEP)
                if end is None:
                    return count
                rows = await connection.fetch(_FIND_EVENTS, start, end, list(types))
            for some in split(rows, _AT_ONCE):
                await _send(channel, queue, some)
            count += len(rows)
            start = end


async def _send(
    channel: aio_pika.abc.AbstractChannel, queue: str, rows: Collection[Row]
) -> None:
    """In the order given, and not before the broker has confirmed each."""
    exchange = channel.default_exchange
    async with asyncio.timeout(_TIMEOUT_S):
        await asyncio.gather(*(exchange.publish(_message(row), queue) for row in rows))


def _message(row: Row) -> aio_pika.Message:
    event_id = str(new_event_id())
    return aio_pika.Message(
        orjson.dumps({**orjson.loads(row["body"]), "id": event_id}),
        content_type=CONTENT_TYPE,
        delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
        message_id=event_id,
        type=row["type"],
    )
