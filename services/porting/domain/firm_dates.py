"""Firm dates: when one begins, and until when a port can still be stopped."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from services.porting.domain.calendars import start_of
from services.porting.domain.losing_carriers import find_losing_carrier

# How long before the firm date a requester, and then support, can still stop it (S71).
REQUESTERS_CUTOFF: Final = timedelta(hours=48)
SUPPORTS_CUTOFF: Final = timedelta(hours=24)
# How long after the port a number can go back.
SNAPBACK_WINDOW: Final = timedelta(hours=24)


@dataclass(frozen=True, kw_only=True)
class FirmDay:
    """A day that a losing carrier gave, if it is known which: in its own zone."""

    day: date
    losing_carrier: str | None

    @property
    def starts_at(self) -> datetime:
        return start_of(self.day, find_losing_carrier(self.losing_carrier or "").zone)


def can_stop(starts_at: datetime, now: datetime, cutoff: timedelta) -> bool:
    return now <= starts_at - cutoff


def can_go_back(ported_at: datetime, now: datetime) -> bool:
    return now <= ported_at + SNAPBACK_WINDOW
