"""The losing carrier's part: sent, firm date, ported; and the first call, which outruns its word."""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Literal

from libs.common.caller import Caller
from libs.common.database import Connection
from libs.contracts.porting_events.base import PortRequestFact
from libs.contracts.porting_events.lines import (
    ApprovedLine,
    LinesApproved,
    LinesPorted,
    PortedLine,
)
from libs.contracts.porting_events.requests import (
    ActionRequired,
    LinesPreconfigured,
    PortApproved,
    PortCompleted,
    PortSentToCarrier,
)
from libs.contracts.refusals import Refusal, refuse_all
from services.porting.domain.lines import LineEvent, LineState, is_refused, states_before
from services.porting.domain.refusals.lines import (
    FirmDateNotAllowed,
    LineNotPossible,
    NumbersMissing,
    NumberUnknown,
    TimeInTheFuture,
)
from services.porting.domain.refusals.requests import NotPreconfigured
from services.porting.domain.requests import (
    LineCounts,
    PortRequest,
    PortRequestStatus,
    WaitingOn,
    derive_status,
)
from services.porting.store import line_states, lines, requests
from services.porting.store.lines import Line
from services.porting.use_cases.access import lock_own_request, request_not_possible
from services.porting.use_cases.recording import about, batches_about, save

log = logging.getLogger(__name__)

_FARTHEST = timedelta(days=30)
_COMPLETED = frozenset({PortRequestStatus.COMPLETED, PortRequestStatus.PARTIALLY_COMPLETED})


async def note_preconfigured(
    connection: Connection, request_id: str, number_ids: dict[str, str], *, is_last: bool
) -> None:
    """`numbers` says that these lines (line id to number id) ring through from now on."""
    request = await requests.lock_request(connection, request_id)
    if request is None:
        return
    await lines.link_numbers(connection, number_ids)
    if not is_last or request.preconfigured_at is not None:
        return
    counts = await lines.count_lines(connection, request_id)
    ready = replace(request, preconfigured_at=datetime.now(UTC))
    await save(connection, ready, about(LinesPreconfigured, ready, counts))


async def note_preconfiguration_refused(
    connection: Connection, request_id: str, code: str
) -> None:
    request = await requests.lock_request(connection, request_id)
    if request is None or request.status is not PortRequestStatus.IN_REVIEW:
        return
    counts = await lines.count_lines(connection, request_id)
    refused = replace(
        request.moved_to(PortRequestStatus.ACTION_REQUIRED, datetime.now(UTC)),
        fault_code=code,
        fault_waiting_on=WaitingOn.REQUESTER,
    )
    fact = about(ActionRequired, refused, counts, code=code, waiting_on=WaitingOn.REQUESTER)
    await save(connection, refused, fact)


async def send_to_carrier(connection: Connection, caller: Caller, request_id: str) -> str:
    request = await lock_own_request(connection, caller, request_id)
    if request.status is not PortRequestStatus.IN_REVIEW:
        raise request_not_possible(caller, request)
    if request.preconfigured_at is None:
        raise NotPreconfigured().at("input", "portRequestId")
    await line_states.move_lines(
        connection, request_id, states_before(LineEvent.SENT), LineState.WITH_CARRIER
    )
    now = datetime.now(UTC)
    sent = await _derive_and_save(
        connection,
        replace(request, sent_at=now),
        lambda derived, counts: [about(PortSentToCarrier, derived, counts, sent_at=now)],
    )
    # A first call happens once: what rang here during the review has had it.
    if called := await line_states.find_called(connection, request_id):
        ported = await line_states.port_lines(
            connection,
            request_id,
            now,
            states_before(LineEvent.CALLED),
            called,
            evidence="first_call",
        )
        await _save_ported(connection, sent, ported, "first_call")
    return request.id


async def record_firm_date(
    connection: Connection,
    caller: Caller,
    request_id: str,
    firm_date: date,
    numbers: Sequence[str] | None,
) -> str:
    """Of all lines, or of the named ones. Late and doubled words change nothing."""
    request = await _lock_for(LineEvent.APPROVED, connection, caller, request_id, numbers)
    today = datetime.now(UTC).date()
    if not today - timedelta(days=1) <= firm_date <= today + _FARTHEST:
        raise FirmDateNotAllowed().at("input", "firmDate")
    approved = await line_states.approve_lines(
        connection, request_id, firm_date, states_before(LineEvent.APPROVED), numbers
    )
    if approved:
        await _derive_and_save(
            connection,
            request,
            lambda now, counts: batches_about(
                LinesApproved, now, counts, approved, _approved_line, firm_date=firm_date
            ),
        )
    return request.id


async def record_ported(
    connection: Connection,
    caller: Caller,
    request_id: str,
    ported_at: datetime,
    numbers: Sequence[str] | None,
) -> str:
    """The carrier says so. Where a call was first, the instant may only move back."""
    request = await _lock_for(LineEvent.PORTED, connection, caller, request_id, numbers)
    if ported_at > datetime.now(UTC) + timedelta(minutes=5):
        raise TimeInTheFuture().at("input", "portedAt")
    ported = await line_states.port_lines(
        connection,
        request_id,
        ported_at,
        states_before(LineEvent.PORTED),
        numbers,
        evidence="carrier",
    )
    await _save_ported(connection, request, ported, "carrier")
    return request.id


async def note_first_call(
    connection: Connection, request_id: str, tracking_number: str, called_at: datetime
) -> None:
    """A call reached us, so the number is here, whatever the carrier has said so far."""
    request = await requests.lock_request(connection, request_id)
    if request is None:
        return
    ported = await line_states.port_lines(
        connection,
        request.id,
        called_at,
        states_before(LineEvent.CALLED),
        [tracking_number],
        evidence="first_call",
    )
    if any(line.firm_date is None for line in ported):
        log.warning(
            "a number rings here before the losing carrier gave a date",
            extra={"action": "first_call_without_firm_date", "port_request_id": request.id},
        )
    await _save_ported(connection, request, ported, "first_call")


async def _save_ported(
    connection: Connection,
    request: PortRequest,
    ported: Sequence[Line],
    evidence: Literal["carrier", "first_call"],
) -> None:
    if not ported:
        return
    await _derive_and_save(
        connection,
        request,
        lambda now, counts: batches_about(
            LinesPorted, now, counts, ported, lambda line: _ported_line(line, evidence)
        ),
    )


async def _lock_for(
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
        refuse_all(_faults_of_named(event, numbers, states))
        return request
    present = await lines.count_lines(connection, request_id)
    if all(is_refused(event, state) for state in present):
        raise request_not_possible(caller, request)
    return request


def _faults_of_named(
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


async def _derive_and_save(
    connection: Connection,
    request: PortRequest,
    facts: Callable[[PortRequest, LineCounts], Sequence[PortRequestFact]],
) -> PortRequest:
    """The lines have moved: the request's status follows, and says so where it matters."""
    now = datetime.now(UTC)
    counts = await lines.count_lines(connection, request.id)
    status = derive_status(counts)
    derived = request.moved_to(status, now)
    said = list(facts(derived, counts))
    if status is not request.status:
        if status is PortRequestStatus.APPROVED:
            latest = await line_states.find_latest_firm_date(connection, request.id)
            said.append(about(PortApproved, derived, counts, firm_date=latest))
        if status in _COMPLETED:
            said.append(
                about(
                    PortCompleted,
                    derived,
                    counts,
                    completed_at=now,
                    partial=status is PortRequestStatus.PARTIALLY_COMPLETED,
                )
            )
    return await save(connection, derived, *said)


def _approved_line(line: Line) -> ApprovedLine:
    return ApprovedLine(line_id=line.id, tracking_number=line.tracking_number)


def _ported_line(line: Line, evidence: Literal["carrier", "first_call"]) -> PortedLine:
    assert line.ported_at is not None
    return PortedLine(
        line_id=line.id,
        tracking_number=line.tracking_number,
        ported_at=line.ported_at,
        evidence=evidence,
    )
