"""What of the inventory somebody wants to see, and how what they typed is understood."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from services.numbers.domain.tracking_numbers import NumberState, NumberTab

LONGEST_SEARCH: Final = 100
FEWEST_DIGITS: Final = 3
# As people write a number or a part of it, once every digit is an ASCII one.
_PART_OF_A_NUMBER: Final = re.compile(r"\+?[\d\s().,/*-]*\d[\d\s().,/*-]*", re.ASCII)
_AREA_CODE: Final = re.compile(r"[2-9]\d\d", re.ASCII)
_DASHES: Final = dict.fromkeys([*range(0x2010, 0x2016), 0x2212], "-")
_UNSEEN: Final = dict.fromkeys(
    [0, 0xAD, 0xFEFF, *range(0x200B, 0x2010), *range(0x202A, 0x202F)]
)
# Numbers of other countries that are in inventory are written at home with a zero in front.
_WITH_A_TRUNK_ZERO: Final = ("+61", "+44")


class NumberOrder(StrEnum):
    NEWEST_FIRST = "NEWEST_FIRST"
    NUMBER = "NUMBER"
    NAME = "NAME"


class NumberType(StrEnum):
    LOCAL = "LOCAL"
    TOLL_FREE = "TOLL_FREE"


class InventoryFilterError(ValueError):
    """The sentence says what cannot be looked for."""


@dataclass(frozen=True, kw_only=True)
class Search:
    """How a number begins, in E.164; how it ends, digits only; words of a name, as written."""

    beginnings: tuple[str, ...] = ()
    ending: str | None = None
    words: str | None = None


@dataclass(frozen=True, kw_only=True)
class InventoryFilter:
    """None means no limit; all that is said holds. `search` is as it was typed."""

    account_id: str | None = None
    company_id: str | None = None
    tab: NumberTab | None = None
    source: str | None = None
    states: Sequence[NumberState] | None = None
    type: NumberType | None = None
    area_code: str | None = None
    search: str | None = None


def read_area_code(text: str | None) -> str | None:
    """Raises `InventoryFilterError`."""
    if text is None or _AREA_CODE.fullmatch(text):
        return text
    raise InventoryFilterError("An area code has three digits, such as 212.")


def read_search(text: str | None) -> Search | None:
    """None where nothing is looked for. Raises `InventoryFilterError`."""
    plain = unicodedata.normalize("NFKC", (text or "").translate(_UNSEEN).translate(_DASHES))
    plain = " ".join(plain.split())
    if not plain:
        return None
    if len(plain) > LONGEST_SEARCH:
        raise InventoryFilterError(f"A search has at most {LONGEST_SEARCH} characters.")
    words = plain if any(letter.isalnum() for letter in plain) else None
    if not _PART_OF_A_NUMBER.fullmatch(plain):
        if words is None:
            raise InventoryFilterError("Search for a word, or for 3 digits at least.")
        return Search(words=words)
    digits = "".join(each for each in plain if each.isdigit())
    if plain.startswith("+"):
        if len(digits) < FEWEST_DIGITS:
            raise InventoryFilterError("Search for 3 digits at least.")
        return Search(beginnings=(f"+{digits}",))
    if len(digits) < FEWEST_DIGITS:
        return Search(words=words)
    words = digits if digits == plain else None
    return Search(beginnings=_read_beginnings(digits), ending=digits, words=words)


def _read_beginnings(digits: str) -> tuple[str, ...]:
    """No area code begins with 0 or 1: a 1 is the country's."""
    if digits.startswith("1"):
        return (f"+{digits}",)
    if digits.startswith("0"):
        return tuple(f"{country}{digits[1:]}" for country in _WITH_A_TRUNK_ZERO)
    return (f"+1{digits}",)
