"""Business days of a carrier, and the instant at which a day begins where the carrier is."""

import tomllib
from collections.abc import Collection, Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

_HOLIDAYS: Final = Path(__file__).with_name("holidays.toml")
_SATURDAY: Final = 5
_NO_HOLIDAYS: Final[frozenset[date]] = frozenset()


def is_business_day(
    day: date, country: str, carrier_holidays: Collection[date] = _NO_HOLIDAYS
) -> bool:
    """Holidays are the losing carrier's own (47 CFR 52.35(a)): the national ones and more."""
    return (
        day.weekday() < _SATURDAY
        and day not in carrier_holidays
        and day not in national_holidays().get(country, _NO_HOLIDAYS)
    )


def add_business_days(
    day: date, days: int, country: str, carrier_holidays: Collection[date] = _NO_HOLIDAYS
) -> date:
    """The business day that is so many after `day`; with 0, `day` or the next one after it."""
    while days or not is_business_day(day, country, carrier_holidays):
        day += timedelta(days=1)
        if days and is_business_day(day, country, carrier_holidays):
            days -= 1
    return day


def day_in(zone: str, at: datetime) -> date:
    return at.astimezone(ZoneInfo(zone)).date()


def start_of(day: date, zone: str, at: time = time.min) -> datetime:
    """UTC; also on the days on which the clocks there change."""
    return datetime.combine(day, at, ZoneInfo(zone)).astimezone(UTC)


@cache
def national_holidays() -> Mapping[str, frozenset[date]]:
    """By country; one that is missing is known by its weekends only."""
    with _HOLIDAYS.open("rb") as file:
        return {
            country: frozenset(date.fromisoformat(day) for day in days)
            for country, days in tomllib.load(file).items()
        }
