"""Lines have moved: the request's status follows from them, and says so where it matters."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final, TypeAlias

from libs.common.caller import Caller
from libs.common.database import Connection
from libs.contracts.porting_events.base import PortRequestFact
from libs.contracts.porting_events.lines import NamedLine
from libs.contracts.porting_events.requests import (
    ActionRequired,
    PortApproved,
    PortCancelled,
    PortCancelRequested,
    PortCompleted,
)
from libs.contracts.refusals import Refusal, refuse_all
from services.porting.domain.faults import ClosedBy
from services.porting.domain.firm_dates import FirmDay
from services.porting.domain.lines import TERMINAL, LineEvent, LineState, is_refused
from services.porting.domain.refusals.lines import (
    LineNotPossible,
    NumbersMissing,
    NumberUnknown,
)
from services.porting.domain.requests import (
    ACCEPTED,
    LineCounts,
    PortRequest,
    PortRequestStatus,
    WaitingOn,
    derive_status,
)
from services.porting.store import faults, line_states, lines
from services.porting.store.lines import Line
from services.porting.use_cases.access import lock_own_request, request_not_possible
from services.porting.use_cases.letter_ages import watch_ages_again
from services.porting.use_cases.recording import about, save

Facts: TypeAlias = Callable[[PortRequest, LineCounts], Sequence[PortRequestFact]]

_ALL_CORRECTED: Final = "Everything is put right: send it again."


async def derive_and_save(
    connection: Connection,
    request: PortRequest,
    facts: Facts,
    *,
    reason: str | None = None,
    is_touch: bool = True,
) -> PortRequest:
    """`facts` are those of the move itself; what follows for the request comes after them."""
    now = datetime.now(UTC)
    counts = await lines.count_lines(connection, request.id)
    derived = request.moved_to(_follow(request, counts), now)
    if derived.status is PortRequestStatus.ACTION_REQUIRED:
        derived = await _with_oldest_fault(connection, derived)
    elif derived.sent_at is not None:
        derived = await _with_fault_of_letter(connection, derived, now)
    elif derived.is_final:
        await faults.close_all_faults(connection, request.id, ClosedBy.CANCELLED, now)
    if request.status in ACCEPTED and derived.status not in ACCEPTED:
        await watch_ages_again(connection, derived)
    said = [
        *facts(derived, counts),
        *await _what_follows(connection, request, derived, counts),
    ]
    return await save(connection, derived, *said, reason=reason, is_touch=is_touch)


async def lock_for(
    event: LineEvent,
    connection: Connection,
    caller: Caller,
    request_id: str,
    numbers: Sequence[str] | None,
) -> PortRequest:
    """Refused where the event is possible for none of the lines, or not for a named one."""
    request = await lock_own_request(connection, caller, request_id)
    if numbers is not None:
        states = await lines.find_states(connection, request_id, numbers)
        refuse_all(faults_of_named(event, numbers, states))
        return request
    present = await lines.count_lines(connection, request_id)
    if all(is_refused(event, state) for state in present):
        raise await request_not_possible(connection, caller, request)
    return request


def faults_of_named(
    event: LineEvent, numbers: Sequence[str], states: Mapping[str, LineState]
) -> Iterator[Refusal]:
    if not numbers:
        yield NumbersMissing().at("input", "trackingNumbers")
    for index, number in enumerate(numbers):
        state = states.get(number)
        if state is None:
            yield NumberUnknown().at("input", "trackingNumbers", str(index))
        elif is_refused(event, state):
            yield LineNotPossible(state).at("input", "trackingNumbers", str(index))


def named(line: Line) -> NamedLine:
    return NamedLine(line_id=line.id, tracking_number=line.tracking_number)


def day_of(latest: FirmDay | None) -> dict[str, Any]:
    """What facts tell of a request's last firm date; whoever asks knows that it has one."""
    assert latest is not None
    return {"firm_date": latest.day, "activates_at": latest.starts_at}


def _follow(request: PortRequest, counts: LineCounts) -> PortRequestStatus:
    """Before a carrier has anything a request keeps its status as long as it has a live line."""
    if request.sent_at is not None:
        return derive_status(counts)
    if any(count for state, count in counts.items() if state not in TERMINAL):
        return request.status
    return PortRequestStatus.CANCELLED


async def _with_oldest_fault(connection: Connection, request: PortRequest) -> PortRequest:
    """Whose turn it is: of the oldest fault that nobody has corrected yet."""
    fault = await faults.find_oldest_fault(connection, request.id)
    if fault is not None and fault.corrected_at is None:
        return replace(
            request,
            fault_code=fault.code,
            fault_waiting_on=fault.waiting_on,
            fault_remedy=fault.remedy,
        )
    return replace(
        request,
        fault_code=fault.code if fault else None,
        fault_waiting_on=WaitingOn.REQUESTER,
        fault_remedy=_ALL_CORRECTED,
    )


async def _with_fault_of_letter(
    connection: Connection, request: PortRequest, now: datetime
) -> PortRequest:
    """No line is faulty: what is open is of a letter, until the carrier has approved.

    Once some have moved, that of a single line may still be wanted.
    """
    if request.status in ACCEPTED:
        is_cancelled = request.status is PortRequestStatus.CANCELLED
        closed_by = ClosedBy.CANCELLED if is_cancelled else ClosedBy.APPROVED
        await faults.close_faults_of_request(connection, request.id, closed_by, now)
    fault = None
    if request.status in {PortRequestStatus.WITH_CARRIER, PortRequestStatus.PORTING}:
        fault = await faults.find_oldest_fault(connection, request.id)
    return replace(
        request,
        fault_code=fault.code if fault else None,
        fault_waiting_on=fault.waiting_on if fault else None,
        fault_remedy=fault.remedy if fault else None,
    )


async def _what_follows(
    connection: Connection, before: PortRequest, after: PortRequest, counts: LineCounts
) -> list[PortRequestFact]:
    turn_before = (before.status, before.fault_code, before.fault_waiting_on)
    if turn_before == (after.status, after.fault_code, after.fault_waiting_on):
        return []
    said: PortRequestFact | None = None
    match after.status:
        case PortRequestStatus.ACTION_REQUIRED if after.fault_code is not None:
            waiting_on = after.turn[0]
            said = about(
                ActionRequired, after, counts, code=after.fault_code, waiting_on=waiting_on
            )
        case PortRequestStatus.APPROVED:
            latest = await line_states.find_latest_firm_day(connection, after.id)
            said = about(PortApproved, after, counts, **day_of(latest))
        case PortRequestStatus.CANCEL_REQUESTED:
            said = about(PortCancelRequested, after, counts)
        case PortRequestStatus.CANCELLED:
            said = about(PortCancelled, after, counts, cancelled_at=after.status_since)
        case PortRequestStatus.COMPLETED | PortRequestStatus.PARTIALLY_COMPLETED:
            said = about(
                PortCompleted,
                after,
                counts,
                completed_at=after.status_since,
                partial=after.status is PortRequestStatus.PARTIALLY_COMPLETED,
            )
        case _:
            pass
    return [said] if said else []
