"""The floors under a broadcast: Strawberry on uvicorn as they come, and bare sockets in our settings."""

import asyncio
import os
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime

import orjson
import strawberry
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL

from libs.common.broker import Broker
from libs.common.serve import calm_garbage_collector
from libs.contracts.topology import TOPOLOGY
from services.notifications.domain.feed_entries import NewEntries
from services.notifications.domain.status_changes import LoggedChange
from services.notifications.live_feed.exchange import LiveExchange


@asynccontextmanager
async def _heard(tell: Callable[[LoggedChange], None]) -> AsyncIterator[None]:
    """From the live exchange, as our own replicas hear it."""
    exchange = LiveExchange()
    broker = Broker(url=os.environ["AMQP_URL"], topology=TOPOLOGY, name="bench floor")

    async def keep_telling() -> None:
        while True:
            news = await exchange.hear(60)
            if news is not None and not isinstance(news, NewEntries):
                for change in news:
                    tell(change)

    tasks = [asyncio.ensure_future(work) for work in (exchange.run(broker), keep_telling())]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.gather(*tasks)


async def _is_ready(_request: Request) -> JSONResponse:
    return JSONResponse({})


@strawberry.type
class PortRequest:
    id: strawberry.ID


@strawberry.type
class StatusChange:
    cursor: str
    event: str
    version: int
    status: str
    occurred_at: datetime
    port_request: PortRequest | None


_queues: set[asyncio.Queue[LoggedChange]] = set()


@strawberry.type
class Query:
    is_there: bool = True


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def port_status_changed(self) -> AsyncGenerator[StatusChange, None]:
        queue: asyncio.Queue[LoggedChange] = asyncio.Queue()
        _queues.add(queue)
        try:
            while True:
                change = await queue.get()
                yield StatusChange(
                    cursor=str(change.log_id),
                    event=change.type,
                    version=change.sequence,
                    status=change.status or "",
                    occurred_at=change.occurred_at,
                    port_request=PortRequest(id=strawberry.ID(change.subject)),
                )
        finally:
            _queues.discard(queue)


def create_stock() -> Starlette:
    def tell(change: LoggedChange) -> None:
        for queue in _queues:
            queue.put_nowait(change)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        async with _heard(tell):
            yield

    graph = GraphQL[None, None](strawberry.Schema(Query, subscription=Subscription))
    return Starlette(
        routes=[Route("/readyz", _is_ready), WebSocketRoute("/graphql", graph)],
        lifespan=lifespan,
    )


@dataclass
class _Broadcast:
    """What one event is to everybody."""

    sockets: set[WebSocket]

    async def send(self, change: LoggedChange) -> None:
        payload = {
            "data": {
                "portStatusChanged": {
                    "cursor": str(change.log_id),
                    "event": change.type,
                    "version": change.sequence,
                    "status": change.status,
                    "occurredAt": change.occurred_at.isoformat(),
                    "portRequest": {"id": change.subject},
                }
            }
        }
        text = orjson.dumps({"id": "1", "type": "next", "payload": payload}).decode()
        for socket in tuple(self.sockets):
            await socket.send_text(text)


def create_bare() -> Starlette:
    calm_garbage_collector()
    broadcast = _Broadcast(sockets=set())
    sending: set[asyncio.Task[None]] = set()

    def tell(change: LoggedChange) -> None:
        task = asyncio.create_task(broadcast.send(change))
        sending.add(task)
        task.add_done_callback(sending.discard)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        async with _heard(tell):
            yield

    async def subscribe(socket: WebSocket) -> None:
        await socket.accept("graphql-transport-ws")
        await socket.receive_text()
        await socket.send_text('{"type":"connection_ack"}')
        await socket.receive_text()
        broadcast.sockets.add(socket)
        while (await socket.receive())["type"] != "websocket.disconnect":
            pass
        broadcast.sockets.discard(socket)

    return Starlette(
        routes=[Route("/readyz", _is_ready), WebSocketRoute("/graphql", subscribe)],
        lifespan=lifespan,
    )
