"""Billing periods follow what becomes of numbers."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from libs.common import outbox
from libs.common.database import Connection
from libs.contracts.billing_events import (
    BillingPeriodClosed,
    BillingPeriodFact,
    BillingPeriodMovedBack,
    BillingPeriodOpened,
)
from libs.contracts.number_events import (
    NumberDisabled,
    NumberPortedIn,
    NumberReleased,
    NumberRestored,
    NumberReturned,
)
from services.numbers.domain.billing_periods import (
    ChangedPeriod,
    PeriodChange,
    settle,
)
from services.numbers.domain.tracking_numbers import TrackingNumber
from services.numbers.store import billing_periods as store

_FACTS: Final[Mapping[PeriodChange, type[BillingPeriodFact]]] = {
    PeriodChange.OPENED: BillingPeriodOpened,
    PeriodChange.MOVED_BACK: BillingPeriodMovedBack,
    PeriodChange.CLOSED: BillingPeriodClosed,
}
# What may begin, move or end charges; nothing else costs a look at the periods.
CHANGES_BILLING: Final = (
    NumberPortedIn,
    NumberDisabled,
    NumberRestored,
    NumberReturned,
    NumberReleased,
)


async def settle_periods(
    connection: Connection, numbers: Sequence[TrackingNumber], at: datetime | None = None
) -> None:
    """Makes the periods of locked numbers true of what they are now.

    `at` is when they came to it: one that is disabled says so itself.
    """
    ported = [number for number in numbers if number.ported_at is not None]
    if not ported:
        return
    periods = await store.find_periods(connection, ported)
    now = datetime.now(UTC)
    changed = [
        (number, each)
        for number in ported
        for each in settle(number, periods.get(number.id, ()), at or number.disabled_at or now)
    ]
    if not changed:
        return
    # The last of a period that both begins and ends.
    latest = {each.period.id: each.period for _, each in changed}
    await store.save_periods(connection, list(latest.values()))
    await outbox.record_each(
        connection,
        (
            (each.period.id, each.period.version, _fact_about(number, each))
            for number, each in changed
        ),
        now,
    )


def _fact_about(number: TrackingNumber, changed: ChangedPeriod) -> BillingPeriodFact:
    return _FACTS[changed.change](
        account_id=number.account_id,
        company_id=number.company_id,
        number_id=number.id,
        tracking_number=number.phone_number,
        started_at=changed.period.started_at,
        ended_at=changed.period.ended_at,
    )
