"""RabbitMQ: the topology as data, and a connection that is made again whenever it is lost."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import aio_pika
import aiormq
from aio_pika.abc import AbstractChannel, AbstractConnection

log = logging.getLogger(__name__)

CONTENT_TYPE: Final = "application/cloudevents+json"
DEAD_LETTERS: Final = "portline.dead"

# Quorum queues of RabbitMQ 3.10 count deliveries without end and those of 4.x drop after 20:
# said here, it is the same on both. Faults are retried from the inbox, never by requeueing, so
# a message comes this often only where it takes its consumer down with it.
_DELIVERY_LIMIT: Final = 100
_FIRST_PAUSE_S: Final = 0.2
_LONGEST_PAUSE_S: Final = 5.0
# A connection that lasted so long was a good one: its loss is met at once.
_HEALTHY_S: Final = 10.0
_GOODBYE_S: Final = 2.0
_SLOWEST_ANSWER_S: Final = 2.0

# What a broker that is away, or frozen, raises.
LOST: Final = (
    OSError,
    TimeoutError,
    aiormq.exceptions.AMQPError,
    aiormq.exceptions.ChannelInvalidStateError,
    aio_pika.exceptions.AMQPError,
)


@dataclass(frozen=True, kw_only=True)
class Queue:
    """One consuming service's queue; `keys` are patterns of event types on `exchange`."""

    name: str
    exchange: str
    keys: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Topology:
    """Declared whole by everybody who connects, so no event is lost before its first consumer."""

    exchanges: tuple[str, ...]
    queues: tuple[Queue, ...]
    streams: tuple[Queue, ...]


async def declare(channel: AbstractChannel, topology: Topology) -> None:
    for name in topology.exchanges:
        await channel.declare_exchange(name, aio_pika.ExchangeType.TOPIC, durable=True)
    await channel.declare_queue(
        DEAD_LETTERS, durable=True, arguments={"x-queue-type": "quorum"}
    )
    for queue in topology.queues:
        await _declare_queue(
            channel,
            queue,
            {
                "x-queue-type": "quorum",
                "x-single-active-consumer": True,
                "x-delivery-limit": _DELIVERY_LIMIT,
                "x-dead-letter-exchange": "",
                "x-dead-letter-routing-key": DEAD_LETTERS,
                "x-dead-letter-strategy": "at-least-once",
                "x-overflow": "reject-publish",
            },
        )
    for stream in topology.streams:
        await _declare_queue(
            channel, stream, {"x-queue-type": "stream", "x-max-length-bytes": 2_000_000_000}
        )


async def _declare_queue(
    channel: AbstractChannel, queue: Queue, arguments: dict[str, Any]
) -> None:
    declared = await channel.declare_queue(queue.name, durable=True, arguments=arguments)
    for key in queue.keys:
        await declared.bind(queue.exchange, key)


@dataclass
class Broker:
    url: str
    topology: Topology
    name: str
    _held: set[AbstractConnection] = field(default_factory=set)
    _probes: dict[AbstractConnection, asyncio.Task[bool]] = field(default_factory=dict)

    @property
    def is_connected(self) -> bool:
        """Whether any of the loops that share this holds a connection, be it a frozen one."""
        return bool(self._held)

    async def is_answering(self) -> bool:
        """For readiness: whether one of the held connections is answered within a moment."""
        connection = next(iter(self._held), None)
        if connection is None:
            return False
        probe = self._probes.get(connection)
        if probe is None or probe.done():
            probe = asyncio.ensure_future(_is_answered(connection))
            self._probes[connection] = probe
        # Waited for and never cancelled: a frozen broker that thaws would answer to nobody.
        await asyncio.wait([probe], timeout=_SLOWEST_ANSWER_S)
        return probe.done() and not probe.cancelled() and probe.result()

    async def count_waiting(self, queues: Sequence[str]) -> Mapping[str, int]:
        """Messages that wait in each; nothing while the broker is away."""
        connection = next(iter(self._held), None)
        if connection is None:
            return {}
        try:
            async with connection.channel(publisher_confirms=False) as channel:
                return {name: await _count_waiting(channel, name) for name in queues}
        except Exception:  # noqa: BLE001 - whatever became of it, this is no answer
            return {}

    async def keep_connected(
        self, work: Callable[[AbstractConnection], Awaitable[None]]
    ) -> None:
        """Runs `work` on a connection, and again on a new one after each loss; never returns.

        aiormq can raise CancelledError into a publish when a broker freezes: that is a lost
        connection unless this task itself is being cancelled.
        """
        pause = _FIRST_PAUSE_S
        while True:
            connection: AbstractConnection | None = None
            started = time.monotonic()
            try:
                connection = await aio_pika.connect(
                    self.url, timeout=5, client_properties={"connection_name": self.name}
                )
                await self._use(connection, work)
            except asyncio.CancelledError:
                if _is_cancelled():
                    raise
                log.warning("connection lost", extra={"action": "broker.connection_lost"})
            except LOST as error:
                log.warning(
                    "connection lost",
                    extra={"action": "broker.connection_lost", "reason": type(error).__name__},
                )
            finally:
                if connection is not None:
                    self._let_go(connection)
                    await _say_goodbye(connection)
            if _is_cancelled():
                raise asyncio.CancelledError
            if time.monotonic() - started > _HEALTHY_S:
                pause = _FIRST_PAUSE_S
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE_S)

    async def _use(
        self,
        connection: AbstractConnection,
        work: Callable[[AbstractConnection], Awaitable[None]],
    ) -> None:
        try:
            async with connection.channel() as channel:
                await declare(channel, self.topology)
            self._hold(connection)
            await work(connection)
        except LOST:
            raise
        except Exception as error:
            # To a call that a cancellation or a lost connection meets, aiormq says RuntimeError
            # or just Exception.
            if _is_cancelled():
                raise asyncio.CancelledError from error
            transport = connection.transport
            if transport is not None and not transport.connection.is_closed:
                raise
            raise ConnectionError("connection closed") from error

    def _hold(self, connection: AbstractConnection) -> None:
        """Until it closes: a loop that has nothing to send would not notice."""
        self._held.add(connection)
        connection.close_callbacks.add(lambda *_: self._let_go(connection))

    def _let_go(self, connection: AbstractConnection) -> None:
        self._held.discard(connection)
        self._probes.pop(connection, None)


async def _count_waiting(channel: AbstractChannel, name: str) -> int:
    queue = await channel.get_queue(name, ensure=True)
    return queue.declaration_result.message_count or 0


async def _is_answered(connection: AbstractConnection) -> bool:
    try:
        async with connection.channel(publisher_confirms=False):
            return True
    except Exception:  # noqa: BLE001 - whatever became of it, this is no answer
        return False


async def _say_goodbye(connection: AbstractConnection) -> None:
    """Within a moment: where both sides close at once, aiormq waits for ever."""
    try:
        async with asyncio.timeout(_GOODBYE_S):
            await connection.close()
    except Exception as error:  # noqa: BLE001 - it is gone in any case
        log.info(
            "connection did not close well",
            extra={"action": "broker.not_closed", "reason": type(error).__name__},
        )


def _is_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
