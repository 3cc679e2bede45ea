"""When a port will probably be done: a window of weeks, until a firm date replaces it (S14 to S18)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final, Self

from libs.contracts.port_windows import is_bulk, weeks_of
from services.porting.domain.calendars import day_in
from services.porting.domain.losing_carriers import LosingCarrier

# A port-out is never bulk, whatever its size (S75).
_USUAL_LINES: Final = 1


class EstimateReason(StrEnum):
    """Why the window is as it is, the weightiest first; each carries its sentence."""

    sentence: str

    def __new__(cls, value: str, sentence: str) -> Self:
        reason = str.__new__(cls, value)
        reason._value_ = value
        reason.sentence = sentence
        return reason

    FIRM_DATE = "FIRM_DATE", "The losing carrier gave the date."
    LETTER_REPLACED = (
        "LETTER_REPLACED",
        "The letter had to be signed again, so the time counts from its new signature.",
    )
    DOCUMENT_REPLACED = (
        "DOCUMENT_REPLACED",
        "A document had to be replaced, so the time counts from the day the new one came in.",
    )
    LOSING_CARRIER = "LOSING_CARRIER", "This losing carrier has its own usual time."
    BULK = "BULK", "Requests with many numbers usually take 6 to 8 weeks."
    USUAL = "USUAL", "Ports usually take 4 to 6 weeks from the last needed document."


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """From the first to the last day, both in `zone`; one day only where it is firm (S17)."""

    first_day: date
    last_day: date
    started_at: datetime
    reason: EstimateReason
    zone: str
    firm_date: date | None = None

    @property
    def is_estimate(self) -> bool:
        return self.firm_date is None


@dataclass(frozen=True, kw_only=True)
class Clock:
    """When everything needed was in; `restarted_by` where something had to be replaced (S18)."""

    started_at: datetime
    restarted_by: EstimateReason | None = None


@dataclass(frozen=True, kw_only=True)
class Received:
    """What a request's clock is read from.

    `proof_at` and `signed_at` are of the papers that count now; a lost one was relied upon since
    the submission, and then refused or superseded.
    """

    submitted_at: datetime
    proof_at: datetime | None
    signed_at: datetime | None
    has_lost_proof: bool
    has_lost_letter: bool


def read_clock(received: Received) -> Clock | None:
    """None while a needed document is missing: nothing can be promised."""
    if received.proof_at is None or received.signed_at is None:
        return None
    started_at = max(received.submitted_at, received.proof_at, received.signed_at)
    restarted_by = None
    if received.has_lost_letter and started_at == received.signed_at:
        restarted_by = EstimateReason.LETTER_REPLACED
    elif received.has_lost_proof and started_at == received.proof_at:
        restarted_by = EstimateReason.DOCUMENT_REPLACED
    return Clock(started_at=started_at, restarted_by=restarted_by)


def estimate_port_in(
    clock: Clock,
    *,
    line_count: int,
    carriers: Iterable[LosingCarrier],
    firm_dates: tuple[date, date] | None = None,
) -> Estimate:
    """The slowest of its carriers counts; `firm_dates` are the first and last of all live lines."""
    each = list(carriers) or [LosingCarrier(key="", name="")]
    zone = each[0].zone
    if firm_dates is not None:
        return Estimate(
            first_day=firm_dates[0],
            last_day=firm_dates[1],
            started_at=clock.started_at,
            reason=EstimateReason.FIRM_DATE,
            zone=zone,
            firm_date=firm_dates[1],
        )
    general = _days_of(line_count)
    own = [carrier.estimate_days for carrier in each if carrier.estimate_days]
    days = max([*own, general] if len(own) < len(each) else own, key=lambda pair: pair[1])
    reason = (
        EstimateReason.LOSING_CARRIER
        if days in own
        else (EstimateReason.BULK if is_bulk(line_count) else EstimateReason.USUAL)
    )
    return _window(clock, days, clock.restarted_by or reason, zone)


def estimate_port_out(received_at: datetime, firm_date: date | None, zone: str) -> Estimate:
    """S75: from the gaining carrier's request, until a date is known."""
    if firm_date is not None:
        return Estimate(
            first_day=firm_date,
            last_day=firm_date,
            started_at=received_at,
            reason=EstimateReason.FIRM_DATE,
            zone=zone,
            firm_date=firm_date,
        )
    return _window(
        Clock(started_at=received_at), _days_of(_USUAL_LINES), EstimateReason.USUAL, zone
    )


def _days_of(line_count: int) -> tuple[int, int]:
    least, most = weeks_of(line_count)
    return 7 * least, 7 * most


def _window(
    clock: Clock, days: tuple[int, int], reason: EstimateReason, zone: str
) -> Estimate:
    start = day_in(zone, clock.started_at)
    return Estimate(
        first_day=start + timedelta(days=days[0]),
        last_day=start + timedelta(days=days[1]),
        started_at=clock.started_at,
        reason=reason,
        zone=zone,
    )
