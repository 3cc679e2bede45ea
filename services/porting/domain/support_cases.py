"""A support case: what a customer and our desk say to each other, under one reference (S69)."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final, Self

from libs.contracts.phone_number import PhoneNumber


class CaseState(StrEnum):
    OPEN = "OPEN"
    CLOSED = "CLOSED"


LONGEST_SUBJECT: Final = 200
LONGEST_MESSAGE: Final = 10_000
MOST_NUMBERS: Final = 1_000
# What a case is called that a refused number list offers (S10).
OFFERED_SUBJECT: Final = "Port Australian or British numbers"


@dataclass(frozen=True, kw_only=True)
class SupportCase:
    """`requester_id` is the member whose case it is; `port_request_id` what it is about.

    The case that was made with the request is the request's own; others only name it.
    `opened_by` is a member's id, or `support`.
    """

    id: str
    reference: str
    account_id: str
    company_id: str | None
    requester_id: str | None
    port_request_id: str | None
    made_with_request: bool
    subject: str
    numbers: tuple[PhoneNumber, ...]
    state: CaseState
    state_since: datetime
    opened_at: datetime
    opened_by: str
    version: int

    def moved_to(self, state: CaseState, at: datetime) -> Self:
        return replace(self, state=state, state_since=at)


@dataclass(frozen=True, kw_only=True)
class CaseMessage:
    """`written_by` is a member's id or a support agent's login; customers read the name."""

    id: str
    case_id: str
    written_by: str
    written_by_support: bool
    author_name: str
    written_at: datetime
    body: str
    requests_cancellation: bool


@dataclass(frozen=True, kw_only=True)
class CaseNote:
    """From the desk to the desk."""

    id: str
    case_id: str
    written_by: str
    written_at: datetime
    body: str
