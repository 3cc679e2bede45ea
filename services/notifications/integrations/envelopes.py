"""Envelopes: a written mail as the bytes that a mail server takes."""

from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime, parseaddr
from typing import Final

from services.notifications.domain.recipients import Recipient
from services.notifications.texts.pages import WrittenMail
from services.notifications.texts.wording import clean

_ONE_CLICK: Final = "List-Unsubscribe=One-Click"


@dataclass(frozen=True, kw_only=True)
class Sender:
    """`mail_from` as a header has it: `Portline <no-reply@portline.example>`."""

    mail_from: str

    @property
    def address(self) -> str:
        return parseaddr(self.mail_from)[1]

    @property
    def header(self) -> Address:
        name, address = parseaddr(self.mail_from)
        return Address(display_name=name, addr_spec=address)

    def message_id_of(self, mail_id: str, edition: int) -> str:
        """The same for each try, so that a receiver may tell a second copy from a second mail."""
        return f"<{mail_id}.{edition}@{self.address.rpartition('@')[2]}>"


@dataclass(frozen=True, kw_only=True)
class Envelope:
    sender: str
    recipient: str
    needs_utf8: bool
    message: bytes


def fill_envelope(
    written: WrittenMail,
    *,
    sender: Sender,
    to_name: str,
    to: Recipient,
    message_id: str,
    at: datetime,
    unsubscribe_url: str | None = None,
    calendar: bytes | None = None,
) -> Envelope:
    """A name is one line of header, whatever was written into it."""
    policy = (SMTPUTF8 if to.needs_utf8 else SMTP).clone(cte_type="7bit")
    message = EmailMessage(policy=policy)
    message["From"] = sender.header
    message["To"] = Address(
        display_name=clean({"name": to_name})["name"], username=to.local, domain=to.domain
    )
    message["Subject"] = written.subject
    message["Date"] = format_datetime(at)
    message["Message-ID"] = message_id
    # Nobody's absence answers it.
    message["Auto-Submitted"] = "auto-generated"
    if unsubscribe_url:
        message["List-Unsubscribe"] = f"<{unsubscribe_url}>"
        message["List-Unsubscribe-Post"] = _ONE_CLICK
    message.set_content(written.text)
    message.add_alternative(written.html, subtype="html")
    if calendar:
        message.add_attachment(
            calendar.decode(),
            subtype="calendar",
            filename="firm-date.ics",
            params={"method": "PUBLISH"},
        )
    return Envelope(
        sender=sender.address,
        recipient=to.address,
        needs_utf8=to.needs_utf8,
        message=message.as_bytes(),
    )
