"""What becomes of a request when its letter is signed, declined, expired or taken back."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from libs.common.database import Connection
from libs.contracts.porting_events.base import PortRequestFact
from libs.contracts.porting_events.requests import ActionRequired
from services.porting.domain.letters import WITH_THE_SIGNER, Letter, LetterState
from services.porting.domain.requests import PortRequest, PortRequestStatus, WaitingOn
from services.porting.store import letters, lines
from services.porting.use_cases.recording import about, save
from services.porting.use_cases.reviewing import review_facts

LETTER_NOT_SIGNED: Final = "LETTER_NOT_SIGNED"
LETTER_DECLINED: Final = "LETTER_DECLINED"
LETTER_EXPIRED: Final = "LETTER_EXPIRED"
LOA_EXPIRED: Final = "LOA_EXPIRED"
# A new signature is all that these ask for.
OF_LETTERS: Final = frozenset(
    {LETTER_NOT_SIGNED, LETTER_DECLINED, LETTER_EXPIRED, LOA_EXPIRED}
)
_CODES: Final = {
    LetterState.DECLINED: LETTER_DECLINED,
    LetterState.EXPIRED: LETTER_EXPIRED,
}
_CAN_BE_ASKED: Final = frozenset(
    {PortRequestStatus.AWAITING_SIGNATURE, PortRequestStatus.IN_REVIEW}
)


async def note_signed(
    connection: Connection, request: PortRequest, *facts: PortRequestFact
) -> PortRequest:
    """Signed by now, where it is authorized: the review begins, or begins again."""
    if not (_waits_for_signature(request)):
        return await save(connection, request, *facts)
    request = request.moved_to(PortRequestStatus.IN_REVIEW, datetime.now(UTC))
    counts = await lines.count_lines(connection, request.id)
    ready = await lines.find_all_lines(connection, request.id)
    said = [fact.model_copy(update={"status": request.status.value}) for fact in facts]
    return await save(connection, request, *said, *review_facts(request, counts, ready))


async def note_sent(
    connection: Connection, request: PortRequest, *facts: PortRequestFact
) -> PortRequest:
    """With its signer again, where only the signature is missing."""
    if request.status is not PortRequestStatus.ACTION_REQUIRED or not (
        _waits_for_signature(request)
    ):
        return await save(connection, request, *facts)
    request = request.moved_to(PortRequestStatus.AWAITING_SIGNATURE, datetime.now(UTC))
    said = [fact.model_copy(update={"status": request.status.value}) for fact in facts]
    return await save(connection, request, *said)


async def require_letter(
    connection: Connection,
    request: PortRequest,
    code: str,
    *facts: PortRequestFact,
    waiting_on: WaitingOn = WaitingOn.REQUESTER,
    reason: str | None = None,
) -> PortRequest:
    """Somebody must see to the letter; a draft, or what a carrier has, only hears the facts."""
    if request.status not in _CAN_BE_ASKED:
        return await save(connection, request, *facts, reason=reason)
    asked = replace(
        request.moved_to(PortRequestStatus.ACTION_REQUIRED, datetime.now(UTC)),
        fault_code=code,
        fault_waiting_on=waiting_on,
    )
    counts = await lines.count_lines(connection, request.id)
    said = [fact.model_copy(update={"status": asked.status.value}) for fact in facts]
    fact = about(ActionRequired, asked, counts, code=code, waiting_on=waiting_on)
    return await save(connection, asked, *said, fact, reason=reason)


async def ask_again_for_signature(connection: Connection, request: PortRequest) -> PortRequest:
    """A request that awaits a signature that nobody was asked for waits for its requester."""
    if request.status is not PortRequestStatus.AWAITING_SIGNATURE:
        return request
    letter = (await letters.find_letters(connection, [request.id])).get(request.id)
    if letter is not None and letter.state in WITH_THE_SIGNER:
        return request
    return await require_letter(connection, request, _code_of(letter))


def _waits_for_signature(request: PortRequest) -> bool:
    if request.status is PortRequestStatus.AWAITING_SIGNATURE:
        return True
    return (
        request.status is PortRequestStatus.ACTION_REQUIRED
        and request.sent_at is None
        and request.fault_code in OF_LETTERS
    )


def _code_of(letter: Letter | None) -> str:
    return _CODES.get(letter.state, LETTER_NOT_SIGNED) if letter else LETTER_NOT_SIGNED
