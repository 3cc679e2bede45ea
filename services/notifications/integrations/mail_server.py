"""The mail server: one connection, kept while there is something to send."""

import ssl
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final, Self
from urllib.parse import unquote, urlsplit

import aiosmtplib
from aiosmtplib import SMTP

from services.notifications.domain.mails import (
    Accepted,
    InDoubt,
    NotReached,
    NotSendable,
    Outcome,
    TurnedAway,
)
from services.notifications.integrations.envelopes import Envelope

# For each word of the conversation; all of them together stay far below a try's lease.
_TIMEOUT_S: Final = 30
_PERMANENT: Final = 500
_LEAVING: Final = 421
_LISTEN_PORTS: Final = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}
_LOST: Final = (aiosmtplib.SMTPServerDisconnected, aiosmtplib.SMTPTimeoutError, OSError)


@dataclass(frozen=True, kw_only=True)
class MailServerPlace:
    """`smtps://name:password@host`, `smtp+starttls://…`, or `smtp://…` without encryption."""

    scheme: str
    host: str
    listen_port: int
    name: str | None
    password: str | None = field(repr=False)

    @classmethod
    def parse(cls, url: str) -> Self:
        parts = urlsplit(url)
        if parts.scheme not in _LISTEN_PORTS or not parts.hostname:
            raise ValueError(
                "SMTP_URL is smtps://…, smtp+starttls://… or smtp://…, and a host"
            )
        return cls(
            scheme=parts.scheme,
            host=parts.hostname,
            listen_port=parts.port or _LISTEN_PORTS[parts.scheme],
            name=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password) if parts.password else None,
        )

    @property
    def is_encrypted(self) -> bool:
        return self.scheme != "smtp"


class MailServer:
    """One conversation at a time: each worker has its own.

    `has_begun_data` once the last one came as far as DATA: before, nothing can have arrived.
    """

    def __init__(
        self, place: MailServerPlace, *, tls_context: ssl.SSLContext | None = None
    ) -> None:
        self._place = place
        self._tls_context = tls_context
        self._connection: SMTP | None = None
        self.has_begun_data = False

    async def send(self, envelope: Envelope) -> Outcome:
        kept = self._connection
        outcome = await self._send_once(envelope)
        if kept and isinstance(outcome, NotReached):
            # A server may end a connection that was quiet: that says nothing about a new one.
            outcome = await self._send_once(envelope)
        return outcome

    async def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(aiosmtplib.SMTPException, OSError):
                await connection.quit(timeout=2)
            connection.close()

    async def _send_once(self, envelope: Envelope) -> Outcome:
        self.has_begun_data = False
        try:
            connection = await self._connect()
        except (aiosmtplib.SMTPException, OSError) as error:
            self._drop()
            return NotReached(reason=_reason("connect", error))
        if envelope.needs_utf8 and not connection.supports_extension("smtputf8"):
            return NotSendable(reason="mail_server_without_smtputf8")
        try:
            return await self._converse(connection, envelope)
        except BaseException:
            # Whatever broke in here, nobody knows where in the conversation the next one begins.
            self._drop()
            raise

    async def _converse(self, connection: SMTP, envelope: Envelope) -> Outcome:
        refused = await self._offer(connection, envelope)
        if refused:
            return refused
        self.has_begun_data = True
        try:
            taken = await connection.data(envelope.message)
        except aiosmtplib.SMTPResponseException as error:
            await self._reset(connection, error.code)
            return _turned_away(error, is_address=False)
        except _LOST as error:
            self._drop()
            return InDoubt(reason=_reason("data", error))
        return Accepted(code=str(taken.code))

    async def _offer(self, connection: SMTP, envelope: Envelope) -> Outcome | None:
        """From whom and to whom: until here nothing was sent."""
        options = ["SMTPUTF8", "BODY=8BITMIME"] if envelope.needs_utf8 else []
        encoding = "utf-8" if envelope.needs_utf8 else "ascii"
        step = "sender"
        try:
            await connection.mail(envelope.sender, options=options, encoding=encoding)
            step = "recipient"
            await connection.rcpt(envelope.recipient, encoding=encoding)
        except aiosmtplib.SMTPRecipientRefused as error:
            await self._reset(connection, error.code)
            return _turned_away(error, is_address=True)
        except (aiosmtplib.SMTPResponseException, *_LOST) as error:
            # A server that refuses our sender takes nothing of ours: no fault of this mail's.
            self._drop()
            return NotReached(reason=_reason(step, error))
        return None

    async def _connect(self) -> SMTP:
        if self._connection is not None and self._connection.is_connected:
            return self._connection
        place = self._place
        connection = SMTP(
            hostname=place.host,
            port=place.listen_port,
            username=place.name,
            password=place.password,
            use_tls=place.scheme == "smtps",
            start_tls=place.scheme == "smtp+starttls",
            tls_context=self._tls_context,
            timeout=_TIMEOUT_S,
        )
        self._connection = connection
        await connection.connect()
        # What it supports is known only from its greeting.
        await connection.ehlo()
        return connection

    async def _reset(self, connection: SMTP, code: int) -> None:
        """The next mail begins anew; a server that leaves is left."""
        if code == _LEAVING:
            self._drop()
            return
        try:
            await connection.rset()
        except (aiosmtplib.SMTPException, OSError):
            self._drop()

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()


def _turned_away(error: aiosmtplib.SMTPResponseException, *, is_address: bool) -> TurnedAway:
    return TurnedAway(
        code=str(error.code), is_permanent=error.code >= _PERMANENT, is_address=is_address
    )


def _reason(step: str, error: Exception) -> str:
    """Never the server's words: they may quote an address."""
    code = getattr(error, "code", None)
    return f"{step}: {code}" if code else f"{step}: {type(error).__name__}"
