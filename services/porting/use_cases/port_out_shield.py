"""Judging a gaining carrier's report by the shield of the account that has the numbers."""

import asyncio
from collections.abc import Sequence
from datetime import datetime

from libs.common.database import Connection, apart
from libs.contracts.phone_number import PhoneNumber
from libs.contracts.porting_events.port_out_shields import PortOutPinBlocked
from services.porting.domain.pins import Pin
from services.porting.domain.port_out_pins import PinTries, is_pin_right, read_stated_pin
from services.porting.domain.port_out_shield import (
    PortOutLock,
    ShieldAct,
    Verdict,
    is_same_identifier,
)
from services.porting.store import port_out_locks, port_out_shields
from services.porting.store.copies import InventoryNumber
from services.porting.use_cases.shield_changes import about_shield, add_to_record, save_shield


async def judge_report(
    connection: Connection,
    account_id: str,
    numbers: Sequence[InventoryNumber],
    pin: str | None,
    account_identifier: str | None,
    *,
    at: datetime,
) -> dict[PhoneNumber, Verdict]:
    """One verdict for each number.

    `pin` and `account_identifier` as the gaining carrier wrote them; `at` by our clock.

    To be called in the worker's transaction, once for each report that came in: a wrong PIN
    counts as a try at once, also where the report is rolled back.
    """
    locks = await port_out_locks.find_locks(
        connection, account_id, [number.number_id for number in numbers]
    )
    locked = {number.tracking_number for number in numbers if _is_locked(locks, number, at)}
    asked = [n.tracking_number for n in numbers if n.tracking_number not in locked]
    verdict = Verdict.LOCKED
    if asked:
        verdict = await _judge_what_was_stated(
            connection, account_id, asked, pin, account_identifier, at
        )
    return {
        number.tracking_number: Verdict.LOCKED if number.tracking_number in locked else verdict
        for number in numbers
    }


def _is_locked(
    locks: dict[str | None, PortOutLock], number: InventoryNumber, at: datetime
) -> bool:
    return any(
        holder in locks and locks[holder].is_closed_at(at)
        for holder in (None, number.number_id)
    )


async def _judge_what_was_stated(
    connection: Connection,
    account_id: str,
    asked: Sequence[PhoneNumber],
    pin: str | None,
    account_identifier: str | None,
    at: datetime,
) -> Verdict:
    known, has_pin = await port_out_shields.find_gates(connection, account_id)
    stated = (account_identifier or "").strip()
    # An account that never asked for its identifier cannot have given it to anybody.
    if stated and known and not is_same_identifier(stated, known):
        return Verdict.ACCOUNT_IDENTIFIER_WRONG
    if not has_pin:
        return Verdict.PASSED
    stated_pin = read_stated_pin(pin)
    if stated_pin is None:
        return Verdict.PIN_MISSING
    return await _try_pin(account_id, stated_pin, asked, at)


async def _try_pin(
    account_id: str, stated: Pin, asked: Sequence[PhoneNumber], at: datetime
) -> Verdict:
    """One after the other for each account: so no try is lost, and none goes beyond the last."""
    async with apart() as connection:
        shield, pin_hash = await port_out_shields.lock_shield_with_pin(connection, account_id)
        if pin_hash is None:
            return Verdict.PASSED
        if not shield.tries.left_at(at):
            return Verdict.TOO_MANY_TRIES
        if await asyncio.to_thread(is_pin_right, stated, pin_hash):
            if shield.tries.wrong:
                await port_out_shields.save_tries(connection, shield, PinTries())
            return Verdict.PASSED
        tries = shield.tries.after_wrong(at)
        await port_out_shields.save_tries(connection, shield, tries)
        await add_to_record(connection, shield, ShieldAct.PIN_WRONG, at, asked)
        if blocked_until := tries.blocked_until_at(at):
            await add_to_record(connection, shield, ShieldAct.PIN_BLOCKED, at, asked)
            blocked = await about_shield(
                PortOutPinBlocked,
                connection,
                shield,
                at,
                blocked_until=blocked_until,
                tracking_numbers=list(asked),
            )
            await save_shield(connection, shield, blocked)
        return Verdict.PIN_WRONG
