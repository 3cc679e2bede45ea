"""Putting right what was found to be wrong: correcting lines, dropping them, sending again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from libs.common.caller import Caller
from libs.common.database import Connection
from libs.common.sight import NOTHING, sight_of
from libs.contracts.phone_number import PhoneNumber
from libs.contracts.porting_events.base import PortRequestFact
from libs.contracts.porting_events.lines import LinesCancelled, LinesCorrected, LinesResent
from libs.contracts.porting_events.requests import PortResubmitted
from libs.contracts.refusals import Refusal, refuse_all
from services.porting.domain.carriers import Telling
from services.porting.domain.faults import ClosedBy
from services.porting.domain.lines import FAULTY, NEXT_STATES, LineEvent, LineState
from services.porting.domain.refusals.base import TextTooLong
from services.porting.domain.refusals.lines import (
    CorrectionMissing,
    ForwardingIsFixed,
    ForwardingLoop,
    NothingToCorrect,
    NumbersMissing,
    NumberUnknown,
)
from services.porting.domain.requests import LineCounts, PortRequest, PortRequestStatus
from services.porting.store import faults, line_states, lines, obstacles
from services.porting.store.lines import Line
from services.porting.use_cases import draft_lines
from services.porting.use_cases.access import (
    find_own_lines,
    find_own_states,
    lock_as_requester,
    request_not_possible,
)
from services.porting.use_cases.carrier_messages import tell_carrier
from services.porting.use_cases.correction_faults import faults_of_uncorrected_lines
from services.porting.use_cases.deriving import derive_and_save, faults_of_named, named
from services.porting.use_cases.documents import find_faults_of_documents
from services.porting.use_cases.estimating import find_estimated_by
from services.porting.use_cases.letter_coverage import faults_of_new_letters
from services.porting.use_cases.recording import about, batches_about, save
from services.porting.use_cases.reviewing import review_facts

_LONGEST_NOTE: Final = 500


@dataclass(frozen=True, kw_only=True)
class Correction:
    """`note` says what was corrected; a line that no carrier has may ring elsewhere."""

    number: PhoneNumber
    note: str
    forwarding_number: PhoneNumber | None = None


async def correct_lines(
    connection: Connection,
    caller: Caller,
    request_id: str,
    corrections: Sequence[Correction],
) -> str:
    request = await _lock_stopped(connection, caller, request_id)
    present = await find_own_lines(
        connection, caller, request_id, [correction.number for correction in corrections]
    )
    faulty = {fault.line_id for fault in await faults.find_open_faults(connection, request_id)}
    refuse_all(
        [
            *_faults_of_corrections(corrections, present, faulty),
            *await _faults_of_forwarding(connection, request, corrections),
        ]
    )
    corrected = [present[correction.number] for correction in corrections]
    await faults.correct_faults(
        connection,
        request_id,
        datetime.now(UTC),
        [line.id for line in corrected],
        [correction.note.strip() for correction in corrections],
    )
    await line_states.forward_lines(
        connection,
        request_id,
        {
            correction.number: correction.forwarding_number
            for correction in corrections
            if correction.forwarding_number is not None
        },
    )
    await derive_and_save(
        connection,
        request,
        lambda now, counts: batches_about(LinesCorrected, now, counts, corrected, named),
        reason="; ".join(dict.fromkeys(each.note.strip() for each in corrections[:5])),
    )
    return request.id


async def drop_lines(
    connection: Connection,
    caller: Caller,
    request_id: str,
    numbers: Sequence[PhoneNumber],
    reason: str | None,
) -> str:
    """Of lines that are faulty or with no carrier yet; the others stay as they are."""
    request = await lock_as_requester(connection, caller, request_id)
    if request.is_draft:
        return await draft_lines.drop_lines(connection, caller, request, numbers)
    if request.is_final:
        raise await request_not_possible(connection, caller, request)
    states = await find_own_states(connection, caller, request_id, numbers)
    refuse_all([*faults_of_named(LineEvent.DROPPED, numbers, states), *_faults_of(reason)])
    moved = await line_states.move_by(
        connection, request_id, NEXT_STATES[LineEvent.DROPPED], numbers
    )
    if not moved:
        return request.id
    dropped = [each.line for each in moved]
    await faults.close_faults_of_lines(
        connection,
        request_id,
        [line.id for line in dropped],
        ClosedBy.DROPPED,
        datetime.now(UTC),
    )
    saved = await derive_and_save(
        connection,
        request,
        lambda now, counts: batches_about(LinesCancelled, now, counts, dropped, named),
        reason=reason,
    )
    if known := [each.line.tracking_number for each in moved if each.before in FAULTY]:
        await tell_carrier(connection, Telling.CANCELLATION, saved, known)
    return request.id


async def resubmit_request(
    connection: Connection,
    caller: Caller,
    request_id: str,
    numbers: Sequence[PhoneNumber] | None,
) -> str:
    """Everything that was wrong, or the named lines alone: their sisters are not touched.

    One that was never sent goes back into the review, as a whole.
    """
    request = await _lock_stopped(connection, caller, request_id)
    was_sent = request.sent_at is not None
    sight = sight_of(caller) or NOTHING
    states = await find_own_states(connection, caller, request_id, numbers or [])
    refuse_all(
        faults_of_named(LineEvent.RESENT, numbers, states)
        if was_sent and numbers is not None
        else ()
    )
    chosen = None if numbers is None or not was_sent else set(numbers)
    open_faults = await faults.find_open_faults(connection, request_id)
    by_id = await lines.find_lines_by_id(
        connection, [fault.line_id for fault in open_faults if fault.line_id is not None]
    )
    open_faults = [
        fault
        for fault in open_faults
        if chosen is None
        or fault.line_id is None
        or by_id[fault.line_id].tracking_number in chosen
    ]
    refuse_all(
        [
            *faults_of_uncorrected_lines(open_faults, by_id, sight),
            *await faults_of_new_letters(connection, request, open_faults, by_id, sight),
            *await find_faults_of_documents(connection, request),
        ]
    )
    if was_sent:
        await _send_again(connection, request, numbers)
    else:
        await _review_again(connection, request)
    return request.id


async def _send_again(
    connection: Connection, request: PortRequest, numbers: Sequence[PhoneNumber] | None
) -> None:
    """The carrier is to give a new date: the old one was for what it refused."""
    moved = await line_states.move_by(
        connection, request.id, NEXT_STATES[LineEvent.RESENT], numbers, forgets_date=True
    )
    resent = [each.line for each in moved]
    estimated_by = await find_estimated_by(connection, request.id)
    await faults.close_faults_of_lines(
        connection,
        request.id,
        [line.id for line in resent],
        ClosedBy.RESUBMITTED,
        datetime.now(UTC),
    )

    def tell(now: PortRequest, counts: LineCounts) -> list[PortRequestFact]:
        return [
            *batches_about(LinesResent, now, counts, resent, named),
            about(PortResubmitted, now, counts, estimated_by=estimated_by),
        ]

    saved = await derive_and_save(connection, request, tell)
    if resent:
        sent_again = [line.tracking_number for line in resent]
        await tell_carrier(connection, Telling.SUPPLEMENT, saved, sent_again)


async def _review_again(connection: Connection, request: PortRequest) -> None:
    """`numbers` checks the lines again: what was corrected may have changed where they ring."""
    now = datetime.now(UTC)
    await faults.close_all_faults(connection, request.id, ClosedBy.RESUBMITTED, now)
    counts = await lines.count_lines(connection, request.id)
    present = await lines.find_all_lines(connection, request.id)
    ready = [line for line in present if line.state is LineState.READY]
    reviewed = replace(
        request.moved_to(PortRequestStatus.IN_REVIEW, now), preconfigured_at=None
    )
    await save(
        connection,
        reviewed,
        about(PortResubmitted, reviewed, counts),
        *review_facts(reviewed, counts, ready),
    )


async def _lock_stopped(
    connection: Connection, caller: Caller, request_id: str
) -> PortRequest:
    request = await lock_as_requester(connection, caller, request_id)
    if request.status is not PortRequestStatus.ACTION_REQUIRED:
        raise await request_not_possible(connection, caller, request)
    return request


def _faults_of_corrections(
    corrections: Sequence[Correction],
    present: Mapping[str, Line],
    faulty: set[str | None],
) -> list[Refusal]:
    refusals: list[Refusal] = []
    if not corrections:
        refusals.append(NumbersMissing().at("input", "corrections"))
    for index, correction in enumerate(corrections):
        path = ("input", "corrections", str(index))
        line = present.get(correction.number)
        if line is None:
            refusals.append(NumberUnknown().at(*path, "trackingNumber"))
        elif line.id not in faulty:
            refusals.append(NothingToCorrect(correction.number).at(*path, "trackingNumber"))
        if not correction.note.strip():
            refusals.append(CorrectionMissing().at(*path, "note"))
        if len(correction.note) > _LONGEST_NOTE:
            refusals.append(TextTooLong(_LONGEST_NOTE).at(*path, "note"))
    return refusals


async def _faults_of_forwarding(
    connection: Connection, request: PortRequest, corrections: Sequence[Correction]
) -> list[Refusal]:
    places = {
        correction.forwarding_number: str(index)
        for index, correction in enumerate(corrections)
        if correction.forwarding_number is not None
    }
    if not places:
        return []
    taken = {
        *await obstacles.find_taken_numbers(connection, list(places)),
        *await lines.find_tracking_numbers(connection, request.id),
    }
    refusals: list[Refusal] = []
    for number, place in places.items():
        path = ("input", "corrections", place, "forwardingNumber")
        if request.sent_at is not None:
            refusals.append(ForwardingIsFixed().at(*path))
        elif number in taken:
            refusals.append(ForwardingLoop(number).at(*path))
    return refusals


def _faults_of(reason: str | None) -> list[Refusal]:
    if reason is not None and len(reason) > _LONGEST_NOTE:
        return [TextTooLong(_LONGEST_NOTE).at("input", "reason")]
    return []
