"""A port-out that nobody of the account wanted: disputed within a day, refused or returned."""

from dataclasses import replace
from datetime import UTC, datetime

from libs.common.caller import Member, Support
from libs.common.database import Connection
from libs.common.timers import clear_timer
from libs.contracts.porting_events.port_outs import (
    PortOutCancelled,
    PortOutDisputed,
    PortOutDisputeRefused,
    PortOutReturned,
)
from services.porting.domain.judgements import find_fault_of_time
from services.porting.domain.port_outs import PortOutEvent, PortOutNumber
from services.porting.domain.refusals.lines import TimeTooEarly
from services.porting.domain.refusals.port_outs import DisputeTooLate
from services.porting.store import port_out_numbers
from services.porting.use_cases.access import lock_own_port_out
from services.porting.use_cases.port_out_answers import PORT_DUE, keep_numbers, read_note
from services.porting.use_cases.port_out_checklists import confirm_checked
from services.porting.use_cases.port_out_recording import move, save_port_out, say


async def dispute_port_out(
    connection: Connection, caller: Member, port_out_id: str, statement: str
) -> str:
    """`statement` is how the customer shows that they did not want it."""
    said = read_note(statement, "statement", is_needed=True)
    port_out = await lock_own_port_out(connection, caller, port_out_id)
    after = move(caller, port_out, PortOutEvent.DISPUTED)
    if after is None:
        return port_out_id
    now = datetime.now(UTC)
    if not port_out.can_be_disputed(now):
        raise DisputeTooLate().at("input", "portOutId")
    after = replace(after, disputed_at=now, dispute_statement=said)
    gone = await _find_unconfirmed(connection, port_out_id)
    facts = await say(connection, PortOutDisputed, after, gone, disputed_at=now)
    await save_port_out(connection, after, facts, reason=said)
    return port_out_id


async def refuse_dispute(
    connection: Connection, caller: Support, port_out_id: str, note: str
) -> str:
    """The customer did want it: the checklist goes on where it was."""
    said = read_note(note, "note", is_needed=True)
    port_out = await lock_own_port_out(connection, caller, port_out_id)
    after = move(caller, port_out, PortOutEvent.DISPUTE_REFUSED)
    if after is None:
        return port_out_id
    gone = await _find_unconfirmed(connection, port_out_id)
    facts = await say(connection, PortOutDisputeRefused, after, gone)
    saved = await save_port_out(connection, after, facts, reason=said)
    await confirm_checked(connection, saved)
    return port_out_id


async def record_returned(
    connection: Connection, caller: Support, port_out_id: str, returned_at: datetime
) -> str:
    """The numbers that had left are ours again, and the others never leave."""
    port_out = await lock_own_port_out(connection, caller, port_out_id)
    if fault := find_fault_of_time(returned_at, datetime.now(UTC)):
        raise fault.at("input", "returnedAt")
    after = move(caller, port_out, PortOutEvent.RETURNED)
    if after is None:
        return port_out_id
    if port_out.ported_out_at is not None and returned_at < port_out.ported_out_at:
        raise TimeTooEarly().at("input", "returnedAt")
    after = replace(after, leaving_count=0)
    found = await port_out_numbers.find_port_out_numbers(connection, port_out.id)
    open_ones = [number for number in found if number.stays_since is None]
    returning = [number for number in open_ones if number.ported_out_at is not None]
    staying = [number for number in open_ones if number.is_leaving]
    await keep_numbers(connection, port_out, open_ones)
    facts = [
        *(await say(connection, PortOutReturned, after, returning, returned_at=returned_at)),
        *(
            await say(
                connection, PortOutCancelled, after, staying, cancelled_at=datetime.now(UTC)
            )
            if staying
            else []
        ),
    ]
    await clear_timer(connection, PORT_DUE, port_out.id)
    await save_port_out(connection, after, facts)
    return port_out_id


async def _find_unconfirmed(connection: Connection, port_out_id: str) -> list[PortOutNumber]:
    """Of those that have left: whoever is told of a confirmed one again would wait for it again."""
    found = await port_out_numbers.find_port_out_numbers(connection, port_out_id)
    return [
        number
        for number in found
        if number.ported_out_at is not None and number.confirmed_at is None
    ]
