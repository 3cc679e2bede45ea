"""Sending letters to whoever signs them: single-use links, and who may fetch them to mail them."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from libs.common.caller import Caller
from libs.common.database import Connection
from libs.common.ids import new_id
from libs.common.timers import set_timer
from libs.contracts.phone_number import PhoneNumber
from libs.contracts.porting_events.letters import LetterSent
from libs.contracts.refusals import Refused
from services.porting.domain.letter_faults import faults_of_text, is_printable
from services.porting.domain.letter_pages import content_for, hash_content
from services.porting.domain.letters import (
    FAILED,
    WITH_THE_SIGNER,
    Letter,
    LetterEvent,
    Signer,
    is_email,
)
from services.porting.domain.refusals.letters import (
    InvalidEmail,
    ValueMissing,
)
from services.porting.domain.requests import FINAL, PortRequest
from services.porting.domain.signing import (
    LINK_LIFETIME,
    LinkMaker,
    SigningLink,
    hash_token,
)
from services.porting.store import letters, lines, requests, signing_links
from services.porting.use_cases.letter_expiry import LINK_ENDS
from services.porting.use_cases.letter_progress import note_sent
from services.porting.use_cases.letter_signing import (
    faults_of_unsigned,
    lock_for_signature,
)
from services.porting.use_cases.letters import (
    renew_letter,
)
from services.porting.use_cases.recording import about


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """For the sender of mails alone: S53, to that address only."""

    name: str
    email: str
    token: str
    expires_at: datetime


async def send_letter(
    connection: Connection,
    caller: Caller,
    request_id: str,
    maker: LinkMaker,
    *,
    name: str,
    email: str,
    tracking_number: PhoneNumber | None = None,
) -> str:
    """A new link each time: the one before leads nowhere from now on."""
    request, letter, faults = await lock_for_signature(
        connection, caller, request_id, tracking_number
    )
    if not name.strip():
        faults.append(ValueMissing().at("input", "signerName"))
    faults += faults_of_text(name, ("signerName",))
    if not (is_email(email) and is_printable(email)):
        faults.append(InvalidEmail().at("input", "signerEmail"))
    if letter is not None and not letter.is_signed:
        faults += await faults_of_unsigned(connection, letter)
    if faults or letter is None:
        raise Refused(faults)
    if letter.state in FAILED:
        letter = await renew_letter(connection, request, letter, letter)
    addressed = replace(letter, recipient_name=" ".join(name.split()), recipient_email=email)
    await send_to_signer(connection, request, addressed, maker)
    return request.id


async def send_to_signer(
    connection: Connection, request: PortRequest, letter: Letter, maker: LinkMaker
) -> PortRequest:
    """The link is bound to the letter as it reads now; its token is in no row and no event."""
    now = datetime.now(UTC)
    covered = await letters.find_letter_lines(connection, request.id, letter.tracking_number)
    document_hash = hash_content(content_for(letter, covered))
    sent = letter.moved(
        LetterEvent.SENT, signer=Signer.OTHER, sent_at=now, document_hash=document_hash
    )
    await letters.save_letter(connection, sent)
    await signing_links.void_links(connection, letter.id)
    link_id, nonce = new_id("lnk"), maker.new_nonce()
    link = SigningLink(
        id=link_id,
        letter_id=letter.id,
        port_request_id=request.id,
        account_id=request.account_id,
        nonce=nonce,
        token_hash=hash_token(maker.token_of(link_id, nonce)),
        document_hash=document_hash,
        expires_at=now + LINK_LIFETIME,
    )
    await signing_links.add_link(connection, link)
    await set_timer(connection, LINK_ENDS, letter.id, link.expires_at)
    counts = await lines.count_lines(connection, request.id)
    said = about(
        LetterSent,
        request,
        counts,
        letter_id=letter.id,
        link_id=link_id,
        expires_at=link.expires_at,
    )
    return await note_sent(connection, request, said)


async def find_delivery(
    connection: Connection, maker: LinkMaker, link_id: str
) -> Delivery | None:
    """Of a link that still leads to its letter; the same answer however often it is asked."""
    link = await signing_links.find_link_to_deliver(connection, link_id)
    letter = await letters.find_letter(connection, link.letter_id) if link else None
    if link is None or letter is None or letter.state not in WITH_THE_SIGNER:
        return None
    request = (
        await requests.find_requests(connection, [link.port_request_id], None, None, None)
    )[link.port_request_id]
    if request.status in FINAL:
        return None
    return Delivery(
        name=letter.recipient_name,
        email=letter.recipient_email,
        token=maker.token_of(link.id, link.nonce),
        expires_at=link.expires_at,
    )
