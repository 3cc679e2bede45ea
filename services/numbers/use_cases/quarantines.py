"""Numbers that stay disabled are kept back for a while, and then let go."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from libs.common.database import Connection
from libs.common.timers import set_timer
from libs.contracts.number_events import NumberQuarantined
from services.numbers.domain.tracking_numbers import TrackingNumber
from services.numbers.store import quarantines as store
from services.numbers.use_cases.tracking_numbers import (
    log_change,
    public_state,
    save_and_record,
    tell_released,
)

ENDINGS_DUE: Final = "number_endings"
NUMBERS_AT_ONCE: Final = 500
_ALL: Final = "all"


@dataclass(frozen=True, kw_only=True)
class Retention:
    """How long a number stays in the tab of the disabled, and then in quarantine."""

    disabled: timedelta
    quarantined: timedelta


async def start_endings(connection: Connection) -> None:
    """One timer for all: an account may disable ten thousands of numbers at once."""
    await set_timer(connection, ENDINGS_DUE, _ALL, datetime.now(UTC))


async def end_due_numbers(connection: Connection, retention: Retention) -> None:
    """What is due now, at most so many at once; the rest by a timer of its own."""
    now = datetime.now(UTC)
    quarantined = await quarantine_numbers(connection, retention, at=now)
    released = await release_quarantined_numbers(connection, retention, at=now)
    if max(quarantined, released) == NUMBERS_AT_ONCE:
        await start_endings(connection)


async def quarantine_numbers(
    connection: Connection, retention: Retention, *, at: datetime
) -> int:
    """Answers how many."""
    found = await store.lock_disabled_numbers(
        connection, at - retention.disabled, NUMBERS_AT_ONCE
    )
    changed = [number.quarantine(at) for number in found]
    await save_and_record(connection, changed, _quarantined)
    if changed:
        log_change("numbers.quarantined", changed)
    return len(changed)


async def release_quarantined_numbers(
    connection: Connection, retention: Retention, *, at: datetime
) -> int:
    found = await store.lock_quarantined_numbers(
        connection, at - retention.quarantined, NUMBERS_AT_ONCE
    )
    changed = [number.end_quarantine() for number in found]
    await save_and_record(connection, changed, tell_released)
    if changed:
        log_change("numbers.released", changed)
    return len(changed)


def _quarantined(number: TrackingNumber) -> NumberQuarantined:
    assert number.quarantined_at is not None
    return NumberQuarantined(**public_state(number), quarantined_at=number.quarantined_at)
