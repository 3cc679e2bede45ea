"""The account's port-out PIN and its identifier: set, tried anew, and read on record."""

import asyncio
from datetime import UTC, datetime

from libs.common.caller import Member, Support
from libs.common.database import Connection
from libs.contracts.porting_events.port_out_shields import (
    PortOutIdentifierRevealed,
    PortOutPinChanged,
    PortOutPinTriesReset,
)
from libs.contracts.refusals import Refusal, refuse_all
from services.porting.domain.pins import Pin
from services.porting.domain.port_out_pins import PinTries, hash_pin, read_new_pin
from services.porting.domain.port_out_shield import ShieldAct, new_identifier
from services.porting.store import port_out_shields
from services.porting.use_cases.shield_changes import (
    about_shield,
    add_to_record,
    lock_own_shield,
    save_shield,
)


async def set_port_out_pin(
    connection: Connection, caller: Member, pin: str | None, *, expected_version: int | None
) -> str:
    """At once, and told to every administrator; None takes it away. The account's id."""
    shield, faults = await lock_own_shield(
        connection, caller, None, reason=None, expected_version=expected_version
    )
    new_pin = _read(pin, faults)
    refuse_all(faults)
    if new_pin is None and shield.pin_set_at is None:
        return shield.account_id
    now = datetime.now(UTC)
    pin_hash = await asyncio.to_thread(hash_pin, new_pin) if new_pin else None
    await port_out_shields.save_pin(connection, shield, pin_hash, now)
    act = ShieldAct.PIN_SET if new_pin else ShieldAct.PIN_REMOVED
    await add_to_record(connection, shield, act, now)
    changed = await about_shield(PortOutPinChanged, connection, shield, now)
    await save_shield(connection, shield, changed)
    return shield.account_id


async def reset_pin_tries(
    connection: Connection,
    caller: Member | Support,
    account_id: str | None,
    *,
    reason: str | None,
    expected_version: int | None,
) -> str:
    """The account's id; nothing happens where no try was wrong."""
    shield, faults = await lock_own_shield(
        connection, caller, account_id, reason=reason, expected_version=expected_version
    )
    refuse_all(faults)
    if not shield.tries.wrong:
        return shield.account_id
    now = datetime.now(UTC)
    await port_out_shields.save_tries(connection, shield, PinTries())
    await add_to_record(connection, shield, ShieldAct.PIN_TRIES_RESET, now, reason=reason)
    reset = await about_shield(PortOutPinTriesReset, connection, shield, now)
    await save_shield(connection, shield, reset)
    return shield.account_id


async def reveal_identifier(connection: Connection, caller: Member, reason: str | None) -> str:
    """What a gaining carrier asks for (S72); made when it is first read.

    To be shown only after the transaction has committed: each reading is on record.
    """
    shield, faults = await lock_own_shield(
        connection, caller, None, reason=reason, expected_version=None
    )
    refuse_all(faults)
    identifier = await port_out_shields.keep_identifier(connection, shield, new_identifier())
    now = datetime.now(UTC)
    await add_to_record(connection, shield, ShieldAct.IDENTIFIER_REVEALED, now, reason=reason)
    revealed = await about_shield(PortOutIdentifierRevealed, connection, shield, now)
    await save_shield(connection, shield, revealed)
    return identifier


def _read(pin: str | None, faults: list[Refusal]) -> Pin | None:
    if pin is None:
        return None
    try:
        return read_new_pin(pin)
    except Refusal as refusal:
        faults.append(refusal.at("input", "pin"))
        return None
