"""Will it be rejected? What of request and letter an invoice's text shows; hints, never a block.

Losing carriers compare name, service address and account number with their own record: a word
or a middle initial that differs is the commonest reason to reject (porting-facts M2).
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from operator import ne
from typing import Final

from libs.contracts.phone_number import PhoneNumber
from services.porting.domain.letters import ServiceAddress, Subscriber

_MOST_NAMED: Final = 20
_SHORTEST_TO_DIFFER: Final = 2

_NANP: Final = re.compile(
    r"(?<!\d)(?:\+?1[\s.\-]{0,2})?\(?([2-9]\d\d)\)?[\s.\-/]{0,3}(\d{3})[\s.\-]{0,3}(\d{4})(?!\d)"
)
_BETWEEN_DIGITS: Final = re.compile(r"(?<=\d)[\s().\-/]{1,3}(?=\d)")
_NOTHING: Final = str.maketrans("", "", ".'’")  # noqa: RUF001 - both apostrophes are met
_WORD: Final = re.compile(r"[^\W_]+|&")

# Written either way, and meant alike: legal forms, and what postal services abbreviate.
_ALIKE: Final[Mapping[str, str]] = {
    "&": "AND", "INCORPORATED": "INC", "CORPORATION": "CORP", "COMPANY": "CO",
    "LIMITED": "LTD", "ALLEY": "ALY", "AVENUE": "AVE", "AV": "AVE", "BOULEVARD": "BLVD",
    "CIRCLE": "CIR", "COURT": "CT", "DRIVE": "DR", "EXPRESSWAY": "EXPY", "FREEWAY": "FWY",
    "HIGHWAY": "HWY", "LANE": "LN", "PARKWAY": "PKWY", "PLACE": "PL", "PLAZA": "PLZ",
    "ROAD": "RD", "ROUTE": "RTE", "SQUARE": "SQ", "STREET": "ST", "STR": "ST",
    "SAINT": "ST", "TERRACE": "TER", "TRAIL": "TRL", "TURNPIKE": "TPKE", "NORTH": "N",
    "SOUTH": "S", "EAST": "E", "WEST": "W", "NORTHEAST": "NE", "NORTHWEST": "NW",
    "SOUTHEAST": "SE", "SOUTHWEST": "SW", "APARTMENT": "APT", "BUILDING": "BLDG",
    "FLOOR": "FL", "ROOM": "RM", "SUITE": "STE", "MOUNT": "MT", "FORT": "FT",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Hints:
    """None where there is nothing to compare with: no text, or not in the letter yet.

    `remarks` are sentences about what differs.
    """

    has_text: bool
    numbers_total: int
    numbers_found: int | None = None
    numbers_not_found: tuple[PhoneNumber, ...] = ()
    name_found: bool | None = None
    address_found: bool | None = None
    account_number_found: bool | None = None
    remarks: tuple[str, ...] = ()


def read_hints(
    text: str, numbers: Sequence[PhoneNumber], subscriber: Subscriber | None
) -> Hints:
    if not text.strip():
        return Hints(has_text=False, numbers_total=len(numbers))
    missing = _missing_numbers(text, numbers)
    hints = Hints(
        has_text=True,
        numbers_total=len(numbers),
        numbers_found=len(numbers) - len(missing),
        numbers_not_found=tuple(missing[:_MOST_NAMED]),
    )
    return _compare(hints, text, subscriber) if subscriber else hints


def _compare(hints: Hints, text: str, subscriber: Subscriber) -> Hints:
    """What the letter does not say yet is not compared."""
    page, remarks = _Page(text), list[str]()
    name = address = account = None
    if subscriber.name:
        name, said = page.look_for("name", subscriber.name)
        remarks += said
    if subscriber.service_address.street:
        address, said = _look_for_address(page, subscriber.service_address)
        remarks += said
    if subscriber.account_number:
        account = _is_written(subscriber.account_number, text)
        if not account:
            remarks.append(f"The account number {subscriber.account_number} is not in it.")
    return replace(
        hints,
        name_found=name,
        address_found=address,
        account_number_found=account,
        remarks=tuple(remarks),
    )


def _missing_numbers(text: str, numbers: Iterable[PhoneNumber]) -> list[PhoneNumber]:
    """In any common writing; others than +1 by their national digits."""
    written = {f"+1{''.join(parts)}" for parts in _NANP.findall(text)}
    runs: str | None = None
    missing = []
    for number in numbers:
        if number.startswith("+1"):
            is_found = number in written
        else:
            runs = runs or _BETWEEN_DIGITS.sub("", text)
            is_found = number[3:] in runs
        if not is_found:
            missing.append(number)
    return missing


def _look_for_address(page: "_Page", address: ServiceAddress) -> tuple[bool, list[str]]:
    street, remarks = page.look_for("street", address.street)
    has_place = {"city": address.city, "postal code": address.postal_code[:5]}
    absent = [name for name, value in has_place.items() if value and not page.has(value)]
    said = [*remarks, *(f"The {name} {has_place[name]} is not in it." for name in absent)]
    return street and not absent, said


def _is_written(number: str, text: str) -> bool:
    """Letters and digits in order, whatever stands between them."""
    signs = [sign for sign in number if sign.isalnum()]
    if not signs:
        return False
    between = r"[\s.\-/]{0,2}"
    pattern = between.join(re.escape(sign) for sign in signs)
    return re.search(rf"(?<![^\W_]){pattern}(?![^\W_])", text, re.IGNORECASE) is not None


class _Page:
    """The document's words, as they are written and as they are compared."""

    def __init__(self, text: str) -> None:
        self._written = _words(text)
        self._compared = [_plain(word) for word in self._written]
        self._places: dict[str, list[int]] = {}
        for place, word in enumerate(self._compared):
            self._places.setdefault(word, []).append(place)

    def has(self, phrase: str) -> bool:
        words = [_plain(word) for word in _words(phrase)]
        return any(True for _ in self._places_of(words))

    def look_for(self, what: str, phrase: str) -> tuple[bool, list[str]]:
        """Whether it is there; if not, a sentence that says what is there instead, or nothing."""
        words = [_plain(word) for word in _words(phrase)]
        if any(True for _ in self._places_of(words)):
            return True, []
        similar = self._most_similar(words)
        if similar is None:
            return False, [f"The {what} “{phrase}” is not in it."]
        return False, [f"It says “{similar}” where the letter says “{phrase}”."]

    def _places_of(self, words: Sequence[str]) -> Iterator[int]:
        size = len(words)
        for place in self._places.get(words[0], ()) if words else ():
            if self._compared[place : place + size] == list(words):
                yield place

    def _most_similar(self, words: Sequence[str]) -> str | None:
        """An initial more or less, or all but one word in place."""
        size = len(words)
        if size < _SHORTEST_TO_DIFFER:
            return None
        for longer in (1, -1):
            for start in self._places.get(words[0], ()):
                found = self._compared[start : start + size + longer]
                if _is_but_an_initial(found, list(words)):
                    return self._quote(start, size + longer)
        for start in self._starts(words):
            found = self._compared[start : start + size]
            if len(found) == size and sum(map(ne, found, words)) == 1:
                return self._quote(start, size)
        return None

    def _starts(self, words: Sequence[str]) -> Iterator[int]:
        """Where one word differs, the first or the second stands in its place."""
        yield from self._places.get(words[0], ())
        for place in self._places.get(words[1], ()):
            if place > 0:
                yield place - 1

    def _quote(self, start: int, size: int) -> str:
        return " ".join(self._written[start : start + size])


def _is_but_an_initial(found: list[str], words: list[str]) -> bool:
    longer, shorter = (found, words) if len(found) > len(words) else (words, found)
    return len(longer) == len(shorter) + 1 and any(
        len(word) == 1 and longer[:place] + longer[place + 1 :] == shorter
        for place, word in enumerate(longer)
    )


def _words(text: str) -> list[str]:
    """L.L.C. is one word, and a hyphen parts two."""
    plain = unicodedata.normalize("NFKC", text).translate(_NOTHING)
    return _WORD.findall(plain)


def _plain(word: str) -> str:
    upper = word.upper()
    return _ALIKE.get(upper, upper)
