"""Reminders: what people are told because nothing happens, after how long, and until when."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count, takewhile
from typing import Final

from libs.common.events import Fact
from libs.contracts import number_events as numbers
from libs.contracts.porting_events import letters, lines, port_outs, requests
from services.notifications.domain.messages import Message

_HOUR: Final = timedelta(hours=1)
_DAY: Final = timedelta(days=1)
_WEEK: Final = timedelta(days=7)


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """One kind of reminder.

    It counts from the instant that the newest of `starts` tells, and holds while its thing is in
    one of the statuses `during`, or until one of the facts `ends`. `steps` are after that instant,
    negative ones before it; `every` goes on after the last step. What is `bundled` is told once
    for all things of one day together.
    """

    starts: tuple[type[Fact], ...]
    steps: tuple[timedelta, ...]
    during: frozenset[str] = frozenset()
    ends: tuple[type[Fact], ...] = ()
    every: timedelta | None = None
    bundled: bool = False

    @property
    def is_ahead(self) -> bool:
        """Of something to come: once it is there, nobody is reminded."""
        return self.steps[0] < timedelta()


SCHEDULES: Final[Mapping[Message, Schedule]] = {
    # A signing link lives for 14 days.
    Message.LETTER_UNSIGNED: Schedule(
        starts=(letters.LetterSent,),
        ends=(
            letters.LetterSigned,
            letters.LetterDeclined,
            letters.LetterExpired,
            letters.LetterSuperseded,
        ),
        steps=(3 * _DAY, 7 * _DAY, 12 * _DAY),
    ),
    # Since its last change; porting itself warns 7 and 1 days before a draft's end after 30.
    Message.DRAFT_IDLE: Schedule(
        starts=(requests.DraftChanged,),
        during=frozenset({"DRAFT"}),
        steps=(3 * _DAY, 10 * _DAY),
    ),
    Message.AUTHORIZATION_WAITING: Schedule(
        starts=(requests.PortSubmitted,),
        during=frozenset({"AWAITING_AUTHORIZATION"}),
        steps=(1 * _DAY, 3 * _DAY, 7 * _DAY),
    ),
    # Since the end of the estimated window, which a firm date ends. Where something is to be put
    # right it stands still: whose turn that is has been told.
    Message.PORT_PAST_WINDOW: Schedule(
        starts=(
            requests.LinesPreconfigured,
            requests.PortSentToCarrier,
            requests.PortResubmitted,
        ),
        during=frozenset({"IN_REVIEW", "WITH_CARRIER"}),
        steps=(timedelta(), 2 * _WEEK),
    ),
    # Before the day's beginning where the losing carrier is. Somebody who asks to stop it is
    # reminded all the same, until the carrier does.
    Message.FIRM_DATE_NEAR: Schedule(
        starts=(lines.LinesApproved,),
        ends=(
            lines.LinesRejected,
            lines.LinesInConflict,
            lines.LinesActivating,
            lines.LinesActivationFailed,
            lines.LinesNotPortable,
            lines.LinesResent,
            lines.LinesCancelled,
            lines.LinesPorted,
            lines.LinesReverted,
        ),
        steps=(-7 * _DAY, -2 * _DAY, -_HOUR),
        bundled=True,
    ),
    # Since the port (S68).
    Message.NOT_CALLED_YET: Schedule(
        starts=(numbers.NumberPortedIn,),
        during=frozenset({"AWAITING_FIRST_CALL"}),
        steps=(1 * _DAY, 3 * _DAY, 7 * _DAY),
        bundled=True,
    ),
    # Since the port-out: until then it costs (S79).
    Message.PORTED_OUT_NOT_DISABLED: Schedule(
        starts=(numbers.NumberPortedOut,),
        during=frozenset({"PORTED_OUT"}),
        steps=(1 * _DAY, 7 * _DAY),
        every=_WEEK,
        bundled=True,
    ),
    # Before silence authorizes.
    Message.PORT_OUT_ANSWER_DUE: Schedule(
        starts=(port_outs.PortOutReceived,),
        during=frozenset({"RECEIVED"}),
        steps=(-4 * _HOUR, -_HOUR),
    ),
}
# Whatever they waited for, they wait for nothing any more.
ENDED_REQUESTS: Final = frozenset({"COMPLETED", "PARTIALLY_COMPLETED", "CANCELLED", "EXPIRED"})
# Reminders of requests that go on; after the others the numbers are what is looked after.
OF_OPEN_REQUESTS: Final = frozenset(
    {
        Message.LETTER_UNSIGNED,
        Message.DRAFT_IDLE,
        Message.AUTHORIZATION_WAITING,
        Message.PORT_PAST_WINDOW,
        Message.FIRM_DATE_NEAR,
    }
)
# Of more numbers than these only the count is told.
NUMBERS_NAMED: Final = 5
# What came due longer ago than this before we heard of it is told to nobody: a replay is no news.
LATEST: Final = timedelta(days=1)
# What came due before we heard of it waits so long for what else we have not heard yet.
SETTLES: Final = timedelta(minutes=15)
# A timer that fires later than this was held up, by what may hold up facts as well.
PROMPT: Final = timedelta(minutes=2)


@dataclass(frozen=True, kw_only=True)
class Span:
    """What is waited for since `begun_at`; `counts_from` is the instant of the schedule."""

    begun_at: datetime
    counts_from: datetime


@dataclass(frozen=True, kw_only=True)
class Step:
    """One reminder of a schedule: its name, such as `3d` or `1h`, and when it is due."""

    name: str
    due_at: datetime
    after: timedelta


def next_reminder(message: Message, span: Span, after: datetime) -> Step | None:
    """The first that is due later than `after`."""
    return next((each for each in _steps(message, span) if each.due_at > after), None)


def due_reminder(message: Message, span: Span, now: datetime) -> Step | None:
    """The latest that is due by now: those that it passed over are not told any more."""
    if SCHEDULES[message].is_ahead and now >= span.counts_from:
        return None
    due = takewhile(lambda step: step.due_at <= now, _steps(message, span))
    return max(due, key=lambda step: step.due_at, default=None)


def wake_at(message: Message, span: Span, now: datetime) -> datetime | None:
    """When to look at what we have heard of just now."""
    step = next_reminder(message, span, now - LATEST)
    if step is None:
        return None
    if step.due_at > now:
        return step.due_at
    return now + SETTLES if due_reminder(message, span, now) else None


def _steps(message: Message, span: Span) -> Iterator[Step]:
    """In their order; none that would have been due before anybody waited."""
    for after in _afters(SCHEDULES[message], span):
        due_at = span.counts_from + after
        if due_at > span.begun_at:
            yield Step(name=_name(after), due_at=due_at, after=after)


def _afters(schedule: Schedule, span: Span) -> Iterator[timedelta]:
    steps: tuple[timedelta, ...] = schedule.steps
    if schedule is SCHEDULES[Message.PORT_OUT_ANSWER_DUE]:
        steps = _fitting(steps, span.counts_from - span.begun_at)
    yield from steps
    if schedule.every is not None:
        yield from (steps[-1] + times * schedule.every for times in count(1))


def _fitting(steps: tuple[timedelta, ...], length: timedelta) -> tuple[timedelta, ...]:
    """Nobody is pressed in the first half of their time; a short one is halved."""
    return tuple(step for step in steps if -step <= length / 2) or (-length / 2,)


def _name(after: timedelta) -> str:
    distance = abs(after)
    if distance % _DAY == timedelta():
        return f"{distance // _DAY}d"
    if distance % _HOUR == timedelta():
        return f"{distance // _HOUR}h"
    return f"{distance // timedelta(minutes=1)}m"
