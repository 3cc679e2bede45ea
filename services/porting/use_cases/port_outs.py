"""A port-out, from the gaining carrier's request to the customer's last confirmation."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Final

from libs.common.caller import Anonymous, Caller, Member
from libs.common.database import Connection
from libs.common.ids import new_id
from libs.common.timers import clear_timer, set_timer
from libs.contracts.porting_events.port_outs import (
    PortOutAuthorized,
    PortOutFact,
    PortOutPorted,
    PortOutReceived,
    PortOutReported,
    PortOutScheduled,
)
from services.porting.domain.judgements import find_fault_of_time, find_fault_of_window
from services.porting.domain.losing_carriers import USUAL_ZONE
from services.porting.domain.port_outs import (
    PortOut,
    PortOutEvent,
    PortOutNumber,
    PortOutStatus,
)
from services.porting.domain.refusals.lines import TimeTooEarly
from services.porting.store import copies, port_outs
from services.porting.store.copies import InventoryNumber
from services.porting.use_cases.access import lock_own_port_out, port_out_not_possible
from services.porting.use_cases.recording import about_port_out, save_port_out

log = logging.getLogger(__name__)

ANSWER_DUE: Final = "port_out_answer_due"


class NoSuchNumbersError(Exception):
    """A gaining carrier asks for numbers that are not in inventory: a person must look."""


async def receive_port_out(
    connection: Connection, report: PortOutReported, reference: str
) -> None:
    """One port-out for each account that has some of the numbers; the same report once."""
    named = await copies.find_inventory_numbers(connection, report.tracking_numbers)
    found = [number for number in named if number.state != "PRECONFIGURED"]
    if not found:
        raise NoSuchNumbersError
    if len(found) < len(set(report.tracking_numbers)):
        log.warning(
            "a gaining carrier asks for numbers that are not here",
            extra={
                "action": "port_out_of_unknown_numbers",
                "asked": len(set(report.tracking_numbers)),
                "found": len(found),
            },
        )
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
        answer_by=report.answer_by or now + timedelta(days=2),
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
    port_out = await lock_own_port_out(connection, caller, port_out_id)
    await clear_timer(connection, ANSWER_DUE, port_out_id)
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
    if fault := find_fault_of_window(firm_date, USUAL_ZONE, datetime.now(UTC)):
        raise fault.at("input", "firmDate")
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
    if fault := find_fault_of_time(ported_out_at, datetime.now(UTC)):
        raise fault.at("input", "portedOutAt")
    if ported_out_at < port_out.received_at:
        raise TimeTooEarly().at("input", "portedOutAt")
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
