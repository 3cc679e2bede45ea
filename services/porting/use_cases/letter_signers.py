"""The holder of a signing link: sees that one letter, signs or declines it, once.

A link that is wrong, used, void, expired or of a letter that reads otherwise by now is no link:
every one of these is answered alike.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from libs.common.database import Connection
from libs.common.timers import clear_timer
from libs.contracts.porting_events.letters import LetterDeclined, LetterViewed
from libs.contracts.refusals import refuse_all
from services.porting.domain.letter_faults import faults_of_text
from services.porting.domain.letter_pages import content_for, hash_content
from services.porting.domain.letters import (
    WITH_THE_SIGNER,
    Letter,
    LetterEvent,
    Signer,
)
from services.porting.domain.refusals.letters import LinkNotGood, ReasonMissing
from services.porting.domain.requests import FINAL, PortRequest
from services.porting.domain.signing import LONGEST_REASON, SigningLink, hash_token
from services.porting.store import letters, lines, requests, signing_links
from services.porting.use_cases.letter_expiry import LINK_ENDS
from services.porting.use_cases.letter_progress import LETTER_DECLINED, require_letter
from services.porting.use_cases.letter_signing import (
    Signing,
    faults_of_signing,
    keep_signature,
)
from services.porting.use_cases.recording import about, act_as, save

_LONGEST_TOKEN: Final = 128


@dataclass(frozen=True, kw_only=True)
class ShownLetter:
    """`content` is what a signature will cover, word for word."""

    letter: Letter
    content: Mapping[str, Any]
    expires_at: datetime


async def show_letter(connection: Connection, token: str) -> ShownLetter:
    """Opening it twice is nothing new, and a mail scanner uses nothing up."""
    link, request, letter, content = await _open(connection, token)
    if not letter.ignores(LetterEvent.VIEWED):
        now = datetime.now(UTC)
        await letters.save_letter(connection, letter.moved(LetterEvent.VIEWED, viewed_at=now))
        counts = await lines.count_lines(connection, request.id)
        said = about(LetterViewed, request, counts, letter_id=letter.id, viewed_at=now)
        await save(connection, request, said)
    return ShownLetter(letter=letter, content=content, expires_at=link.expires_at)


async def sign_by_link(
    connection: Connection, token: str, signing: Signing, address_mark: str
) -> None:
    link, request, letter, _ = await _open(connection, token)
    refuse_all(faults_of_signing(signing))
    await signing_links.use_link(connection, link.id, datetime.now(UTC))
    signature = signing.by(f"signer:{letter.recipient_email}", address_mark)
    await keep_signature(connection, request, letter, signature, Signer.OTHER)


async def decline_by_link(connection: Connection, token: str, reason: str) -> None:
    """The requester reads why, and sends it again or has somebody else sign."""
    link, request, letter, _ = await _open(connection, token)
    trimmed = " ".join(reason.split())
    if not trimmed:
        raise ReasonMissing().at("input", "reason")
    refuse_all(faults_of_text(trimmed, ("reason",), LONGEST_REASON))
    now = datetime.now(UTC)
    await signing_links.use_link(connection, link.id, now)
    await clear_timer(connection, LINK_ENDS, letter.id)
    declined = letter.moved(LetterEvent.DECLINED, declined_at=now, decline_reason=trimmed)
    await letters.save_letter(connection, declined)
    counts = await lines.count_lines(connection, request.id)
    said = about(LetterDeclined, request, counts, letter_id=letter.id, declined_at=now)
    await require_letter(connection, request, LETTER_DECLINED, said, reason=trimmed)


async def _open(
    connection: Connection, token: str
) -> tuple[SigningLink, PortRequest, Letter, Mapping[str, Any]]:
    """Locks the request, so that two who hold the link cannot both use it."""
    link = await signing_links.find_link(connection, hash_token(token[:_LONGEST_TOKEN]))
    if link is None:
        raise LinkNotGood
    request = await requests.lock_request(connection, link.port_request_id)
    # What was read before the lock may be used or void by now.
    link = await signing_links.find_link(connection, link.token_hash)
    letter = await letters.find_letter(connection, link.letter_id) if link else None
    if link is None or request is None or letter is None or request.status in FINAL:
        raise LinkNotGood
    covered = await letters.find_letter_lines(connection, request.id, letter.tracking_number)
    content = content_for(letter, covered)
    if letter.state not in WITH_THE_SIGNER or hash_content(content) != link.document_hash:
        raise LinkNotGood
    await act_as(connection, f"signer:{letter.id}")
    return link, request, letter, content
