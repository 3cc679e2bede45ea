"""A gaining carrier's report: what is found of each number that it names, and what it is told."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final, Self

from libs.contracts.phone_number import InvalidPhoneNumberError, PhoneNumber
from services.porting.domain.numbers import read_number
from services.porting.domain.port_out_reasons import PORT_OUT_REASONS
from services.porting.domain.port_out_shield import Verdict
from services.porting.domain.port_outs import PortOutStatus

# So many fit into the largest event and the largest body.
MOST_NUMBERS: Final = 5_000
ACCEPTED: Final = "ACCEPTED"
_LONGEST_WRITING: Final = 40
_LONGEST_NAME: Final = 120
_LATEST_VERSION: Final = 1_000_000


class Finding(StrEnum):
    """What we know of a reported number. For support alone: the carrier gets its code."""

    LEAVES = "LEAVES"
    LEAVES_ALREADY = "LEAVES_ALREADY"
    UNREADABLE = "UNREADABLE"
    UNKNOWN = "UNKNOWN"
    STILL_PORTING_IN = "STILL_PORTING_IN"
    DISABLED = "DISABLED"
    HAS_LEFT = "HAS_LEFT"
    IN_ANOTHER_PORT_OUT = "IN_ANOTHER_PORT_OUT"
    LOCKED = "LOCKED"
    ACCOUNT_IDENTIFIER_WRONG = "ACCOUNT_IDENTIFIER_WRONG"
    PIN_MISSING = "PIN_MISSING"
    PIN_WRONG = "PIN_WRONG"
    TOO_MANY_TRIES = "TOO_MANY_TRIES"
    REFUSED_FOR_GOOD = "REFUSED_FOR_GOOD"
    REFERENCE_REUSED = "REFERENCE_REUSED"
    OUTDATED = "OUTDATED"
    TOO_MANY_NUMBERS = "TOO_MANY_NUMBERS"


_F: Final = Finding
CODES: Final[Mapping[Finding, str]] = {
    _F.LEAVES: ACCEPTED,
    _F.LEAVES_ALREADY: ACCEPTED,
    _F.UNREADABLE: "7598",
    # Whose it is, whether it is still on its way here or has left is nothing to the carrier.
    _F.UNKNOWN: "7516",
    _F.STILL_PORTING_IN: "7516",
    _F.HAS_LEFT: "7516",
    _F.DISABLED: "7518",
    _F.IN_ANOTHER_PORT_OUT: "7598",
    _F.LOCKED: "7598",
    _F.ACCOUNT_IDENTIFIER_WRONG: "7511",
    _F.PIN_MISSING: "7512",
    _F.PIN_WRONG: "7513",
    _F.TOO_MANY_TRIES: "7513",
    _F.REFUSED_FOR_GOOD: "7598",
    _F.REFERENCE_REUSED: "7598",
    _F.OUTDATED: "7598",
    _F.TOO_MANY_NUMBERS: "7517",
}
# What the closed list's general sentence would leave open.
_SENTENCES: Final[Mapping[Finding, str]] = {
    _F.LEAVES: "The account is asked; silence until the answer-by time authorizes.",
    _F.LEAVES_ALREADY: "This reference has been authorized already.",
    _F.UNREADABLE: "This is not a telephone number.",
    _F.IN_ANOTHER_PORT_OUT: "Another request for this number is open.",
    _F.LOCKED: "The customer has locked the number against port-outs and has to unlock it first.",
    _F.REFUSED_FOR_GOOD: "This reference was refused for good: begin anew with another one.",
    _F.REFERENCE_REUSED: "This version of the reference has named other numbers before.",
    _F.OUTDATED: "A later version of this reference has come in.",
}
# A person has to look: a mistake somewhere, or an attack.
ODD: Final = frozenset(Finding) - {
    _F.LEAVES,
    _F.LEAVES_ALREADY,
    _F.PIN_MISSING,
    _F.PIN_WRONG,
    _F.ACCOUNT_IDENTIFIER_WRONG,
    _F.LOCKED,
    _F.OUTDATED,
}
# Where a copy lags behind its owner's events, the next moment may know better.
MAY_BE_COMING: Final = frozenset({_F.UNKNOWN, _F.STILL_PORTING_IN})
OF_THE_SHIELD: Final[Mapping[Verdict, Finding]] = {
    Verdict.PASSED: _F.LEAVES,
    Verdict.LOCKED: _F.LOCKED,
    Verdict.ACCOUNT_IDENTIFIER_WRONG: _F.ACCOUNT_IDENTIFIER_WRONG,
    Verdict.TOO_MANY_TRIES: _F.TOO_MANY_TRIES,
    Verdict.PIN_MISSING: _F.PIN_MISSING,
    Verdict.PIN_WRONG: _F.PIN_WRONG,
}
# What a number's state says before anybody is asked; in every other it can leave.
_OF_STATES: Final[Mapping[str, Finding]] = {
    "PRECONFIGURED": _F.STILL_PORTING_IN,
    "PORTED_OUT": _F.HAS_LEFT,
    "DISABLED": _F.DISABLED,
    "QUARANTINED": _F.DISABLED,
    "RELEASED": _F.UNKNOWN,
}


class AlertKind(StrEnum):
    """Why a person of support has to look at a port-out or a report."""

    ODD_NUMBERS = "ODD_NUMBERS"
    NO_NUMBERS = "NO_NUMBERS"
    ANSWER_TIME_CHANGED = "ANSWER_TIME_CHANGED"
    REVIEW_DUE = "REVIEW_DUE"
    REVIEW_UNDECIDED = "REVIEW_UNDECIDED"
    WITHDRAWN_TOO_LATE = "WITHDRAWN_TOO_LATE"
    WITHDRAWN_UNKNOWN = "WITHDRAWN_UNKNOWN"
    NEVER_PORTED = "NEVER_PORTED"


@dataclass(frozen=True, kw_only=True)
class Report:
    """As the carrier says it, cleaned of what no column can hold; a PIN is shown nowhere."""

    gaining_carrier: str
    reference: str
    version: int
    numbers: Sequence[str]
    answer_by: datetime | None
    account_identifier: str | None
    pin: str | None = field(default=None, repr=False)

    @classmethod
    def of(
        cls,
        *,
        gaining_carrier: str,
        reference: str,
        version: int,
        numbers: Sequence[str],
        answer_by: datetime | None,
        account_identifier: str | None = None,
        pin: str | None = None,
    ) -> Self:
        return cls(
            gaining_carrier=clean_name(gaining_carrier),
            reference=clean_name(reference),
            version=min(max(version, 1), _LATEST_VERSION),
            numbers=numbers,
            answer_by=answer_by,
            account_identifier=account_identifier,
            pin=pin,
        )


@dataclass(frozen=True, kw_only=True)
class NumberAnswer:
    """`tracking_number` in E.164, or as it was written where it is none.

    `status` and `rejection_code` say what has become of its port-out since.
    """

    tracking_number: str
    finding: Finding
    port_out_id: str | None = None
    status: PortOutStatus | None = None
    rejection_code: str | None = None

    @property
    def code(self) -> str:
        return CODES[self.finding]

    @property
    def sentence(self) -> str:
        return sentence_of(self.finding)


def sentence_of(finding: Finding) -> str:
    """For the carrier: as little as the closed list says, or what it can do something about."""
    return _SENTENCES.get(finding) or PORT_OUT_REASONS[CODES[finding]].sentence


def read_reported(writings: Sequence[str]) -> tuple[list[PhoneNumber], list[str]]:
    """The numbers, each once and in their order, and what is none."""
    numbers: dict[PhoneNumber, None] = {}
    unreadable: dict[str, None] = {}
    for writing in writings:
        try:
            numbers[read_number(writing)] = None
        except InvalidPhoneNumberError:
            unreadable[clean(writing, _LONGEST_WRITING)] = None
    return list(numbers), list(unreadable)


def clean_name(text: str) -> str:
    """A carrier's name or reference as a column can hold it; a dash where nothing is left."""
    words = clean(" ".join(text.split()), len(text)).split()
    return " ".join(words)[:_LONGEST_NAME].strip() or "-"


def clean(text: str, longest: int) -> str:
    return "".join(each for each in text if each.isprintable())[:longest]


def find_of_state(states: Collection[str]) -> Finding:
    """Of a number by the states of all its rows in inventory: it may have been here before."""
    findings = [_OF_STATES.get(state, _F.LEAVES) for state in states]
    for finding in (_F.LEAVES, _F.STILL_PORTING_IN, _F.HAS_LEFT, _F.DISABLED):
        if finding in findings:
            return finding
    return _F.UNKNOWN
