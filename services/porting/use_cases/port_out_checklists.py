"""The customer's checklist for each number of a port-out, until the last step confirms it."""

from dataclasses import replace
from datetime import UTC, datetime

from libs.common.caller import Member
from libs.common.database import Connection
from libs.contracts.phone_number import PhoneNumber
from libs.contracts.porting_events.port_outs import (
    PortOutChecklistChanged,
    PortOutConfirmed,
    PortOutFact,
)
from services.porting.domain.judgements import find_fault_of_time
from services.porting.domain.port_outs import PortOut, PortOutNumber, PortOutStatus
from services.porting.domain.refusals.lines import NumberUnknown
from services.porting.domain.refusals.port_outs import CalledBeforeThePort, TestCallNotValid
from services.porting.store import copies, port_outs
from services.porting.use_cases.access import lock_own_port_out, port_out_not_possible
from services.porting.use_cases.recording import about_port_out, save_port_out


async def confirm_gaining_carrier(
    connection: Connection, caller: Member, port_out_id: str, number: PhoneNumber
) -> str:
    """The customer heard from the gaining carrier that the number works there (S77)."""
    port_out, checked = await _lock_number(connection, caller, port_out_id, number)
    if checked.gaining_carrier_confirmed_at is None:
        changed = replace(
            checked,
            gaining_carrier_confirmed_at=datetime.now(UTC),
            gaining_carrier_confirmed_by=caller.member_id,
        )
        await _check(connection, port_out, changed, "gaining_carrier_confirmed")
    return port_out_id


async def record_test_call(
    connection: Connection,
    caller: Member,
    port_out_id: str,
    number: PhoneNumber,
    *,
    calling_number: PhoneNumber,
    called_at: datetime,
) -> str:
    """Only a call from a number that has nothing to do with the account proves it (S78)."""
    port_out, checked = await _lock_number(connection, caller, port_out_id, number)
    if fault := find_fault_of_time(called_at, datetime.now(UTC)):
        raise fault.at("input", "calledAt")
    if port_out.ported_out_at is not None and called_at < port_out.ported_out_at:
        raise CalledBeforeThePort().at("input", "calledAt")
    leaving = await port_outs.find_port_out_numbers(connection, port_out_id)
    inventory = await copies.find_inventory_numbers(connection, [calling_number])
    if calling_number in {each.tracking_number for each in leaving} or any(
        each.account_id == port_out.account_id for each in inventory
    ):
        raise TestCallNotValid().at("input", "callingNumber")
    if checked.test_called_at is None:
        changed = replace(
            checked,
            test_call_from=calling_number,
            test_called_at=called_at,
            test_call_recorded_by=caller.member_id,
        )
        await _check(connection, port_out, changed, "test_call_recorded")
    return port_out_id


async def note_number_disabled(
    connection: Connection, number_id: str, disabled_at: datetime
) -> None:
    """`numbers` says that the customer disabled it: the checklist's last step (S79)."""
    for port_out_id in await port_outs.find_open_port_outs(connection, number_id):
        port_out = await port_outs.lock_port_out(connection, port_out_id)
        numbers = await port_outs.find_port_out_numbers(connection, port_out_id)
        disabled = next(each for each in numbers if each.number_id == number_id)
        if port_out is not None and disabled.disabled_at is None:
            changed = replace(disabled, disabled_at=disabled_at)
            await _check(connection, port_out, changed, "number_disabled")


async def _lock_number(
    connection: Connection, caller: Member, port_out_id: str, number: PhoneNumber
) -> tuple[PortOut, PortOutNumber]:
    port_out = await lock_own_port_out(connection, caller, port_out_id)
    if port_out.status not in {PortOutStatus.PORTED_OUT, PortOutStatus.CONFIRMED}:
        raise port_out_not_possible(caller, port_out)
    numbers = await port_outs.find_port_out_numbers(connection, port_out_id)
    for each in numbers:
        if each.tracking_number == number:
            return port_out, each
    raise NumberUnknown().at("input", "trackingNumber")


async def _check(
    connection: Connection, port_out: PortOut, number: PortOutNumber, step: str
) -> None:
    """One step of one number's checklist; the last step of the last number confirms all."""
    now = datetime.now(UTC)
    is_confirmed = number.is_checked and port_out.status is PortOutStatus.PORTED_OUT
    saved = replace(number, confirmed_at=now) if is_confirmed else number
    await port_outs.save_port_out_number(connection, port_out.id, saved)
    numbers = await port_outs.find_port_out_numbers(connection, port_out.id)
    said: list[PortOutFact] = [
        about_port_out(
            PortOutChecklistChanged,
            port_out,
            numbers,
            tracking_number=number.tracking_number,
            step=step,
        )
    ]
    after = port_out
    if is_confirmed:
        if all(each.confirmed_at for each in numbers):
            after = replace(port_out, status=PortOutStatus.CONFIRMED)
        said.append(
            about_port_out(
                PortOutConfirmed,
                after,
                numbers,
                tracking_number=number.tracking_number,
                confirmed_at=now,
            )
        )
    await save_port_out(connection, after, *said)
