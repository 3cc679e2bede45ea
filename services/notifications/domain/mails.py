"""Mails: what becomes of one after a try, and when it is tried again.

The row is `sending` before the first word to the mail server, so that a crash is seen: of such a
try nobody knows whether it arrived. What the law wants told is then sent again, with the same
Message-ID, because twice is better than never; everything else waits for somebody to look.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final, TypeAlias, assert_never

from services.notifications.domain.messages import Message
from services.notifications.domain.who_is_told import TELLING, EventGroup

# A try that takes longer is lost; each conversation is given less.
LEASE: Final = timedelta(minutes=5)
GIVES_UP_AFTER: Final = timedelta(days=3)
_DELAYS: Final = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 30))
_LONGEST_DELAY: Final = timedelta(hours=1)
_AFTER_A_DOUBT: Final = timedelta(minutes=15)
_MOST_DOUBTS: Final = 3
# Hard bounces in a row, each within so many days of the one before, until nothing more is sent.
MOST_BOUNCES: Final = 3
BOUNCES_COUNT_FOR: Final = timedelta(days=30)

_SIGNER: Final = " signer"
_SUPPORT: Final = "support"


class MailState(StrEnum):
    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    MAYBE_SENT = "maybe_sent"
    BOUNCED = "bounced"
    FAILED = "failed"
    SUPPRESSED = "suppressed"


# What support may have sent again: all that no worker has in hand.
RESENDABLE: Final = frozenset(MailState) - {MailState.QUEUED, MailState.SENDING}


@dataclass(frozen=True, kw_only=True)
class MailedNotice:
    message: Message
    subject: str
    occurred_at: datetime
    content: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Mail:
    """One that is being sent. `address` is porting's to say where it is the signer's.

    It tells `more` than the notices that it has in full.
    """

    id: str
    edition: int
    account_id: str
    account_name: str | None
    recipient: str
    member_id: str | None
    name: str
    address: str | None
    is_suppressed: bool
    locale: str
    time_zone: str | None
    is_digest: bool
    attempts: int
    doubts: int
    first_tried_at: datetime
    traceparent: str | None
    notices: tuple[MailedNotice, ...]
    more: int = 0

    @property
    def is_for_signer(self) -> bool:
        return self.recipient.endswith(_SIGNER)

    def addressed_to(self, name: str) -> "Mail":
        return replace(self, name=name)

    @property
    def is_for_support(self) -> bool:
        return self.recipient.startswith(_SUPPORT)

    @property
    def is_by_law(self) -> bool:
        return any(TELLING[notice.message].is_by_law for notice in self.notices)

    @property
    def groups_to_switch_off(self) -> tuple[EventGroup, ...]:
        """What its reader may want no more of; nothing where the law wants it told."""
        if self.member_id is None or self.is_by_law:
            return ()
        return tuple(sorted({TELLING[notice.message].group for notice in self.notices}))


@dataclass(frozen=True, kw_only=True)
class Accepted:
    """The mail server has taken it."""

    code: str


@dataclass(frozen=True, kw_only=True)
class TurnedAway:
    """The mail server said no. `is_address` where it does not take the recipient."""

    code: str
    is_permanent: bool
    is_address: bool


@dataclass(frozen=True, kw_only=True)
class NotReached:
    """Nothing was sent. Without a mail server others need not be tried either."""

    reason: str
    is_mail_server: bool = True


@dataclass(frozen=True, kw_only=True)
class InDoubt:
    """The whole mail was on its way, and no answer came."""

    reason: str


@dataclass(frozen=True, kw_only=True)
class NotSendable:
    """No try will ever help; `is_unwanted` where it need not be sent any more."""

    reason: str
    is_unwanted: bool = False


Outcome: TypeAlias = Accepted | TurnedAway | NotReached | InDoubt | NotSendable


@dataclass(frozen=True, kw_only=True)
class Verdict:
    state: MailState
    due_at: datetime | None = None
    code: str | None = None
    reason: str | None = None
    is_doubt: bool = False


def judge(mail: Mail, outcome: Outcome, now: datetime) -> Verdict:
    match outcome:
        case Accepted():
            return Verdict(state=MailState.SENT, code=outcome.code)
        case TurnedAway(is_permanent=True):
            return Verdict(state=MailState.BOUNCED, code=outcome.code, reason="turned_away")
        case TurnedAway():
            return _try_again(mail, now, reason="turned_away_for_now", code=outcome.code)
        case NotReached():
            return _try_again(mail, now, reason=outcome.reason)
        case InDoubt():
            return judge_doubt(
                is_by_law=mail.is_by_law, doubts=mail.doubts, now=now, reason=outcome.reason
            )
        case NotSendable():
            state = MailState.SUPPRESSED if outcome.is_unwanted else MailState.FAILED
            return Verdict(state=state, reason=outcome.reason)
        case _:
            assert_never(outcome)


def judge_doubt(*, is_by_law: bool, doubts: int, now: datetime, reason: str) -> Verdict:
    again = is_by_law and doubts < _MOST_DOUBTS
    return Verdict(
        state=MailState.QUEUED if again else MailState.MAYBE_SENT,
        due_at=now + _AFTER_A_DOUBT if again else None,
        reason=reason,
        is_doubt=True,
    )


def _try_again(mail: Mail, now: datetime, *, reason: str, code: str | None = None) -> Verdict:
    if now - mail.first_tried_at >= GIVES_UP_AFTER:
        return Verdict(state=MailState.FAILED, reason=reason, code=code)
    tried = mail.attempts - 1
    delay = _DELAYS[tried] if tried < len(_DELAYS) else _LONGEST_DELAY
    return Verdict(state=MailState.QUEUED, due_at=now + delay, reason=reason, code=code)
