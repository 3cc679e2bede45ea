"""A mail server that takes mails, and does wrong what a test tells it to."""

import asyncio
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

from deploy.local.listen_ports import LOOPBACK


@dataclass(kw_only=True)
class TestMailServer:
    """`answers_to_…` are given once each, in order; `drops_after_data` ends a connection unanswered."""

    __test__ = False

    taken: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    answers_to_sender: deque[str] = field(default_factory=deque)
    answers_to_recipient: deque[str] = field(default_factory=deque)
    answers_to_data: deque[str] = field(default_factory=deque)
    drops_after_data: int = 0
    drops_first: int = 0
    connections: int = 0
    supports_utf8: bool = True
    _server: asyncio.Server | None = None
    listen_port: int = 0

    @property
    def url(self) -> str:
        return f"smtp://{LOOPBACK}:{self.listen_port}"

    async def start(self) -> None:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            self._greet, LOOPBACK, self.listen_port, reuse_address=True
        )
        self.listen_port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None

    def _greet(self) -> asyncio.Protocol:
        self.connections += 1
        return SMTP(self, enable_SMTPUTF8=self.supports_utf8, hostname="mail.example")

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's name
        self,
        server: SMTP,
        _session: Session,
        envelope: Envelope,
        address: str,
        options: list[str],
    ) -> str:
        if self.drops_first:
            self.drops_first -= 1
            return _drop(server)
        if self.answers_to_sender:
            return self.answers_to_sender.popleft()
        envelope.mail_from, envelope.mail_options = address, options
        return "250 OK"

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self,
        _server: SMTP,
        _session: Session,
        envelope: Envelope,
        address: str,
        _options: list[Any],
    ) -> str:
        if self.answers_to_recipient:
            return self.answers_to_recipient.popleft()
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        if self.answers_to_data:
            return self.answers_to_data.popleft()
        assert isinstance(envelope.content, bytes)
        message = message_from_bytes(envelope.content, policy=default)
        assert isinstance(message, EmailMessage)
        self.taken.append(message)
        self.recipients += envelope.rcpt_tos
        if self.drops_after_data:
            self.drops_after_data -= 1
            return _drop(server)
        return "250 OK"


def _drop(server: SMTP) -> str:
    assert server.transport is not None
    server.transport.abort()
    return "421 gone"


def text_of(message: EmailMessage) -> str:
    part = message.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def html_of(message: EmailMessage) -> str:
    part = message.get_body(("html",))
    assert part is not None
    return str(part.get_content())


def calendars_of(message: EmailMessage) -> Iterator[bytes]:
    for part in message.iter_attachments():
        if part.get_content_type() == "text/calendar":
            yield part.get_payload(decode=True)
