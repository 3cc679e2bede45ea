"""Cancelling: at once what no carrier has, by the carrier's leave what it is working on."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from libs.common.caller import Caller, Support
from libs.common.database import Connection
from libs.contracts.phone_number import PhoneNumber
from libs.contracts.porting_events.base import PortRequestFact
from libs.contracts.porting_events.lines import (
    LinesCancelled,
    LinesCancelRefused,
    LinesCancelRequested,
)
from libs.contracts.porting_events.requests import PortCancelled, PortCancelRefused
from libs.contracts.refusals import Refusal, refuse_all
from services.porting.domain.carriers import Telling
from services.porting.domain.faults import ClosedBy
from services.porting.domain.firm_dates import REQUESTERS_CUTOFF, SUPPORTS_CUTOFF, can_stop
from services.porting.domain.lines import NEXT_STATES, WITH_A_CARRIER, LineEvent, LineState
from services.porting.domain.refusals.base import TextTooLong
from services.porting.domain.refusals.requests import TooLateToCancel
from services.porting.domain.requests import LineCounts, PortRequest, PortRequestStatus
from services.porting.store import faults, line_states, lines
from services.porting.store.line_states import MovedLine
from services.porting.use_cases.access import (
    find_own_states,
    lock_as_requester,
    request_not_possible,
)
from services.porting.use_cases.activating import set_activation_timer
from services.porting.use_cases.carrier_messages import tell_carrier
from services.porting.use_cases.deriving import (
    derive_and_save,
    faults_of_named,
    lock_for,
    named,
)
from services.porting.use_cases.recording import about, batches_about, save

_LONGEST_REASON: Final = 500


async def cancel_request(
    connection: Connection,
    caller: Caller,
    request_id: str,
    reason: str | None,
    numbers: Sequence[PhoneNumber] | None = None,
) -> str:
    """S69 to S71. What has ported stays ported; asking twice asks once.

    Of one that a carrier has, some numbers alone: their sisters go on. Before, they are dropped.
    """
    request = await lock_as_requester(connection, caller, request_id)
    if request.is_final or (numbers is not None and request.sent_at is None):
        raise await request_not_possible(connection, caller, request)
    refuse_all(
        [
            *await _faults_of_numbers(connection, caller, request, numbers),
            *_faults_of(reason),
            *await _faults_of_time(connection, caller, request, numbers),
        ]
    )
    await stop_lines(
        connection,
        request,
        NEXT_STATES[LineEvent.CANCEL_ASKED],
        ClosedBy.CANCELLED,
        reason=reason,
        numbers=numbers,
    )
    return request.id


async def stop_lines(
    connection: Connection,
    request: PortRequest,
    moves: Mapping[LineState, LineState],
    closed_by: ClosedBy,
    *,
    reason: str | None,
    numbers: Sequence[str] | None = None,
) -> None:
    """What nobody works on ends; what a carrier has, and `moves` lead on, is asked back."""
    moved = await line_states.move_by(connection, request.id, moves, numbers)
    ended = [each for each in moved if each.line.state is LineState.CANCELLED]
    asked = [each for each in moved if each.line.state is not LineState.CANCELLED]
    now = datetime.now(UTC)
    await faults.close_faults_of_lines(
        connection, request.id, [each.line.id for each in ended], closed_by, now
    )
    if request.sent_at is None:
        await faults.close_all_faults(connection, request.id, closed_by, now)
        await _end(connection, request, ended, reason)
    elif moved:
        saved = await derive_and_save(
            connection,
            request,
            lambda after, counts: _stopped(after, counts, ended, asked),
            reason=reason,
        )
        if known := [
            each.line.tracking_number for each in moved if each.before in WITH_A_CARRIER
        ]:
            await tell_carrier(connection, Telling.CANCELLATION, saved, known)


async def record_cancellation(
    connection: Connection,
    caller: Caller,
    request_id: str,
    numbers: Sequence[str] | None,
    *,
    is_confirmed: bool,
    reason: str | None,
) -> str:
    """The carrier's answer: these lines stay where they were, or go on as before."""
    event = LineEvent.CANCELLED if is_confirmed else LineEvent.CANCEL_REFUSED
    request = await lock_for(event, connection, caller, request_id, numbers)
    refuse_all(_faults_of(reason))
    if is_confirmed:
        moved = await line_states.move_by(connection, request_id, NEXT_STATES[event], numbers)
        if moved:
            ended = [each.line.id for each in moved]
            await faults.close_faults_of_lines(
                connection, request_id, ended, ClosedBy.CANCELLED, datetime.now(UTC)
            )
            await derive_and_save(
                connection,
                request,
                lambda now, counts: _stopped(now, counts, moved, []),
                reason=reason,
            )
        return request.id
    moved = [
        *await line_states.move_by(
            connection,
            request_id,
            NEXT_STATES[LineEvent.CANCEL_REFUSED_WITH_DATE],
            numbers,
            dated=True,
        ),
        *await line_states.move_by(
            connection, request_id, NEXT_STATES[event], numbers, dated=False
        ),
    ]
    if moved:
        await derive_and_save(
            connection,
            request,
            lambda now, counts: _refused(now, counts, moved),
            reason=reason,
        )
        # The date may have been given, or have come, while the answer was awaited.
        await set_activation_timer(connection, request_id)
    return request.id


async def _end(
    connection: Connection,
    request: PortRequest,
    ended: Sequence[MovedLine],
    reason: str | None,
) -> None:
    """Nobody but us knows the lines of a draft: they are not told."""
    now = datetime.now(UTC)
    counts = await lines.count_lines(connection, request.id)
    cancelled = request.moved_to(PortRequestStatus.CANCELLED, now)
    known = [each for each in ended if each.before is not LineState.ADDED]
    await save(
        connection,
        cancelled,
        *_stopped(cancelled, counts, known, []),
        about(PortCancelled, cancelled, counts, cancelled_at=now),
        reason=reason,
    )


def _stopped(
    request: PortRequest,
    counts: LineCounts,
    ended: Sequence[MovedLine],
    asked: Sequence[MovedLine],
) -> list[PortRequestFact]:
    return [
        *batches_about(LinesCancelled, request, counts, [each.line for each in ended], named),
        *batches_about(
            LinesCancelRequested, request, counts, [each.line for each in asked], named
        ),
    ]


def _refused(
    request: PortRequest, counts: LineCounts, moved: Sequence[MovedLine]
) -> list[PortRequestFact]:
    return [
        *batches_about(
            LinesCancelRefused, request, counts, [each.line for each in moved], named
        ),
        about(PortCancelRefused, request, counts),
    ]


async def _faults_of_numbers(
    connection: Connection,
    caller: Caller,
    request: PortRequest,
    numbers: Sequence[PhoneNumber] | None,
) -> list[Refusal]:
    """One that moves at this moment is refused by its state."""
    if numbers is None:
        return []
    states = await find_own_states(connection, caller, request.id, numbers)
    return [*faults_of_named(LineEvent.CANCEL_ASKED, numbers, states)]


async def _faults_of_time(
    connection: Connection,
    caller: Caller,
    request: PortRequest,
    numbers: Sequence[str] | None,
) -> list[Refusal]:
    """The closest firm date of the lines that would have to be asked back counts."""
    cutoff = SUPPORTS_CUTOFF if isinstance(caller, Support) else REQUESTERS_CUTOFF
    hours = int(cutoff.total_seconds() // 3600)
    counts = await lines.count_lines(connection, request.id) if numbers is None else {}
    days = await line_states.find_firm_days(connection, request.id, numbers)
    now = datetime.now(UTC)
    is_late = not all(can_stop(each.starts_at, now, cutoff) for each in days)
    if is_late or counts.get(LineState.ACTIVATING):
        return [TooLateToCancel(hours).at("input", "portRequestId")]
    return []


def _faults_of(reason: str | None) -> list[Refusal]:
    if reason is not None and len(reason) > _LONGEST_REASON:
        return [TextTooLong(_LONGEST_REASON).at("input", "reason")]
    return []
