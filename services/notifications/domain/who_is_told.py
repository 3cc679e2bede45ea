"""Who is told what: one line for each message, and the words that the lines are made of.

A member in several of a line's audiences is told once. Nobody is told of a company that is not
theirs, whatever their audience; viewers get no mail.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, TypeAlias

from services.notifications.domain.messages import Message

M: TypeAlias = Message


class Audience(StrEnum):
    """`KNOWN_ADMINISTRATORS` are told on the addresses of before the last day's changes.

    `COPIED_ADMINISTRATORS` are all of them, where the request is no administrator's (S47);
    `COMPANY` are its managers and viewers.
    """

    REQUESTER = "requester"
    ADMINISTRATORS = "administrators"
    COPIED_ADMINISTRATORS = "copied administrators"
    KNOWN_ADMINISTRATORS = "administrators on known addresses"
    COMPANY = "company"
    SIGNER = "signer"
    SUPPORT = "support"


class Channel(StrEnum):
    FEED = "feed"
    MAIL = "mail"


class EventGroup(StrEnum):
    """What members choose by."""

    AUTHORIZATIONS = "authorizations"
    REQUESTS = "requests"
    CASES = "cases"
    NUMBERS = "numbers"
    REMINDERS = "reminders"
    WEBHOOKS = "webhooks"
    PORT_OUTS = "port_outs"
    SECURITY = "security"


# Nobody switches these off, and they reach whoever is out and accounts that are disabled: whose
# numbers they are agrees to a port (47 CFR 64.1130), and is told at once of a port-out and of
# changes of the account (52.37, 64.2010).
BY_LAW: Final = frozenset(
    {EventGroup.AUTHORIZATIONS, EventGroup.PORT_OUTS, EventGroup.SECURITY}
)


@dataclass(frozen=True)
class Where:
    """Said in words for the printed page; `holds` asks the notice's content."""

    words: str
    holds: Callable[[Mapping[str, Any]], bool]


@dataclass(frozen=True, kw_only=True)
class To:
    audience: Audience
    channels: frozenset[Channel]
    where: Where | None = None


@dataclass(frozen=True, kw_only=True)
class Telling:
    """An urgent one breaks through quiet hours; of `spares_doer` nobody hears their own deed."""

    message: M
    group: EventGroup
    to: tuple[To, ...]
    is_urgent: bool = False
    spares_doer: bool = False

    @property
    def is_by_law(self) -> bool:
        return self.group in BY_LAW


def both(audience: Audience, where: Where | None = None) -> To:
    return To(audience=audience, channels=frozenset(Channel), where=where)


def feed(audience: Audience, where: Where | None = None) -> To:
    return To(audience=audience, channels=frozenset({Channel.FEED}), where=where)


def mail(audience: Audience, where: Where | None = None) -> To:
    return To(audience=audience, channels=frozenset({Channel.MAIL}), where=where)


def told(
    message: M,
    group: EventGroup,
    *to: To,
    urgent: bool = False,
    spares_doer: bool = False,
) -> Telling:
    return Telling(
        message=message, group=group, to=to, is_urgent=urgent, spares_doer=spares_doer
    )


AUTHORIZED: Final = Where("it needs no authorization", lambda c: bool(c.get("is_authorized")))
OURS_TO_ACT: Final = Where("support acts", lambda c: c.get("waiting_on") == "SUPPORT")
THEIRS_TO_ACT: Final = Where("others act", lambda c: c.get("waiting_on") != "SUPPORT")
BY_SUPPORT: Final = Where("support wrote", lambda c: c.get("by") == "support")
BY_MEMBER: Final = Where("a member wrote", lambda c: c.get("by") != "support")

REQUESTER: Final = Audience.REQUESTER
ADMINISTRATORS: Final = Audience.ADMINISTRATORS
COPIED: Final = Audience.COPIED_ADMINISTRATORS
KNOWN: Final = Audience.KNOWN_ADMINISTRATORS
COMPANY: Final = Audience.COMPANY
SIGNER: Final = Audience.SIGNER
SUPPORT: Final = Audience.SUPPORT

AUTHORIZATIONS: Final = EventGroup.AUTHORIZATIONS
REQUESTS: Final = EventGroup.REQUESTS
CASES: Final = EventGroup.CASES
NUMBERS: Final = EventGroup.NUMBERS
REMINDERS: Final = EventGroup.REMINDERS
PORT_OUTS: Final = EventGroup.PORT_OUTS
SECURITY: Final = EventGroup.SECURITY

WHO_IS_TOLD: Final = (
    # Port requests. A manager's submission is told to administrators as AUTHORIZATION_WANTED.
    told(
        M.PORT_SUBMITTED,
        REQUESTS,
        both(REQUESTER),
        both(ADMINISTRATORS, AUTHORIZED),
        feed(COMPANY),
    ),
    told(M.AUTHORIZATION_WANTED, AUTHORIZATIONS, both(ADMINISTRATORS), spares_doer=True),
    told(M.PORT_AUTHORIZED, REQUESTS, both(REQUESTER), both(COPIED), spares_doer=True),
    told(M.PORT_DECLINED, REQUESTS, both(REQUESTER), both(COPIED), spares_doer=True),
    told(M.LETTER_TO_SIGN, REQUESTS, mail(SIGNER), feed(REQUESTER), feed(COPIED)),
    told(M.LETTER_SIGNED, REQUESTS, both(REQUESTER), both(COPIED)),
    told(M.LETTER_DECLINED, REQUESTS, both(REQUESTER), both(COPIED)),
    told(M.LETTER_EXPIRED, REQUESTS, both(REQUESTER), both(COPIED)),
    told(M.LETTER_SUPERSEDED, REQUESTS, both(REQUESTER), both(COPIED)),
    told(M.REVIEW_STARTED, REQUESTS, feed(REQUESTER), feed(COPIED)),
    told(
        M.ACTION_REQUIRED,
        REQUESTS,
        both(REQUESTER, THEIRS_TO_ACT),
        feed(REQUESTER, OURS_TO_ACT),
        both(COPIED, THEIRS_TO_ACT),
        feed(COPIED, OURS_TO_ACT),
        mail(SUPPORT, OURS_TO_ACT),
    ),
    told(M.PORT_RESUBMITTED, REQUESTS, feed(REQUESTER), feed(COPIED)),
    told(M.PORT_SENT_TO_CARRIER, REQUESTS, both(REQUESTER), both(COPIED)),
    told(M.PORT_APPROVED, REQUESTS, both(REQUESTER), both(COPIED), feed(COMPANY)),
    told(M.FIRM_DATE_CHANGED, REQUESTS, both(REQUESTER), both(COPIED), feed(COMPANY)),
    told(M.LINES_PORTED, REQUESTS, both(REQUESTER), both(COPIED)),
    told(
        M.PORT_COMPLETED,
        REQUESTS,
        both(REQUESTER),
        both(COPIED),
        feed(ADMINISTRATORS),
        feed(COMPANY),
    ),
    told(M.LINES_REVERTED, REQUESTS, both(REQUESTER), both(ADMINISTRATORS), urgent=True),
    told(M.PORT_CANCEL_REQUESTED, REQUESTS, both(REQUESTER), both(COPIED)),
    told(M.PORT_CANCEL_REFUSED, REQUESTS, both(REQUESTER), both(COPIED)),
    told(M.PORT_CANCELLED, REQUESTS, both(REQUESTER), both(COPIED), feed(COMPANY)),
    told(M.PORT_EXPIRING, REQUESTS, both(REQUESTER), both(COPIED)),
    told(M.PORT_EXPIRED, REQUESTS, both(REQUESTER), both(COPIED)),
    # The other side only.
    told(
        M.CASE_MESSAGE_POSTED,
        CASES,
        both(REQUESTER, BY_SUPPORT),
        both(COPIED, BY_SUPPORT),
        mail(SUPPORT, BY_MEMBER),
    ),
    # Numbers in inventory.
    told(M.FIRST_CALL_RECEIVED, NUMBERS, feed(REQUESTER), feed(COPIED), feed(COMPANY)),
    told(M.CALL_AFTER_PORT_OUT, NUMBERS, both(ADMINISTRATORS), mail(SUPPORT)),
    # Port-outs and what shields from them.
    told(M.PORT_OUT_RECEIVED, PORT_OUTS, both(KNOWN), urgent=True),
    told(M.PORT_OUT_AUTHORIZED, PORT_OUTS, both(KNOWN), urgent=True),
    told(M.PORT_OUT_REJECTION_PROPOSED, PORT_OUTS, feed(ADMINISTRATORS), mail(SUPPORT)),
    told(M.PORT_OUT_REJECTED, PORT_OUTS, both(KNOWN)),
    told(M.PORT_OUT_CANCELLED, PORT_OUTS, both(KNOWN)),
    told(M.PORT_OUT_SCHEDULED, PORT_OUTS, both(KNOWN), urgent=True),
    told(M.PORT_OUT_PORTED, PORT_OUTS, both(KNOWN), urgent=True),
    told(M.PORT_OUT_DISPUTED, PORT_OUTS, both(KNOWN), mail(SUPPORT), urgent=True),
    told(M.PORT_OUT_DISPUTE_REFUSED, PORT_OUTS, both(KNOWN)),
    told(M.PORT_OUT_RETURNED, PORT_OUTS, both(KNOWN)),
    told(M.PORT_OUT_CONFIRMED, PORT_OUTS, both(KNOWN)),
    told(M.PORT_OUT_LOCKED, SECURITY, both(KNOWN), urgent=True),
    told(M.PORT_OUT_UNLOCK_ASKED, SECURITY, both(KNOWN), urgent=True),
    told(M.PORT_OUT_UNLOCKED, SECURITY, both(KNOWN), urgent=True),
    told(M.PORT_OUT_PIN_CHANGED, SECURITY, both(KNOWN), urgent=True),
    told(M.PORT_OUT_PIN_BLOCKED, SECURITY, both(KNOWN), urgent=True),
    told(M.PORT_OUT_PIN_TRIES_RESET, SECURITY, both(KNOWN), urgent=True),
    told(M.PORT_OUT_IDENTIFIER_REVEALED, SECURITY, both(KNOWN), urgent=True),
    # The account and its people.
    told(M.MEMBER_CHANGED, SECURITY, both(KNOWN), urgent=True),
    told(M.ACCOUNT_DISABLED, SECURITY, both(KNOWN), urgent=True),
    told(M.WEBHOOK_DISABLED, EventGroup.WEBHOOKS, both(ADMINISTRATORS)),
    # Reminders.
    told(M.LETTER_UNSIGNED, REMINDERS, mail(SIGNER), both(REQUESTER), both(COPIED)),
    told(M.DRAFT_IDLE, REMINDERS, both(REQUESTER)),
    told(M.AUTHORIZATION_WAITING, AUTHORIZATIONS, both(ADMINISTRATORS)),
    told(M.FIRM_DATE_NEAR, REMINDERS, both(REQUESTER), both(COPIED)),
    told(M.PORT_PAST_WINDOW, REMINDERS, both(REQUESTER), both(COPIED), mail(SUPPORT)),
    told(M.NOT_CALLED_YET, REMINDERS, both(REQUESTER), both(COPIED)),
    told(M.PORTED_OUT_NOT_DISABLED, REMINDERS, both(ADMINISTRATORS)),
    told(M.PORT_OUT_ANSWER_DUE, PORT_OUTS, both(KNOWN), urgent=True),
)
TELLING: Final[Mapping[M, Telling]] = {each.message: each for each in WHO_IS_TOLD}
_NO_OTHER_MEMBERS: Final = frozenset({ADMINISTRATORS, KNOWN, SUPPORT})
TO_ADMINISTRATORS_ALONE: Final = frozenset(
    each.message
    for each in WHO_IS_TOLD
    if {to.audience for to in each.to} <= _NO_OTHER_MEMBERS
)
