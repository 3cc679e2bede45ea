"""Locking numbers and accounts against port-outs: at once; unlocking takes its time."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from libs.common.batches import split
from libs.common.caller import Member, Support
from libs.common.database import Connection
from libs.common.timers import clear_timer, set_timer
from libs.contracts.phone_number import PhoneNumber
from libs.contracts.porting_events.port_out_shields import (
    PortOutLocked,
    PortOutLockFact,
    PortOutUnlockAsked,
    PortOutUnlocked,
)
from libs.contracts.refusals import Refusal, refuse_all
from services.porting.domain.port_out_shield import (
    MOST_NUMBERS,
    PortOutLock,
    PortOutShield,
    ShieldAct,
)
from services.porting.domain.refusals.port_out_shields import (
    NoNumbers,
    NotLocked,
    NumberUnknown,
    TooManyNumbers,
)
from services.porting.store import copies, pins, port_out_locks, port_out_shields
from services.porting.store.copies import InventoryNumber
from services.porting.use_cases.shield_changes import (
    about_shield,
    add_to_record,
    lock_own_shield,
    save_shield,
)

UNLOCK_DUE: Final = "port_out_unlock_due"
_SOON: Final = timedelta(seconds=5)


async def lock_port_out(
    connection: Connection,
    caller: Member | Support,
    account_id: str | None,
    numbers: Sequence[PhoneNumber] | None,
    *,
    reason: str | None,
    expected_version: int | None,
) -> str:
    """Of these numbers, or of the whole account where `numbers` is None; the account's id."""
    shield, faults = await lock_own_shield(
        connection, caller, account_id, reason=reason, expected_version=expected_version
    )
    held = await _find_held(connection, shield, numbers, faults)
    refuse_all(faults)
    now, actor = datetime.now(UTC), await pins.find_actor(connection)
    locks = [
        lock.locked_again(now, actor)
        if lock
        else PortOutLock(
            number_id=number.number_id if number else None,
            tracking_number=number.tracking_number if number else None,
            locked_at=now,
            locked_by=actor,
        )
        for number, lock in held
    ]
    before = [lock for _, lock in held]
    changed = [new for new, old in zip(locks, before, strict=True) if new != old]
    await _save(
        connection, shield, changed, PortOutLocked, ShieldAct.LOCKED, at=now, reason=reason
    )
    return shield.account_id


async def unlock_port_out(
    connection: Connection,
    caller: Member | Support,
    account_id: str | None,
    numbers: Sequence[PhoneNumber] | None,
    *,
    reason: str | None,
    expected_version: int | None,
    cooling_off: timedelta,
) -> str:
    """They open once it has cooled off; who locks them again before takes it back."""
    shield, faults = await lock_own_shield(
        connection, caller, account_id, reason=reason, expected_version=expected_version
    )
    held = await _find_held(connection, shield, numbers, faults)
    now, actor = datetime.now(UTC), await pins.find_actor(connection)
    faults += [
        NotLocked().at("input", *_place(numbers, number))
        for number, lock in held
        if lock is None or not lock.is_closed_at(now)
    ]
    refuse_all(faults)
    locks = [lock for _, lock in held if lock]
    opening = [lock.unlocking(now, actor, cooling_off) for lock in locks]
    changed = [new for new, old in zip(opening, locks, strict=True) if new != old]
    await _save(
        connection,
        shield,
        changed,
        PortOutUnlockAsked,
        ShieldAct.UNLOCK_ASKED,
        at=now,
        reason=reason,
        unlocks_at=now + cooling_off,
    )
    return shield.account_id


async def end_cooled_off_locks(connection: Connection, account_id: str) -> None:
    """The account's timer is due: what has opened by itself is told, and is gone."""
    now = datetime.now(UTC)
    shield = await port_out_shields.lock_shield_if_free(connection, account_id)
    if shield is None:
        # Who has it may be waiting for the timer that fires now.
        await set_timer(connection, UNLOCK_DUE, account_id, now + _SOON)
        return
    opened = await port_out_locks.remove_unlocked(connection, account_id, now)
    of_numbers = [lock for lock in opened if lock.number_id is not None]
    of_account = [lock for lock in opened if lock.number_id is None]
    batches = [*split(of_account, 1), *split(of_numbers, MOST_NUMBERS)]
    await _tell(connection, shield, batches, PortOutUnlocked, ShieldAct.UNLOCKED, at=now)
    await _set_timer(connection, account_id)


async def _find_held(
    connection: Connection,
    shield: PortOutShield,
    numbers: Sequence[PhoneNumber] | None,
    faults: list[Refusal],
) -> list[tuple[InventoryNumber | None, PortOutLock | None]]:
    """What is asked for, each with the lock that stands; None for the account itself.

    What cannot be found is added to `faults`.
    """
    if numbers is None:
        locks = await port_out_locks.find_locks(connection, shield.account_id, [])
        return [(None, locks.get(None))]
    if not numbers:
        faults.append(NoNumbers().at("input", "trackingNumbers"))
    if len(numbers) > MOST_NUMBERS:
        faults.append(TooManyNumbers(MOST_NUMBERS).at("input", "trackingNumbers"))
        return []
    found = {
        number.tracking_number: number
        for number in await copies.find_inventory_numbers(connection, numbers)
        if number.account_id == shield.account_id
    }
    faults += [
        NumberUnknown().at("input", "trackingNumbers", str(place))
        for place, number in enumerate(numbers)
        if number not in found
    ]
    locks = await port_out_locks.find_locks(
        connection, shield.account_id, [number.number_id for number in found.values()]
    )
    return [(number, locks.get(number.number_id)) for number in found.values()]


def _place(
    numbers: Sequence[PhoneNumber] | None, number: InventoryNumber | None
) -> tuple[str, ...]:
    if numbers is None or number is None:
        return ()
    return "trackingNumbers", str(numbers.index(number.tracking_number))


async def _save(
    connection: Connection,
    shield: PortOutShield,
    locks: Sequence[PortOutLock],
    fact: type[PortOutLockFact],
    act: ShieldAct,
    *,
    at: datetime,
    reason: str | None,
    **said: datetime,
) -> None:
    if not locks:
        return
    await port_out_locks.save_locks(connection, shield.account_id, locks)
    await _set_timer(connection, shield.account_id)
    await _tell(connection, shield, [locks], fact, act, at=at, reason=reason, **said)


async def _tell(
    connection: Connection,
    shield: PortOutShield,
    batches: Sequence[Sequence[PortOutLock]],
    fact: type[PortOutLockFact],
    act: ShieldAct,
    *,
    at: datetime,
    reason: str | None = None,
    **said: datetime,
) -> None:
    facts = []
    for locks in batches:
        numbers = [lock.tracking_number for lock in locks if lock.tracking_number]
        await add_to_record(connection, shield, act, at, numbers, reason=reason)
        facts.append(
            await about_shield(fact, connection, shield, at, tracking_numbers=numbers, **said)
        )
    await save_shield(connection, shield, *facts)


async def _set_timer(connection: Connection, account_id: str) -> None:
    due_at = await port_out_locks.find_next_unlock(connection, account_id)
    if due_at is None:
        await clear_timer(connection, UNLOCK_DUE, account_id)
    else:
        await set_timer(connection, UNLOCK_DUE, account_id, due_at)
