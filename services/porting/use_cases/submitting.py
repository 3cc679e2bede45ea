"""Submitting a request, authorizing it, and entering the review."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from libs.common.caller import Member, Role
from libs.common.database import Connection
from libs.contracts.phone_number import PhoneNumber
from libs.contracts.porting_events.base import PortRequestFact
from libs.contracts.porting_events.lines import LinesReadied, ReadyLine
from libs.contracts.porting_events.requests import PortAuthorized, PortSubmitted, ReviewStarted
from libs.contracts.refusals import Refusal, refuse_all
from services.porting.domain.documents import PROOFS
from services.porting.domain.letters import Letter, LetterState, hash_document
from services.porting.domain.line_rules import Obstacle
from services.porting.domain.lines import LineEvent, LineState, states_before
from services.porting.domain.refusals.accounts import (
    AccountHasNoCard,
    AccountInTrial,
    AccountNotInGoodStanding,
)
from services.porting.domain.refusals.documents import ProofMissing
from services.porting.domain.refusals.letters import (
    LetterMissing,
    LetterNotSigned,
    LetterOutdated,
)
from services.porting.domain.refusals.lines import (
    ForwardingLoop,
    LinesMissing,
    NumberClaimed,
    NumberIsOurs,
)
from services.porting.domain.refusals.requests import OwnSubmission, WarningsNotAcknowledged
from services.porting.domain.requests import LineCounts, PortRequest, PortRequestStatus
from services.porting.store import copies, documents, letters, line_states, lines
from services.porting.store.lines import Line
from services.porting.use_cases.access import (
    lock_own_draft,
    lock_own_request,
    request_not_possible,
)
from services.porting.use_cases.recording import about, batches_about, save


async def submit_request(connection: Connection, caller: Member, request_id: str) -> str:
    """Everything that is missing is refused in one answer (S54)."""
    request = await lock_own_draft(connection, caller, request_id)
    refuse_all(await _find_missing(connection, request))
    now = datetime.now(UTC)
    ready = await line_states.claim_lines(
        connection, request.id, states_before(LineEvent.REQUEST_SUBMITTED)
    )
    counts = {LineState.READY: len(ready)}
    submitted = replace(
        request.moved_to(PortRequestStatus.AWAITING_AUTHORIZATION, now),
        submitted_at=now,
        submitted_by=caller.member_id,
    )
    facts: list[PortRequestFact] = []
    if caller.role is Role.ADMINISTRATOR:
        # An administrator's own submission is the authorization (S49).
        submitted = replace(
            submitted.moved_to(PortRequestStatus.IN_REVIEW, now),
            authorized_at=now,
            authorized_by=caller.member_id,
        )
        facts = review_facts(submitted, counts, ready)
    said = about(
        PortSubmitted, submitted, counts, submitted_at=now, submitted_by=caller.member_id
    )
    await save(connection, submitted, said, *facts)
    return request.id


async def authorize_request(connection: Connection, caller: Member, request_id: str) -> str:
    """Whoever submitted does not authorize (S46)."""
    request = await lock_own_request(connection, caller, request_id)
    if request.status is not PortRequestStatus.AWAITING_AUTHORIZATION:
        raise request_not_possible(caller, request)
    if request.submitted_by == caller.member_id:
        raise OwnSubmission().at("input", "portRequestId")
    now = datetime.now(UTC)
    authorized = replace(
        request.moved_to(PortRequestStatus.IN_REVIEW, now),
        authorized_at=now,
        authorized_by=caller.member_id,
    )
    counts = await lines.count_lines(connection, request.id)
    ready = await lines.find_all_lines(connection, request.id)
    await save(
        connection,
        authorized,
        about(PortAuthorized, authorized, counts, authorized_by=caller.member_id),
        *review_facts(authorized, counts, ready),
    )
    return request.id


def review_facts(
    request: PortRequest, counts: LineCounts, ready: Sequence[Line]
) -> list[PortRequestFact]:
    """The lines travel ahead, so that whoever hears of the review knows them all."""
    return [
        *batches_about(LinesReadied, request, counts, ready, _ready_line),
        about(ReviewStarted, request, counts),
    ]


def _ready_line(line: Line) -> ReadyLine:
    return ReadyLine(
        line_id=line.id,
        tracking_number=line.tracking_number,
        forwarding_number=line.forwarding_number,
        name=line.name,
        source=line.source,
        company_id=line.company_id,
    )


async def _find_missing(connection: Connection, request: PortRequest) -> list[Refusal]:
    numbers = await lines.find_tracking_numbers(connection, request.id)
    letter = (await letters.find_letters(connection, [request.id])).get(request.id)
    attached = await documents.find_document_kinds(connection, request.id)
    missing = [*await _faults_of_account(connection, request.account_id)]
    if not numbers:
        missing.append(LinesMissing().at("input", "lines"))
    if not attached & PROOFS:
        missing.append(ProofMissing().at("input", "documents"))
    missing += _faults_of_letter(letter, numbers)
    if request.warnings_acknowledged_at is None:
        missing.append(WarningsNotAcknowledged().at("input", "warnings"))
    missing += await _faults_of_numbers(connection, request.id)
    return missing


async def _faults_of_numbers(connection: Connection, request_id: str) -> list[Refusal]:
    """They were free when the file was taken in; others may have been faster."""
    return [
        _OBSTACLES[obstacle](number).at("input", "lines", number)
        for number, obstacle in await lines.find_obstacles(connection, request_id)
    ]


_OBSTACLES: Final[Mapping[Obstacle, Callable[[str], Refusal]]] = {
    Obstacle.OURS: NumberIsOurs,
    Obstacle.CLAIMED: NumberClaimed,
    Obstacle.LOOP: ForwardingLoop,
}


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


def _faults_of_letter(letter: Letter | None, numbers: Sequence[PhoneNumber]) -> list[Refusal]:
    if letter is None:
        return [LetterMissing().at("input", "letter")]
    if letter.state is not LetterState.SIGNED:
        return [LetterNotSigned().at("input", "letter")]
    if letter.document_hash != hash_document(letter.subscriber, numbers):
        return [LetterOutdated().at("input", "letter")]
    return []
