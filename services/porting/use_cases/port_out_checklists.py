"""The customer's checklist for each number of a port-out, until the last step confirms it."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from libs.common.caller import Caller, Member, Support, person_of
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
from services.porting.domain.refusals.port_outs import (
    CalledBeforeThePort,
    NumberNotGoneYet,
    TestCallNotValid,
)
from services.porting.store import port_out_numbers, port_outs
from services.porting.use_cases.access import lock_own_port_out, port_out_not_possible
from services.porting.use_cases.port_out_recording import about_numbers, save_port_out

_BY_SNAPBACK: Final = "support"
_WORKED_IN: Final = frozenset({PortOutStatus.PORTED_OUT, PortOutStatus.CONFIRMED})


async def confirm_gaining_carrier(
    connection: Connection, caller: Member | Support, port_out_id: str, number: PhoneNumber
) -> str:
    """The customer heard from the gaining carrier that the number works there (S77)."""
    port_out, checked = await _lock_number(connection, caller, port_out_id, number)
    if checked.gaining_carrier_confirmed_at is None:
        changed = replace(
            checked,
            gaining_carrier_confirmed_at=datetime.now(UTC),
            gaining_carrier_confirmed_by=person_of(caller),
        )
        await _check(connection, port_out, changed, "gaining_carrier_confirmed")
    return port_out_id


async def record_test_call(
    connection: Connection,
    caller: Member | Support,
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
    if checked.ported_out_at is not None and called_at < checked.ported_out_at:
        raise CalledBeforeThePort().at("input", "calledAt")
    if await _belongs_to_them(connection, port_out, calling_number):
        raise TestCallNotValid().at("input", "callingNumber")
    if checked.test_called_at is None:
        changed = replace(
            checked,
            test_call_from=calling_number,
            test_called_at=called_at,
            test_call_recorded_by=person_of(caller),
        )
        await _check(connection, port_out, changed, "test_call_recorded")
    return port_out_id


async def note_number_disabled(
    connection: Connection, number_id: str, disabled_at: datetime, disabled_by: str
) -> None:
    """`numbers` says that the customer disabled it: the checklist's last step (S79)."""
    for port_out_id, named in await port_out_numbers.find_open_port_outs(
        connection, number_id
    ):
        port_out = await port_outs.lock_port_out(connection, port_out_id)
        [disabled] = await port_out_numbers.find_port_out_numbers(
            connection, port_out_id, [named]
        )
        if port_out is not None and disabled.disabled_at is None:
            changed = replace(disabled, disabled_at=disabled_at, disabled_by=disabled_by)
            await _check(connection, port_out, changed, "number_disabled")


async def note_number_released(
    connection: Connection, number_id: str, released_at: datetime
) -> None:
    """Support recorded a snapback while it was leaving: nothing is left here to disable."""
    await note_number_disabled(connection, number_id, released_at, _BY_SNAPBACK)


async def note_number_restored(connection: Connection, number_id: str) -> None:
    """The customer had disabled it before it left, and uses it again: that step is open again."""
    for port_out_id, named in await port_out_numbers.find_open_port_outs(
        connection, number_id
    ):
        port_out = await port_outs.lock_port_out(connection, port_out_id)
        [restored] = await port_out_numbers.find_port_out_numbers(
            connection, port_out_id, [named]
        )
        if port_out is not None and restored.disabled_at is not None:
            changed = replace(restored, disabled_at=None, disabled_by=None)
            await _check(connection, port_out, changed, "number_restored")


async def confirm_checked(connection: Connection, port_out: PortOut) -> None:
    """What was done while it stood still: the last step may have been among it."""
    for number in await port_out_numbers.find_port_out_numbers(connection, port_out.id):
        if number.is_checked and number.confirmed_at is None and number.stays_since is None:
            port_out = await _confirm(connection, port_out, number, [])


async def _lock_number(
    connection: Connection, caller: Caller, port_out_id: str, number: PhoneNumber
) -> tuple[PortOut, PortOutNumber]:
    port_out = await lock_own_port_out(connection, caller, port_out_id)
    if port_out.status not in _WORKED_IN:
        raise port_out_not_possible(caller, port_out)
    found = await port_out_numbers.find_port_out_numbers(connection, port_out_id, [number])
    if not found or found[0].stays_since is not None:
        raise NumberUnknown().at("input", "trackingNumber")
    if found[0].ported_out_at is None:
        raise NumberNotGoneYet().at("input", "trackingNumber")
    return port_out, found[0]


async def _belongs_to_them(
    connection: Connection, port_out: PortOut, calling_number: PhoneNumber
) -> bool:
    if await port_out_numbers.find_port_out_numbers(connection, port_out.id, [calling_number]):
        return True
    return await port_out_numbers.is_in_inventory(
        connection, calling_number, port_out.account_id
    )


async def _check(
    connection: Connection, port_out: PortOut, number: PortOutNumber, step: str
) -> None:
    """One step of one number's checklist; the last step of the last number confirms all."""
    said: list[PortOutFact] = [
        about_numbers(
            PortOutChecklistChanged,
            port_out,
            [number],
            [number.company_id],
            tracking_number=number.tracking_number,
            step=step,
        )
    ]
    if number.is_checked and port_out.status is PortOutStatus.PORTED_OUT:
        await _confirm(connection, port_out, number, said)
    else:
        await port_out_numbers.save_port_out_number(connection, port_out.id, number)
        await save_port_out(connection, port_out, said)


async def _confirm(
    connection: Connection,
    port_out: PortOut,
    number: PortOutNumber,
    said: list[PortOutFact],
) -> PortOut:
    now = datetime.now(UTC)
    await port_out_numbers.save_port_out_number(
        connection, port_out.id, replace(number, confirmed_at=now)
    )
    after, company_ids = port_out, [number.company_id]
    if await port_out_numbers.count_unconfirmed(connection, port_out.id) == 0:
        after = replace(port_out, status=PortOutStatus.CONFIRMED, status_since=now)
        company_ids = await port_out_numbers.find_companies(connection, port_out.id)
    confirmed = about_numbers(
        PortOutConfirmed,
        after,
        [number],
        company_ids,
        tracking_number=number.tracking_number,
        confirmed_at=now,
    )
    return await save_port_out(connection, after, [*said, confirmed])
