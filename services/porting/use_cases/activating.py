"""The day of the port: lines start to move, by the desk or by their firm date; some go back."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from libs.common.caller import Caller
from libs.common.database import Connection
from libs.common.timers import set_timer
from libs.contracts.porting_events.lines import LinesActivating, LinesReverted
from libs.contracts.refusals import refuse_all
from services.porting.domain.faults import ClosedBy
from services.porting.domain.firm_dates import can_go_back
from services.porting.domain.lines import FAULTY, NEXT_STATES, LineEvent
from services.porting.domain.refusals.lines import SnapbackTooLate
from services.porting.store import faults, line_states, requests
from services.porting.use_cases.deriving import derive_and_save, lock_for, named
from services.porting.use_cases.recording import batches_about

ACTIVATION_DUE: Final = "activation_due"
_SOON: Final = timedelta(minutes=1)


async def start_activation(
    connection: Connection, caller: Caller, request_id: str, numbers: Sequence[str] | None
) -> str:
    """Of all approved lines, or of the named ones; a failed one is tried again."""
    event = LineEvent.ACTIVATION_STARTED
    request = await lock_for(event, connection, caller, request_id, numbers)
    moved = await line_states.move_by(connection, request_id, NEXT_STATES[event], numbers)
    if not moved:
        return request.id
    retried = [each.line.id for each in moved if each.before in FAULTY]
    await faults.close_faults_of_lines(
        connection, request_id, retried, ClosedBy.RETRIED, datetime.now(UTC)
    )
    await derive_and_save(
        connection,
        request,
        lambda now, counts: batches_about(
            LinesActivating, now, counts, [each.line for each in moved], named
        ),
    )
    return request.id


async def start_due_activations(connection: Connection, request_id: str) -> None:
    """The firm date has come. Whoever is changing the request now is waited for."""
    request = await requests.lock_request_if_free(connection, request_id)
    now = datetime.now(UTC)
    if request is None:
        await set_timer(connection, ACTIVATION_DUE, request_id, now + _SOON)
        return
    days = await line_states.find_firm_days(connection, request_id)
    due = [each for each in days if each.starts_at <= now]
    started = await line_states.start_due_lines(connection, request_id, due)
    if started:
        await derive_and_save(
            connection,
            request,
            lambda after, counts: batches_about(
                LinesActivating, after, counts, started, named
            ),
            reason="The firm date has come.",
        )
    await set_activation_timer(connection, request_id)


async def set_activation_timer(connection: Connection, request_id: str) -> None:
    """To the earliest date that is still to come; one too early finds nothing to start."""
    days = await line_states.find_firm_days(connection, request_id)
    if days:
        following = min(each.starts_at for each in days)
        await set_timer(connection, ACTIVATION_DUE, request_id, following)


async def record_snapback(
    connection: Connection,
    caller: Caller,
    request_id: str,
    numbers: Sequence[str] | None,
    reason: str | None,
) -> str:
    """The port was undone within a day; the request keeps its final status."""
    event = LineEvent.REVERTED
    request = await lock_for(event, connection, caller, request_id, numbers)
    ported_at = await line_states.find_ported_at(connection, request_id, numbers)
    now = datetime.now(UTC)
    named_numbers = list(ported_at) if numbers is None else numbers
    refuse_all(
        SnapbackTooLate(number).at("input", "trackingNumbers", str(index))
        for index, number in enumerate(named_numbers)
        if number in ported_at and not can_go_back(ported_at[number], now)
    )
    moved = await line_states.move_by(connection, request_id, NEXT_STATES[event], numbers)
    if moved:
        await derive_and_save(
            connection,
            request,
            lambda after, counts: batches_about(
                LinesReverted, after, counts, [each.line for each in moved], named
            ),
            reason=reason,
        )
    return request.id
