"""A port-out, from the gaining carrier's request to the customer's last confirmation."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Final

from libs.common.caller import Anonymous, Caller, Member
from libs.common.database import Connection
from libs.common.ids import new_id
from libs.common.timers import clear_timer, set_timer
from libs.contracts.phone_number import PhoneNumber
from libs.contracts.porting_events import (
    PortOutAuthorized,
    PortOutChecklistChanged,
    PortOutConfirmed,
    PortOutFact,
    PortOutPorted,
    PortOutReceived,
    PortOutReported,
    PortOutScheduled,
)
from services.porting.domain.port_outs import (
    PortOut,
    PortOutEvent,
    PortOutNumber,
    PortOutStatus,
)
from services.porting.domain.refusals import (
    FirmDateNotAllowed,
    NumberUnknown,
    TestCallNotValid,
    TimeInTheFuture,
)
from services.porting.store import copies, port_outs
from services.porting.store.copies import InventoryNumber
from services.porting.use_cases.access import lock_own_port_out, port_out_not_possible
from services.porting.use_cases.recording import about_port_out, save_port_out

ANSWER_DUE: Final = "port_out_answer_due"
_FARTHEST = timedelta(days=30)


class NoSuchNumbersError(Exception):
    """A gaining carrier asks for numbers that are not in inventory: a person must look."""


async def receive_port_out(
    connection: Connection, report: PortOutReported, reference: str
) -> None:
    """One port-out for each account that has some of the numbers; the same report once."""
    found = await copies.find_inventory_numbers(connection, report.tracking_numbers)
    if not found:
        raise NoSuchNumbersError
    by_account: dict[str, list[InventoryNumber]] = {}
    for number in found:
        by_account.setdefault(number.account_id, []).append(number)
    for account_id, numbers in sorted(by_account.items()):
        await _receive(connection, report, reference, account_id, numbers)


async def _receive(
    connection: Connection,
    report: PortOutReported,
    reference: str,
    account_id: str,
    numbers: Sequence[InventoryNumber],
) -> None:
    now = datetime.now(UTC)
    port_out = PortOut(
        id=new_id("po"),
        account_id=account_id,
        gaining_carrier=report.gaining_carrier,
        reference=reference,
        status=PortOutStatus.RECEIVED,
        received_at=now,
        answer_by=report.answer_by,
        version=0,
    )
    leaving = [
        PortOutNumber(
            tracking_number=number.tracking_number,
            number_id=number.number_id,
            company_id=number.company_id,
        )
        for number in numbers
    ]
    if not await port_outs.add_port_out(connection, port_out, leaving):
        return
    await set_timer(connection, ANSWER_DUE, port_out.id, port_out.answer_by)
    fact = about_port_out(
        PortOutReceived, port_out, leaving, received_at=now, answer_by=port_out.answer_by
    )
    await save_port_out(connection, port_out, fact)


async def authorize_port_out(connection: Connection, caller: Member, port_out_id: str) -> str:
    # Before the port-out: a timer that fires now has locked them in this order.
    await clear_timer(connection, ANSWER_DUE, port_out_id)
    port_out = await lock_own_port_out(connection, caller, port_out_id)
    await _move(
        connection,
        caller,
        port_out,
        PortOutEvent.ADMINISTRATOR_AUTHORIZED,
        lambda status: replace(port_out, status=status, authorized_by=caller.member_id),
        lambda moved, numbers: about_port_out(
            PortOutAuthorized, moved, numbers, by_silence=False
        ),
    )
    return port_out_id


async def authorize_by_silence(connection: Connection, port_out_id: str) -> None:
    """The answer-by time has passed: to say nothing never keeps a number from leaving."""
    port_out = await port_outs.lock_port_out(connection, port_out_id)
    if port_out is None:
        return
    await _move(
        connection,
        Anonymous(),
        port_out,
        PortOutEvent.ANSWER_TIME_PASSED,
        lambda status: replace(port_out, status=status),
        lambda moved, numbers: about_port_out(
            PortOutAuthorized, moved, numbers, by_silence=True
        ),
    )


async def schedule_port_out(
    connection: Connection, caller: Caller, port_out_id: str, firm_date: date
) -> str:
    port_out = await lock_own_port_out(connection, caller, port_out_id)
    today = datetime.now(UTC).date()
    if not today - timedelta(days=1) <= firm_date <= today + _FARTHEST:
        raise FirmDateNotAllowed().at("input", "firmDate")
    await _move(
        connection,
        caller,
        port_out,
        PortOutEvent.SCHEDULED,
        lambda status: replace(port_out, status=status, firm_date=firm_date),
        lambda moved, numbers: about_port_out(
            PortOutScheduled, moved, numbers, firm_date=firm_date
        ),
    )
    return port_out_id


async def record_ported_out(
    connection: Connection, caller: Caller, port_out_id: str, ported_out_at: datetime
) -> str:
    port_out = await lock_own_port_out(connection, caller, port_out_id)
    if ported_out_at > datetime.now(UTC) + timedelta(minutes=5):
        raise TimeInTheFuture().at("input", "portedOutAt")
    await _move(
        connection,
        caller,
        port_out,
        PortOutEvent.PORTED,
        lambda status: replace(port_out, status=status, ported_out_at=ported_out_at),
        lambda moved, numbers: about_port_out(
            PortOutPorted, moved, numbers, ported_out_at=ported_out_at
        ),
    )
    return port_out_id


async def _move(
    connection: Connection,
    caller: Caller,
    port_out: PortOut,
    event: PortOutEvent,
    change: Callable[[PortOutStatus], PortOut],
    say: Callable[[PortOut, Sequence[PortOutNumber]], PortOutFact],
) -> None:
    status = port_out.next_status(event)
    if status is None:
        raise port_out_not_possible(caller, port_out)
    if status is port_out.status:
        return
    moved = change(status)
    numbers = await port_outs.find_port_out_numbers(connection, port_out.id)
    await save_port_out(connection, moved, say(moved, numbers))


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
    if called_at > datetime.now(UTC) + timedelta(minutes=5):
        raise TimeInTheFuture().at("input", "calledAt")
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
