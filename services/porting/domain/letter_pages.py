"""A letter's pages: one for each losing account, and what is signed when the letter is."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from libs.contracts.phone_number import PhoneNumber
from services.porting.domain.countries import Country, country_of
from services.porting.domain.letters import Letter, LetterLine, LosingAccount, Subscriber
from services.porting.domain.pins import PinAnswer

_ON_PAGES: Final = frozenset({"losing_carrier", "account_number", "billing_number"})
_ANSWERED: Final = frozenset({PinAnswer.GIVEN, PinAnswer.NOT_NEEDED})


@dataclass(frozen=True, kw_only=True)
class Page:
    """One losing account and the lines that leave it.

    `place` is where its fields stand in the input. `holder` is whose PIN answers for all its
    lines: the request's id for the letter's own block, or the losing account's.
    """

    losing_carrier: str
    account_number: str
    billing_number: PhoneNumber | None
    pin_answer: PinAnswer
    lines: tuple[LetterLine, ...]
    place: tuple[str, ...]
    holder: str

    @property
    def is_pin_answered(self) -> bool:
        """Once for the account, or by each of its lines (S56)."""
        return self.pin_answer in _ANSWERED or all(
            line.pin_answer in _ANSWERED for line in self.lines
        )


def pages_of(letter: Letter, lines: Iterable[LetterLine]) -> list[Page]:
    """Only pages with lines.

    A line is on the account that names it, or else on the one whose number the number list
    gave it, or else on the letter's own.
    """
    own = _own_page(letter)
    named = {
        number: account for account in letter.accounts for number in account.tracking_numbers
    }
    places = {account.id: str(place) for place, account in enumerate(letter.accounts)}
    numbered = {account.account_number: account for account in reversed(letter.accounts)}
    pages: dict[tuple[str, str, str], Page] = {}
    gathered: dict[tuple[str, str, str], list[LetterLine]] = {}
    for line in lines:
        account = named.get(line.tracking_number) or (
            numbered.get(line.account_number) if line.account_number else None
        )
        page = (
            _page_of(letter, account, places[account.id]) if account else _page_for(line, own)
        )
        key = (page.holder, page.account_number, page.billing_number or "")
        pages.setdefault(key, page)
        gathered.setdefault(key, []).append(line)
    return [replace(page, lines=tuple(gathered[key])) for key, page in pages.items()]


def content_of(subscriber: Subscriber, pages: Sequence[Page]) -> dict[str, Any]:
    """Plain JSON, the same for the same words whatever the order of the numbers.

    PINs have no part in it: a fresh one needs no new signature.
    """
    person = {key: value for key, value in vars(subscriber).items() if key not in _ON_PAGES}
    return {
        "subscriber": {**person, "service_address": dict(vars(subscriber.service_address))},
        "pages": sorted(
            (
                {
                    "losing_carrier": page.losing_carrier,
                    "account_number": page.account_number,
                    "billing_number": page.billing_number,
                    "numbers": sorted(line.tracking_number for line in page.lines),
                }
                for page in pages
            ),
            key=lambda page: json.dumps(page, sort_keys=True),
        ),
    }


def content_for(letter: Letter, lines: Iterable[LetterLine]) -> dict[str, Any]:
    return content_of(letter.subscriber, pages_of(letter, lines))


def hash_content(content: Mapping[str, Any]) -> str:
    """SHA-256: what a signature covers."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def is_canadian(lines: Iterable[LetterLine]) -> bool:
    """Whether one of them is: each area code is looked up once."""
    area_codes = {
        line.tracking_number[2:5] for line in lines if line.tracking_number.startswith("+1")
    }
    return any(
        country_of(PhoneNumber(f"+1{code}5552368")) is Country.CA for code in area_codes
    )


def _own_page(letter: Letter) -> Page:
    subscriber = letter.subscriber
    return Page(
        losing_carrier=subscriber.losing_carrier,
        account_number=subscriber.account_number,
        billing_number=subscriber.billing_number,
        pin_answer=letter.pin_answers.get(letter.port_request_id, PinAnswer.MISSING),
        lines=(),
        place=(),
        holder=letter.port_request_id,
    )


def _page_of(letter: Letter, account: LosingAccount, place: str) -> Page:
    return Page(
        losing_carrier=account.losing_carrier,
        account_number=account.account_number,
        billing_number=account.billing_number,
        pin_answer=letter.pin_answers.get(account.id, PinAnswer.MISSING),
        lines=(),
        place=("losingAccounts", place),
        holder=account.id,
    )


def _page_for(line: LetterLine, own: Page) -> Page:
    """The letter's own page, or one like it for the account that the number list gave."""
    account_number = line.account_number or own.account_number
    billing_number = line.billing_number or own.billing_number
    if (account_number, billing_number) == (own.account_number, own.billing_number):
        return own
    is_other_account = account_number != own.account_number
    return replace(
        own,
        account_number=account_number,
        billing_number=billing_number,
        # A PIN is of one account; the lines of another bring their own.
        pin_answer=PinAnswer.MISSING if is_other_account else own.pin_answer,
        place=("lines",) if is_other_account else (),
    )
