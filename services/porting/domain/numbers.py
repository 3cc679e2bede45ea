"""Which numbers the self-service flow can port, and why the others not (S9, S10)."""

import re
import unicodedata
from enum import StrEnum
from typing import Final

import phonenumbers

from libs.contracts.phone_number import InvalidPhoneNumberError, PhoneNumber
from services.porting.domain.area_codes import US_OR_CANADA
from services.porting.domain.countries import BY_SUPPORT, SELF_SERVICE, TOLL_FREE

# What keeps a spreadsheet from taking a number for a sum: ="+12125550142"
_FORMULA_OF_A_TEXT: Final = re.compile(r'\s*=\s*"([^"]*)"\s*')
# Each is there in several kinds: what a text program makes of a hyphen or an apostrophe.
_DASHES: Final = dict.fromkeys([*range(0x2010, 0x2016), 0x2212], "-")
_QUOTES: Final = dict.fromkeys(
    [*b"\"'`", 0xAB, 0xB4, 0xBB, *range(0x2018, 0x2020), 0x2032, 0x2033, 0x2039, 0x203A]
)
# Zero width, and the marks of direction that telephones copy along with a number.
_UNSEEN: Final = dict.fromkeys([0xAD, 0xFEFF, *range(0x200B, 0x2010), *range(0x202A, 0x202F)])
_NOT_OF_THE_NUMBER: Final = {**_DASHES, **_QUOTES, **_UNSEEN}


class Portability(StrEnum):
    PORTABLE = "PORTABLE"
    BY_SUPPORT = "BY_SUPPORT"
    OTHER_COUNTRY = "OTHER_COUNTRY"
    PREMIUM = "PREMIUM"
    FICTIONAL = "FICTIONAL"


def read_number(text: str) -> PhoneNumber:
    """As people and spreadsheets write it: in quotes, as ="…", with typographic dashes."""
    try:
        return PhoneNumber.parse(text)
    except InvalidPhoneNumberError:
        plain = _plain(text)
        if plain == text:
            raise
    return PhoneNumber.parse(plain)


def judge(number: PhoneNumber, *, allow_fictional: bool) -> Portability:
    """Fictional numbers (555-0100 to 555-0199) are for demonstrations and tests only."""
    if number.startswith("+1"):
        area_code = number[2:5]
        if number.is_premium:
            return Portability.PREMIUM
        if number.is_fictional and not allow_fictional:
            return Portability.FICTIONAL
        if area_code in US_OR_CANADA or area_code in TOLL_FREE:
            return Portability.PORTABLE
        if _region(number) in SELF_SERVICE:
            return Portability.PORTABLE
        return Portability.OTHER_COUNTRY
    return (
        Portability.BY_SUPPORT if _region(number) in BY_SUPPORT else Portability.OTHER_COUNTRY
    )


def _plain(text: str) -> str:
    """With full-width digits as digits, and without what is no part of a number."""
    formula = _FORMULA_OF_A_TEXT.fullmatch(text)
    inner = formula.group(1) if formula else text
    return unicodedata.normalize("NFKC", inner.translate(_NOT_OF_THE_NUMBER)).strip()


def _region(number: PhoneNumber) -> str | None:
    """+1 is shared by many countries: the area code tells which."""
    region: str | None = phonenumbers.region_code_for_number(phonenumbers.parse(number))
    return region
