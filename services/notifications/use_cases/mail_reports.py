"""What comes back about mails: bounces and complaints, told by whatever reads them."""

import re
from datetime import datetime
from enum import StrEnum
from typing import Final

from libs.common.database import Connection
from services.notifications.store import mails

# `<mail_….1@portline.example>`, with its brackets or without.
_MESSAGE_ID: Final = re.compile(r"<?(mail_[a-z0-9]+)\.([0-9]{1,6})@[^<>\s]{1,255}>?")
# An enhanced status code (RFC 3463), or a reply's.
_CODE: Final = re.compile(r"[245](\.[0-9]{1,3}\.[0-9]{1,3}|[0-9]{2})")


class Report(StrEnum):
    BOUNCE = "bounce"
    COMPLAINT = "complaint"


class UnreadableReport(ValueError):
    """Says which part."""


async def note_report(
    connection: Connection, *, message_id: str, report: Report, code: str, at: datetime
) -> bool:
    """False for a mail that is none of ours; told again, it changes nothing.

    A bounce for now is nobody's news: whoever carries the mail goes on trying. Raises
    UnreadableReport.
    """
    match = _MESSAGE_ID.fullmatch(message_id)
    if match is None:
        raise UnreadableReport("messageId")
    if not _CODE.fullmatch(code):
        raise UnreadableReport("code")
    mail_id, edition = match[1], int(match[2])
    if report is Report.BOUNCE and not code.startswith("5"):
        return await mails.is_mail(connection, mail_id, edition)
    is_news, address = await mails.save_bounce(
        connection, mail_id, edition, code=code, reason=report
    )
    if is_news and address:
        await mails.count_bounce(
            connection, address, code=code, at=at, is_complaint=report is Report.COMPLAINT
        )
    return is_news or await mails.is_mail(connection, mail_id, edition)
