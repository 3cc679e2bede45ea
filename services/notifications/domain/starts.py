"""Starts: since when a thing waits, read from the facts that begin it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from libs.common.events import Event, Fact
from libs.contracts.number_events import NumberFact, NumberPortedIn, NumberPortedOut
from libs.contracts.porting_events.base import PortRequestFact
from libs.contracts.porting_events.letters import LetterSent
from libs.contracts.porting_events.lines import LinesApproved
from libs.contracts.porting_events.port_outs import NUMBERS_PER_EVENT, PortOutReceived
from libs.contracts.porting_events.requests import (
    LinesPreconfigured,
    PortResubmitted,
    PortSentToCarrier,
)
from services.notifications.domain.messages import Message
from services.notifications.domain.reminders import NUMBERS_NAMED, SCHEDULES, Schedule, Span
from services.notifications.domain.waiting import newest_of

# Where a fact of before tells a day without its instant.
_USUAL_ZONE: Final = ZoneInfo("America/New_York")


@dataclass(frozen=True, kw_only=True)
class Start:
    """Since when a thing waits. Things with one `key` are reminded of together.

    `subject` is what it is told about; `content` is what its text needs beside the numbers.
    """

    thing: str
    version: int
    message: Message
    key: str
    subject: str
    span: Span
    tracking_number: str | None = None
    content: Mapping[str, Any] = field(default_factory=dict)


def starts_in(events: Iterable[Event]) -> list[Start]:
    """Of each thing the newest."""
    return newest_of(each for event in events for each in _starts(event))


def _starts(event: Event) -> Iterator[Start]:
    if message := _BEGUN_BY.get(type(event.fact)):
        yield from _READERS[message](event, message, SCHEDULES[message])


def _since_event(event: Event, message: Message, schedule: Schedule) -> Iterator[Start]:
    """Only in the statuses of the schedule: an administrator's own submission waits for nobody."""
    fact = event.fact
    assert isinstance(fact, PortRequestFact)
    if fact.status in schedule.during:
        yield Start(
            thing=event.subject,
            version=event.sequence,
            message=message,
            key=event.subject,
            subject=event.subject,
            span=Span(begun_at=event.time, counts_from=event.time),
        )


def _since_sent(event: Event, message: Message, _schedule: Schedule) -> Iterator[Start]:
    fact = event.fact
    assert isinstance(fact, LetterSent)
    yield Start(
        thing=fact.letter_id,
        version=event.sequence,
        message=message,
        key=fact.letter_id,
        subject=event.subject,
        span=Span(begun_at=event.time, counts_from=event.time),
        content={
            "letter_id": fact.letter_id,
            "link_id": fact.link_id,
            "expires_at": fact.expires_at.isoformat(),
        },
    )


def _since_window(event: Event, message: Message, _schedule: Schedule) -> Iterator[Start]:
    fact = event.fact
    assert isinstance(fact, LinesPreconfigured | PortSentToCarrier | PortResubmitted)
    if fact.estimated_by is None:
        return
    yield Start(
        thing=event.subject,
        version=event.sequence,
        message=message,
        key=event.subject,
        subject=event.subject,
        span=Span(
            begun_at=event.time, counts_from=_start_of(fact.estimated_by + timedelta(days=1))
        ),
        content={"estimated_by": fact.estimated_by.isoformat()},
    )


def _until_firm_date(event: Event, message: Message, _schedule: Schedule) -> Iterator[Start]:
    fact = event.fact
    assert isinstance(fact, LinesApproved)
    instant = fact.activates_at or _start_of(fact.firm_date)
    day = fact.firm_date.isoformat()
    content = {
        "firm_date": day,
        "firm_date_instant": instant.isoformat(),
        "starts_at": instant.isoformat(),
    }
    for line in fact.lines:
        yield Start(
            thing=line.line_id,
            version=event.sequence,
            message=message,
            key=f"{event.subject}:{day}",
            subject=event.subject,
            span=Span(begun_at=event.time, counts_from=instant),
            tracking_number=line.tracking_number,
            content=content,
        )


def _since_ported(event: Event, message: Message, _schedule: Schedule) -> Iterator[Start]:
    fact = event.fact
    assert isinstance(fact, NumberPortedIn)
    subject = fact.port_request_id or event.subject
    yield _of_number(event, fact, message, subject, fact.ported_at)


def _since_ported_out(event: Event, message: Message, _schedule: Schedule) -> Iterator[Start]:
    fact = event.fact
    assert isinstance(fact, NumberPortedOut)
    port_out = {"port_out_id": fact.port_out_id}
    yield _of_number(event, fact, message, fact.port_out_id, fact.ported_out_at, port_out)


def _of_number(
    event: Event,
    fact: NumberFact,
    message: Message,
    subject: str,
    since: datetime,
    content: Mapping[str, Any] | None = None,
) -> Start:
    return Start(
        thing=event.subject,
        version=event.sequence,
        message=message,
        key=f"{subject}:{since.astimezone(UTC):%Y-%m-%d}",
        subject=subject,
        span=Span(begun_at=since, counts_from=since),
        tracking_number=fact.tracking_number,
        content={"since": since.isoformat(), **(content or {})},
    )


def _until_answer(event: Event, message: Message, _schedule: Schedule) -> Iterator[Start]:
    fact = event.fact
    assert isinstance(fact, PortOutReceived)
    yield Start(
        thing=event.subject,
        version=event.sequence,
        message=message,
        key=event.subject,
        subject=event.subject,
        span=Span(begun_at=fact.received_at, counts_from=fact.answer_by),
        content={
            "port_out_id": event.subject,
            "gaining_carrier": fact.gaining_carrier,
            "answer_by": fact.answer_by.isoformat(),
            "numbers": fact.tracking_numbers[:NUMBERS_NAMED],
            "number_count": NUMBERS_PER_EVENT * (fact.batch - 1) + len(fact.tracking_numbers),
        },
    )


_READERS: Final = {
    Message.LETTER_UNSIGNED: _since_sent,
    Message.DRAFT_IDLE: _since_event,
    Message.AUTHORIZATION_WAITING: _since_event,
    Message.PORT_PAST_WINDOW: _since_window,
    Message.FIRM_DATE_NEAR: _until_firm_date,
    Message.NOT_CALLED_YET: _since_ported,
    Message.PORTED_OUT_NOT_DISABLED: _since_ported_out,
    Message.PORT_OUT_ANSWER_DUE: _until_answer,
}

_BEGUN_BY: Final[Mapping[type[Fact], Message]] = {
    fact: message for message, schedule in SCHEDULES.items() for fact in schedule.starts
}


def _start_of(day: date) -> datetime:
    return datetime.combine(day, time.min, _USUAL_ZONE).astimezone(UTC)
