"""Calendar files: a firm date as a day in the reader's calendar."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Final

from icalendar import Calendar, Event

from services.notifications.domain.mails import MailedNotice
from services.notifications.domain.messages import Message
from services.notifications.texts.catalogue import Locale
from services.notifications.texts.wording import Wording

_DATED: Final = frozenset(
    {Message.PORT_APPROVED, Message.FIRM_DATE_CHANGED, Message.FIRM_DATE_NEAR}
)
# Calendars hold a sequence in 31 bits.
_FIRST_SEQUENCE: Final = datetime(2026, 1, 1, tzinfo=UTC)


def write_calendar(notices: Sequence[MailedNotice], locale: Locale) -> bytes | None:
    """Of a mail with one firm date; a newer one takes the older's place, because its UID stays."""
    dated = [
        notice
        for notice in notices
        if notice.message in _DATED and notice.content.get("firm_date")
    ]
    if len(dated) != 1:
        return None
    (notice,) = dated
    firm_date = date.fromisoformat(notice.content["firm_date"])
    request_id = notice.content.get("port_request_id") or notice.subject
    since = notice.occurred_at - _FIRST_SEQUENCE
    event = Event()
    event.add("uid", f"firm-date.{request_id}@portline")
    event.add("sequence", max(0, since // timedelta(seconds=1)))
    event.add("dtstamp", notice.occurred_at.astimezone(UTC))
    event.add("dtstart", firm_date)
    event.add("dtend", firm_date + timedelta(days=1))
    event.add(
        "summary",
        Wording(locale=locale).frame(
            "event_firm_date", request_name=notice.content["request_name"]
        ),
    )
    event.add("transp", "TRANSPARENT")
    calendar = Calendar()
    calendar.add("prodid", "-//Portline//Firm dates//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add_component(event)
    written: bytes = calendar.to_ical()
    return written
