"""A port-out: a gaining carrier takes numbers away, and the customer is told and asked."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final

from libs.contracts.phone_number import PhoneNumber


class PortOutStatus(StrEnum):
    RECEIVED = "RECEIVED"
    AUTHORIZED = "AUTHORIZED"
    SCHEDULED = "SCHEDULED"
    PORTED_OUT = "PORTED_OUT"
    CONFIRMED = "CONFIRMED"
    REJECTION_REVIEW = "REJECTION_REVIEW"
    REJECTED = "REJECTED"
    CANCELLED = "CANCELLED"
    DISPUTED = "DISPUTED"
    RETURNED = "RETURNED"


class PortOutEvent(StrEnum):
    GATE_REFUSED = "GATE_REFUSED"
    ADMINISTRATOR_AUTHORIZED = "ADMINISTRATOR_AUTHORIZED"
    REJECTION_PROPOSED = "REJECTION_PROPOSED"
    REJECTION_CONFIRMED = "REJECTION_CONFIRMED"
    REJECTION_OVERTURNED = "REJECTION_OVERTURNED"
    ANSWER_TIME_PASSED = "ANSWER_TIME_PASSED"
    SCHEDULED = "SCHEDULED"
    PORTED = "PORTED"
    WITHDRAWN = "WITHDRAWN"
    DISPUTED = "DISPUTED"
    DISPUTE_REFUSED = "DISPUTE_REFUSED"
    RETURNED = "RETURNED"
    ALL_CONFIRMED = "ALL_CONFIRMED"


class PortOutTurn(StrEnum):
    ADMINISTRATOR = "ADMINISTRATOR"
    SUPPORT = "SUPPORT"
    GAINING_CARRIER = "GAINING_CARRIER"
    NOBODY = "NOBODY"


_S: Final = PortOutStatus
_E: Final = PortOutEvent
# The administrator's answer is open.
ASKING: Final = frozenset({_S.RECEIVED, _S.REJECTION_REVIEW})
_GOING: Final = frozenset({_S.AUTHORIZED, _S.SCHEDULED})

NEXT_STATUSES: Final[Mapping[PortOutEvent, Mapping[PortOutStatus, PortOutStatus]]] = {
    # The account's own lock or PIN: nobody has to look, and no silence opens it.
    _E.GATE_REFUSED: {_S.RECEIVED: _S.REJECTED},
    # One administrator may let go what another one wanted to refuse.
    _E.ADMINISTRATOR_AUTHORIZED: dict.fromkeys(ASKING, _S.AUTHORIZED),
    _E.REJECTION_PROPOSED: {_S.RECEIVED: _S.REJECTION_REVIEW},
    _E.REJECTION_CONFIRMED: {_S.REJECTION_REVIEW: _S.REJECTED},
    _E.REJECTION_OVERTURNED: {_S.REJECTION_REVIEW: _S.AUTHORIZED},
    # Silence authorizes, also that of our own review: to say nothing never keeps a number here.
    _E.ANSWER_TIME_PASSED: dict.fromkeys(ASKING, _S.AUTHORIZED),
    _E.SCHEDULED: dict.fromkeys(_GOING, _S.SCHEDULED),
    # The first number that leaves; others may follow.
    _E.PORTED: {
        **dict.fromkeys(_GOING | {_S.PORTED_OUT}, _S.PORTED_OUT),
        _S.DISPUTED: _S.DISPUTED,
    },
    # Where some numbers have left already, only the others stay.
    _E.WITHDRAWN: {
        **dict.fromkeys(ASKING | _GOING, _S.CANCELLED),
        _S.PORTED_OUT: _S.PORTED_OUT,
    },
    _E.DISPUTED: {_S.PORTED_OUT: _S.DISPUTED},
    _E.DISPUTE_REFUSED: {_S.DISPUTED: _S.PORTED_OUT},
    _E.RETURNED: {_S.DISPUTED: _S.RETURNED},
    _E.ALL_CONFIRMED: {_S.PORTED_OUT: _S.CONFIRMED},
}
# Late and doubled: no error, no change.
IGNORED: Final[Mapping[PortOutEvent, frozenset[PortOutStatus]]] = {
    _E.GATE_REFUSED: frozenset(),
    _E.ADMINISTRATOR_AUTHORIZED: frozenset({_S.AUTHORIZED}),
    _E.REJECTION_PROPOSED: frozenset({_S.REJECTION_REVIEW, _S.REJECTED}),
    _E.REJECTION_CONFIRMED: frozenset({_S.REJECTED}),
    _E.REJECTION_OVERTURNED: frozenset({_S.AUTHORIZED}),
    _E.ANSWER_TIME_PASSED: frozenset(_S) - ASKING,
    _E.SCHEDULED: frozenset({_S.PORTED_OUT, _S.CONFIRMED, _S.DISPUTED, _S.RETURNED}),
    _E.PORTED: frozenset({_S.CONFIRMED, _S.RETURNED}),
    _E.WITHDRAWN: frozenset({_S.CANCELLED, _S.REJECTED, _S.RETURNED}),
    _E.DISPUTED: frozenset({_S.DISPUTED}),
    _E.DISPUTE_REFUSED: frozenset({_S.PORTED_OUT, _S.CONFIRMED}),
    _E.RETURNED: frozenset({_S.RETURNED}),
    _E.ALL_CONFIRMED: frozenset(),
}

DISPUTABLE_FOR: Final = timedelta(hours=24)
# What a gaining carrier may ask for: silence never authorizes before people could have read it.
USUAL_ANSWER_TIME: Final = timedelta(hours=48)
SHORTEST_ANSWER_TIME: Final = timedelta(hours=4)
LONGEST_ANSWER_TIME: Final = timedelta(days=30)
_LONGEST_REVIEW: Final = timedelta(hours=4)
# A carrier that has not taken its numbers by then is asked about by a person.
LONGEST_AUTHORIZED: Final = timedelta(days=60)
LONGEST_OVERDUE: Final = timedelta(days=10)


@dataclass(frozen=True, kw_only=True)
class PortOutNumber:
    """One number's way out, and its checklist: each step with who and when (S77 to S79).

    `stays_since`: refused, withdrawn or returned. Who is a member's id or `support:<subject>`.
    """

    tracking_number: PhoneNumber
    number_id: str
    company_id: str
    ported_out_at: datetime | None = None
    stays_since: datetime | None = None
    gaining_carrier_confirmed_at: datetime | None = None
    gaining_carrier_confirmed_by: str | None = None
    test_call_from: PhoneNumber | None = None
    test_called_at: datetime | None = None
    test_call_recorded_by: str | None = None
    disabled_at: datetime | None = None
    disabled_by: str | None = None
    confirmed_at: datetime | None = None

    @property
    def is_checked(self) -> bool:
        return None not in (
            self.gaining_carrier_confirmed_at,
            self.test_called_at,
            self.disabled_at,
        )

    @property
    def is_leaving(self) -> bool:
        """Still here, and still wanted."""
        return self.ported_out_at is None and self.stays_since is None


@dataclass(frozen=True, kw_only=True)
class PortOut:
    """`answer_by`: until then an administrator can answer; afterwards silence has.

    `ported_out_at` is when its latest number left, `leaving_count` how many are still to leave;
    `rejection_code` is one of `PORT_OUT_REASONS`.
    """

    id: str
    account_id: str
    gaining_carrier: str
    reference: str
    status: PortOutStatus
    received_at: datetime
    answer_by: datetime
    version: int
    status_since: datetime
    leaving_count: int
    report_version: int = 1
    supplements: str | None = None
    authorized_by: str | None = None
    firm_date: date | None = None
    ported_out_at: datetime | None = None
    rejection_code: str | None = None
    rejection_note: str | None = None
    review_by: datetime | None = None
    disputed_at: datetime | None = None
    dispute_statement: str | None = None

    @property
    def is_coming(self) -> bool:
        """The numbers are here and will leave."""
        return self.status in ASKING | _GOING

    @property
    def turn(self) -> PortOutTurn:
        match self.status:
            case PortOutStatus.RECEIVED | PortOutStatus.PORTED_OUT:
                return PortOutTurn.ADMINISTRATOR
            case PortOutStatus.REJECTION_REVIEW | PortOutStatus.DISPUTED:
                return PortOutTurn.SUPPORT
            case PortOutStatus.AUTHORIZED | PortOutStatus.SCHEDULED:
                return PortOutTurn.GAINING_CARRIER
            case _:
                return PortOutTurn.NOBODY

    def can_be_disputed(self, now: datetime) -> bool:
        """Within a day of the port the numbers can still be fetched back (snapback)."""
        return (
            self.status is PortOutStatus.PORTED_OUT
            and self.ported_out_at is not None
            and now <= self.ported_out_at + DISPUTABLE_FOR
        )

    def next_status(self, event: PortOutEvent) -> PortOutStatus | None:
        """None where the event is not possible now; the present status where it is ignored."""
        if self.ignores(event):
            return self.status
        return NEXT_STATUSES[event].get(self.status)

    def ignores(self, event: PortOutEvent) -> bool:
        return self.status in IGNORED[event]


def answer_by_of(asked: datetime | None, now: datetime) -> datetime:
    """What the carrier asks for, between what is fair to the customer and what ends at all."""
    if asked is None:
        return now + USUAL_ANSWER_TIME
    return min(max(asked, now + SHORTEST_ANSWER_TIME), now + LONGEST_ANSWER_TIME)


def review_by_of(answer_by: datetime, now: datetime) -> datetime:
    """So early that a person can still decide before silence does."""
    return min(now + _LONGEST_REVIEW, now + (answer_by - now) / 2)
