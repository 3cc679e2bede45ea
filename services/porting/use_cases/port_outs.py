"""What becomes of an authorized port-out: its day, the port itself, or that it is withdrawn."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime

from libs.common.caller import Caller, Support
from libs.common.database import Connection
from libs.common.timers import clear_timer, set_timer
from libs.contracts.phone_number import PhoneNumber
from libs.contracts.porting_events.port_outs import (
    PortOutCancelled,
    PortOutPorted,
    PortOutScheduled,
)
from services.porting.domain.calendars import start_of
from services.porting.domain.judgements import find_fault_of_time, find_fault_of_window
from services.porting.domain.losing_carriers import USUAL_ZONE
from services.porting.domain.port_outs import (
    LONGEST_OVERDUE,
    PortOut,
    PortOutEvent,
    PortOutNumber,
    PortOutStatus,
)
from services.porting.domain.refusals.lines import NumbersMissing, NumberUnknown, TimeTooEarly
from services.porting.store import port_out_numbers
from services.porting.use_cases.access import lock_own_port_out, port_out_not_possible
from services.porting.use_cases.port_out_answers import (
    PORT_DUE,
    keep_numbers,
    read_note,
    stop_waiting,
)
from services.porting.use_cases.port_out_recording import move, save_port_out, say


async def schedule_port_out(
    connection: Connection, caller: Caller, port_out_id: str, firm_date: date
) -> str:
    """A second day takes the place of the first."""
    port_out = await lock_own_port_out(connection, caller, port_out_id)
    if fault := find_fault_of_window(firm_date, USUAL_ZONE, datetime.now(UTC)):
        raise fault.at("input", "firmDate")
    after = move(caller, port_out, PortOutEvent.SCHEDULED)
    if after is None or firm_date == port_out.firm_date:
        return port_out_id
    after = replace(after, firm_date=firm_date)
    overdue_at = start_of(firm_date, USUAL_ZONE) + LONGEST_OVERDUE
    await set_timer(connection, PORT_DUE, after.id, overdue_at)
    facts = await say(connection, PortOutScheduled, after, firm_date=firm_date)
    await save_port_out(connection, after, facts)
    return port_out_id


async def record_ported_out(
    connection: Connection,
    caller: Caller,
    port_out_id: str,
    ported_out_at: datetime,
    named: Sequence[PhoneNumber] | None = None,
) -> str:
    """Of the named numbers, or of all that are still here; who has left already is ignored."""
    port_out = await lock_own_port_out(connection, caller, port_out_id)
    if fault := find_fault_of_time(ported_out_at, datetime.now(UTC)):
        raise fault.at("input", "portedOutAt")
    if ported_out_at < port_out.received_at:
        raise TimeTooEarly().at("input", "portedOutAt")
    after = move(caller, port_out, PortOutEvent.PORTED)
    if after is None:
        return port_out_id
    found = await _find_named(connection, port_out, named)
    leaving = [each for each in found if each.is_leaving]
    if not leaving:
        return port_out_id
    await port_out_numbers.let_numbers_leave(connection, after.id, leaving, ported_out_at)
    after = replace(
        after,
        ported_out_at=max(ported_out_at, port_out.ported_out_at or ported_out_at),
        leaving_count=port_out.leaving_count - len(leaving),
    )
    if after.leaving_count == 0:
        await clear_timer(connection, PORT_DUE, after.id)
    facts = await say(connection, PortOutPorted, after, leaving, ported_out_at=ported_out_at)
    await save_port_out(connection, after, facts)
    return port_out_id


async def cancel_port_out(
    connection: Connection, caller: Support, port_out_id: str, note: str | None
) -> str:
    """Support records that the gaining carrier does not want the numbers any more."""
    said = read_note(note, "note", is_needed=True)
    port_out = await lock_own_port_out(connection, caller, port_out_id)
    await withdraw(connection, caller, port_out, reason=said)
    return port_out_id


async def withdraw(
    connection: Connection, caller: Caller, port_out: PortOut, *, reason: str | None
) -> None:
    """Those of its numbers that are still here stay. Raises `PortOutNotPossible`."""
    after = move(caller, port_out, PortOutEvent.WITHDRAWN)
    if after is None:
        return
    found = await port_out_numbers.find_port_out_numbers(connection, port_out.id)
    staying = [number for number in found if number.is_leaving]
    if not staying and port_out.status is PortOutStatus.PORTED_OUT:
        raise port_out_not_possible(caller, port_out)
    await keep_numbers(connection, port_out, staying)
    after = replace(after, leaving_count=0)
    if after.status is PortOutStatus.PORTED_OUT and not (
        await port_out_numbers.count_unconfirmed(connection, port_out.id)
    ):
        after = move(caller, after, PortOutEvent.ALL_CONFIRMED) or after
    facts = await say(
        connection, PortOutCancelled, after, staying, cancelled_at=datetime.now(UTC)
    )
    await stop_waiting(connection, port_out.id)
    await clear_timer(connection, PORT_DUE, port_out.id)
    await save_port_out(connection, after, facts, reason=reason)


async def _find_named(
    connection: Connection, port_out: PortOut, named: Sequence[PhoneNumber] | None
) -> list[PortOutNumber]:
    """Raises `NumberUnknown` for one that is no part of it, or stays here by now."""
    if named is not None and not named:
        raise NumbersMissing().at("input", "trackingNumbers")
    found = await port_out_numbers.find_port_out_numbers(connection, port_out.id, named)
    if named is None:
        return [each for each in found if each.stays_since is None]
    known = {each.tracking_number for each in found if each.stays_since is None}
    for place, number in enumerate(named):
        if number not in known:
            raise NumberUnknown().at("input", "trackingNumbers", str(place))
    return found
