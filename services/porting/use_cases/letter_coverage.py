"""What signed letters cover, of a request that was submitted: its own letter, or one of a line."""

from collections.abc import Mapping, Sequence
from typing import Any

from libs.common.database import Connection
from libs.common.sight import Sight
from libs.contracts.phone_number import PhoneNumber
from libs.contracts.refusals import Refusal
from services.porting.domain.faults import Fault
from services.porting.domain.letter_pages import content_for, hash_content
from services.porting.domain.letters import Letter, LetterLine
from services.porting.domain.refusals.letters import (
    LetterNotSigned,
    LetterOutdated,
    NewLetterNeeded,
)
from services.porting.domain.requests import PortRequest
from services.porting.store import letters, lines
from services.porting.store.lines import Line


async def faults_of_new_letters(
    connection: Connection,
    request: PortRequest,
    open_faults: Sequence[Fault],
    by_id: Mapping[str, Line],
    sight: Sight,
) -> list[Refusal]:
    """A fault of what stands on the letter wants one that was signed after it was found.

    The request's own, or that of the faulty line alone. What `sight` hides is not named.
    """
    letter = await letters.find_standing_letter(connection, request.id)
    if letter is not None and not letter.is_signed:
        return [LetterNotSigned().at("portRequest", "letter")]
    own = await letters.find_line_letters(connection, request.id)
    for fault in open_faults:
        line = by_id[fault.line_id] if fault.line_id else None
        signed = [letter, own.get(line.tracking_number) if line else None]
        if fault.needs_new_letter and not any(_is_newer(each, fault) for each in signed):
            return [NewLetterNeeded().at("portRequest", "letter")]
    return await faults_of_uncovered_lines(connection, request, sight)


async def faults_of_uncovered_lines(
    connection: Connection, request: PortRequest, sight: Sight
) -> list[Refusal]:
    """At each line; those that `sight` hides are one fault of the letter."""
    uncovered = await find_uncovered_lines(connection, request)
    found = await lines.find_named_lines(connection, request.id, uncovered)
    seen = [
        number for number in uncovered if sight.has_any_company([found[number].company_id])
    ]
    path = ("portRequest", "letter")
    faults: list[Refusal] = [LetterOutdated().at(*path, "lines", number) for number in seen]
    return faults if len(seen) == len(uncovered) else [*faults, LetterOutdated().at(*path)]


def _is_newer(letter: Letter | None, fault: Fault) -> bool:
    return (
        letter is not None
        and letter.is_signed
        and letter.signed_at is not None
        and letter.signed_at >= fault.opened_at
    )


async def find_uncovered_lines(
    connection: Connection, request: PortRequest
) -> list[PhoneNumber]:
    """Lines that no signed letter covers as they are now."""
    letter = await letters.find_standing_letter(connection, request.id)
    covered = await letters.find_letter_lines(connection, request.id)
    if letter is None or not letter.is_signed:
        return [line.tracking_number for line in covered]
    if letter.document_hash == hash_content(content_for(letter, covered)):
        return []
    signed = await letters.find_content(connection, letter.id) or {}
    present = content_for(letter, covered)
    same_subscriber = signed.get("subscriber") == present["subscriber"]
    before = _accounts_by_number(signed) if same_subscriber else {}
    now = _accounts_by_number(present)
    own = await letters.find_line_letters(connection, request.id)
    return [
        line.tracking_number
        for line in covered
        if before.get(line.tracking_number) != now[line.tracking_number]
        and not _covers(own.get(line.tracking_number), line)
    ]


def _covers(letter: Letter | None, line: LetterLine) -> bool:
    return (
        letter is not None
        and letter.is_signed
        and letter.document_hash == hash_content(content_for(letter, [line]))
    )


def _accounts_by_number(content: Mapping[str, Any]) -> dict[str, tuple[Any, ...]]:
    return {
        number: (page["losing_carrier"], page["account_number"], page["billing_number"])
        for page in content.get("pages", ())
        for number in page["numbers"]
    }
