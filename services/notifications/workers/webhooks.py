"""Sends webhooks: each endpoint in a lane of its own, so that none waits for another."""

import asyncio
import logging
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Final

from opentelemetry.trace import SpanKind
from standardwebhooks import Webhook

from libs.common.database import DATABASE_LOST, Database, is_database_lost
from libs.common.repeating import repeat
from libs.common.telemetry import continue_trace, current_traceparent
from libs.common.tracing import span
from libs.common.vault import CannotUnseal, Vault
from services.notifications.domain.webhook_deliveries import (
    Answer,
    Attempt,
    AttemptFault,
    DueDelivery,
    judge,
)
from services.notifications.domain.webhook_secrets import place_of, sign
from services.notifications.domain.webhook_urls import UrlNotAllowed, WebhookUrl, read_url
from services.notifications.integrations.webhook_posts import Line, Poster
from services.notifications.store.webhook_lanes import EndedLane, Lane
from services.notifications.use_cases.webhook_sending import end_lane, note, take_lanes

log = logging.getLogger(__name__)

MOST_LANES: Final = 512
# Of endpoints that fail, so that they never take the place of those that do not.
MOST_PROBES: Final = 128
DELIVERIES_PER_LANE: Final = 32
# Of one endpoint, as long as it takes them.
AT_ONCE: Final = 4
_POLL_S: Final = 1.0
_LANE_S: Final = 20.0
_LAST_NOTE_S: Final = 0.8
_PAUSE_S: Final = 0.5


@dataclass(kw_only=True)
class WebhookWorker:
    """Any number of them may run: an endpoint is leased by one.

    What was posted and not noted, because everything ended in between, is posted again after the
    lease, under the same id.
    """

    poster: Poster
    vault: Vault
    _woken: asyncio.Event = field(default_factory=asyncio.Event, init=False)
    _noted: asyncio.Event = field(default_factory=asyncio.Event, init=False)
    _attempts: list[Attempt] = field(default_factory=list, init=False)
    _ended: list[EndedLane] = field(default_factory=list, init=False)
    _lanes: int = field(default=0, init=False)
    _probes: int = field(default=0, init=False)

    def wake(self) -> None:
        """Something may be due."""
        self._woken.set()

    async def run(self, database: Database) -> None:
        """Never returns."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._keep_noting(database))
                await repeat(
                    partial(self._open_lanes, database, tasks),
                    worker="webhooks",
                    poll_s=_POLL_S,
                    woken=self._woken,
                )
        finally:
            await self._note_the_last(database)

    async def _open_lanes(self, database: Database, tasks: asyncio.TaskGroup) -> None:
        most, most_probes = MOST_LANES - self._lanes, MOST_PROBES - self._probes
        async with database.working() as connection:
            lanes = await take_lanes(
                connection,
                most=most,
                most_probes=most_probes,
                deliveries=DELIVERIES_PER_LANE,
            )
        for lane in lanes:
            self._count(lane, 1)
            tasks.create_task(self._run_lane(lane))

    async def _run_lane(self, lane: Lane) -> None:
        """Whatever a receiver does, it ends no lane but its own."""
        attempts: list[Attempt] = []
        try:
            await self._send_all(lane, attempts)
        except Exception:
            log.exception("a lane has ended early", extra={"action": "webhook_lane.broken"})
        finally:
            self._ended.append(end_lane(lane, attempts, datetime.now(UTC)))
            self._count(lane, -1)
            self._noted.set()

    async def _send_all(self, lane: Lane, attempts: list[Attempt]) -> None:
        try:
            url = read_url(lane.url, self.poster.gate.rules)
            webhooks = self._unseal(lane)
        except UrlNotAllowed:
            attempts += self._refuse(lane, AttemptFault.ADDRESS_NOT_ALLOWED)
        except CannotUnseal:
            log.exception("a secret is lost", extra={"action": "webhook_secret.lost"})
            attempts += self._refuse(lane, AttemptFault.SECRET_LOST)
        else:
            await self._send_each(lane, url, webhooks, attempts)

    async def _send_each(
        self, lane: Lane, url: WebhookUrl, webhooks: list[Webhook], attempts: list[Attempt]
    ) -> None:
        """The first alone; once it has gone through the others, some at a time.

        The first failure ends it: what is left waits until the endpoint has rested.
        """
        loop = asyncio.get_running_loop()
        ends_at = loop.time() + _LANE_S
        turns = deque(lane.due)

        async def send_next(line: Line) -> None:
            attempt = await self._send(line, webhooks, turns.popleft())
            attempts.append(attempt)
            if attempt.answer.fault is not None or loop.time() > ends_at:
                turns.clear()

        async def keep_sending(line: Line) -> None:
            while turns:
                await send_next(line)

        async def help_sending() -> None:
            if turns:
                async with self.poster.open(url) as another:
                    await keep_sending(another)

        async with self.poster.open(url) as line:
            if turns:
                await send_next(line)
            helpers = [help_sending() for _ in range(AT_ONCE - 1)]
            await asyncio.gather(keep_sending(line), *helpers)

    async def _send(
        self, line: Line, webhooks: list[Webhook], delivery: DueDelivery
    ) -> Attempt:
        started_at = datetime.now(UTC)
        try:
            headers = sign(webhooks, delivery.message_id, started_at, delivery.body)
            with (
                continue_trace(delivery.traceparent),
                span("post webhook", SpanKind.CLIENT),
            ):
                if (traceparent := current_traceparent()) is not None:
                    headers["traceparent"] = traceparent
                answer = await line.post(headers, delivery.body)
        except Exception:
            log.exception("a webhook could not be sent", extra={"action": "webhook.broken"})
            answer = Answer(fault=AttemptFault.INTERNAL)
        return self._note(delivery, answer, started_at)

    def _refuse(self, lane: Lane, fault: AttemptFault) -> list[Attempt]:
        at = datetime.now(UTC)
        return [self._note(lane.due[0], Answer(fault=fault), at)] if lane.due else []

    def _note(self, delivery: DueDelivery, answer: Answer, started_at: datetime) -> Attempt:
        attempt = judge(delivery, answer, started_at=started_at, ended_at=datetime.now(UTC))
        self._attempts.append(attempt)
        self._noted.set()
        return attempt

    def _unseal(self, lane: Lane) -> list[Webhook]:
        if not lane.secrets:
            raise CannotUnseal("there is none")
        return [
            Webhook(self.vault.unseal(sealed, place_of(lane.endpoint_id, number)))
            for number, sealed in lane.secrets
        ]

    def _count(self, lane: Lane, change: int) -> None:
        if lane.failures > 0:
            self._probes += change
        else:
            self._lanes += change

    async def _keep_noting(self, database: Database) -> None:
        """What came together is noted together; a lane ends after its attempts."""
        while True:
            await self._noted.wait()
            self._noted.clear()
            attempts, ended = self._attempts, self._ended
            self._attempts, self._ended = [], []
            try:
                async with database.working() as connection:
                    await note(connection, attempts, ended)
            except BaseException as error:
                self._attempts = attempts + self._attempts
                self._ended = ended + self._ended
                if not is_database_lost(error):
                    raise
                log.warning(
                    "webhooks lost the database",
                    extra={"action": "webhooks.database_lost", "reason": type(error).__name__},
                )
                self._noted.set()
                await asyncio.sleep(_PAUSE_S)
            else:
                if ended:
                    self.wake()

    async def _note_the_last(self, database: Database) -> None:
        """Whoever stops the service need not have its customers told twice."""
        if not (self._attempts or self._ended):
            return
        with suppress(TimeoutError, *DATABASE_LOST):
            async with asyncio.timeout(_LAST_NOTE_S), database.working() as connection:
                await note(connection, self._attempts, self._ended)
