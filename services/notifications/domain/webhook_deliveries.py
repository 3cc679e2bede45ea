"""Deliveries: one event on its way to one endpoint, tried until it is taken or given up."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

# After which pause each attempt is made: the whole schedule of Standard Webhooks, 75 h 35 min.
SCHEDULE: Final = (
    timedelta(0),
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
# An endpoint that has taken nothing for so long is disabled: less than the schedule lasts, so
# that whatever was given up in vain says so.
FAILS_FOR: Final = timedelta(hours=72)
_JITTER: Final = 0.1
_LONGEST_ASKED: Final = timedelta(hours=24)
SHORTEST_REST: Final = timedelta(seconds=5)
_LONGEST_REST: Final = timedelta(minutes=1)
_LONGEST_ASKED_REST: Final = timedelta(hours=1)
_DOUBLINGS: Final = 4
_LONGEST_EXCERPT: Final = 200
_GONE: Final = 410
_SUCCESSES: Final = range(200, 300)
_REDIRECTS: Final = range(300, 400)


class DeliveryState(StrEnum):
    PENDING = "PENDING"
    DELIVERED = "DELIVERED"
    FAILED = "FAILED"


class DeliveryCause(StrEnum):
    EVENT = "EVENT"
    REPLAY = "REPLAY"
    TEST = "TEST"


class AttemptFault(StrEnum):
    """Why an attempt did not deliver."""

    STATUS = "STATUS"
    REDIRECT = "REDIRECT"
    TIMEOUT = "TIMEOUT"
    ADDRESS_NOT_ALLOWED = "ADDRESS_NOT_ALLOWED"
    NO_CONNECTION = "NO_CONNECTION"
    BROKEN_ANSWER = "BROKEN_ANSWER"
    INTERNAL = "INTERNAL"
    SECRET_LOST = "SECRET_LOST"  # noqa: S105 - names a fault


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What came of one attempt; `retry_after` as the receiver wrote it."""

    status_code: int | None = None
    fault: AttemptFault | None = None
    excerpt: str | None = None
    retry_after: str | None = None

    @property
    def is_gone(self) -> bool:
        return self.status_code == _GONE


@dataclass(frozen=True, kw_only=True)
class DueDelivery:
    """`attempts` counts those before; `body` is what is signed and sent."""

    id: str
    message_id: str
    attempts: int
    body: str
    traceparent: str | None


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """An attempt that was made, and what is done now with its delivery."""

    delivery_id: str
    number: int
    started_at: datetime
    duration_ms: int
    answer: Answer
    state: DeliveryState
    due_at: datetime


@dataclass(frozen=True, kw_only=True)
class Delivery:
    id: str
    endpoint_id: str
    account_id: str
    event_id: UUID
    event_type: str
    message_id: str
    cause: DeliveryCause
    subject: str
    sequence: int
    state: DeliveryState
    attempts: int
    due_at: datetime
    created_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class LoggedAttempt:
    delivery_id: str
    number: int
    started_at: datetime
    duration_ms: int
    status_code: int | None
    fault: AttemptFault | None
    excerpt: str | None


def read_answer(status_code: int, body: bytes, retry_after: str | None) -> Answer:
    """Only what is in the two hundreds has delivered."""
    if status_code in _SUCCESSES:
        return Answer(status_code=status_code)
    is_redirect = status_code in _REDIRECTS
    return Answer(
        status_code=status_code,
        fault=AttemptFault.REDIRECT if is_redirect else AttemptFault.STATUS,
        excerpt=_excerpt_of(body),
        retry_after=retry_after,
    )


def judge(
    delivery: DueDelivery, answer: Answer, *, started_at: datetime, ended_at: datetime
) -> Attempt:
    number = delivery.attempts + 1
    state, due_at = DeliveryState.PENDING, ended_at
    if answer.fault is None:
        state = DeliveryState.DELIVERED
    elif number >= len(SCHEDULE):
        state = DeliveryState.FAILED
    else:
        asked = min(_asked_pause(answer, ended_at), _LONGEST_ASKED)
        due_at = ended_at + max(_with_jitter(SCHEDULE[number]), asked)
    return Attempt(
        delivery_id=delivery.id,
        number=number,
        started_at=started_at,
        duration_ms=round((ended_at - started_at) / timedelta(milliseconds=1)),
        answer=answer,
        state=state,
        due_at=due_at,
    )


def rest_after(failures: int, answer: Answer, at: datetime) -> timedelta:
    """How long an endpoint is left alone after so many failures in a row, this one with them."""
    doubled: int = 2 ** min(failures - 1, _DOUBLINGS)
    rest = min(SHORTEST_REST * doubled, _LONGEST_REST)
    asked = min(_asked_pause(answer, at), _LONGEST_ASKED_REST)
    return max(rest, asked)


def last_failure(attempts: Sequence[Attempt]) -> Attempt | None:
    failed = [each for each in attempts if each.answer.fault is not None]
    return max(failed, key=lambda each: each.started_at, default=None)


def _with_jitter(pause: timedelta) -> timedelta:
    return pause * (1 + random.random() * _JITTER)  # noqa: S311 - spreads load


def _asked_pause(answer: Answer, at: datetime) -> timedelta:
    """Retry-After is seconds or a date (RFC 9110, 10.2.3); what is neither asks nothing."""
    text = (answer.retry_after or "").strip()
    if text.isascii() and text.isdigit():
        return timedelta(seconds=min(int(text[:9]), _LONGEST_ASKED.total_seconds()))
    try:
        until = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return timedelta(0)
    return max(until.replace(tzinfo=until.tzinfo or UTC) - at, timedelta(0))


def _excerpt_of(body: bytes) -> str:
    """The beginning, for a person: nothing that moves a cursor or that no text may hold."""
    text = body[: 4 * _LONGEST_EXCERPT].decode(errors="replace")
    shown = "".join(each if each.isprintable() else " " for each in text)
    return " ".join(shown.split())[:_LONGEST_EXCERPT]
