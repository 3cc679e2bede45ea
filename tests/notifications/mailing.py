"""Mails in tests: rows as the telling worker writes them, and a worker on a clock of its own."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from deploy.local.mail_previews import EXAMPLE
from libs.common.database import Database
from services.notifications.domain.mails import Outcome
from services.notifications.domain.messages import Message
from services.notifications.domain.notices import Notice
from services.notifications.domain.unsubscribing import UnsubscribeLinks
from services.notifications.integrations.envelopes import Sender
from services.notifications.integrations.mail_server import MailServer, MailServerPlace
from services.notifications.integrations.signing_links import SigningLinks
from services.notifications.store.notices import add_notices
from services.notifications.use_cases.mail_writing import MailWriter
from services.notifications.workers.mail import MailWorker
from tests.notifications.facts import START
from tests.notifications.mail_server import TestMailServer

LINKS = UnsubscribeLinks("https://notify.portline.example/", "s" * 32)
SENDER = Sender(mail_from="Portline <no-reply@portline.example>")

_ADD_MAIL = """
    INSERT INTO mails (
      mail_id, account_id, recipient, member_id, name, address, locale, is_digest, due_at,
      traceparent
    )
    VALUES ($1, 'acc_a', $2, $3, $4, $5, $6, $7, $8, $9)
"""
_TELL = """
    INSERT INTO mail_notices (mail_id, notice_id, recipient)
    SELECT $1, notice_id, $2
    FROM notices
    WHERE key = $3
"""


@dataclass(kw_only=True)
class Clock:
    now: datetime = START

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, **length: float) -> None:
        self.now += timedelta(**length)


@dataclass(kw_only=True)
class Post:
    """The worker, its mail server and its clock."""

    database: Database
    server: TestMailServer
    worker: MailWorker
    clock: Clock = field(default_factory=Clock)

    async def add(
        self,
        *messages: Message,
        to: str | None = "mem_a",
        recipient: str | None = None,
        name: str = "Ada",
        address: str | None = "ada@customer.example",
        locale: str = "en",
        subject: str = "pr_1",
        traceparent: str | None = None,
        **content: Any,
    ) -> str:
        """A mail's id; due at once."""
        mail_id, named = f"mail_{uuid4().hex}", recipient or to or ""
        key = uuid4().hex
        async with self.database.working() as connection:
            await add_notices(
                connection,
                [
                    notice_of(message, f"{key}:{place}", subject, content)
                    for place, message in enumerate(messages)
                ],
            )
            await connection.execute(
                _ADD_MAIL,
                *(mail_id, named, to, name, address, locale, len(messages) > 1),
                *(self.clock.now, traceparent),
            )
            for place in range(len(messages)):
                await connection.execute(_TELL, mail_id, named, f"{key}:{place}")
        return mail_id

    async def send(self) -> Outcome | None:
        return await self.worker.send_one()

    async def look_at(self, mail_id: str) -> dict[str, Any]:
        async with self.database.working() as connection:
            row = await connection.fetchrow("SELECT * FROM mails WHERE mail_id = $1", mail_id)
        assert row is not None
        return dict(row)

    async def state_of(self, mail_id: str) -> str:
        return str((await self.look_at(mail_id))["state"])


def notice_of(message: Message, key: str, subject: str, content: Mapping[str, Any]) -> Notice:
    return Notice(
        message=message,
        key=key,
        account_id="acc_a",
        company_ids=("co_a",),
        requester_id="mem_a",
        subject=subject,
        occurred_at=START,
        due_at=START,
        content={**EXAMPLE, **content},
    )


@asynccontextmanager
async def open_post(
    database: Database, *, signing_links: SigningLinks | None = None
) -> AsyncIterator[Post]:
    server, clock = TestMailServer(), Clock()
    await server.start()
    writer = MailWriter(
        sender=SENDER,
        unsubscribe_links=LINKS,
        signing_links=signing_links,
        console_url="https://console.portline.example",
    )
    worker = MailWorker(
        database=database,
        server=MailServer(MailServerPlace.parse(server.url)),
        writer=writer,
        clock=clock,
    )
    try:
        yield Post(database=database, server=server, worker=worker, clock=clock)
    finally:
        await worker.server.close()
        await writer.close()
        await server.stop()
