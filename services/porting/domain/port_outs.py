"""A port-out: a gaining carrier takes numbers away, and the customer is told and asked."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
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
    ADMINISTRATOR_AUTHORIZED = "ADMINISTRATOR_AUTHORIZED"
    ANSWER_TIME_PASSED = "ANSWER_TIME_PASSED"
    SCHEDULED = "SCHEDULED"
    PORTED = "PORTED"
    ALL_CONFIRMED = "ALL_CONFIRMED"


NEXT_STATUSES: Final[Mapping[PortOutEvent, Mapping[PortOutStatus, PortOutStatus]]] = {
    PortOutEvent.ADMINISTRATOR_AUTHORIZED: {PortOutStatus.RECEIVED: PortOutStatus.AUTHORIZED},
    # Silence authorizes: to say nothing must never keep a number from leaving.
    PortOutEvent.ANSWER_TIME_PASSED: {PortOutStatus.RECEIVED: PortOutStatus.AUTHORIZED},
    PortOutEvent.SCHEDULED: {PortOutStatus.AUTHORIZED: PortOutStatus.SCHEDULED},
    PortOutEvent.PORTED: dict.fromkeys(
        (PortOutStatus.AUTHORIZED, PortOutStatus.SCHEDULED), PortOutStatus.PORTED_OUT
    ),
    PortOutEvent.ALL_CONFIRMED: {PortOutStatus.PORTED_OUT: PortOutStatus.CONFIRMED},
}
_PAST_AUTHORIZED: Final = frozenset(PortOutStatus) - {PortOutStatus.RECEIVED}
# Late and doubled: no error, no change.
IGNORED: Final[Mapping[PortOutEvent, frozenset[PortOutStatus]]] = {
    PortOutEvent.ADMINISTRATOR_AUTHORIZED: frozenset({PortOutStatus.AUTHORIZED}),
    PortOutEvent.ANSWER_TIME_PASSED: _PAST_AUTHORIZED,
    PortOutEvent.SCHEDULED: frozenset(
        {PortOutStatus.SCHEDULED, PortOutStatus.PORTED_OUT, PortOutStatus.CONFIRMED}
    ),
    PortOutEvent.PORTED: frozenset({PortOutStatus.PORTED_OUT, PortOutStatus.CONFIRMED}),
    PortOutEvent.ALL_CONFIRMED: frozenset(),
}


@dataclass(frozen=True, kw_only=True)
class PortOutNumber:
    """One number's checklist: each step with who and when (S77 to S79)."""

    tracking_number: PhoneNumber
    number_id: str
    company_id: str
    gaining_carrier_confirmed_at: datetime | None = None
    gaining_carrier_confirmed_by: str | None = None
    test_call_from: PhoneNumber | None = None
    test_called_at: datetime | None = None
    test_call_recorded_by: str | None = None
    disabled_at: datetime | None = None
    confirmed_at: datetime | None = None

    @property
    def is_checked(self) -> bool:
        return None not in (
            self.gaining_carrier_confirmed_at,
            self.test_called_at,
            self.disabled_at,
        )


@dataclass(frozen=True, kw_only=True)
class PortOut:
    """`answer_by`: until then an administrator can answer; afterwards silence has."""

    id: str
    account_id: str
    gaining_carrier: str
    reference: str
    status: PortOutStatus
    received_at: datetime
    answer_by: datetime
    version: int
    authorized_by: str | None = None
    firm_date: date | None = None
    ported_out_at: datetime | None = None

    @property
    def is_coming(self) -> bool:
        """The numbers are here and will leave."""
        return self.status in {
            PortOutStatus.RECEIVED,
            PortOutStatus.AUTHORIZED,
            PortOutStatus.SCHEDULED,
        }

    def next_status(self, event: PortOutEvent) -> PortOutStatus | None:
        """None where the event is not possible now; the present status where it is ignored."""
        if self.status in IGNORED[event]:
            return self.status
        return NEXT_STATUSES[event].get(self.status)
