"""Which country numbers are of: self-service takes two, our support team two more (S9, S10)."""

from collections.abc import Iterable
from enum import StrEnum
from functools import cache
from typing import Final

import phonenumbers

from libs.contracts.phone_number import PhoneNumber


class Country(StrEnum):
    US = "US"
    CA = "CA"
    AU = "AU"
    GB = "GB"


SELF_SERVICE: Final = frozenset({Country.US, Country.CA})
BY_SUPPORT: Final = frozenset({Country.AU, Country.GB})
TOLL_FREE: Final = frozenset({"800", "833", "844", "855", "866", "877", "888"})


def is_toll_free(number: PhoneNumber) -> bool:
    return number.startswith("+1") and number[2:5] in TOLL_FREE


def country_of(number: PhoneNumber) -> Country | None:
    """None for every other country; a North American toll-free number counts as a US one."""
    if number.startswith("+1"):
        return _country_of_area_code(number[2:5])
    return _region(number)


def country_of_area_codes(area_codes: Iterable[str]) -> Country | None:
    """Of +1 numbers with these area codes: Canada where all that are local are there."""
    countries = {
        _country_of_area_code(area_code)
        for area_code in area_codes
        if area_code not in TOLL_FREE
    }
    if countries == {Country.CA}:
        return Country.CA
    return Country.US


@cache
def _country_of_area_code(area_code: str) -> Country | None:
    """The area code alone decides, and there are some hundreds."""
    if area_code in TOLL_FREE:
        return Country.US
    return _region(PhoneNumber(f"+1{area_code}5552368"))


def _region(number: PhoneNumber) -> Country | None:
    region = phonenumbers.region_code_for_number(phonenumbers.parse(number))
    return Country(region) if region in set(Country) else None
