"""What is judged of days and times that carriers name, and of the day that we ask for."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Final

from libs.common.events import CLOCK_SKEW
from services.porting.domain.calendars import (
    add_business_days,
    day_in,
    is_business_day,
    start_of,
)
from services.porting.domain.losing_carriers import LosingCarrier
from services.porting.domain.refusals.base import PortingRefusal
from services.porting.domain.refusals.firm_dates import (
    FirmDateNotABusinessDay,
    FirmDateNotAllowed,
    FirmDateTooSoon,
    OverrideReasonMissing,
)
from services.porting.domain.refusals.lines import TimeInTheFuture

FARTHEST: Final = timedelta(days=30)
_SOON: Final = timedelta(hours=48)
# What reaches a carrier later counts as received on the next business day (47 CFR 52.35(a)).
_LAST_ORDER: Final = time(13)


class FirmDateWarning(StrEnum):
    SOON = "SOON"
    NOT_A_BUSINESS_DAY = "NOT_A_BUSINESS_DAY"


@dataclass(frozen=True, kw_only=True)
class Judgement:
    refusals: tuple[PortingRefusal, ...] = ()
    warnings: tuple[FirmDateWarning, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Override:
    """Support takes a granted day that our calendar does not know as one."""

    reason: str


def judge_firm_date(
    day: date,
    carrier: LosingCarrier,
    country: str,
    now: datetime,
    override: Override | None = None,
) -> Judgement:
    """A day that the losing carrier granted. Within two days it is a warning: nobody can stop it."""
    if fault := find_fault_of_window(day, carrier.zone, now):
        return Judgement(refusals=(fault,))
    if override is not None and not override.reason.strip():
        return Judgement(refusals=(OverrideReasonMissing(),))
    warnings = []
    if not is_business_day(day, country, carrier.holidays):
        if override is None:
            return Judgement(refusals=(FirmDateNotABusinessDay(),))
        warnings.append(FirmDateWarning.NOT_A_BUSINESS_DAY)
    if is_soon(day, carrier.zone, now):
        warnings.append(FirmDateWarning.SOON)
    return Judgement(warnings=tuple(warnings))


def judge_asked_date(
    day: date, carrier: LosingCarrier, country: str, now: datetime
) -> Judgement:
    """A day that we would ask the losing carrier for."""
    if fault := find_fault_of_window(day, carrier.zone, now):
        return Judgement(refusals=(fault,))
    if not is_business_day(day, country, carrier.holidays):
        return Judgement(refusals=(FirmDateNotABusinessDay(),))
    earliest = earliest_to_ask(carrier, country, now)
    if day < earliest:
        return Judgement(refusals=(FirmDateTooSoon(earliest),))
    return Judgement()


def earliest_to_ask(carrier: LosingCarrier, country: str, now: datetime) -> date:
    today = day_in(carrier.zone, now)
    is_late = now >= start_of(today, carrier.zone, _LAST_ORDER)
    received = add_business_days(today, 1 if is_late else 0, country, carrier.holidays)
    return add_business_days(received, carrier.lead_business_days, country, carrier.holidays)


def find_fault_of_window(day: date, zone: str, now: datetime) -> PortingRefusal | None:
    """From today where the carrier is, and at most 30 days on."""
    today = day_in(zone, now)
    return None if today <= day <= today + FARTHEST else FirmDateNotAllowed()


def is_out_of_reach(day: date, now: datetime) -> bool:
    """Too far ahead wherever the carrier is, where it may be tomorrow already."""
    return day > now.date() + FARTHEST + timedelta(days=1)


def is_soon(day: date, zone: str, now: datetime) -> bool:
    """Less than 48 hours until the day begins where the carrier is."""
    return start_of(day, zone) - now < _SOON


def find_fault_of_time(at: datetime, now: datetime) -> PortingRefusal | None:
    """What has happened lies in the past; their clock may be a little fast."""
    return TimeInTheFuture() if at > now + CLOCK_SKEW else None
