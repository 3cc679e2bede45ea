"""Metrics for Prometheus: how much waits in outbox, inbox, timers and the broker's queues.

`/metrics` is for the operator's network. Who reaches it from elsewhere must not read it: in
production it is there only with METRICS_SECRET, which the scraper sends as a bearer token.
"""

import asyncio
import hmac
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Final, Generic, TypeVar

import asyncpg
from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector
from pydantic import SecretStr
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from typing_extensions import override

from libs.common.backlog import Backlog, measure_backlog
from libs.common.broker import DEAD_LETTERS, Broker
from libs.common.database import DATABASE_LOST, Database

T = TypeVar("T")

_FRESH_S: Final = 1.0
_PATIENCE_S: Final = 2.0


@dataclass(frozen=True, kw_only=True)
class Count:
    """One figure of a service's own: its statement runs on the login role."""

    name: str
    sentence: str
    statement: str


class ServiceMetrics(Collector):
    """Measures when it is scraped, at most once a second.

    While the database or the broker is away, the last that was known of it stays, its age
    grows, and `portline_database_up` or `portline_broker_up` is 0.
    """

    def __init__(
        self,
        database: Database,
        broker: Broker,
        queues: Sequence[str],
        counts: Sequence[Count] = (),
    ) -> None:
        names = (*queues, DEAD_LETTERS)
        self._of_database = _Question(partial(_measure, database, counts))
        self._of_broker = _Question(partial(broker.count_waiting, names))
        self._backlog: Backlog | None = None
        self._counted: Mapping[Count, int] = {}
        self._waiting: Mapping[str, int] = {}
        self._is_database_up = False
        self._is_broker_up = False
        self._looked_at = -_FRESH_S
        self._looking = asyncio.Lock()
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(self)
        ProcessCollector(registry=self._registry)

    async def scrape(self) -> bytes:
        async with self._looking:
            if time.monotonic() - self._looked_at >= _FRESH_S:
                await asyncio.gather(self._look_at_database(), self._look_at_broker())
                self._looked_at = time.monotonic()
            return generate_latest(self._registry)

    @override
    def collect(self) -> Iterator[GaugeMetricFamily]:
        yield _gauge(
            "database_up", "1 while the service's database answers.", self._is_database_up
        )
        yield _gauge("broker_up", "1 while the broker answers.", self._is_broker_up)
        yield from _gauges_of(self._backlog)
        for count, value in self._counted.items():
            yield _gauge(count.name, count.sentence, value)
        ready = _family("queue_messages", "Messages that wait in a queue.", ["queue"])
        for queue, messages in self._waiting.items():
            ready.add_metric([queue], messages)
        yield ready

    async def _look_at_database(self) -> None:
        measured = await self._of_database.ask()
        self._is_database_up = measured is not None
        if measured is not None:
            self._backlog, self._counted = measured

    async def _look_at_broker(self) -> None:
        counted = await self._of_broker.ask()
        self._is_broker_up = bool(counted)
        self._waiting = counted or self._waiting


async def _measure(
    database: Database, counts: Sequence[Count]
) -> tuple[Backlog, Mapping[Count, int]]:
    backlog = await measure_backlog(database)
    counted = {count: (await database.fetch(count.statement))[0][0] for count in counts}
    return backlog, counted


@dataclass
class _Question(Generic[T]):
    """Waited for a moment and never cancelled: who is frozen does not answer that either."""

    put: Callable[[], Awaitable[T]]
    _asking: asyncio.Future[T] | None = None

    async def ask(self) -> T | None:
        if self._asking is None or self._asking.done():
            self._asking = asyncio.ensure_future(self.put())
        await asyncio.wait([self._asking], timeout=_PATIENCE_S)
        if not self._asking.done() or self._asking.cancelled():
            return None
        fault = self._asking.exception()
        if isinstance(fault, (*DATABASE_LOST, asyncpg.PostgresError)):
            return None
        return self._asking.result()


def metrics_routes(secret: SecretStr | None, *, is_open: bool) -> list[Route]:
    """Expects `metrics` in the application's state. Without a secret only where `is_open`."""
    if secret is None and not is_open:
        return []
    expected = f"Bearer {secret.get_secret_value()}".encode() if secret else None

    async def answer(request: Request) -> Response:
        given = request.headers.get("authorization", "").encode()
        if expected is not None and not hmac.compare_digest(given, expected):
            return Response(status_code=401, headers={"www-authenticate": "Bearer"})
        metrics: ServiceMetrics | None = getattr(request.app.state, "metrics", None)
        if metrics is None:
            return Response(status_code=503)
        return Response(await metrics.scrape(), headers={"content-type": CONTENT_TYPE_LATEST})

    return [Route("/metrics", answer)]


def _gauges_of(backlog: Backlog | None) -> Iterator[GaugeMetricFamily]:
    if backlog is None:
        return
    yield _gauge(
        "outbox_events", "Events that the broker has not confirmed.", backlog.outbox_events
    )
    yield _age("outbox_oldest", "The oldest of them", backlog.outbox_oldest_at)
    yield _gauge(
        "inbox_pending_events", "Events received and not worked.", backlog.pending_events
    )
    yield _age("inbox_pending_oldest", "The oldest of them", backlog.pending_oldest_at)
    yield _gauge(
        "inbox_postponed_events", "Of them, failed and tried again.", backlog.postponed_events
    )
    yield _gauge("dead_events", "Events that wait for a person.", backlog.dead_events)
    yield _age("dead_oldest", "The oldest of them", backlog.dead_oldest_at)
    yield _gauge("timers_due", "Timers whose time has come.", backlog.timers_due)
    yield _age("timers_due_oldest", "The oldest of them", backlog.timers_due_oldest_at)
    yield _gauge(
        "timers_postponed",
        "Timers that failed and are tried again.",
        backlog.timers_postponed,
    )


def _age(name: str, what: str, since: datetime | None) -> GaugeMetricFamily:
    seconds = (datetime.now(UTC) - since).total_seconds() if since else 0.0
    return _gauge(f"{name}_age_seconds", f"{what} has waited so long.", max(0.0, seconds))


def _gauge(name: str, sentence: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"portline_{name}", sentence, value=value)


def _family(name: str, sentence: str, labels: Sequence[str]) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"portline_{name}", sentence, labels=labels)
