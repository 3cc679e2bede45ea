"""Submitting a request, authorizing it, and entering the review."""

from dataclasses import replace
from datetime import UTC, datetime

from libs.common.caller import Member, Role
from libs.common.database import Connection
from libs.common.sight import sight_of
from libs.contracts.porting_events.requests import (
    PortAuthorized,
    PortDeclined,
    PortSubmitted,
)
from libs.contracts.refusals import refuse_all
from services.porting.domain.letters import Letter
from services.porting.domain.lines import LineEvent, LineState, states_before
from services.porting.domain.refusals.base import TextTooLong
from services.porting.domain.refusals.requests import OwnSubmission, ReasonMissing
from services.porting.domain.requests import (
    LONGEST_REASON,
    PortRequest,
    PortRequestStatus,
    next_status_after_submission,
)
from services.porting.store import letters, line_states, lines
from services.porting.store.submission_grounds import find_grounds
from services.porting.use_cases.access import (
    lock_own_draft,
    lock_own_request,
    request_not_possible,
)
from services.porting.use_cases.letter_progress import ask_again_for_signature
from services.porting.use_cases.missing import list_missing
from services.porting.use_cases.recording import about, save
from services.porting.use_cases.reviewing import review_facts


async def submit_request(connection: Connection, caller: Member, request_id: str) -> str:
    """Everything that is missing is refused in one answer (S54)."""
    request = await lock_own_draft(connection, caller, request_id)
    sight = sight_of(caller)
    assert sight is not None
    grounds = await find_grounds(connection, request)
    refuse_all(list_missing(request, grounds, sight))
    now = datetime.now(UTC)
    ready = await line_states.claim_lines(
        connection, request.id, states_before(LineEvent.REQUEST_SUBMITTED)
    )
    # An administrator's own submission is the authorization (S49).
    is_authorized = caller.role is Role.ADMINISTRATOR
    submitted = replace(
        request,
        submitted_at=now,
        submitted_by=caller.member_id,
        authorized_at=now if is_authorized else None,
        authorized_by=caller.member_id if is_authorized else None,
    )
    counts = {LineState.READY: len(ready)}
    submitted = _moved_on(submitted, grounds.letter, now)
    said = about(
        PortSubmitted,
        submitted,
        counts,
        submitted_at=now,
        submitted_by=caller.member_id,
        authorized_by=submitted.authorized_by,
    )
    await save(connection, submitted, said, *review_facts(submitted, counts, ready))
    return request.id


async def authorize_request(connection: Connection, caller: Member, request_id: str) -> str:
    """Whoever submitted does not authorize (S46)."""
    request = await _lock_for_decision(connection, caller, request_id)
    now = datetime.now(UTC)
    authorized = _moved_on(
        replace(request, authorized_at=now, authorized_by=caller.member_id),
        await letters.find_standing_letter(connection, request.id),
        now,
    )
    counts = await lines.count_lines(connection, request.id)
    ready = await lines.find_all_lines(connection, request.id)
    said = about(
        PortAuthorized,
        authorized,
        counts,
        authorized_by=caller.member_id,
        submitted_by=request.submitted_by,
    )
    authorized = await save(
        connection, authorized, said, *review_facts(authorized, counts, ready)
    )
    await ask_again_for_signature(connection, authorized)
    return request.id


async def decline_request(
    connection: Connection, caller: Member, request_id: str, reason: str
) -> str:
    """The request is cancelled with this reason, its numbers are free again (S50)."""
    request = await _lock_for_decision(connection, caller, request_id)
    trimmed = " ".join(reason.split())
    if not trimmed:
        raise ReasonMissing().at("input", "reason")
    if len(trimmed) > LONGEST_REASON:
        raise TextTooLong(LONGEST_REASON).at("input", "reason")
    now = datetime.now(UTC)
    await line_states.move_lines(
        connection,
        request.id,
        states_before(LineEvent.DROPPED),
        LineState.CANCELLED,
    )
    declined = replace(
        request.moved_to(PortRequestStatus.CANCELLED, now),
        declined_at=now,
        declined_by=caller.member_id,
        decline_reason=trimmed,
    )
    counts = await lines.count_lines(connection, request.id)
    said = about(
        PortDeclined,
        declined,
        counts,
        declined_by=caller.member_id,
        submitted_by=request.submitted_by,
        reason=trimmed,
    )
    await save(connection, declined, said, reason=trimmed)
    return request.id


async def _lock_for_decision(
    connection: Connection, caller: Member, request_id: str
) -> PortRequest:
    request = await lock_own_request(connection, caller, request_id)
    if request.status is not PortRequestStatus.AWAITING_AUTHORIZATION:
        raise await request_not_possible(connection, caller, request)
    if request.submitted_by == caller.member_id:
        raise OwnSubmission().at("input", "portRequestId")
    return request


def _moved_on(request: PortRequest, letter: Letter | None, at: datetime) -> PortRequest:
    return request.moved_to(next_status_after_submission(request, letter), at)
