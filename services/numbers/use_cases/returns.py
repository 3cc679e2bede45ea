"""Numbers that come back into use: kept after all, returned, restored."""

import logging
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from libs.common.database import Connection, after_commit
from libs.common.sight import Sight
from libs.contracts.number_events import (
    NumberPortOutCancelled,
    NumberRestored,
    NumberReturned,
)
from libs.contracts.phone_number import PhoneNumber
from services.numbers.domain.refusals import (
    AccountOfNumberDisabled,
    ForwardingLoop,
    NumberCannotBeRestored,
    NumberNotFound,
    VersionConflict,
)
from services.numbers.domain.tracking_numbers import TrackingNumber
from services.numbers.store import returns as store
from services.numbers.store.account_changes import hold_account
from services.numbers.store.tracking_numbers import is_live, lock_number
from services.numbers.store.turns import take_turn
from services.numbers.use_cases.tracking_numbers import (
    log_change,
    public_state,
    save_and_record,
)

log = logging.getLogger(__name__)


async def cancel_port_out(
    connection: Connection,
    account_id: str,
    port_out_id: str,
    phone_numbers: Sequence[PhoneNumber],
) -> None:
    """The gaining carrier does not take these numbers: they are in use as before."""
    found = await store.lock_numbers_of_port_out(
        connection, account_id, port_out_id, phone_numbers
    )
    after = ((number, number.keep(port_out_id)) for number in found)
    changed = [new for old, new in after if new is not old]

    def tell(number: TrackingNumber) -> NumberPortOutCancelled:
        return NumberPortOutCancelled(**public_state(number), port_out_id=port_out_id)

    await save_and_record(connection, changed, tell)
    log_change("numbers.port_out_cancelled", changed, missing=len(phone_numbers) - len(found))


async def take_back_numbers(
    connection: Connection,
    account_id: str,
    port_out_id: str,
    phone_numbers: Sequence[PhoneNumber],
    returned_at: datetime,
) -> None:
    """These had left and are ours again; those that were disabled for it are charged anew.

    One that has come to us again meanwhile, by a port-in of its own, stays where it was.
    """
    await take_turn(connection)
    found = await store.lock_numbers_of_port_out(
        connection, account_id, port_out_id, phone_numbers
    )
    replaced = await store.find_replaced(connection, [number.id for number in found])
    if replaced:
        _warn("numbers.returned_too_late", "it is in inventory again", replaced)
    after = (
        (number, number.take_back(port_out_id))
        for number in found
        if number.id not in replaced
    )
    changed = [new for old, new in after if new is not old]

    def tell(number: TrackingNumber) -> NumberReturned:
        return NumberReturned(
            **public_state(number), port_out_id=port_out_id, returned_at=returned_at
        )

    await save_and_record(connection, changed, tell, at=returned_at)
    if chained := await store.find_chained(connection, changed):
        _warn("numbers.chained", "it rings at one that is in inventory", chained)
    log_change("numbers.returned", changed, missing=len(phone_numbers) - len(found))


async def restore_number(
    connection: Connection,
    number_id: str,
    *,
    sight: Sight,
    restored_by: str,
    expected_version: int | None,
) -> TrackingNumber:
    """It is charged again from now on.

    Raises `NumberNotFound`, `VersionConflict`, `AccountOfNumberDisabled`,
    `NumberCannotBeRestored` or `ForwardingLoop`.
    """
    await take_turn(connection)
    number = await lock_number(connection, number_id, sight)
    if number is None:
        raise NumberNotFound().at("input", "trackingNumberId")
    if expected_version not in {None, number.version}:
        raise VersionConflict().at("input", "expectedVersion")
    if await hold_account(connection, number.account_id):
        raise AccountOfNumberDisabled().at("input", "trackingNumberId")
    try:
        restored = number.restore()
    except NumberCannotBeRestored as refusal:
        raise refusal.at("input", "trackingNumberId") from None
    if await is_live(connection, number.forwarding_number):
        raise ForwardingLoop().at("input", "trackingNumberId")
    at = datetime.now(UTC)

    def tell(number: TrackingNumber) -> NumberRestored:
        return NumberRestored(**public_state(number), restored_at=at, restored_by=restored_by)

    await save_and_record(connection, [restored], tell, at=at)
    log_change("numbers.restored", [restored])
    return restored


def _warn(action: str, why: str, number_ids: Iterable[str]) -> None:
    known = {"action": action, "number_ids": sorted(number_ids)}
    after_commit(lambda: log.warning("a number came back, and %s", why, extra=known))
