"""Billing periods: when a number costs its fee, and what of a month that is."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final, Self

from libs.common.ids import new_id
from services.numbers.domain.tracking_numbers import TrackingNumber

_DECEMBER: Final = 12


@dataclass(frozen=True, kw_only=True)
class BillingPeriod:
    """From `started_at` up to `ended_at`, which is not part of it; `None` while it runs.

    One that ended before it began to cost anything has both the same.
    """

    id: str
    account_id: str
    number_id: str
    version: int
    started_at: datetime
    ended_at: datetime | None = None


class PeriodChange(StrEnum):
    OPENED = "OPENED"
    MOVED_BACK = "MOVED_BACK"
    CLOSED = "CLOSED"


@dataclass(frozen=True, kw_only=True)
class ChangedPeriod:
    """The period after the change, one version up."""

    change: PeriodChange
    period: BillingPeriod


def settle(
    number: TrackingNumber, periods: Sequence[BillingPeriod], at: datetime
) -> list[ChangedPeriod]:
    """What has to happen to a number's periods, the oldest first, to be true of the number.

    `at` is when it came to its state. The first period begins at the port's instant (S12), a
    later one when the number came back, and none before the last has ended (S80).
    """
    if number.ported_at is None:
        return []
    if not periods:
        opened = _open(number, number.ported_at)
        return [opened] if number.is_billed else [opened, _close(opened.period, at)]
    changed = []
    first, last = periods[0], periods[-1]
    if number.ported_at < first.started_at:
        moved = replace(first, version=first.version + 1, started_at=number.ported_at)
        changed.append(ChangedPeriod(change=PeriodChange.MOVED_BACK, period=moved))
        last = moved if last is first else last
    if number.is_billed and last.ended_at is not None:
        changed.append(_open(number, max(at, last.ended_at)))
    if not number.is_billed and last.ended_at is None:
        changed.append(_close(last, at))
    return changed


def _open(number: TrackingNumber, at: datetime) -> ChangedPeriod:
    period = BillingPeriod(
        id=new_id("bp"),
        account_id=number.account_id,
        number_id=number.id,
        version=1,
        started_at=at,
    )
    return ChangedPeriod(change=PeriodChange.OPENED, period=period)


def _close(period: BillingPeriod, at: datetime) -> ChangedPeriod:
    """A clock that jumps back ends nothing before it began."""
    closed = replace(period, version=period.version + 1, ended_at=max(at, period.started_at))
    return ChangedPeriod(change=PeriodChange.CLOSED, period=closed)


@dataclass(frozen=True, kw_only=True)
class Month:
    """A calendar month in UTC, as invoices count it; `ended_at` is the next one's first instant."""

    started_at: datetime
    ended_at: datetime

    @classmethod
    def of(cls, year: int, month: int) -> Self:
        following = (year + 1, 1) if month == _DECEMBER else (year, month + 1)
        return cls(
            started_at=datetime(year, month, 1, tzinfo=UTC),
            ended_at=datetime(*following, 1, tzinfo=UTC),
        )

    def until(self, now: datetime) -> Self:
        """What of it has passed."""
        return replace(self, ended_at=max(self.started_at, min(self.ended_at, now)))


@dataclass(frozen=True, kw_only=True)
class BillablePart:
    started_at: datetime
    ended_at: datetime


@dataclass(frozen=True, kw_only=True)
class BillableNumber:
    """The parts of a month in which a number cost its fee.

    `day_count`: the days of the month, in UTC, on any part of which it did; each counts once.
    """

    number_id: str
    parts: tuple[BillablePart, ...]
    day_count: int


@dataclass(frozen=True, kw_only=True)
class BillableTotals:
    number_count: int
    day_count: int
