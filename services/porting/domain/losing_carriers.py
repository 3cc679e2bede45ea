"""Losing carriers: whose name is whose, and what is known of each."""

import re
import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Final

_PROFILES: Final = Path(__file__).with_name("losing_carriers.toml")
USUAL_ZONE: Final = "America/New_York"
_NOT_OF_A_NAME: Final = re.compile(r"[^\w]+|_")
_LEGAL_FORMS: Final = frozenset(
    {
        "inc", "incorporated", "llc", "ltd", "limited", "corp", "corporation", "co", "company",
        "lp", "llp", "plc", "ulc", "ltee", "enr",
    }
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class LosingCarrier:
    """`estimate_days`: first and last day of its own window, counted from the documents."""

    key: str
    name: str
    zone: str = USUAL_ZONE
    lead_business_days: int = 4
    letter_max_age_days: int = 90
    estimate_days: tuple[int, int] | None = None
    holidays: frozenset[date] = frozenset()


def find_losing_carrier(name: str) -> LosingCarrier:
    """Of one that nobody has described: the usual."""
    plain = plain_name(name)
    known = known_carriers().get(plain)
    return known or LosingCarrier(key=plain, name=" ".join(name.split()))


def losing_carrier_key(name: str) -> str:
    """Equal for every writing of the same carrier's name."""
    return find_losing_carrier(name).key


def plain_name(name: str) -> str:
    """`Bell Canada, Inc.` and `BELL CANADA` are `bell canada`."""
    folded = unicodedata.normalize("NFKD", name.casefold().replace("&", " and "))
    letters = "".join(each for each in folded if not unicodedata.combining(each))
    words = _NOT_OF_A_NAME.sub(" ", letters.replace(".", "").replace("'", "")).split()
    named = [word for word in words if word not in _LEGAL_FORMS]
    return " ".join(named or words) or name.strip()


@cache
def known_carriers() -> Mapping[str, LosingCarrier]:
    """By the plain form of each of their names."""
    with _PROFILES.open("rb") as file:
        return read_profiles(tomllib.load(file))


def read_profiles(described: Mapping[str, Mapping[str, Any]]) -> dict[str, LosingCarrier]:
    carriers = {}
    for key, known in described.items():
        rest = {name: value for name, value in known.items() if name != "aliases"}
        if "estimate_days" in rest:
            rest["estimate_days"] = tuple(rest["estimate_days"])
        if "holidays" in rest:
            rest["holidays"] = frozenset(date.fromisoformat(day) for day in rest["holidays"])
        carrier = LosingCarrier(key=key, **rest)
        for name in (carrier.name, *known.get("aliases", ())):
            carriers[plain_name(name)] = carrier
    return carriers
