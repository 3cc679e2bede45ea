"""The port-out shield: what an account sets between its numbers and a gaining carrier's report."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from libs.contracts.phone_number import PhoneNumber


class Verdict(StrEnum):
    """Of one number: the first gate that did not open, in this order."""

    LOCKED = "LOCKED"
    ACCOUNT_IDENTIFIER_WRONG = "ACCOUNT_IDENTIFIER_WRONG"
    TOO_MANY_TRIES = "TOO_MANY_TRIES"
    PIN_MISSING = "PIN_MISSING"
    PIN_WRONG = "PIN_WRONG"
    PASSED = "PASSED"


@dataclass(frozen=True, kw_only=True)
class ShieldVerdict:
    """One verdict for each number of one account that a report names."""

    by_number: Mapping[PhoneNumber, Verdict]

    @property
    def is_passed(self) -> bool:
        return all(verdict is Verdict.PASSED for verdict in self.by_number.values())
