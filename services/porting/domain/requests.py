"""A port request: what a customer names, fills and submits. Its lines decide its status."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Final, Self

from services.porting.domain.countries import Country
from services.porting.domain.letters import Letter, LetterState
from services.porting.domain.lines import FAULTY, TERMINAL, LineState


class PortRequestStatus(StrEnum):
    DRAFT = "DRAFT"
    AWAITING_AUTHORIZATION = "AWAITING_AUTHORIZATION"
    AWAITING_SIGNATURE = "AWAITING_SIGNATURE"
    IN_REVIEW = "IN_REVIEW"
    WITH_CARRIER = "WITH_CARRIER"
    APPROVED = "APPROVED"
    PORTING = "PORTING"
    COMPLETED = "COMPLETED"
    PARTIALLY_COMPLETED = "PARTIALLY_COMPLETED"
    ACTION_REQUIRED = "ACTION_REQUIRED"
    CANCEL_REQUESTED = "CANCEL_REQUESTED"
    CANCELLED = "CANCELLED"
    EXPIRED = "EXPIRED"


class WaitingOn(StrEnum):
    """Whose turn it is."""

    REQUESTER = "REQUESTER"
    ADMINISTRATOR = "ADMINISTRATOR"
    SIGNER = "SIGNER"
    SUPPORT = "SUPPORT"
    LOSING_CARRIER = "LOSING_CARRIER"
    NOBODY = "NOBODY"


class RequestEvent(StrEnum):
    """What moves a request before a carrier has it; afterwards its lines decide."""

    SUBMITTED = "SUBMITTED"
    AUTHORIZED = "AUTHORIZED"
    DECLINED = "DECLINED"
    SIGNED = "SIGNED"
    FAULT_FOUND = "FAULT_FOUND"
    RESUBMITTED = "RESUBMITTED"
    CANCELLED = "CANCELLED"
    EXPIRED = "EXPIRED"


class ImpossibleMoveError(Exception):
    """A fault of ours: a use case moved a request where no rule leads."""


LONGEST_NAME: Final = 120
LOA_EXPIRED: Final = "LOA_EXPIRED"
LONGEST_REASON: Final = 500

FINAL: Final = frozenset(
    {
        PortRequestStatus.COMPLETED,
        PortRequestStatus.PARTIALLY_COMPLETED,
        PortRequestStatus.CANCELLED,
        PortRequestStatus.EXPIRED,
    }
)

# The losing carrier has taken the letter: its age counts no more.
ACCEPTED: Final = FINAL | {PortRequestStatus.APPROVED, PortRequestStatus.PORTING}

_S = PortRequestStatus
_E = RequestEvent
_WAITING: Final = (_S.AWAITING_AUTHORIZATION, _S.AWAITING_SIGNATURE)
_NOT_SENT: Final = (_S.DRAFT, *_WAITING, _S.IN_REVIEW, _S.ACTION_REQUIRED)

# Before the carrier: where each event may lead from each status. What is missing is refused.
NEXT_STATUSES: Final[
    Mapping[RequestEvent, Mapping[PortRequestStatus, frozenset[PortRequestStatus]]]
] = {
    _E.SUBMITTED: {_S.DRAFT: frozenset({*_WAITING, _S.IN_REVIEW})},
    _E.AUTHORIZED: {
        _S.AWAITING_AUTHORIZATION: frozenset({_S.AWAITING_SIGNATURE, _S.IN_REVIEW})
    },
    _E.DECLINED: {_S.AWAITING_AUTHORIZATION: frozenset({_S.CANCELLED})},
    _E.SIGNED: {_S.AWAITING_SIGNATURE: frozenset({_S.IN_REVIEW})},
    _E.FAULT_FOUND: {
        _S.AWAITING_SIGNATURE: frozenset({_S.ACTION_REQUIRED}),
        _S.IN_REVIEW: frozenset({_S.ACTION_REQUIRED}),
    },
    _E.RESUBMITTED: {_S.ACTION_REQUIRED: frozenset({_S.AWAITING_SIGNATURE, _S.IN_REVIEW})},
    _E.CANCELLED: dict.fromkeys(_NOT_SENT, frozenset({_S.CANCELLED})),
    _E.EXPIRED: dict.fromkeys(
        (_S.DRAFT, *_WAITING, _S.ACTION_REQUIRED), frozenset({_S.EXPIRED})
    ),
}

LineCounts = Mapping[LineState, int]

_TURNS: Final[Mapping[PortRequestStatus, tuple[WaitingOn, str]]] = {
    PortRequestStatus.DRAFT: (
        WaitingOn.REQUESTER,
        "Fill in what is missing and submit the request.",
    ),
    PortRequestStatus.AWAITING_AUTHORIZATION: (
        WaitingOn.ADMINISTRATOR,
        "An administrator of the account authorizes the request.",
    ),
    PortRequestStatus.AWAITING_SIGNATURE: (
        WaitingOn.SIGNER,
        "The signer signs the Letter of Authorization.",
    ),
    PortRequestStatus.IN_REVIEW: (
        WaitingOn.SUPPORT,
        "We check the documents and send the request to the losing carrier.",
    ),
    PortRequestStatus.WITH_CARRIER: (
        WaitingOn.LOSING_CARRIER,
        "The losing carrier checks the request and gives a firm date.",
    ),
    PortRequestStatus.APPROVED: (
        WaitingOn.LOSING_CARRIER,
        "The numbers move on the firm date. Do not cancel the old service before.",
    ),
    PortRequestStatus.PORTING: (
        WaitingOn.LOSING_CARRIER,
        "The numbers are moving now. Do not cancel the old service before all have.",
    ),
    PortRequestStatus.ACTION_REQUIRED: (
        WaitingOn.REQUESTER,
        "Correct what was found to be wrong.",
    ),
    PortRequestStatus.CANCEL_REQUESTED: (
        WaitingOn.LOSING_CARRIER,
        "The losing carrier confirms that nothing moves.",
    ),
}
# One losing carrier has its part already, another one not.
_REST_UNSENT: Final = (
    WaitingOn.SUPPORT,
    "We send the rest of the numbers to their losing carrier.",
)
_NOBODYS_TURN: Final = (WaitingOn.NOBODY, "Nothing is left to do.")


@dataclass(frozen=True, kw_only=True)
class PortRequest:
    """`version` counts the request's events; `status_since` dates the latest status.

    `preconfigured_at` is when `numbers` said that every line rings through here. `country` is
    said where support made the request; elsewhere the numbers tell it. `warnings_acknowledged`
    holds the ids of the warnings that were on the screen. What stands from `line_count` on is
    read from lines and carrier orders whenever the request is saved.
    """

    id: str
    account_id: str
    company_id: str
    requester_id: str
    requester_name: str
    name: str
    status: PortRequestStatus
    status_since: datetime
    created_at: datetime
    version: int
    country: Country | None = None
    made_by_support: str | None = None
    warnings_acknowledged: tuple[str, ...] = ()
    warnings_acknowledged_at: datetime | None = None
    warnings_acknowledged_by: str | None = None
    submitted_at: datetime | None = None
    submitted_by: str | None = None
    authorized_at: datetime | None = None
    authorized_by: str | None = None
    declined_at: datetime | None = None
    declined_by: str | None = None
    decline_reason: str | None = None
    preconfigured_at: datetime | None = None
    sent_at: datetime | None = None
    completed_at: datetime | None = None
    fault_code: str | None = None
    fault_waiting_on: WaitingOn | None = None
    fault_remedy: str | None = None
    requested_firm_date: date | None = None
    claimed_by: str | None = None
    claimed_at: datetime | None = None
    line_count: int = 0
    unsent_count: int = 0
    earliest_firm_date: date | None = None
    losing_carriers: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()

    def moved_to(self, status: PortRequestStatus, at: datetime) -> Self:
        """A fault lasts as long as the status that it made.

        Raises `ImpossibleMoveError` where it was not sent yet and NEXT_STATUSES has no such move.
        """
        if status is self.status:
            return self
        if self.sent_at is None and not any(
            status in moves.get(self.status, ()) for moves in NEXT_STATUSES.values()
        ):
            raise ImpossibleMoveError(f"{self.status} leads to no {status}")
        return replace(
            self,
            status=status,
            status_since=at,
            completed_at=at if status in FINAL else self.completed_at,
            fault_code=None,
            fault_waiting_on=None,
            fault_remedy=None,
        )

    def allows(self, event: RequestEvent) -> bool:
        """Of one that was sent, its lines decide."""
        return self.sent_at is None and self.status in NEXT_STATUSES[event]

    @property
    def turn(self) -> tuple[WaitingOn, str]:
        """Whose turn it is and what un-sticks the request."""
        return self.turn_with(unsent_count=self.unsent_count)

    def turn_with(self, *, unsent_count: int) -> tuple[WaitingOn, str]:
        """The same where so many lines have not gone to a carrier."""
        waiting_on, remedy = _TURNS.get(self.status, _NOBODYS_TURN)
        if self.fault_waiting_on is not None:
            return (self.fault_waiting_on, self.fault_remedy or remedy)
        if waiting_on is WaitingOn.LOSING_CARRIER and unsent_count:
            return _REST_UNSENT
        return (waiting_on, remedy)

    @property
    def wants_signature(self) -> bool:
        """A carrier has it, and has not approved while its letter grew too old."""
        return self.sent_at is not None and self.fault_code == LOA_EXPIRED

    @property
    def is_draft(self) -> bool:
        return self.status is PortRequestStatus.DRAFT

    @property
    def is_final(self) -> bool:
        return self.status in FINAL

    @property
    def is_open(self) -> bool:
        """Submitted and not finished: it is in the port desk's queue."""
        return not (self.is_draft or self.is_final)


def next_status_after_submission(
    request: PortRequest, letter: Letter | None
) -> PortRequestStatus:
    """Where a submitted request goes: `request` says whether it is authorized by now (S46, S54)."""
    if request.authorized_at is None:
        return PortRequestStatus.AWAITING_AUTHORIZATION
    if letter is None or letter.state is not LetterState.SIGNED:
        return PortRequestStatus.AWAITING_SIGNATURE
    return PortRequestStatus.IN_REVIEW


def derive_status(counts: LineCounts) -> PortRequestStatus:
    """The status of a request that a carrier has: the first rule that fits its lines."""
    present = {state for state, count in counts.items() if count}
    live = present - TERMINAL
    if present & FAULTY:
        return PortRequestStatus.ACTION_REQUIRED
    if not live:
        return _final_status(present)
    if live == {LineState.CANCEL_REQUESTED}:
        return PortRequestStatus.CANCEL_REQUESTED
    if LineState.ACTIVATING in live or LineState.PORTED in present:
        return PortRequestStatus.PORTING
    if live == {LineState.APPROVED}:
        return PortRequestStatus.APPROVED
    return PortRequestStatus.WITH_CARRIER


def _final_status(present: set[LineState]) -> PortRequestStatus:
    if not present & {LineState.PORTED, LineState.REVERTED}:
        return PortRequestStatus.CANCELLED
    if present & {LineState.CANCELLED, LineState.NOT_PORTABLE}:
        return PortRequestStatus.PARTIALLY_COMPLETED
    return PortRequestStatus.COMPLETED
