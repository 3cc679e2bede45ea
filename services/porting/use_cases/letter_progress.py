"""What becomes of a request when its letter is signed, declined, expired or taken back."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from libs.common.database import Connection
from libs.contracts.porting_events.base import PortRequestFact
from libs.contracts.porting_events.requests import PortResubmitted
from services.porting.domain.faults import ClosedBy, Finding
from services.porting.domain.letters import WITH_THE_SIGNER, Letter, LetterState
from services.porting.domain.lines import LineState
from services.porting.domain.requests import (
    LOA_EXPIRED,
    PortRequest,
    PortRequestStatus,
    WaitingOn,
)
from services.porting.store import faults, letters, lines
from services.porting.use_cases.deriving import derive_and_save
from services.porting.use_cases.faults import require_action
from services.porting.use_cases.letter_coverage import find_uncovered_lines
from services.porting.use_cases.recording import about, save
from services.porting.use_cases.reviewing import review_facts

LETTER_NOT_SIGNED: Final = "LETTER_NOT_SIGNED"
LETTER_DECLINED: Final = "LETTER_DECLINED"
LETTER_EXPIRED: Final = "LETTER_EXPIRED"
# A new signature is all that these ask for.
_REMEDIES: Final = {
    LETTER_NOT_SIGNED: "Sign the letter, or send it to whoever signs it.",
    LETTER_DECLINED: "Read why the signer declined, then send the letter again or sign it.",
    LETTER_EXPIRED: "Send the letter again, or sign it yourself.",
    LOA_EXPIRED: "Sign the letter anew, or send it to whoever signs it: it has grown too old.",
}
_CODES: Final = {
    LetterState.DECLINED: LETTER_DECLINED,
    LetterState.EXPIRED: LETTER_EXPIRED,
}


async def note_signed(
    connection: Connection, request: PortRequest, *facts: PortRequestFact
) -> PortRequest:
    """Signed by now, where it is authorized: the review begins, or begins again."""
    if request.sent_at is not None:
        letter = await letters.find_standing_letter(connection, request.id)
        now = datetime.now(UTC)
        if letter is not None and letter.is_signed:
            await faults.close_faults_of_request(
                connection, request.id, ClosedBy.RESUBMITTED, now
            )
        healed = await _find_faults_of_age(connection, request)
        await faults.close_faults(connection, healed, ClosedBy.RESUBMITTED, now)
        return await derive_and_save(connection, request, lambda *_: facts)
    request = await save(connection, request, *facts)
    if not await _waits_for_signature(connection, request):
        return request
    return await _move(connection, request, PortRequestStatus.IN_REVIEW)


async def _find_faults_of_age(connection: Connection, request: PortRequest) -> list[str]:
    """Those of single lines that a signature covers again."""
    found = await faults.find_open_faults(connection, request.id)
    of_lines = {
        fault.line_id: fault.id
        for fault in found
        if fault.line_id and fault.code == LOA_EXPIRED
    }
    uncovered = {*await find_uncovered_lines(connection, request)} if of_lines else set()
    by_id = await lines.find_lines_by_id(connection, list(of_lines))
    return [
        fault_id
        for line_id, fault_id in of_lines.items()
        if by_id[line_id].tracking_number not in uncovered
    ]


async def note_sent(
    connection: Connection, request: PortRequest, *facts: PortRequestFact
) -> PortRequest:
    """With its signer again, where only the signature is missing."""
    request = await save(connection, request, *facts)
    if (
        request.status is not PortRequestStatus.ACTION_REQUIRED
        or not await _waits_for_signature(connection, request)
    ):
        return request
    return await _move(connection, request, PortRequestStatus.AWAITING_SIGNATURE)


async def require_letter(
    connection: Connection,
    request: PortRequest,
    code: str,
    *facts: PortRequestFact,
    reason: str | None = None,
    line_id: str | None = None,
) -> PortRequest:
    """Its requester must see to the letter, or to that of a line; a draft hears the facts only.

    What a carrier has keeps its status, which its lines decide, and waits for its requester.
    """
    if request.sent_at is not None and code == LOA_EXPIRED:
        finding = Finding(
            code=code,
            remedy=_REMEDIES[code],
            waiting_on=WaitingOn.REQUESTER,
            needs_new_letter=True,
        )
        await faults.open_faults(
            connection, request.id, request.account_id, finding, [line_id], datetime.now(UTC)
        )
        return await derive_and_save(connection, request, lambda *_: facts, reason=reason)
    if facts:
        request = await save(connection, request, *facts, reason=reason)
    if request.status is PortRequestStatus.DRAFT:
        return request
    return await require_action(
        connection,
        request,
        code,
        WaitingOn.REQUESTER,
        remedy=_REMEDIES[code],
        needs_new_letter=True,
    )


async def _move(
    connection: Connection, request: PortRequest, status: PortRequestStatus
) -> PortRequest:
    """Nothing but a signature was wanted: its faults are closed."""
    now = datetime.now(UTC)
    was_stopped = request.status is PortRequestStatus.ACTION_REQUIRED
    await faults.close_all_faults(connection, request.id, ClosedBy.RESUBMITTED, now)
    counts = await lines.count_lines(connection, request.id)
    # `numbers` checks the lines again, as after every resubmission.
    moved = replace(request.moved_to(status, now), preconfigured_at=None)
    present = await lines.find_all_lines(connection, request.id)
    ready = [line for line in present if line.state is LineState.READY]
    resubmitted = [about(PortResubmitted, moved, counts)] if was_stopped else []
    return await save(connection, moved, *resubmitted, *review_facts(moved, counts, ready))


async def ask_again_for_signature(connection: Connection, request: PortRequest) -> PortRequest:
    """A request that awaits a signature that nobody was asked for waits for its requester."""
    if request.status is not PortRequestStatus.AWAITING_SIGNATURE:
        return request
    letter = await letters.find_standing_letter(connection, request.id)
    if letter is not None and letter.state in WITH_THE_SIGNER:
        return request
    return await require_letter(connection, request, _code_of(letter))


async def _waits_for_signature(connection: Connection, request: PortRequest) -> bool:
    if request.status is PortRequestStatus.AWAITING_SIGNATURE:
        return True
    if request.status is not PortRequestStatus.ACTION_REQUIRED or request.sent_at is not None:
        return False
    found = await faults.find_open_faults(connection, request.id)
    return {fault.code for fault in found} <= _REMEDIES.keys()


def _code_of(letter: Letter | None) -> str:
    return _CODES.get(letter.state, LETTER_NOT_SIGNED) if letter else LETTER_NOT_SIGNED
