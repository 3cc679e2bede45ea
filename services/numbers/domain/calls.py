"""Calls: which of them counts for a number, and when it was."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from libs.contracts.phone_number import PhoneNumber
from services.numbers.domain.tracking_numbers import TrackingNumber

# What a clock says that was never set; every database can hold it in every time zone.
_EARLIEST: Final = datetime(1970, 1, 1, tzinfo=UTC)


def judge_time(called_at: datetime, told_at: datetime) -> datetime:
    """What is told has been: a clock that runs ahead says no more than now."""
    return min(max(called_at, _EARLIEST), told_at)


@dataclass(frozen=True, kw_only=True)
class CalledNumber:
    """A number that a call may change.

    It has rung since `added_at`; until `silent_until` its calls were somebody else's, or nobody's
    and counted as such.
    """

    number: TrackingNumber
    added_at: datetime
    silent_until: datetime | None

    def receive(self, called_at: Iterable[datetime]) -> TrackingNumber:
        """The number after these calls, in whatever order, or the very same.

        A clock that runs behind makes a call no older than the number.
        """
        for at in sorted(called_at):
            if self.silent_until is not None and at <= self.silent_until:
                continue
            after = self.number.receive_call(max(at, self.added_at))
            if after is not self.number:
                return after
        return self.number


@dataclass(frozen=True, kw_only=True)
class UnknownCalls:
    """Calls that reached us for a number that rings nowhere."""

    phone_number: PhoneNumber
    call_count: int
    first_called_at: datetime
    last_called_at: datetime
