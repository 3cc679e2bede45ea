"""What happens to tracking numbers: ported in, called, leaving, disabled."""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final, TypedDict

from libs.common import outbox
from libs.common.database import Connection, after_commit
from libs.common.sight import Sight
from libs.contracts.number_events import (
    NumberDisabled,
    NumberFact,
    NumberPortedIn,
    NumberPortedOut,
    NumberPortingOut,
    NumberReleased,
)
from libs.contracts.phone_number import PhoneNumber
from services.numbers.domain.refusals import (
    NumberCannotBeDisabled,
    NumberNotFound,
    VersionConflict,
)
from services.numbers.domain.tracking_numbers import NumberState, TrackingNumber
from services.numbers.store import tracking_numbers as store
from services.numbers.store.port_out_disabling import find_disables_ported_out
from services.numbers.use_cases.billing_periods import CHANGES_BILLING, settle_periods

log = logging.getLogger(__name__)

_BY_PORT_OUT: Final = "port-out"


class PublicState(TypedDict):
    account_id: str
    company_id: str
    tracking_number: PhoneNumber
    state: str
    port_request_id: str | None


async def port_in_numbers(
    connection: Connection, account_id: str, ported_at: Mapping[str, datetime]
) -> None:
    """`ported_at` is each line's instant by the line's id."""
    found = await store.lock_numbers_of_lines(connection, account_id, list(ported_at))
    changed = []
    for number in found:
        assert number.line_id is not None
        after = number.port_in(ported_at[number.line_id])
        if after is not number:
            changed.append(after)
    await save_and_record(connection, changed, _ported_in)
    log_change("numbers.ported_in", changed, missing=len(ported_at) - len(found))


async def release_numbers(
    connection: Connection, account_id: str, line_ids: Sequence[str], ended_at: datetime
) -> None:
    """These lines will never port. A number that has rung or ported stays."""
    found = await store.lock_numbers_of_lines(connection, account_id, line_ids)
    after = ((number, number.end_line(ended_at)) for number in found)
    changed = [new for old, new in after if new is not old]
    released = [number for number in changed if number.state is NumberState.RELEASED]
    await save_and_record(connection, released, tell_released)
    log_change("numbers.released", released, missing=len(line_ids) - len(found))
    if rung := [number for number in changed if number.state is not NumberState.RELEASED]:
        await store.save_numbers(connection, rung)
        log_change("numbers.rings_without_line", rung)


async def revert_numbers(
    connection: Connection, account_id: str, line_ids: Sequence[str], reverted_at: datetime
) -> None:
    """Snapback: these lines are with their losing carrier again, whatever rang here meanwhile."""
    found = await store.lock_numbers_of_lines(connection, account_id, line_ids)
    after = ((number, number.revert()) for number in found)
    changed = [new for old, new in after if new is not old]
    await save_and_record(connection, changed, tell_released, at=reverted_at)
    log_change("numbers.reverted", changed, missing=len(line_ids) - len(found))


async def start_port_out(
    connection: Connection,
    account_id: str,
    port_out_id: str,
    phone_numbers: Sequence[PhoneNumber],
) -> None:
    found = await store.lock_numbers_of_ours(connection, account_id, phone_numbers)
    after = ((number, number.authorize_port_out(port_out_id)) for number in found)
    changed = [new for old, new in after if new is not old]
    await save_and_record(connection, changed, _porting_out)
    log_change("numbers.porting_out", changed, missing=len(phone_numbers) - len(found))


async def finish_port_out(
    connection: Connection,
    account_id: str,
    port_out_id: str,
    phone_numbers: Sequence[PhoneNumber],
    ported_out_at: datetime,
) -> None:
    """Where the account says so, what has left is disabled at the same instant."""
    found = await store.lock_numbers_of_ours(connection, account_id, phone_numbers)
    after = ((number, number.port_out(port_out_id, ported_out_at)) for number in found)
    changed = [new for old, new in after if new is not old]
    await save_and_record(connection, changed, _ported_out)
    log_change("numbers.ported_out", changed, missing=len(phone_numbers) - len(found))
    if await find_disables_ported_out(connection, account_id):
        left = [number for number in changed if number.can_be_disabled]
        disabled = [number.disable(_BY_PORT_OUT, ported_out_at) for number in left]
        await record_disabled(connection, disabled)


async def disable_number(
    connection: Connection,
    number_id: str,
    *,
    sight: Sight,
    disabled_by: str,
    expected_version: int | None,
) -> TrackingNumber:
    """Raises `NumberNotFound`, `VersionConflict` or `NumberCannotBeDisabled`."""
    number = await store.lock_number(connection, number_id, sight)
    if number is None:
        raise NumberNotFound().at("input", "trackingNumberId")
    if expected_version not in {None, number.version}:
        raise VersionConflict().at("input", "expectedVersion")
    try:
        disabled = number.disable(disabled_by, datetime.now(UTC))
    except NumberCannotBeDisabled as refusal:
        raise refusal.at("input", "trackingNumberId") from None
    await record_disabled(connection, [disabled])
    return disabled


async def record_disabled(connection: Connection, disabled: Sequence[TrackingNumber]) -> None:
    await save_and_record(connection, disabled, _disabled)
    log_change("numbers.disabled", disabled)


async def save_and_record(
    connection: Connection,
    changed: Sequence[TrackingNumber],
    tell: Callable[[TrackingNumber], NumberFact],
    *,
    at: datetime | None = None,
) -> None:
    """Each number's version is the sequence of the one event about its change.

    Where this begins or ends charges, `at` is the instant, unless the number has it.
    """
    if not changed:
        return
    await store.save_numbers(connection, changed)
    facts = [(number, tell(number)) for number in changed]
    await outbox.record_each(
        connection,
        ((number.id, number.version, fact) for number, fact in facts),
        datetime.now(UTC),
    )
    billed = [number for number, fact in facts if isinstance(fact, CHANGES_BILLING)]
    await settle_periods(connection, billed, at)


def _ported_in(number: TrackingNumber) -> NumberPortedIn:
    assert number.ported_at is not None
    return NumberPortedIn(**public_state(number), ported_at=number.ported_at)


def tell_released(number: TrackingNumber) -> NumberReleased:
    return NumberReleased(**public_state(number))


def _porting_out(number: TrackingNumber) -> NumberPortingOut:
    assert number.port_out_id is not None
    return NumberPortingOut(**public_state(number), port_out_id=number.port_out_id)


def _ported_out(number: TrackingNumber) -> NumberPortedOut:
    assert number.port_out_id is not None
    assert number.ported_out_at is not None
    return NumberPortedOut(
        **public_state(number),
        port_out_id=number.port_out_id,
        ported_out_at=number.ported_out_at,
    )


def _disabled(number: TrackingNumber) -> NumberDisabled:
    assert number.disabled_at is not None
    assert number.disabled_by is not None
    return NumberDisabled(
        **public_state(number),
        disabled_at=number.disabled_at,
        disabled_by=number.disabled_by,
    )


def public_state(number: TrackingNumber) -> PublicState:
    return PublicState(
        account_id=number.account_id,
        company_id=number.company_id,
        tracking_number=number.phone_number,
        state=number.state,
        port_request_id=number.port_request_id,
    )


def log_change(action: str, changed: Iterable[TrackingNumber], missing: int = 0) -> None:
    """Once it is committed."""
    ids = [number.id for number in changed]
    known = {"count": len(ids), "number_ids": ids[:10], "missing": missing}
    after_commit(lambda: log.info("numbers changed", extra={"action": action, **known}))
