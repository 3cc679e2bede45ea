"""Which numbers the self-service flow can port, and why the others not (S9, S10)."""

import re
from enum import StrEnum
from typing import Final

import phonenumbers

from libs.contracts.phone_number import PhoneNumber

_TOLL_FREE: Final = frozenset({"800", "833", "844", "855", "866", "877", "888"})
_PREMIUM: Final = frozenset({"900"})
_FICTIONAL: Final = re.compile(r"\+1\d{3}55501\d{2}")
_SELF_SERVICE: Final = frozenset({"US", "CA"})
_BY_SUPPORT: Final = frozenset({"AU", "GB"})


class Portability(StrEnum):
    PORTABLE = "PORTABLE"
    BY_SUPPORT = "BY_SUPPORT"
    OTHER_COUNTRY = "OTHER_COUNTRY"
    PREMIUM = "PREMIUM"
    FICTIONAL = "FICTIONAL"


def judge(number: PhoneNumber, *, allow_fictional: bool) -> Portability:
    """Fictional numbers (555-0100 to 555-0199) are for demonstrations and tests only."""
    if number.startswith("+1"):
        area_code = number[2:5]
        if area_code in _PREMIUM:
            return Portability.PREMIUM
        if _FICTIONAL.fullmatch(number) and not allow_fictional:
            return Portability.FICTIONAL
        if area_code in _TOLL_FREE or _region(number) in _SELF_SERVICE:
            return Portability.PORTABLE
        return Portability.OTHER_COUNTRY
    return (
        Portability.BY_SUPPORT if _region(number) in _BY_SUPPORT else Portability.OTHER_COUNTRY
    )


def _region(number: PhoneNumber) -> str | None:
    """+1 is shared by many countries: the area code tells which."""
    region: str | None = phonenumbers.region_code_for_number(phonenumbers.parse(number))
    return region
