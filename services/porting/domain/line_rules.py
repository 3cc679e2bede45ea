"""What a line must be: the same rules for a row of a file and for a line by itself."""

import re
from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import dataclass
from dataclasses import field as field_of
from enum import StrEnum
from typing import Final, NamedTuple

from libs.contracts.phone_number import InvalidPhoneNumberError, PhoneNumber
from libs.contracts.refusals import UserErrorCode
from services.porting.domain.numbers import Portability, judge, read_number
from services.porting.domain.pins import is_pin, read_pin_answer
from services.porting.domain.refusals.letters import PinNotPossible

LONGEST_TEXT: Final = 200
# Spaces of any kind, and what has no width: marks of direction, of order, of nothing.
UNSEEN: Final = (
    "\t\n\v\f\r\x1c\x1d\x1e\x1f \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007"
    "\u2008\u2009\u200a\u200b\u200e\u200f\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u202f\u205f\u2060"
    "\u3000\ufeff"
)
_SPREADSHEET_DAMAGE: Final = re.compile(r"\d(?:[.,]\d+)?[eE]\+?\d+")


class LineTexts(NamedTuple):
    """A line as it was written, trimmed; the fields are the number list's columns."""

    tracking_number: str
    forwarding_number: str
    name: str
    source: str
    company: str
    account_number: str = ""
    pin: str = ""
    billing_number: str = ""


OPTIONAL: Final = tuple(LineTexts._field_defaults)
REQUIRED: Final = tuple(field for field in LineTexts._fields if field not in OPTIONAL)


class Flaw(NamedTuple):
    """One fault of one field."""

    field: str
    code: UserErrorCode
    sentence: str


class Reading(NamedTuple):
    """What could be read of a line; None where it is missing or wrong."""

    tracking_number: PhoneNumber | None
    forwarding_number: PhoneNumber | None
    company_id: str | None
    billing_number: PhoneNumber | None


@dataclass(frozen=True, kw_only=True, slots=True)
class NewLine:
    """`pin_answer` is to be kept sealed, beside the line."""

    id: str
    tracking_number: PhoneNumber
    forwarding_number: PhoneNumber
    name: str
    source: str
    company_id: str
    account_number: str | None = None
    billing_number: PhoneNumber | None = None
    pin_answer: str = field_of(default="", repr=False)


@dataclass(frozen=True, kw_only=True)
class LineRules:
    """`find_company` answers the id of a company that the caller may use.

    A number list takes no PINs: the file stays on the card, where many may read it.
    """

    allow_fictional: bool
    takes_pins: bool
    find_company: Callable[[str], str | None]


class Obstacle(StrEnum):
    """What another's lines or our inventory have against a number."""

    OURS = "OURS"
    CLAIMED = "CLAIMED"
    LOOP = "LOOP"


_REASONS: Final[Mapping[Portability, tuple[UserErrorCode, str]]] = {
    Portability.BY_SUPPORT: (
        UserErrorCode.COUNTRY_NOT_SUPPORTED,
        "Australian and British numbers are ported by our support team: contact them.",
    ),
    Portability.OTHER_COUNTRY: (
        UserErrorCode.INVALID_PHONE_NUMBER,
        "Only United States and Canadian numbers can be ported here.",
    ),
    Portability.PREMIUM: (
        UserErrorCode.NUMBER_NOT_PORTABLE,
        "Premium numbers cannot be ported.",
    ),
    Portability.FICTIONAL: (
        UserErrorCode.NUMBER_NOT_PORTABLE,
        "This number is reserved for fiction: nobody owns it.",
    ),
}
LOOP: Final = "Forward to a number outside: this one is, or will be, a tracking number itself."
# Tells nothing of whose request it is.
FORWARDED_TO: Final = (
    "Another open port request forwards to this number: it cannot be ported itself."
)
# The owner is not told.
IN_INVENTORY: Final = "This number is in our inventory already: it moves without a port."
CLAIMED: Final = "This number is part of another open port request."


def trim(text: str) -> str:
    """Without what cannot be seen at its ends."""
    return text.strip(UNSEEN)


def read_line(texts: LineTexts, rules: LineRules, flaws: list[Flaw]) -> Reading:
    """Adds every flaw that the line has by itself."""
    if not all(texts[: len(REQUIRED)]):
        flaws += _find_missing(texts)
    if max(map(len, texts)) > LONGEST_TEXT:
        flaws += _find_too_long(texts)
    tracking = _read_number(texts.tracking_number, "tracking_number", flaws)
    forwarding = _read_number(texts.forwarding_number, "forwarding_number", flaws)
    billing = (
        _read_number(texts.billing_number, "billing_number", flaws)
        if texts.billing_number
        else None
    )
    if tracking is not None:
        portability = judge(tracking, allow_fictional=rules.allow_fictional)
        if portability is not Portability.PORTABLE:
            flaws.append(Flaw("tracking_number", *_REASONS[portability]))
    company_id = rules.find_company(texts.company)
    if company_id is None and texts.company:
        flaws.append(
            Flaw("company", UserErrorCode.UNKNOWN_COMPANY, "The account has no such company.")
        )
    if texts.account_number and _SPREADSHEET_DAMAGE.fullmatch(texts.account_number):
        flaws.append(Flaw("account_number", UserErrorCode.CSV_SCIENTIFIC_NUMBER, _ROUNDED))
    if texts.pin:
        flaws += _find_flaws_of_pin(texts.pin, rules)
    return Reading(tracking, forwarding, company_id, billing)


_PIN_ON_THE_LETTER: Final = (
    "Write NO PIN REQUIRED or N/A here, for this file stays readable; "
    "give a transfer PIN with the line or the letter, which keep it sealed."
)
_ROUNDED: Final = (
    "A spreadsheet has rounded this number. Format the column as text, "
    "write the number again and save the file."
)


def find_flaws_with_others(
    tracking: str | None,
    forwarding: str | None,
    *,
    taken: Mapping[str, bool],
    forwarded_to: Container[str],
) -> Iterator[Flaw]:
    """What inventory and open requests have against them (S24, S25).

    `taken` is true where a number is ours, false where an open request has it; `forwarded_to`
    are the numbers that open requests ring at.
    """
    if tracking is not None and tracking in taken:
        code, sentence = (
            (UserErrorCode.INTERNAL_PORT, IN_INVENTORY)
            if taken[tracking]
            else (UserErrorCode.NUMBER_ALREADY_CLAIMED, CLAIMED)
        )
        yield Flaw("tracking_number", code, sentence)
    if tracking in forwarded_to:
        yield Flaw("tracking_number", UserErrorCode.FORWARDING_LOOP, FORWARDED_TO)
    if forwarding in taken:
        yield Flaw("forwarding_number", UserErrorCode.FORWARDING_LOOP, LOOP)


def _find_flaws_of_pin(text: str, rules: LineRules) -> Iterator[Flaw]:
    """None of them says the PIN again."""
    _, pin = read_pin_answer(text)
    if pin is not None and not rules.takes_pins:
        yield Flaw("pin", UserErrorCode.INVALID, _PIN_ON_THE_LETTER)
    elif pin is not None and not is_pin(pin):
        yield Flaw("pin", PinNotPossible.code, PinNotPossible.sentence)


def _find_missing(texts: LineTexts) -> Iterator[Flaw]:
    for field, text in zip(REQUIRED, texts, strict=False):
        if not text:
            sentence = f"Fill in {field.replace('_', ' ')}."
            yield Flaw(field, UserErrorCode.REQUIRED, sentence)


def _find_too_long(texts: LineTexts) -> Iterator[Flaw]:
    for field, text in zip(texts._fields, texts, strict=True):
        if len(text) > LONGEST_TEXT:
            sentence = f"This may have at most {LONGEST_TEXT} characters."
            yield Flaw(field, UserErrorCode.TOO_LONG, sentence)


def _read_number(text: str, field: str, flaws: list[Flaw]) -> PhoneNumber | None:
    if not text or len(text) > LONGEST_TEXT:
        return None
    try:
        return read_number(text)
    except InvalidPhoneNumberError as error:
        damaged = _SPREADSHEET_DAMAGE.fullmatch(text)
        code = (
            UserErrorCode.CSV_SCIENTIFIC_NUMBER
            if damaged
            else UserErrorCode.INVALID_PHONE_NUMBER
        )
        flaws.append(Flaw(field, code, str(error)))
        return None
