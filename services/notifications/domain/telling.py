"""Telling: which facts become notices, which of them gather, and which cover others."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from libs.common.caller import Role
from libs.common.events import Event, Fact
from libs.contracts import number_events
from libs.contracts.number_events import MemberChanged, NumberFact
from libs.contracts.porting_events import (
    letters,
    lines,
    port_out_shields,
    port_outs,
    requests,
    support_cases,
)
from libs.contracts.porting_events.base import PortRequestFact
from libs.contracts.porting_events.port_out_shields import PortOutShieldFact
from libs.contracts.porting_events.port_outs import PortOutFact
from libs.contracts.porting_events.support_cases import SupportCaseFact
from services.notifications.domain.contents import content_of
from services.notifications.domain.messages import Message
from services.notifications.domain.notices import Notice

MESSAGES: Final[Mapping[type[Fact], Message]] = {
    requests.PortSubmitted: Message.PORT_SUBMITTED,
    requests.PortAuthorized: Message.PORT_AUTHORIZED,
    requests.PortDeclined: Message.PORT_DECLINED,
    letters.LetterSent: Message.LETTER_TO_SIGN,
    letters.LetterSigned: Message.LETTER_SIGNED,
    letters.LetterDeclined: Message.LETTER_DECLINED,
    letters.LetterExpired: Message.LETTER_EXPIRED,
    letters.LetterSuperseded: Message.LETTER_SUPERSEDED,
    requests.ReviewStarted: Message.REVIEW_STARTED,
    requests.ActionRequired: Message.ACTION_REQUIRED,
    requests.PortResubmitted: Message.PORT_RESUBMITTED,
    requests.PortSentToCarrier: Message.PORT_SENT_TO_CARRIER,
    requests.PortApproved: Message.PORT_APPROVED,
    requests.FirmDateChanged: Message.FIRM_DATE_CHANGED,
    lines.LinesPorted: Message.LINES_PORTED,
    requests.PortCompleted: Message.PORT_COMPLETED,
    lines.LinesReverted: Message.LINES_REVERTED,
    requests.PortCancelRequested: Message.PORT_CANCEL_REQUESTED,
    requests.PortCancelRefused: Message.PORT_CANCEL_REFUSED,
    requests.PortCancelled: Message.PORT_CANCELLED,
    requests.PortExpiring: Message.PORT_EXPIRING,
    requests.PortExpired: Message.PORT_EXPIRED,
    support_cases.MessagePosted: Message.CASE_MESSAGE_POSTED,
    number_events.FirstCallReceived: Message.FIRST_CALL_RECEIVED,
    number_events.CallAfterPortOut: Message.CALL_AFTER_PORT_OUT,
    port_outs.PortOutReceived: Message.PORT_OUT_RECEIVED,
    port_outs.PortOutAuthorized: Message.PORT_OUT_AUTHORIZED,
    port_outs.PortOutRejectionProposed: Message.PORT_OUT_REJECTION_PROPOSED,
    port_outs.PortOutRejected: Message.PORT_OUT_REJECTED,
    port_outs.PortOutCancelled: Message.PORT_OUT_CANCELLED,
    port_outs.PortOutScheduled: Message.PORT_OUT_SCHEDULED,
    port_outs.PortOutPorted: Message.PORT_OUT_PORTED,
    port_outs.PortOutDisputed: Message.PORT_OUT_DISPUTED,
    port_outs.PortOutDisputeRefused: Message.PORT_OUT_DISPUTE_REFUSED,
    port_outs.PortOutReturned: Message.PORT_OUT_RETURNED,
    port_outs.PortOutConfirmed: Message.PORT_OUT_CONFIRMED,
    port_out_shields.PortOutLocked: Message.PORT_OUT_LOCKED,
    port_out_shields.PortOutUnlockAsked: Message.PORT_OUT_UNLOCK_ASKED,
    port_out_shields.PortOutUnlocked: Message.PORT_OUT_UNLOCKED,
    port_out_shields.PortOutPinChanged: Message.PORT_OUT_PIN_CHANGED,
    port_out_shields.PortOutPinBlocked: Message.PORT_OUT_PIN_BLOCKED,
    port_out_shields.PortOutPinTriesReset: Message.PORT_OUT_PIN_TRIES_RESET,
    port_out_shields.PortOutIdentifierRevealed: Message.PORT_OUT_IDENTIFIER_REVEALED,
    number_events.MemberChanged: Message.MEMBER_CHANGED,
    number_events.AccountDisabled: Message.ACCOUNT_DISABLED,
}
# What comes number by number, or order by order, is gathered for a while: one notice for all of
# one subject.
GATHERED: Final = frozenset(
    {
        Message.PORT_SENT_TO_CARRIER,
        Message.FIRM_DATE_CHANGED,
        Message.LINES_PORTED,
        Message.LINES_REVERTED,
        Message.FIRST_CALL_RECEIVED,
        Message.CALL_AFTER_PORT_OUT,
        Message.PORT_OUT_CONFIRMED,
    }
)
# The later one tells all that an open one of the earlier has gathered.
COVERS: Final[Mapping[Message, Message]] = {Message.PORT_COMPLETED: Message.LINES_PORTED}
_ENDED: Final = frozenset({"COMPLETED", "PARTIALLY_COMPLETED", "CANCELLED"})


class SecurityChange(StrEnum):
    """What about an administrator is told to all: only they can let a number go."""

    ADDED = "ADDED"
    REMOVED = "REMOVED"
    REACTIVATED = "REACTIVATED"
    ROLE = "ROLE"
    ADDRESS = "ADDRESS"
    LOGIN = "LOGIN"


@dataclass(frozen=True, kw_only=True)
class KnownMember:
    """A member as our copy has them; `login` is issuer and subject."""

    version: int
    email: str
    role: str
    login: tuple[str, str]
    is_active: bool


def notices_of(events: Iterable[Event], gather_for: timedelta, now: datetime) -> list[Notice]:
    """Without MEMBER_CHANGED, which `member_notices` makes. What gathers is due after a while."""
    notices = []
    for event in events:
        if type(event.fact) not in MESSAGES or _is_silent(event.fact):
            continue
        notice = _notice(event, MESSAGES[type(event.fact)])
        if notice.message in GATHERED:
            notice = replace(notice, due_at=now + gather_for)
        notices.append(notice)
        if isinstance(event.fact, requests.PortSubmitted) and event.fact.authorized_by is None:
            notices.append(replace(notice, message=Message.AUTHORIZATION_WANTED))
    return notices


def member_notices(events: Iterable[Event], known: Mapping[str, KnownMember]) -> list[Notice]:
    """What of these changes administrators have to know: against the copy as it was before them.

    What is no newer than the copy was told when it came first.
    """
    known = dict(known)
    notices = []
    for event in sorted(events, key=lambda event: (event.subject, event.sequence)):
        fact = event.fact
        if not isinstance(fact, MemberChanged):
            continue
        before = known.get(fact.member_id)
        if before is not None and before.version >= event.sequence:
            continue
        after = known_member(fact, event.sequence)
        known[fact.member_id] = after
        if changes := _security_changes(before, after):
            notice = _notice(event, Message.MEMBER_CHANGED)
            content = {**notice.content, "changes": changes}
            notices.append(replace(notice, content=content))
    return notices


def known_member(fact: MemberChanged, version: int) -> KnownMember:
    return KnownMember(
        version=version,
        email=fact.email,
        role=fact.role,
        login=(fact.login_issuer, fact.login_subject),
        is_active=fact.active,
    )


def _security_changes(before: KnownMember | None, after: KnownMember) -> list[SecurityChange]:
    if Role.ADMINISTRATOR not in {after.role, before and before.role}:
        return []
    if before is None:
        return [SecurityChange.ADDED]
    changes = []
    if before.is_active and not after.is_active:
        changes.append(SecurityChange.REMOVED)
    if after.is_active and not before.is_active:
        changes.append(SecurityChange.REACTIVATED)
    if before.role != after.role:
        changes.append(SecurityChange.ROLE)
    if before.email != after.email:
        changes.append(SecurityChange.ADDRESS)
    if before.login != after.login:
        changes.append(SecurityChange.LOGIN)
    return changes


def _is_silent(fact: Fact) -> bool:
    match fact:
        case MemberChanged():
            return True
        case lines.LinesPorted():
            # The completion that follows tells the last ones.
            return fact.status in _ENDED
        case PortOutFact():
            return fact.batch < fact.of
        case _:
            return False


def _notice(event: Event, message: Message) -> Notice:
    account_id, company_ids, requester_id, subject = _whose(event)
    return Notice(
        message=message,
        key=f"{event.subject}:{event.sequence}",
        account_id=account_id,
        company_ids=company_ids,
        requester_id=requester_id,
        subject=subject,
        occurred_at=event.time,
        due_at=event.time,
        content={**content_of(event.fact), "subject": subject},
        traceparent=event.traceparent,
    )


def _whose(event: Event) -> tuple[str, tuple[str, ...], str | None, str]:
    """Account, companies, requester, and what the notice is about: what gathers, by that."""
    fact = event.fact
    subject = event.subject
    whose: tuple[str, tuple[str, ...], str | None, str]
    match fact:
        case PortRequestFact():
            whose = (fact.account_id, (fact.company_id,), fact.requester_id, subject)
        case SupportCaseFact():
            companies = (fact.company_id,) if fact.company_id else ()
            whose = (fact.account_id, companies, fact.requester_id, subject)
        case PortOutFact():
            whose = (fact.account_id, tuple(fact.company_ids), None, subject)
        case PortOutShieldFact():
            whose = (fact.account_id, (), None, subject)
        case number_events.CallAfterPortOut():
            whose = (fact.account_id, (fact.company_id,), None, fact.port_out_id)
        case NumberFact():
            about = fact.port_request_id or subject
            whose = (fact.account_id, (fact.company_id,), None, about)
        case _:
            whose = (subject, (), None, subject)
    return whose
