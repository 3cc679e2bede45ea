"""Signing letters: by the requester here, and what every signature is checked for and kept with."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from libs.common.caller import Caller, Member
from libs.common.database import Connection
from libs.common.timers import clear_timer
from libs.contracts.phone_number import PhoneNumber
from libs.contracts.porting_events.letters import LetterSigned
from libs.contracts.refusals import Refusal, Refused
from services.porting.domain.letter_faults import faults_of_text, find_missing
from services.porting.domain.letter_pages import content_of, hash_content, pages_of
from services.porting.domain.letters import FAILED, Letter, LetterEvent, Signature, Signer
from services.porting.domain.refusals.letters import (
    ConsentMissing,
    ConsentOutdated,
    DrawingNotAllowed,
    LetterMissing,
    LetterSignedAlready,
    SignerNameMissing,
)
from services.porting.domain.refusals.lines import LinesMissing
from services.porting.domain.requests import PortRequest
from services.porting.domain.signing import CONSENT_VERSION, is_drawing
from services.porting.store import letters, lines, signing_links
from services.porting.use_cases.access import (
    find_actions,
    lock_own_request,
    request_not_possible,
)
from services.porting.use_cases.letter_ages import watch_age
from services.porting.use_cases.letter_expiry import LINK_ENDS
from services.porting.use_cases.letter_progress import note_signed
from services.porting.use_cases.letters import (
    OPEN_FOR_LETTERS,
    find_own_letter,
    renew_letter,
)
from services.porting.use_cases.recording import about


@dataclass(frozen=True, kw_only=True)
class Signing:
    """What a signer gives: a typed name, and where they like a drawing of it as an SVG path."""

    signer_name: str
    consents: bool
    consent_version: str = CONSENT_VERSION
    drawn: str | None = None

    def by(self, identity: str, address_mark: str) -> Signature:
        return Signature(
            name=" ".join(self.signer_name.split()),
            at=datetime.now(UTC),
            by=identity,
            consent_version=self.consent_version,
            address_mark=address_mark,
            drawn=self.drawn,
        )


def faults_of_signing(signing: Signing) -> Iterator[Refusal]:
    if not signing.signer_name.strip():
        yield SignerNameMissing().at("input", "signerName")
    yield from faults_of_text(signing.signer_name, ("signerName",))
    if not signing.consents:
        yield ConsentMissing().at("input", "consent")
    if signing.consent_version != CONSENT_VERSION:
        yield ConsentOutdated().at("input", "consentVersion")
    if signing.drawn is not None and not is_drawing(signing.drawn):
        yield DrawingNotAllowed().at("input", "drawnSignature")


async def lock_for_signature(
    connection: Connection,
    caller: Caller,
    request_id: str,
    tracking_number: PhoneNumber | None,
) -> tuple[PortRequest, Letter | None, list[Refusal]]:
    """The request, the letter that somebody is to sign, and why nobody can sign it now."""
    request = await lock_own_request(connection, caller, request_id)
    if request.status not in OPEN_FOR_LETTERS and not request.wants_signature:
        raise await request_not_possible(connection, caller, request)
    letter = await find_own_letter(connection, caller, request, tracking_number)
    faults: list[Refusal] = []
    if letter is None:
        faults.append(LetterMissing().at("input", "portRequestId"))
    elif letter.is_signed:
        others = await find_actions(connection, caller, request)
        faults.append(LetterSignedAlready(others).at("input", "portRequestId"))
    if not await letters.find_letter_lines(connection, request.id, tracking_number):
        faults.append(LinesMissing().at("input", "portRequestId"))
    return request, letter, faults


async def sign_letter(
    connection: Connection,
    caller: Member,
    request_id: str,
    signing: Signing,
    *,
    address_mark: str = "",
    tracking_number: PhoneNumber | None = None,
) -> str:
    """The signature covers the subscriber block and every number that the request has now."""
    request, letter, faults = await lock_for_signature(
        connection, caller, request_id, tracking_number
    )
    faults += faults_of_signing(signing)
    if letter is not None and not faults:
        faults += await faults_of_unsigned(connection, letter)
    if faults or letter is None:
        raise Refused(faults)
    if letter.state in FAILED:
        letter = await renew_letter(connection, request, letter, letter)
    signature = signing.by(f"member:{caller.member_id}", address_mark)
    await keep_signature(connection, request, letter, signature, Signer.SELF)
    return request.id


async def faults_of_unsigned(connection: Connection, letter: Letter) -> list[Refusal]:
    """What must be filled in before anybody signs."""
    covered = await letters.find_letter_lines(
        connection, letter.port_request_id, letter.tracking_number
    )
    return [
        fault.at("input", "letter", *fault.path[1:])
        for fault in find_missing(letter, pages_of(letter, covered))
    ]


async def keep_signature(
    connection: Connection,
    request: PortRequest,
    letter: Letter,
    signature: Signature,
    signer: Signer,
) -> None:
    """With what it covers, word for word; the request goes on where it waited for it."""
    signed = letter.moved(LetterEvent.SIGNED)
    covered = await letters.find_letter_lines(connection, request.id, letter.tracking_number)
    pages = pages_of(letter, covered)
    content = content_of(letter.subscriber, pages)
    document_hash = hash_content(content)
    await letters.save_signature(
        connection, signed.id, signer, signature, content, document_hash
    )
    await signing_links.void_links(connection, letter.id)
    await clear_timer(connection, LINK_ENDS, letter.id)
    await watch_age(connection, letter.id, signature.at, pages)
    counts = await lines.count_lines(connection, request.id)
    said = about(
        LetterSigned,
        request,
        counts,
        letter_id=letter.id,
        signed_at=signature.at,
        document_hash=document_hash,
    )
    await note_signed(connection, request, said)
