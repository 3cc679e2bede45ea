"""Submitting a request, authorizing it, and entering the review."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from libs.common.caller import Member, Role
from libs.common.database import Connection
from libs.contracts.phone_number import PhoneNumber
from libs.contracts.porting_events.requests import PortAuthorized, PortSubmitted
from libs.contracts.refusals import Refusal, refuse_all
from services.porting.domain.documents import PROOFS
from services.porting.domain.letters import Letter
from services.porting.domain.lines import LineEvent, states_before
from services.porting.domain.refusals.accounts import (
    AccountHasNoCard,
    AccountInTrial,
    AccountNotInGoodStanding,
)
from services.porting.domain.refusals.documents import ProofMissing
from services.porting.domain.refusals.lines import (
    ForwardingLoop,
    LinesMissing,
    NumberClaimed,
    NumberIsOurs,
)
from services.porting.domain.refusals.requests import OwnSubmission, WarningsNotAcknowledged
from services.porting.domain.requests import (
    PortRequest,
    PortRequestStatus,
    next_status_after_submission,
)
from services.porting.store import copies, documents, letters, line_states, lines
from services.porting.use_cases.access import (
    lock_own_draft,
    lock_own_request,
    request_not_possible,
)
from services.porting.use_cases.letter_progress import ask_again_for_signature
from services.porting.use_cases.letters import faults_of_letter
from services.porting.use_cases.recording import about, save
from services.porting.use_cases.reviewing import review_facts


async def submit_request(connection: Connection, caller: Member, request_id: str) -> str:
    """Everything that is missing is refused in one answer (S54)."""
    request = await lock_own_draft(connection, caller, request_id)
    refuse_all(await _find_missing(connection, request))
    now = datetime.now(UTC)
    ready = await line_states.claim_lines(
        connection, request.id, states_before(LineEvent.REQUEST_SUBMITTED)
    )
    counts = await lines.count_lines(connection, request.id)
    submitted = replace(request, submitted_at=now, submitted_by=caller.member_id)
    if caller.role is Role.ADMINISTRATOR:
        # An administrator's own submission is the authorization (S49).
        submitted = replace(submitted, authorized_at=now, authorized_by=caller.member_id)
    letter = await _find_letter(connection, request)
    submitted = submitted.moved_to(next_status_after_submission(submitted, letter), now)
    said = about(
        PortSubmitted, submitted, counts, submitted_at=now, submitted_by=caller.member_id
    )
    await save(connection, submitted, said, *review_facts(submitted, counts, ready))
    return request.id


async def authorize_request(connection: Connection, caller: Member, request_id: str) -> str:
    """Whoever submitted does not authorize (S46)."""
    request = await lock_own_request(connection, caller, request_id)
    if request.status is not PortRequestStatus.AWAITING_AUTHORIZATION:
        raise request_not_possible(caller, request)
    if request.submitted_by == caller.member_id:
        raise OwnSubmission().at("input", "portRequestId")
    now = datetime.now(UTC)
    authorized = replace(request, authorized_at=now, authorized_by=caller.member_id)
    letter = await _find_letter(connection, request)
    authorized = authorized.moved_to(next_status_after_submission(authorized, letter), now)
    counts = await lines.count_lines(connection, request.id)
    ready = await lines.find_all_lines(connection, request.id)
    authorized = await save(
        connection,
        authorized,
        about(PortAuthorized, authorized, counts, authorized_by=caller.member_id),
        *review_facts(authorized, counts, ready),
    )
    await ask_again_for_signature(connection, authorized)
    return request.id


async def _find_letter(connection: Connection, request: PortRequest) -> Letter | None:
    return (await letters.find_letters(connection, [request.id])).get(request.id)


async def _find_missing(connection: Connection, request: PortRequest) -> list[Refusal]:
    numbers = await lines.find_tracking_numbers(connection, request.id)
    attached = await documents.find_document_kinds(connection, request.id)
    missing = [*await _faults_of_account(connection, request.account_id)]
    if not numbers:
        missing.append(LinesMissing().at("input", "lines"))
    if not attached & PROOFS:
        missing.append(ProofMissing().at("input", "documents"))
    missing += await faults_of_letter(connection, request)
    if request.warnings_acknowledged_at is None:
        missing.append(WarningsNotAcknowledged().at("input", "warnings"))
    missing += await _faults_of_numbers(connection, request.id, numbers)
    return missing


async def _faults_of_numbers(
    connection: Connection, request_id: str, numbers: Sequence[PhoneNumber]
) -> list[Refusal]:
    """They were free when the file was taken in; others may have been faster."""
    taken = await lines.find_taken_numbers(connection, numbers)
    faults: list[Refusal] = [
        (NumberIsOurs(number) if is_ours else NumberClaimed(number)).at(
            "input", "lines", number
        )
        for number, is_ours in sorted(taken.items())
    ]
    forwarding = await lines.find_forwarding_numbers(connection, request_id)
    loops = {
        *await lines.find_taken_numbers(connection, forwarding),
        *await lines.find_forwarded_to(connection, numbers),
    }
    faults += [ForwardingLoop(number).at("input", "lines", number) for number in sorted(loops)]
    return faults


async def _faults_of_account(connection: Connection, account_id: str) -> list[Refusal]:
    """S5 to S8."""
    account = await copies.find_account(connection, account_id)
    faults: list[Refusal] = []
    if account is None or not account.card_on_file:
        faults.append(AccountHasNoCard().at("input", "account"))
    if account is not None and not (account.balance_current and account.in_good_standing):
        faults.append(AccountNotInGoodStanding().at("input", "account"))
    if account is not None and account.in_trial:
        faults.append(AccountInTrial().at("input", "account"))
    return faults
