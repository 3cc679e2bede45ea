"""The assembly of a service: one call names its rooms, and gets an application that runs them."""

import asyncio
import logging
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import BaseRoute

from libs.common.broker import Broker, Topology
from libs.common.consumer import Consumer, Consumes, work_of
from libs.common.database import Database, open_database
from libs.common.events import EventRegistry, Fact
from libs.common.health import health_routes
from libs.common.housekeeping import keep_house
from libs.common.inbox import InboxWorker
from libs.common.metrics import Count, ServiceMetrics, metrics_routes
from libs.common.migrations import COMMON_MIGRATIONS, migrate
from libs.common.relay import Relay
from libs.common.replay import ReplayWorker
from libs.common.settings import Profile, ServiceSettings
from libs.common.telemetry import TelemetryMiddleware
from libs.common.timers import Fire, TimerWorker
from libs.common.tracing import send_traces

log = logging.getLogger(__name__)

_CANCEL_AGAIN_S: Final = 1.0

Background = Callable[[], Awaitable[None]]


@dataclass(frozen=True, kw_only=True)
class Wiring:
    """What a room may need to be made: only `app.py` sees it."""

    settings: ServiceSettings
    database: Database
    broker: Broker


@dataclass(frozen=True, kw_only=True)
class Service:
    """`routes` and `background` are made once the database is open; `counts` are for `/metrics`."""

    name: str
    settings: ServiceSettings
    migrations: Path
    topology: Topology
    events_exchange: str
    consumes: Sequence[Consumes] = ()
    counts: Sequence[Count] = ()
    timers: Mapping[str, Fire] = field(default_factory=dict)
    routes: Callable[[Wiring], Sequence[BaseRoute]] = lambda _wiring: ()
    background: Callable[[Wiring], Sequence[Background]] = lambda _wiring: ()


def build_app(service: Service) -> Starlette:
    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        collector = service.settings.otel_exporter_otlp_endpoint
        async with send_traces(service.name, collector), _run(service, app):
            yield

    settings = service.settings
    app = Starlette(
        routes=[
            *health_routes(),
            *metrics_routes(
                settings.metrics_secret, is_open=settings.profile is Profile.DEVELOPMENT
            ),
        ],
        lifespan=lifespan,
        middleware=[Middleware(TelemetryMiddleware)],
    )
    app.state.settings = settings
    return app


@asynccontextmanager
async def _run(service: Service, app: Starlette) -> AsyncIterator[None]:
    settings = service.settings
    database_url = settings.database_url.get_secret_value()
    await migrate(
        settings.migrations_url.get_secret_value(), COMMON_MIGRATIONS, service.migrations
    )
    database = await open_database(database_url, service.name)
    broker = Broker(
        url=settings.amqp_url.get_secret_value(), topology=service.topology, name=service.name
    )
    wiring = Wiring(settings=settings, database=database, broker=broker)
    app.state.database, app.state.broker = database, broker
    queues = [consumes.queue for consumes in service.consumes]
    app.state.metrics = ServiceMetrics(database, broker, queues, service.counts)
    app.router.routes.extend(service.routes(wiring))
    tasks = [_watched(work) for work in _work_of(service, wiring)]
    log.info("service started", extra={"action": "service.started", "service": service.name})
    try:
        yield
    finally:
        await _end(tasks)
        await database.close()
        log.info("service stopped", extra={"action": "service.stopped"})


def _work_of(service: Service, wiring: Wiring) -> list[Background]:
    database, broker = wiring.database, wiring.broker
    relay = Relay(
        database_url=wiring.settings.database_url.get_secret_value(),
        service=service.name,
        broker=broker,
        exchange=service.events_exchange,
    )
    database.on_commit = relay.wake
    worker = InboxWorker(
        database=database,
        registry=EventRegistry(_facts_of(service.consumes)),
        work=work_of(service.consumes),
    )
    consumers = [
        Consumer(consumes=consumes, database=database, broker=broker, worker=worker)
        for consumes in service.consumes
    ]
    timers = TimerWorker(database=database, kinds=service.timers)
    return [
        relay.run,
        worker.run,
        *(consumer.run for consumer in consumers),
        timers.run,
        ReplayWorker(
            database=database,
            amqp_url=wiring.settings.amqp_url.get_secret_value(),
            topology=broker.topology,
        ).run,
        lambda: keep_house(database),
        *service.background(wiring),
    ]


def _facts_of(consumes: Sequence[Consumes]) -> list[type[Fact]]:
    return [
        fact
        for each in consumes
        for subscription in each.subscriptions
        for fact in subscription.facts
    ]


async def _end(tasks: Sequence[asyncio.Task[Any]]) -> None:
    """A cancellation that meets aiormq within a call can be lost there: said until heard."""
    running = set(tasks)
    while running:
        for task in running:
            task.cancel()
        _, running = await asyncio.wait(running, timeout=_CANCEL_AGAIN_S)


def _watched(work: Background) -> asyncio.Task[Any]:
    """A dead relay or consumer takes the process down: better gone than sulking."""

    def give_up(task: asyncio.Task[Any]) -> None:
        if task.cancelled():
            return
        log.critical(
            "background work ended",
            exc_info=task.exception(),
            extra={"action": "service.died"},
        )
        os.kill(os.getpid(), signal.SIGTERM)

    task = asyncio.ensure_future(work())
    task.add_done_callback(give_up)
    return task
