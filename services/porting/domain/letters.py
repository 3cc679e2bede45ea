"""The Letter of Authorization: who owns the numbers and lets them go (47 CFR 64.1130)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, Self

from libs.contracts.phone_number import PhoneNumber
from services.porting.domain.pins import PinAnswer


class LetterState(StrEnum):
    DRAFT = "DRAFT"
    SENT = "SENT"
    VIEWED = "VIEWED"
    SIGNED = "SIGNED"
    DECLINED = "DECLINED"
    EXPIRED = "EXPIRED"
    SUPERSEDED = "SUPERSEDED"


class LetterEvent(StrEnum):
    """What can happen to a letter; a link may be opened late, twice, or by a mail scanner."""

    SENT = "SENT"
    VIEWED = "VIEWED"
    SIGNED = "SIGNED"
    DECLINED = "DECLINED"
    EXPIRED = "EXPIRED"
    SUPERSEDED = "SUPERSEDED"


class Signer(StrEnum):
    """S51."""

    SELF = "SELF"
    OTHER = "OTHER"


WITH_THE_SIGNER: Final = frozenset({LetterState.SENT, LetterState.VIEWED})
# What was declined or has expired is not signed any more: a copy of it is.
UNSIGNED: Final = frozenset({LetterState.DRAFT}) | WITH_THE_SIGNER
FAILED: Final = frozenset({LetterState.DECLINED, LetterState.EXPIRED})

# Where each event leads from each state. A pair that stands neither here nor in IGNORED is
# refused.
NEXT_STATES: Final[Mapping[LetterEvent, Mapping[LetterState, LetterState]]] = {
    LetterEvent.SENT: dict.fromkeys(UNSIGNED, LetterState.SENT),
    LetterEvent.VIEWED: {LetterState.SENT: LetterState.VIEWED},
    LetterEvent.SIGNED: dict.fromkeys(UNSIGNED, LetterState.SIGNED),
    LetterEvent.DECLINED: dict.fromkeys(WITH_THE_SIGNER, LetterState.DECLINED),
    # A link runs out, and so does a signature, by its age.
    LetterEvent.EXPIRED: dict.fromkeys(
        WITH_THE_SIGNER | {LetterState.SIGNED}, LetterState.EXPIRED
    ),
    LetterEvent.SUPERSEDED: dict.fromkeys(
        frozenset(LetterState) - {LetterState.SUPERSEDED}, LetterState.SUPERSEDED
    ),
}
# A clock that strikes late and a page that is opened again change nothing.
IGNORED: Final[Mapping[LetterEvent, frozenset[LetterState]]] = {
    LetterEvent.SENT: frozenset(),
    LetterEvent.VIEWED: frozenset({LetterState.VIEWED, LetterState.SIGNED})
    | FAILED
    | {LetterState.SUPERSEDED},
    LetterEvent.SIGNED: frozenset(),
    LetterEvent.DECLINED: frozenset(),
    LetterEvent.EXPIRED: frozenset({LetterState.DRAFT, LetterState.SUPERSEDED}) | FAILED,
    LetterEvent.SUPERSEDED: frozenset({LetterState.SUPERSEDED}),
}

# No two repetitions meet: a street of a megabyte of spaces takes milliseconds, not an hour.
_PO_BOX: Final = re.compile(
    r"\b(?:(?:P\.?\s*O\.?|POST\s*OFFICE)\s*BOX(?![A-Z])|P\.?\s*O\.?\s*B\.?\s*(?:#\s*)?\d)",
    re.IGNORECASE,
)
LONGEST_EMAIL: Final = 254
# Good enough to catch a slip; only a mail that arrives proves an address.
_EMAIL: Final = re.compile(r"[^@\s]{1,64}@[^@\s]+\.[^@\s]{2,}")


@dataclass(frozen=True, kw_only=True)
class ServiceAddress:
    """Where the service is, not where the bill goes: the losing carrier compares it."""

    street: str = ""
    street2: str = ""
    city: str = ""
    state: str = ""
    postal_code: str = ""
    country: str = ""

    @property
    def is_post_office_box(self) -> bool:
        return _PO_BOX.search(f"{self.street}\n{self.street2}") is not None


@dataclass(frozen=True, kw_only=True)
class Subscriber:
    """Exactly as the losing carrier's account has it; what is not filled in yet is empty.

    Carrier, account and billing number are of the lines that no other losing account names.
    A partial port leaves numbers behind: `remaining_billing_number` is their new main number.
    `reseller` is who sold the service, where that is not the carrier (Canada).
    """

    name: str = ""
    is_business: bool | None = None
    service_address: ServiceAddress = field(default_factory=ServiceAddress)
    authorized_person: str = ""
    authorized_person_title: str = ""
    authorized_person_email: str = ""
    losing_carrier: str = ""
    account_number: str = ""
    billing_number: PhoneNumber | None = None
    is_partial: bool = False
    remaining_billing_number: PhoneNumber | None = None
    reseller: str = ""


@dataclass(frozen=True, kw_only=True)
class LosingAccount:
    """A further account that lines leave: a page of its own. `la_…`, also of its PIN."""

    id: str
    losing_carrier: str = ""
    account_number: str = ""
    billing_number: PhoneNumber | None = None
    tracking_numbers: tuple[PhoneNumber, ...] = ()


@dataclass(frozen=True, kw_only=True)
class LetterLine:
    """A line as a letter sees it: the account and its PIN may be told line by line."""

    id: str
    tracking_number: PhoneNumber
    account_number: str | None = None
    billing_number: PhoneNumber | None = None
    pin_answer: PinAnswer = PinAnswer.MISSING


@dataclass(frozen=True, kw_only=True)
class Signature:
    """`address_mark` tells two addresses apart and names none; `drawn` is an SVG path."""

    name: str
    at: datetime
    by: str
    consent_version: str
    address_mark: str
    drawn: str | None = None


@dataclass(frozen=True, kw_only=True)
class Letter:
    """`tracking_number`: of this line alone, which was added or changed after the review began.

    `pin_answers` are by the id of the request (for the letter's own block) or losing account.
    `content` is what was signed, `document_hash` its hash; for a letter that is with its signer,
    what it will be.
    """

    id: str
    port_request_id: str
    state: LetterState
    subscriber: Subscriber
    accounts: tuple[LosingAccount, ...] = ()
    pin_answers: Mapping[str, PinAnswer] = field(default_factory=dict)
    tracking_number: PhoneNumber | None = None
    signer: Signer | None = None
    recipient_name: str = ""
    recipient_email: str = ""
    sent_at: datetime | None = None
    viewed_at: datetime | None = None
    signer_name: str | None = None
    signed_at: datetime | None = None
    document_hash: str | None = None
    declined_at: datetime | None = None
    decline_reason: str | None = None
    expired_at: datetime | None = None
    document_id: str | None = None

    def moved(self, event: LetterEvent, **changes: Any) -> Self:
        return replace(self, state=NEXT_STATES[event][self.state], **changes)

    def ignores(self, event: LetterEvent) -> bool:
        return self.state in IGNORED[event]

    @property
    def is_signed(self) -> bool:
        return self.state is LetterState.SIGNED


def is_email(text: str) -> bool:
    """The length first: the pattern's time grows with its square."""
    return len(text) <= LONGEST_EMAIL and _EMAIL.fullmatch(text) is not None
