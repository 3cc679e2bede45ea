"""Writing mails: who a mail goes to, what it says, and what goes with it."""

import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from services.notifications.domain.mails import Mail, NotReached, NotSendable, Outcome
from services.notifications.domain.recipients import BadAddress, Recipient
from services.notifications.domain.unsubscribing import UnsubscribeLinks
from services.notifications.integrations.calendars import write_calendar
from services.notifications.integrations.envelopes import Envelope, Sender, fill_envelope
from services.notifications.integrations.signing_links import (
    LinkIsOver,
    PortingNotReached,
    SigningLink,
    SigningLinks,
)
from services.notifications.texts.catalogue import Locale
from services.notifications.texts.pages import Links, write_mail
from services.notifications.texts.wording import UNWRITABLE

log = logging.getLogger(__name__)

_PAGES: Final = {"pr_": "port-requests", "po_": "port-outs", "num_": "numbers"}


class Unsendable(Exception):
    """Before the first word to a mail server."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__()
        self.outcome = outcome


@dataclass(frozen=True, kw_only=True)
class MailWriter:
    """`console_url` is where customers open what a mail is about; without one none is linked."""

    sender: Sender
    unsubscribe_links: UnsubscribeLinks
    signing_links: SigningLinks | None = None
    console_url: str | None = None

    async def write(self, mail: Mail, at: datetime) -> Envelope:
        """Raises Unsendable."""
        if mail.is_suppressed and not mail.is_by_law:
            raise Unsendable(NotSendable(reason="address_bounces", is_unwanted=True))
        if not mail.notices:
            raise Unsendable(NotSendable(reason="nothing_to_tell", is_unwanted=True))
        link = await self._find_link(mail) if mail.is_for_signer else None
        name, address = (link.name, link.address) if link else (mail.name, mail.address)
        unsubscribe_url = self._unsubscribe_url(mail)
        try:
            recipient = Recipient.parse(address or "")
            written = write_mail(
                mail if link is None else mail.addressed_to(link.name),
                Links(
                    letter=link.url if link else None,
                    console=self._console_link(mail),
                    unsubscribe=unsubscribe_url,
                ),
            )
            calendar = write_calendar(mail.notices, Locale.of(mail.locale))
            return fill_envelope(
                written,
                sender=self.sender,
                to_name=name,
                to=recipient,
                message_id=self.sender.message_id_of(mail.id, mail.edition),
                at=at,
                unsubscribe_url=unsubscribe_url,
                calendar=calendar,
            )
        except BadAddress:
            raise Unsendable(NotSendable(reason="bad_address")) from None
        except UNWRITABLE:
            log.exception(
                "a mail cannot be written",
                extra={"action": "mail.text_refused", "mail_id": mail.id},
            )
            raise Unsendable(NotSendable(reason="text_lacks_content")) from None

    async def close(self) -> None:
        if self.signing_links:
            await self.signing_links.close()

    async def _find_link(self, mail: Mail) -> SigningLink:
        link_id = mail.notices[-1].content.get("link_id")
        if self.signing_links is None or not link_id:
            raise Unsendable(NotSendable(reason="no_way_to_the_link"))
        try:
            return await self.signing_links.find(str(link_id))
        except LinkIsOver:
            raise Unsendable(NotSendable(reason="link_is_over", is_unwanted=True)) from None
        except PortingNotReached as error:
            outcome = NotReached(reason=f"porting: {error}", is_mail_server=False)
            raise Unsendable(outcome) from None

    def _console_link(self, mail: Mail) -> str | None:
        if not self.console_url or mail.is_digest or mail.is_for_signer:
            return None
        subject = mail.notices[0].subject
        page = next(
            (page for prefix, page in _PAGES.items() if subject.startswith(prefix)), ""
        )
        return f"{self.console_url.rstrip('/')}/{page}/{subject}" if page else None

    def _unsubscribe_url(self, mail: Mail) -> str | None:
        groups = mail.groups_to_switch_off
        if not groups or mail.member_id is None:
            return None
        return self.unsubscribe_links.make(mail.account_id, mail.member_id, groups)
