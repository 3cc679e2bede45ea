"""Letters that run out: a link after 14 days, a signature at the age that carriers take no more."""

from datetime import UTC, datetime, timedelta
from typing import Final, Literal

from libs.common.database import Connection
from libs.common.timers import set_timer
from libs.contracts.porting_events.letters import LetterExpired
from services.porting.domain.letters import WITH_THE_SIGNER, Letter, LetterEvent
from services.porting.domain.lines import TERMINAL, LineState
from services.porting.domain.requests import ACCEPTED, FINAL, LOA_EXPIRED, PortRequest
from services.porting.store import letters, lines, requests, signing_links
from services.porting.store.lines import Line
from services.porting.use_cases.letter_ages import LETTER_AGES
from services.porting.use_cases.letter_progress import (
    LETTER_EXPIRED,
    require_letter,
)
from services.porting.use_cases.recording import about, save

LINK_ENDS: Final = "signing_link_ends"
_SOON: Final = timedelta(minutes=1)
_LATER: Final = timedelta(days=1)

# The losing carrier has taken the line's letter, or is asked to give it back.
_TAKEN: Final = frozenset(
    {LineState.APPROVED, LineState.ACTIVATING, LineState.CANCEL_REQUESTED}
)


async def end_link(connection: Connection, letter_id: str) -> None:
    """Late, where the letter was signed, declined or superseded meanwhile: then nothing."""
    letter, request = await _lock_if_free(connection, letter_id, LINK_ENDS)
    if request is None or letter.state not in WITH_THE_SIGNER or request.status in FINAL:
        return
    await _expire(connection, request, letter, LETTER_EXPIRED, "link")


async def age_letter(connection: Connection, letter_id: str) -> None:
    """Asks for a new signature while the losing carrier has not approved.

    What it has approved it may still send back: then the age counts again.
    """
    letter, request = await _lock_if_free(connection, letter_id, LETTER_AGES)
    if request is None or not letter.is_signed or request.status in FINAL:
        return
    line = await _find_line_of(connection, letter)
    if letter.tracking_number is not None and (line is None or line.state in TERMINAL):
        return
    if request.sent_at is not None and await _is_taken(connection, request, line):
        await set_timer(connection, LETTER_AGES, letter_id, datetime.now(UTC) + _LATER)
        return
    await _expire(connection, request, letter, LOA_EXPIRED, "age", line)


async def _is_taken(connection: Connection, request: PortRequest, line: Line | None) -> bool:
    """The line's letter, or the request's where no line waits for an answer to it."""
    if line is not None:
        return line.state in _TAKEN
    counts = await lines.count_lines(connection, request.id)
    return request.status in ACCEPTED or counts.keys() - TERMINAL <= _TAKEN


async def _find_line_of(connection: Connection, letter: Letter) -> Line | None:
    """The one that it is the letter of; None for the request's own, and once it is gone."""
    if letter.tracking_number is None:
        return None
    named = await lines.find_named_lines(
        connection, letter.port_request_id, [letter.tracking_number]
    )
    return named.get(letter.tracking_number)


async def _lock_if_free(
    connection: Connection, letter_id: str, kind: str
) -> tuple[Letter, PortRequest | None]:
    """The letter as it is once nobody else can change it.

    Who changes the request now may be moving this timer: it is not waited for, but asked later.
    """
    found = await letters.find_letter(connection, letter_id)
    assert found is not None
    request = await requests.lock_request_if_free(connection, found.port_request_id)
    if request is None:
        await set_timer(connection, kind, letter_id, datetime.now(UTC) + _SOON)
        return found, None
    letter = await letters.find_letter(connection, letter_id)
    assert letter is not None
    return letter, request


async def _expire(
    connection: Connection,
    request: PortRequest,
    letter: Letter,
    code: str,
    cause: Literal["link", "age"],
    line: Line | None = None,
) -> None:
    now = datetime.now(UTC)
    await letters.save_letter(connection, letter.moved(LetterEvent.EXPIRED, expired_at=now))
    await signing_links.void_links(connection, letter.id)
    counts = await lines.count_lines(connection, request.id)
    said = about(
        LetterExpired, request, counts, letter_id=letter.id, cause=cause, expired_at=now
    )
    if letter.tracking_number is not None and request.sent_at is not None and line is None:
        # The link to a letter that nobody has signed: whoever wants it sends another.
        await save(connection, request, said)
    else:
        await require_letter(
            connection, request, code, said, line_id=line.id if line else None
        )
