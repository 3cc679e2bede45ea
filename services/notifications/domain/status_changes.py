"""Status changes: what a fact tells dashboards, and in which order."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from libs.common.events import Event, Fact
from libs.contracts import billing_events, number_events
from libs.contracts.number_events import MemberChanged, NumberFact
from libs.contracts.porting_events import (
    desk,
    documents,
    letters,
    lines,
    port_out_shields,
    port_outs,
    requests,
    support_cases,
)
from libs.contracts.porting_events.base import PortRequestFact
from libs.contracts.porting_events.lines import (
    LinesActivating,
    LinesApproved,
    LinesCancelled,
    LinesCancelRequested,
    LinesNotPortable,
    LinesPorted,
)
from libs.contracts.porting_events.port_outs import PortOutFact


class SubjectKind(StrEnum):
    """A desk's is a port request too, in what only our port desk hears of it.

    An account's says that memberships changed: our replicas hear it, clients never do.
    """

    PORT_REQUEST = "port_request"
    DESK = "desk"
    PORT_OUT = "port_out"
    TRACKING_NUMBER = "tracking_number"
    ACCOUNT = "account"


@dataclass(frozen=True, kw_only=True)
class StatusChange:
    event_id: UUID
    type: str
    subject: str
    subject_kind: SubjectKind
    sequence: int
    account_id: str
    company_ids: tuple[str, ...]
    requester_id: str | None
    status: str | None
    occurred_at: datetime
    traceparent: str | None
    port_request_id: str | None = None
    status_before: str | None = None


@dataclass(frozen=True, kw_only=True)
class LoggedChange(StatusChange):
    """`log_id` counts in the order of commits, without a gap.

    A late one came after a newer one of its subject: history lists it, streams skip it, so that
    a subject's versions only ever rise there. What only the desk hears makes nothing late that
    customers hear.
    """

    log_id: int
    is_late: bool


# One line for each status change.
TOLD: Final[tuple[type[Fact], ...]] = (
    requests.PortSubmitted,
    requests.PortAuthorized,
    letters.LetterSent,
    letters.LetterViewed,
    requests.PortDeclined,
    letters.LetterSigned,
    letters.LetterDeclined,
    letters.LetterExpired,
    letters.LetterSuperseded,
    letters.LetterSealed,
    requests.ReviewStarted,
    requests.ActionRequired,
    requests.LinesPreconfigured,
    requests.PortSentToCarrier,
    requests.PortApproved,
    requests.PortCompleted,
    requests.FirmDateChanged,
    requests.PortResubmitted,
    requests.PortCancelRequested,
    requests.PortCancelRefused,
    requests.PortCancelled,
    requests.PortExpiring,
    requests.PortExpired,
    lines.LinesReverted,
    port_outs.PortOutReceived,
    port_outs.PortOutRejectionProposed,
    port_outs.PortOutRejected,
    port_outs.PortOutAuthorized,
    port_outs.PortOutCancelled,
    port_outs.PortOutScheduled,
    port_outs.PortOutPorted,
    port_outs.PortOutDisputed,
    port_outs.PortOutDisputeRefused,
    port_outs.PortOutReturned,
    port_outs.PortOutChecklistChanged,
    port_outs.PortOutConfirmed,
    number_events.NumberPortedIn,
    number_events.FirstCallReceived,
    number_events.NumberPortingOut,
    number_events.NumberPortedOut,
    number_events.CallAfterPortOut,
    number_events.NumberDisabled,
    number_events.NumberPortOutCancelled,
    number_events.NumberReturned,
    number_events.NumberRestored,
    number_events.NumberQuarantined,
    number_events.NumberReleased,
    number_events.MemberChanged,
)
# No fact of its own says that the first lines move or that the last faulty one is out: the first
# such batch does, the others tell nothing new.
TOLD_ONCE_WHILE: Final[Mapping[type[Fact], frozenset[str]]] = {
    LinesPorted: frozenset({"PORTING"}),
    LinesActivating: frozenset({"PORTING"}),
    LinesCancelled: frozenset({"PORTING", "WITH_CARRIER"}),
    LinesCancelRequested: frozenset({"WITH_CARRIER"}),
    LinesNotPortable: frozenset({"PORTING", "WITH_CARRIER"}),
}
# The desk's own work, and what moves a request in the desk's queue while its customer's status
# stays as it is.
DESK_TOLD: Final[tuple[type[Fact], ...]] = (
    desk.PortClaimed,
    desk.PortReleased,
    desk.CarrierOrdersChanged,
    desk.FirmDateRequested,
    lines.LinesApproved,
)
# They renew our copies; nobody's status is in them.
COPIED: Final[tuple[type[Fact], ...]] = (
    number_events.AccountChanged,
    number_events.AccountDisabled,
    number_events.AccountReactivated,
    number_events.CompanyChanged,
)
NOT_TOLD: Final[tuple[type[Fact], ...]] = (
    requests.DraftChanged,
    # For the history only.
    letters.PinUsed,
    # They move nothing by themselves: action_required follows a refusal.
    documents.DocumentAttached,
    documents.DocumentReviewed,
    # Batches of lines: the request's own fact follows each last one.
    lines.LinesReadied,
    lines.LinesRejected,
    lines.LinesInConflict,
    lines.LinesActivationFailed,
    lines.LinesCorrected,
    lines.LinesResent,
    lines.LinesCancelRefused,
    # A port-out shield is no port, and has no status.
    port_out_shields.PortOutLocked,
    port_out_shields.PortOutUnlockAsked,
    port_out_shields.PortOutUnlocked,
    port_out_shields.PortOutPinChanged,
    port_out_shields.PortOutPinBlocked,
    port_out_shields.PortOutPinTriesReset,
    port_out_shields.PortOutIdentifierRevealed,
    # For the gaining carrier.
    port_outs.PortOutReportAnswered,
    # What is said in a case is no status of a port.
    support_cases.CaseOpened,
    support_cases.MessagePosted,
    support_cases.CaseClosed,
    support_cases.CaseReopened,
    number_events.NumbersPreconfigured,
    # porting answers it with action_required.
    number_events.PreconfigurationRefused,
    # Charges are no status.
    number_events.PortOutDisablingChanged,
    billing_events.BillingPeriodOpened,
    billing_events.BillingPeriodMovedBack,
    billing_events.BillingPeriodClosed,
    # What it is called and where it rings is no status of a number.
    number_events.NumberChanged,
)
# Of those not told: what begins or ends a waiting of which people are reminded.
REMINDING: Final[tuple[type[Fact], ...]] = (
    requests.DraftChanged,
    lines.LinesApproved,
    lines.LinesRejected,
    lines.LinesInConflict,
    lines.LinesActivationFailed,
    lines.LinesResent,
    number_events.NumberChanged,
)


def describe(event: Event) -> StatusChange:
    fact = event.fact
    change = StatusChange(
        event_id=event.id,
        type=event.type,
        subject=event.subject,
        subject_kind=SubjectKind.ACCOUNT,
        sequence=event.sequence,
        account_id=event.subject,
        company_ids=(),
        requester_id=None,
        status=None,
        occurred_at=event.time,
        traceparent=event.traceparent,
    )
    match fact:
        case PortRequestFact():
            is_desks = isinstance(fact, DESK_TOLD)
            return replace(
                change,
                subject_kind=SubjectKind.DESK if is_desks else SubjectKind.PORT_REQUEST,
                account_id=fact.account_id,
                company_ids=(fact.company_id,),
                requester_id=fact.requester_id,
                status=fact.status,
                port_request_id=event.subject,
            )
        case PortOutFact():
            return replace(
                change,
                subject_kind=SubjectKind.PORT_OUT,
                account_id=fact.account_id,
                company_ids=tuple(fact.company_ids),
                status=fact.status,
            )
        case NumberFact():
            return replace(
                change,
                subject_kind=SubjectKind.TRACKING_NUMBER,
                account_id=fact.account_id,
                company_ids=(fact.company_id,),
                status=fact.state,
                port_request_id=fact.port_request_id,
            )
        case MemberChanged():
            return change
        case _:
            raise TypeError(f"{fact.type} tells no status")


def choose_told(
    events: Iterable[Event], status_before: Mapping[str, str | None]
) -> list[StatusChange]:
    """Each version once, a subject's versions rising in the places that they came in.

    `status_before` is the last status of each subject that its customer was told.
    """
    status_now = dict(status_before)
    told = []
    for event in _rising(events):
        before = status_now.get(event.subject)
        change = replace(describe(event), status_before=before)
        if _is_told(event.fact, change.status, before):
            if change.subject_kind is not SubjectKind.DESK:
                status_now[event.subject] = change.status
            told.append(change)
    return told


def _is_told(fact: Fact, status: str | None, status_before: str | None) -> bool:
    if isinstance(fact, PortOutFact | LinesApproved) and fact.batch < fact.of:
        # One change of many numbers is told once, with its last batch.
        return False
    if type(fact) not in TOLD_ONCE_WHILE:
        return True
    return status in TOLD_ONCE_WHILE[type(fact)] and status != status_before


def _rising(events: Iterable[Event]) -> list[Event]:
    once = list({(event.subject, event.sequence): event for event in events}.values())
    by_subject: dict[str, list[Event]] = {}
    for event in once:
        by_subject.setdefault(event.subject, []).append(event)
    in_order = {
        subject: iter(sorted(its_events, key=lambda event: event.sequence))
        for subject, its_events in by_subject.items()
    }
    return [next(in_order[event.subject]) for event in once]
