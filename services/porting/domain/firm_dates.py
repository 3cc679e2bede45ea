"""Firm dates: when one begins, and until when a port can still be stopped."""

from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

# Carriers state their dates in eastern time where nothing else is known of them.
ZONE: Final = ZoneInfo("America/New_York")
# How long before the firm date a requester, and then support, can still stop it (S71).
REQUESTERS_CUTOFF: Final = timedelta(hours=48)
SUPPORTS_CUTOFF: Final = timedelta(hours=24)
# How long after the port a number can go back.
SNAPBACK_WINDOW: Final = timedelta(hours=24)


def start_of(firm_date: date) -> datetime:
    return datetime.combine(firm_date, time(), ZONE)


def today_at_carriers(now: datetime) -> date:
    return now.astimezone(ZONE).date()


def can_stop(firm_date: date, now: datetime, cutoff: timedelta) -> bool:
    return now <= start_of(firm_date) - cutoff


def can_go_back(ported_at: datetime, now: datetime) -> bool:
    return now <= ported_at + SNAPBACK_WINDOW
