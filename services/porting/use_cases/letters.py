"""Letters: filled in by and by, signed by the requester, and what is missing from one (S51 to S58)."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from libs.common.caller import Caller
from libs.common.database import Connection
from libs.common.ids import new_id
from libs.common.sight import NOTHING, sight_of
from libs.common.vault import Vault
from libs.contracts.phone_number import PhoneNumber
from libs.contracts.porting_events.letters import LetterSuperseded
from libs.contracts.refusals import Refusal, refuse_all
from services.porting.domain.hidden_numbers import keep_hidden
from services.porting.domain.letter_faults import faults_of_fields, find_missing
from services.porting.domain.letter_pages import content_of, hash_content, pages_of
from services.porting.domain.letters import (
    FAILED,
    Letter,
    LetterLine,
    LetterState,
    LosingAccount,
    Signer,
    Subscriber,
)
from services.porting.domain.refusals.letters import (
    LetterFailed,
    LetterMissing,
    LetterNotSigned,
    LetterOutdated,
    NumberNotInRequest,
)
from services.porting.domain.requests import FINAL, PortRequest, PortRequestStatus
from services.porting.store import letters, lines, signing_links
from services.porting.store.hidden_lines import find_hidden_numbers
from services.porting.use_cases.access import (
    find_own_lines,
    lock_own_request,
    request_not_possible,
)
from services.porting.use_cases.drafts import save_draft
from services.porting.use_cases.letter_progress import ask_again_for_signature
from services.porting.use_cases.pins import faults_of_pin, keep_pins
from services.porting.use_cases.recording import about, save

# Where a letter may still be changed, sent and signed by its requester.
OPEN_FOR_LETTERS: Final = frozenset(
    {
        PortRequestStatus.DRAFT,
        PortRequestStatus.AWAITING_SIGNATURE,
        PortRequestStatus.ACTION_REQUIRED,
    }
)


@dataclass(frozen=True, kw_only=True)
class AccountChange:
    """A further losing account as it is to be; no PIN answer leaves the one before."""

    losing_carrier: str = ""
    account_number: str = ""
    billing_number: PhoneNumber | None = None
    tracking_numbers: tuple[PhoneNumber, ...] = ()
    pin_answer: str | None = field(default=None, repr=False)


@dataclass(frozen=True, kw_only=True)
class LetterChanges:
    """What was filled in, by the names of `Subscriber` and `ServiceAddress`; the rest stays.

    With `tracking_number` it is the letter of that line alone.
    """

    subscriber: Mapping[str, Any] = field(default_factory=dict)
    address: Mapping[str, Any] = field(default_factory=dict)
    accounts: Sequence[AccountChange] | None = None
    pin_answer: str | None = field(default=None, repr=False)
    signer: Signer | None = None
    tracking_number: PhoneNumber | None = None


async def prepare_letter(
    connection: Connection,
    caller: Caller,
    request_id: str,
    vault: Vault,
    changes: LetterChanges,
) -> str:
    """Saves what is there, complete or not; what was sent or signed is superseded by a change.

    A PIN alone changes no letter: it is no part of what is signed.
    """
    request = await lock_own_request(connection, caller, request_id)
    if request.status in FINAL:
        raise await request_not_possible(connection, caller, request)
    before = await find_own_letter(connection, caller, request, changes.tracking_number)
    words = before
    if before is None and changes.tracking_number is not None:
        # A line's own letter begins with the words of the request's.
        words = await find_own_letter(connection, caller, request, None)
    hidden = await _find_hidden(connection, caller, request, changes)
    letter = replace(
        _changed(words, request, changes, hidden), id=before.id if before else new_id("ltr")
    )
    faults = list(faults_of_fields(letter.subscriber, letter.accounts))
    faults += _faults_of_pins(changes)
    refuse_all(faults)
    if before is None or not _says_the_same(before, letter):
        if request.status not in OPEN_FOR_LETTERS:
            raise await request_not_possible(connection, caller, request)
        request = await _keep(connection, request, before, letter)
        request = await ask_again_for_signature(connection, request)
    await keep_pins(connection, request, vault, _answers(request, letter, changes))
    await save_draft(connection, request)
    return request.id


async def find_own_letter(
    connection: Connection,
    caller: Caller,
    request: PortRequest,
    tracking_number: PhoneNumber | None,
) -> Letter | None:
    """The request's standing letter, or that of one of its lines alone; if the caller sees it."""
    if tracking_number is None:
        return await letters.find_standing_letter(connection, request.id)
    covered = await letters.find_letter_lines(connection, request.id, tracking_number)
    if not covered or not await find_own_lines(
        connection, caller, request.id, [tracking_number]
    ):
        raise NumberNotInRequest().at("input", "trackingNumber")
    return (await letters.find_line_letters(connection, request.id)).get(tracking_number)


async def supersede_for_lines(connection: Connection, request: PortRequest) -> PortRequest:
    """The numbers have changed: what was sent or signed does not count any more (S55).

    What was filled in stays, for the next signature.
    """
    letter = await letters.find_standing_letter(connection, request.id)
    if letter is None or letter.state is LetterState.DRAFT:
        return request
    return await _keep(connection, request, letter, letter)


def faults_of_letter(letter: Letter | None, lines: Sequence[LetterLine]) -> list[Refusal]:
    """What stands between a draft's letter and its submission, everything at once.

    One that is with its signer is good enough to submit (S54).
    """
    if letter is None:
        return [LetterMissing().at("portRequest", "letter")]
    pages = pages_of(letter, lines)
    faults = [
        fault.at("portRequest", "letter", *fault.path[1:])
        for fault in find_missing(letter, pages)
    ]
    if letter.state is LetterState.DRAFT:
        faults.append(LetterNotSigned().at("portRequest", "letter"))
    elif letter.state in FAILED:
        faults.append(LetterFailed().at("portRequest", "letter"))
    elif letter.document_hash != hash_content(content_of(letter.subscriber, pages)):
        faults.append(LetterOutdated().at("portRequest", "letter"))
    return faults


async def _find_hidden(
    connection: Connection, caller: Caller, request: PortRequest, changes: LetterChanges
) -> Collection[PhoneNumber]:
    """What the caller cannot have meant to change."""
    if changes.accounts is None:
        return ()
    companies = (sight_of(caller) or NOTHING).company_ids
    found = await find_hidden_numbers(connection, [request.id], companies)
    return found.get(request.id, ())


def _changed(
    before: Letter | None,
    request: PortRequest,
    changes: LetterChanges,
    hidden: Collection[PhoneNumber],
) -> Letter:
    subscriber = before.subscriber if before else Subscriber()
    accounts = before.accounts if before else ()
    return Letter(
        id="",
        port_request_id=request.id,
        state=LetterState.DRAFT,
        subscriber=replace(
            subscriber,
            **changes.subscriber,
            service_address=replace(subscriber.service_address, **changes.address),
        ),
        accounts=accounts
        if changes.accounts is None
        else keep_hidden(
            [_account(change, accounts) for change in changes.accounts], accounts, hidden
        ),
        tracking_number=changes.tracking_number,
        signer=changes.signer or (before.signer if before else None),
        recipient_name=before.recipient_name if before else "",
        recipient_email=before.recipient_email if before else "",
    )


def _account(change: AccountChange, before: Sequence[LosingAccount]) -> LosingAccount:
    """The same account keeps its id, and with it its PIN."""
    known = {(each.losing_carrier, each.account_number): each.id for each in before}
    return LosingAccount(
        id=known.get((change.losing_carrier, change.account_number)) or new_id("la"),
        losing_carrier=change.losing_carrier,
        account_number=change.account_number,
        billing_number=change.billing_number,
        tracking_numbers=change.tracking_numbers,
    )


def _says_the_same(before: Letter, letter: Letter) -> bool:
    """Who signs matters until somebody has been asked."""
    return (before.subscriber, before.accounts) == (letter.subscriber, letter.accounts) and (
        before.state is not LetterState.DRAFT or before.signer is letter.signer
    )


def _faults_of_pins(changes: LetterChanges) -> list[Refusal]:
    faults = list(faults_of_pin(changes.pin_answer or "", ("pinAnswer",)))
    for index, account in enumerate(changes.accounts or ()):
        place = ("losingAccounts", str(index), "pinAnswer")
        faults += faults_of_pin(account.pin_answer or "", place)
    return faults


def _answers(request: PortRequest, letter: Letter, changes: LetterChanges) -> dict[str, str]:
    """Of those that were given one, by holder."""
    answers = {}
    if changes.pin_answer is not None:
        answers[request.id] = changes.pin_answer
    for account, change in zip(letter.accounts, changes.accounts or (), strict=False):
        if change.pin_answer is not None:
            answers[account.id] = change.pin_answer
    return answers


async def _keep(
    connection: Connection, request: PortRequest, before: Letter | None, letter: Letter
) -> PortRequest:
    """Over the draft of before, or in the place of what was sent, signed or has failed."""
    if before is not None and before.state is LetterState.DRAFT:
        await letters.save_letter(connection, letter)
        return request
    if before is None:
        await letters.add_letter(connection, request.account_id, letter)
        return request
    await renew_letter(connection, request, before, letter)
    counts = await lines.count_lines(connection, request.id)
    return await save(
        connection, request, about(LetterSuperseded, request, counts, letter_id=before.id)
    )


async def renew_letter(
    connection: Connection, request: PortRequest, before: Letter, letter: Letter
) -> Letter:
    """A new draft that says what `letter` says, in the place of the one before."""
    await signing_links.void_links(connection, before.id)
    await letters.supersede_letter_of(connection, request.id, before.tracking_number)
    renewed = _copy(letter)
    await letters.add_letter(connection, request.account_id, renewed)
    return renewed


def _copy(letter: Letter) -> Letter:
    """As a new draft: the same words, nobody's signature."""
    return Letter(
        id=new_id("ltr"),
        port_request_id=letter.port_request_id,
        state=LetterState.DRAFT,
        subscriber=letter.subscriber,
        accounts=letter.accounts,
        tracking_number=letter.tracking_number,
        signer=letter.signer,
        recipient_name=letter.recipient_name,
        recipient_email=letter.recipient_email,
    )
