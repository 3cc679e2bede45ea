"""Support has a mail sent again."""

from datetime import UTC, datetime

from libs.common.database import Connection
from services.notifications.domain.mail_refusals import MailUnderWay, MailUnknown
from services.notifications.domain.mails import RESENDABLE
from services.notifications.store import mail_lists


async def resend_mail(connection: Connection, mail_id: str) -> str:
    """As if it were new; an address that bounced gets another chance with it."""
    found = await mail_lists.lock_mail(connection, mail_id)
    if found is None:
        raise MailUnknown
    state, address = found
    if state not in RESENDABLE:
        raise MailUnderWay(state)
    if address:
        await mail_lists.forget_bounces(connection, address)
    await mail_lists.queue_again(connection, mail_id, datetime.now(UTC))
    return mail_id
