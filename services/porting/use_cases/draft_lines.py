"""Lines of a draft one by one: held to the same rules as the rows of a file."""

from collections.abc import Mapping, Sequence
from typing import Final

from libs.common.caller import Caller, Member
from libs.common.database import Connection
from libs.common.ids import new_id
from libs.common.sight import sight_of
from libs.common.vault import Vault
from libs.contracts.phone_number import PhoneNumber
from libs.contracts.refusals import Refusal, Refused, UserErrorCode, refuse_all
from services.porting.domain.line_rules import (
    LOOP,
    Flaw,
    LineRules,
    LineTexts,
    NewLine,
    Reading,
    find_flaws_with_others,
    read_line,
    trim,
)
from services.porting.domain.refusals.lines import (
    LineFault,
    LineUnknown,
    NumberUnknown,
    TooManyLines,
)
from services.porting.domain.requests import PortRequest
from services.porting.store import copies, lines, obstacles
from services.porting.store import draft_lines as line_store
from services.porting.store.lines import Line
from services.porting.use_cases.access import lock_own_draft
from services.porting.use_cases.drafts import save_draft
from services.porting.use_cases.importing import IntakeLimits
from services.porting.use_cases.letters import supersede_for_lines
from services.porting.use_cases.pins import keep_pins, keep_pins_of_lines

# Where the input has the fields of a line.
_PATHS: Final = {
    "tracking_number": "phoneNumber",
    "forwarding_number": "forwardingNumber",
    "name": "name",
    "source": "source",
    "company": "companyId",
    "account_number": "accountNumber",
    "pin": "pin",
    "billing_number": "billingNumber",
}


async def add_line(
    connection: Connection,
    caller: Member,
    limits: IntakeLimits,
    vault: Vault,
    request_id: str,
    texts: LineTexts,
) -> str:
    """`texts.company` is the company's id."""
    request = await lock_own_draft(connection, caller, request_id)
    counts = await lines.count_lines(connection, request.id)
    if sum(counts.values()) >= limits.most_rows:
        raise TooManyLines(limits.most_rows).at("input")
    line = await _read(connection, caller, limits, request, texts, line_id=None)
    await lines.add_lines(connection, request.id, request.account_id, [line])
    await keep_pins_of_lines(connection, request, vault, [line])
    return await _save(connection, request)


async def correct_line(
    connection: Connection,
    caller: Member,
    limits: IntakeLimits,
    vault: Vault,
    request_id: str,
    line_id: str,
    changes: Mapping[str, str],
) -> str:
    """`changes` has the new texts by field; the others stay."""
    request = await lock_own_draft(connection, caller, request_id)
    line = await line_store.find_line(connection, request.id, line_id)
    if line is None or not caller.has_company(line.company_id):
        raise LineUnknown().at("input", "lineId")
    texts = _texts_of(line)._replace(**changes)
    corrected = await _read(connection, caller, limits, request, texts, line_id=line_id)
    await line_store.correct_line(connection, corrected)
    if "pin" in changes:
        await keep_pins(connection, request, vault, {corrected.id: corrected.pin_answer})
    return await _save(connection, request)


async def drop_lines(
    connection: Connection,
    caller: Caller,
    request: PortRequest,
    numbers: Sequence[PhoneNumber],
) -> str:
    """All of them or none, of a draft that is locked."""
    found = await _find_own_numbers(connection, caller, request, numbers)
    refuse_all(
        NumberUnknown().at("input", "trackingNumbers", str(place))
        for place, number in enumerate(numbers)
        if number not in found
    )
    await line_store.drop_lines(connection, request.id, numbers)
    return await _save(connection, request)


async def _find_own_numbers(
    connection: Connection,
    caller: Caller,
    request: PortRequest,
    numbers: Sequence[PhoneNumber],
) -> set[str]:
    """A line in another company is unknown."""
    sight = sight_of(caller)
    if sight is None:
        return set()
    return await line_store.find_numbers(connection, request.id, numbers, sight.company_ids)


async def _save(connection: Connection, request: PortRequest) -> str:
    """The letter no longer lists the numbers that the draft has."""
    request = await supersede_for_lines(connection, request)
    await save_draft(connection, request)
    return request.id


async def _read(
    connection: Connection,
    caller: Member,
    limits: IntakeLimits,
    request: PortRequest,
    texts: LineTexts,
    *,
    line_id: str | None,
) -> NewLine:
    names = await copies.find_company_names(connection, caller.account_id)

    def find_company(company_id: str) -> str | None:
        is_theirs = company_id in names and caller.has_company(company_id)
        return company_id if is_theirs else None

    rules = LineRules(
        allow_fictional=limits.allow_fictional, takes_pins=True, find_company=find_company
    )
    trimmed = LineTexts._make(map(trim, texts))
    flaws: list[Flaw] = []
    reading = read_line(trimmed, rules, flaws)
    flaws += await _find_flaws_with_others(connection, request, reading, line_id)
    if flaws or not (
        reading.tracking_number and reading.forwarding_number and reading.company_id
    ):
        raise Refused(map(_refusal, flaws))
    return NewLine(
        id=line_id or new_id("ln"),
        tracking_number=reading.tracking_number,
        forwarding_number=reading.forwarding_number,
        name=trimmed.name,
        source=trimmed.source,
        company_id=reading.company_id,
        account_number=trimmed.account_number or None,
        billing_number=reading.billing_number,
        pin_answer=trimmed.pin,
    )


async def _find_flaws_with_others(
    connection: Connection, request: PortRequest, reading: Reading, line_id: str | None
) -> list[Flaw]:
    """With the draft's own lines first, then with those of everybody."""
    tracking, forwarding = reading.tracking_number, reading.forwarding_number
    numbers = [number for number in (tracking, forwarding) if number]
    ported, rung = await line_store.find_clashing_numbers(
        connection, request.id, numbers, line_id
    )
    flaws = []
    if tracking in ported:
        sentence = "The request has this number already."
        flaws.append(Flaw("tracking_number", UserErrorCode.DUPLICATE_NUMBER, sentence))
    if tracking in rung:
        sentence = "Another line forwards to this number: it would ring itself."
        flaws.append(Flaw("tracking_number", UserErrorCode.FORWARDING_LOOP, sentence))
    if forwarding is not None and (forwarding in ported or forwarding == tracking):
        flaws.append(Flaw("forwarding_number", UserErrorCode.FORWARDING_LOOP, LOOP))
    taken = await obstacles.find_taken_numbers(connection, numbers)
    forwarded_to = await obstacles.find_forwarded_to(connection, numbers)
    flaws += find_flaws_with_others(
        tracking, forwarding, taken=taken, forwarded_to=forwarded_to
    )
    return flaws


def _refusal(flaw: Flaw) -> Refusal:
    return LineFault(flaw.code, flaw.sentence).at("input", _PATHS[flaw.field])


def _texts_of(line: Line) -> LineTexts:
    return LineTexts(
        tracking_number=line.tracking_number,
        forwarding_number=line.forwarding_number,
        name=line.name,
        source=line.source,
        company=line.company_id,
        account_number=line.account_number or "",
        billing_number=line.billing_number or "",
    )
