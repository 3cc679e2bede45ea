"""What goes wrong: the carrier refuses or objects, the registry fails, our checks find a fault."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from libs.common.caller import Caller
from libs.common.database import Connection
from libs.contracts.porting_events.base import PortRequestFact
from libs.contracts.porting_events.lines import (
    LinesActivationFailed,
    LinesCancelled,
    LinesInConflict,
    LinesNotPortable,
    LinesRejected,
)
from libs.contracts.porting_events.requests import ActionRequired
from libs.contracts.refusals import Refusal, UserErrorCode, refuse_all
from services.porting.domain.faults import ClosedBy, Finding, finding_of
from services.porting.domain.lines import FAULTY, NEXT_STATES, LineEvent
from services.porting.domain.refusals.base import TextTooLong
from services.porting.domain.refusals.lines import CodeMissing
from services.porting.domain.rejections import (
    OTHER,
    RejectionCode,
    find_rejection_code,
    translate_code,
)
from services.porting.domain.requests import (
    LineCounts,
    PortRequest,
    PortRequestStatus,
    RequestEvent,
    WaitingOn,
)
from services.porting.store import faults, line_states, lines, requests
from services.porting.store.line_states import MovedLine
from services.porting.use_cases.deriving import derive_and_save, lock_for, named
from services.porting.use_cases.recording import about, batches_about, save
from services.porting.use_cases.reviewing import answers_present_review

_LONGEST_CODE: Final = 64
_LONGEST_TEXT: Final = 1_000
_TELLS: Final[
    Mapping[
        LineEvent, type[LinesRejected] | type[LinesInConflict] | type[LinesActivationFailed]
    ]
] = {
    LineEvent.REJECTED: LinesRejected,
    LineEvent.CONFLICT_RAISED: LinesInConflict,
    LineEvent.ACTIVATION_FAILED: LinesActivationFailed,
}


async def record_fault(
    connection: Connection,
    caller: Caller,
    request_id: str,
    event: LineEvent,
    *,
    code: str,
    carrier_text: str | None,
    numbers: Sequence[str] | None,
) -> str:
    """A rejection, a conflict or a failed activation; `code` is ours or the carrier's own.

    Doubled words tell nothing; another code for a rejected line is one more fault of it.
    """
    request = await lock_for(event, connection, caller, request_id, numbers)
    refuse_all(_faults_of_words(code, carrier_text))
    moved = await line_states.move_by(connection, request_id, NEXT_STATES[event], numbers)
    faulty = [each for each in moved if each.line.state in FAULTY]
    finding = finding_of(
        translate_code(code), carrier_code=code.strip(), carrier_text=carrier_text
    )
    opened = await faults.open_faults(
        connection,
        request_id,
        request.account_id,
        finding,
        [each.line.id for each in faulty],
        datetime.now(UTC),
    )
    new = [each for each in faulty if each.line.id in opened or _has_moved(each)]
    stopped = [each for each in moved if each.line.state not in FAULTY]
    if not new and not stopped:
        return request.id
    await faults.close_faults_of_lines(
        connection,
        request_id,
        [each.line.id for each in stopped],
        ClosedBy.CANCELLED,
        datetime.now(UTC),
    )

    def tell(now: PortRequest, counts: LineCounts) -> list[PortRequestFact]:
        return [
            *batches_about(
                _TELLS[event],
                now,
                counts,
                [each.line for each in new],
                named,
                code=finding.code,
            ),
            *batches_about(
                LinesCancelled, now, counts, [each.line for each in stopped], named
            ),
        ]

    await derive_and_save(connection, request, tell, reason=translate_code(code).sentence)
    return request.id


async def record_not_portable(
    connection: Connection,
    caller: Caller,
    request_id: str,
    *,
    code: str,
    numbers: Sequence[str] | None,
) -> str:
    """For ever: these lines end, and the rest goes on."""
    event = LineEvent.FOUND_UNPORTABLE
    request = await lock_for(event, connection, caller, request_id, numbers)
    refuse_all(_faults_of_words(code, None))
    known = translate_code(code)
    moved = await line_states.move_by(connection, request_id, NEXT_STATES[event], numbers)
    if not moved:
        return request.id
    ended = [each.line for each in moved]
    await faults.close_faults_of_lines(
        connection,
        request_id,
        [line.id for line in ended],
        ClosedBy.FOUND_UNPORTABLE,
        datetime.now(UTC),
    )
    await derive_and_save(
        connection,
        request,
        lambda now, counts: batches_about(
            LinesNotPortable, now, counts, ended, named, code=known.name
        ),
        reason=known.sentence,
    )
    return request.id


async def note_preconfiguration_refused(
    connection: Connection,
    request_id: str,
    codes: Mapping[str, str],
    *,
    review: int | None = None,
) -> None:
    """`codes` says by a line's id why `numbers` does not take it; it names at most 500."""
    request = await requests.lock_request(connection, request_id)
    if request is None or request.status is not PortRequestStatus.IN_REVIEW:
        return
    if not await answers_present_review(connection, request.id, review):
        return
    for code in dict.fromkeys(codes.values()):
        known = replace(
            finding_of(find_rejection_code(code) or OTHER), waiting_on=_turn_after(code)
        )
        line_ids = [line_id for line_id, its_code in codes.items() if its_code == code]
        await faults.open_faults(
            connection, request.id, request.account_id, known, line_ids, datetime.now(UTC)
        )
    first = next(iter(codes.values()), OTHER.name)
    await require_action(connection, request, first, _turn_after(first), is_of_lines=True)


def _turn_after(code: str) -> WaitingOn:
    """Whoever asked corrects what `numbers` refuses; of a disabled account nobody can."""
    if code == UserErrorCode.ACCOUNT_DISABLED:
        return WaitingOn.SUPPORT
    return WaitingOn.REQUESTER


async def require_action(
    connection: Connection,
    request: PortRequest,
    code: str,
    waiting_on: WaitingOn,
    *,
    remedy: str | None = None,
    needs_new_letter: bool = False,
    is_of_lines: bool = False,
) -> PortRequest:
    """Our checks found a fault of the whole request, or of lines whose faults are open already.

    To be called while the request's row is locked. One that a carrier has is left as it is: from
    then on its lines decide. The same fault again, while it is open, asks for nothing new.
    """
    is_stopped = request.status is PortRequestStatus.ACTION_REQUIRED
    if request.sent_at or not (is_stopped or request.allows(RequestEvent.FAULT_FOUND)):
        return request
    known: RejectionCode = find_rejection_code(code) or OTHER
    finding = Finding(
        code=code,
        remedy=remedy or known.remedy,
        waiting_on=waiting_on,
        needs_new_letter=needs_new_letter,
    )
    now = datetime.now(UTC)
    if not is_of_lines:
        opened = await faults.open_faults(
            connection, request.id, request.account_id, finding, [None], now
        )
        if is_stopped and not opened:
            return request
    counts = await lines.count_lines(connection, request.id)
    stopped = request
    if not is_stopped:
        stopped = replace(
            request.moved_to(PortRequestStatus.ACTION_REQUIRED, now),
            fault_code=code,
            fault_waiting_on=waiting_on,
            fault_remedy=finding.remedy,
        )
    said = about(ActionRequired, stopped, counts, code=code, waiting_on=waiting_on)
    return await save(connection, stopped, said, reason=finding.remedy)


def _has_moved(moved: MovedLine) -> bool:
    return moved.before is not moved.line.state


def _faults_of_words(code: str, carrier_text: str | None) -> list[Refusal]:
    refusals: list[Refusal] = []
    if not code.strip():
        refusals.append(CodeMissing().at("input", "code"))
    if len(code) > _LONGEST_CODE:
        refusals.append(TextTooLong(_LONGEST_CODE).at("input", "code"))
    if carrier_text is not None and len(carrier_text) > _LONGEST_TEXT:
        refusals.append(TextTooLong(_LONGEST_TEXT).at("input", "carrierText"))
    return refusals
