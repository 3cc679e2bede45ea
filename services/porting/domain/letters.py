"""The Letter of Authorization: who owns the numbers and lets them go (47 CFR 64.1130)."""

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from libs.contracts.phone_number import PhoneNumber


class LetterState(StrEnum):
    DRAFT = "DRAFT"
    SIGNED = "SIGNED"
    SUPERSEDED = "SUPERSEDED"


NO_PIN: Final = "NO PIN"
_NO_PIN_ANSWERS: Final = frozenset({"NO PIN REQUIRED", "N/A"})
_PO_BOX: Final = re.compile(r"\b(?:P\.?\s*O\.?|POST\s*OFFICE)\s*BOX(?![A-Z])", re.IGNORECASE)
LONGEST_EMAIL: Final = 254
# Good enough to catch a slip; only a mail that arrives proves an address.
_EMAIL: Final = re.compile(r"[^@\s]{1,64}@[^@\s]+\.[^@\s]{2,}")


@dataclass(frozen=True, kw_only=True)
class ServiceAddress:
    """Where the service is, not where the bill goes: the losing carrier compares it."""

    street: str
    city: str
    state: str
    postal_code: str
    country: str

    @property
    def is_post_office_box(self) -> bool:
        return _PO_BOX.search(self.street) is not None


@dataclass(frozen=True, kw_only=True)
class Subscriber:
    """Exactly as the losing carrier's account has it."""

    name: str
    is_business: bool
    service_address: ServiceAddress
    authorized_person: str
    authorized_person_title: str
    authorized_person_email: str
    losing_carrier: str
    account_number: str
    billing_number: PhoneNumber
    pin_answer: str


@dataclass(frozen=True, kw_only=True)
class Letter:
    id: str
    port_request_id: str
    state: LetterState
    subscriber: Subscriber
    signer_name: str | None = None
    signed_at: datetime | None = None
    signed_by: str | None = None
    document_hash: str | None = None


def is_email(text: str) -> bool:
    """The length first: the pattern's time grows with its square."""
    return len(text) <= LONGEST_EMAIL and _EMAIL.fullmatch(text) is not None


def says_no_pin(answer: str) -> bool:
    """`NO PIN REQUIRED` and `N/A` in any case mean that there is none (S57)."""
    return " ".join(answer.upper().split()) in _NO_PIN_ANSWERS


def hash_document(subscriber: Subscriber, numbers: Iterable[PhoneNumber]) -> str:
    """SHA-256 over the subscriber block and the sorted numbers: what a signature covers."""
    address = subscriber.service_address
    covered = {
        "subscriber": {
            **{key: str(value) for key, value in vars(subscriber).items()},
            "service_address": vars(address),
        },
        "numbers": sorted(numbers),
    }
    return hashlib.sha256(json.dumps(covered, sort_keys=True).encode()).hexdigest()
