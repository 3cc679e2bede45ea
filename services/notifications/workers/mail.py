"""Sends mails: one at a time, outside of any transaction, over a connection that is kept."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, TypeVar

from opentelemetry.trace import SpanKind

from libs.common.database import DATABASE_LOST, Database
from libs.common.telemetry import continue_trace
from libs.common.tracing import span
from services.notifications.domain.mails import LEASE, InDoubt, Mail, NotReached, Outcome
from services.notifications.integrations.mail_server import MailServer
from services.notifications.use_cases import mail_sending
from services.notifications.use_cases.mail_writing import MailWriter, Unsendable

log = logging.getLogger(__name__)

T = TypeVar("T")

_POLL_S: Final = 0.5
# A connection that is quiet for longer is closed.
_KEEPS_CONNECTION_S: Final = 20.0
# Between tries while the mail server is away: one mail asks for all.
_FIRST_PAUSE_S: Final = 1.0
_LONGEST_PAUSE_S: Final = 60.0
_LONGEST_TRY_S: Final = LEASE.total_seconds() / 2
# What a conversation under way gets to end when the service stops.
_LAST_WORDS_S: Final = 8.0


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(kw_only=True)
class MailWorker:
    """Any number of them may run: each mail is claimed by one."""

    database: Database
    server: MailServer
    writer: MailWriter
    clock: Callable[[], datetime] = field(default=_now)
    wait: Callable[[float], Awaitable[None]] = field(default=asyncio.sleep)

    async def run(self) -> None:
        """Never returns."""
        pause, idle_s = _FIRST_PAUSE_S, 0.0
        try:
            while True:
                outcome = await self._try_one()
                if isinstance(outcome, NotReached) and outcome.is_mail_server:
                    await self.wait(pause)
                    pause = min(2 * pause, _LONGEST_PAUSE_S)
                elif outcome is None:
                    await self.wait(_POLL_S)
                    idle_s += _POLL_S
                    if idle_s >= _KEEPS_CONNECTION_S:
                        await self.server.close()
                else:
                    pause, idle_s = _FIRST_PAUSE_S, 0.0
        finally:
            await self.server.close()
            await self.writer.close()

    async def send_one(self) -> Outcome | None:
        """What came of it; None where nothing is due."""
        async with self.database.working() as connection:
            await mail_sending.give_up_lost(connection, self.clock())
            mail = await mail_sending.claim_mail(connection, self.clock())
        if mail is None:
            return None
        return await _to_its_end(self._send(mail))

    async def _try_one(self) -> Outcome | None:
        try:
            return await self.send_one()
        except DATABASE_LOST as error:
            log.warning(
                "mails lost their database",
                extra={"action": "mails.database_lost", "reason": type(error).__name__},
            )
            return None

    async def _send(self, mail: Mail) -> Outcome:
        with continue_trace(mail.traceparent), span("send mail", SpanKind.CLIENT):
            outcome = await self._converse(mail)
            async with self.database.working() as connection:
                verdict = await mail_sending.note_outcome(
                    connection, mail, outcome, self.clock()
                )
            log.info(
                "mail tried",
                extra={
                    "action": f"mail.{verdict.state}",
                    "mail_id": mail.id,
                    "attempts": mail.attempts,
                    "code": verdict.code,
                    "reason": verdict.reason,
                },
            )
        return outcome

    async def _converse(self, mail: Mail) -> Outcome:
        try:
            envelope = await self.writer.write(mail, self.clock())
        except Unsendable as unsendable:
            return unsendable.outcome
        except Exception as fault:
            log.exception(
                "a mail could not be written",
                extra={"action": "mail.not_written", "mail_id": mail.id},
            )
            return NotReached(reason=f"write: {type(fault).__name__}", is_mail_server=False)
        try:
            async with asyncio.timeout(_LONGEST_TRY_S):
                return await self.server.send(envelope)
        except TimeoutError:
            return self._cut_off("too_slow")
        except Exception as fault:
            # One mail's fault must not end the service, which would meet it again and again.
            log.exception(
                "a mail could not be sent",
                extra={"action": "mail.not_sent", "mail_id": mail.id},
            )
            return self._cut_off(f"fault: {type(fault).__name__}")

    def _cut_off(self, reason: str) -> Outcome:
        """Before its words nothing can have arrived; after them it may have been at its end."""
        if self.server.has_begun_data:
            return InDoubt(reason=reason)
        return NotReached(reason=reason)


async def _to_its_end(work: Awaitable[T]) -> T:
    """A service that stops lets the mail under way arrive: what is cut off may have been sent."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        until = asyncio.get_running_loop().time() + _LAST_WORDS_S
        while not task.done() and (left := until - asyncio.get_running_loop().time()) > 0:
            with suppress(asyncio.CancelledError):
                await asyncio.wait([task], timeout=left)
        task.cancel()
        raise
