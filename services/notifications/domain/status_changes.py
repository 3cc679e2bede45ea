"""Status changes: what a fact tells dashboards, and in which order."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from libs.common.events import Event, Fact
from libs.contracts.number_events import MemberChanged, NumberFact
from libs.contracts.porting_events.base import PortRequestFact
from libs.contracts.porting_events.lines import LinesApproved
from libs.contracts.porting_events.port_outs import PortOutFact
from services.notifications.domain.status_facts import DESK_TOLD, TOLD_ONCE_WHILE


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
