"""Until when signatures hold: the timers of their age, and when they are looked at again."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from libs.common.database import Connection
from libs.common.timers import set_timer
from services.porting.domain.letter_ages import max_age_of
from services.porting.domain.letter_pages import Page, pages_of
from services.porting.domain.requests import PortRequest
from services.porting.store import letters

LETTER_AGES: Final = "letter_ages"


async def watch_age(
    connection: Connection, letter_id: str, signed_at: datetime, pages: Sequence[Page]
) -> None:
    await set_timer(connection, LETTER_AGES, letter_id, signed_at + max_age_of(pages))


async def watch_ages_again(connection: Connection, request: PortRequest) -> None:
    """A carrier that had approved wants something again: what grew too old meanwhile counts now."""
    standing = await letters.find_standing_letter(connection, request.id)
    own = await letters.find_line_letters(connection, request.id)
    for letter in [*([standing] if standing else []), *own.values()]:
        covered = await letters.find_letter_lines(
            connection, request.id, letter.tracking_number
        )
        if letter.is_signed and letter.signed_at is not None and covered:
            pages = pages_of(letter, covered)
            await watch_age(connection, letter.id, letter.signed_at, pages)
