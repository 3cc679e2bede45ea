"""Which facts customers may receive by webhook, and what of each."""

from datetime import timedelta
from typing import Any, Final

import orjson

from libs.common.events import Event, Fact
from libs.contracts import billing_events, number_events
from libs.contracts.number_events import AccountFact
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

# What Standard Webhooks says that a receiver can be asked to take.
LONGEST_BODY: Final = 20_000
# So long an event can be asked for again, as what people were told can be read.
EVENTS_KEPT: Final = timedelta(days=365)
TEST_TYPE: Final = "notifications.webhook_test.v1"

DELIVERED: Final[tuple[type[Fact], ...]] = (
    requests.PortSubmitted,
    requests.PortAuthorized,
    requests.PortDeclined,
    letters.LetterSent,
    letters.LetterViewed,
    letters.LetterSigned,
    letters.LetterDeclined,
    letters.LetterExpired,
    letters.LetterSuperseded,
    letters.LetterSealed,
    documents.DocumentAttached,
    documents.DocumentReviewed,
    requests.ReviewStarted,
    requests.ActionRequired,
    requests.LinesPreconfigured,
    requests.PortSentToCarrier,
    lines.LinesApproved,
    requests.PortApproved,
    requests.FirmDateChanged,
    lines.LinesRejected,
    lines.LinesInConflict,
    lines.LinesActivating,
    lines.LinesActivationFailed,
    lines.LinesNotPortable,
    lines.LinesCorrected,
    lines.LinesResent,
    requests.PortResubmitted,
    lines.LinesCancelRequested,
    requests.PortCancelRequested,
    lines.LinesCancelRefused,
    requests.PortCancelRefused,
    lines.LinesCancelled,
    requests.PortCancelled,
    requests.PortExpiring,
    requests.PortExpired,
    lines.LinesPorted,
    requests.PortCompleted,
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
    port_out_shields.PortOutLocked,
    port_out_shields.PortOutUnlockAsked,
    port_out_shields.PortOutUnlocked,
    port_out_shields.PortOutPinChanged,
    port_out_shields.PortOutPinBlocked,
    port_out_shields.PortOutPinTriesReset,
    port_out_shields.PortOutIdentifierRevealed,
    support_cases.CaseOpened,
    support_cases.MessagePosted,
    support_cases.CaseClosed,
    support_cases.CaseReopened,
    number_events.NumberPortedIn,
    number_events.FirstCallReceived,
    number_events.NumberChanged,
    number_events.NumberPortingOut,
    number_events.NumberPortedOut,
    number_events.CallAfterPortOut,
    number_events.NumberDisabled,
    number_events.NumberPortOutCancelled,
    number_events.NumberReturned,
    number_events.NumberRestored,
    number_events.AccountChanged,
    number_events.AccountDisabled,
    number_events.AccountReactivated,
    number_events.CompanyChanged,
    number_events.PortOutDisablingChanged,
    billing_events.BillingPeriodOpened,
    billing_events.BillingPeriodMovedBack,
    billing_events.BillingPeriodClosed,
)
NOT_DELIVERED: Final[tuple[type[Fact], ...]] = (
    requests.DraftChanged,
    # For the history only.
    letters.PinUsed,
    # The port desk's own work.
    desk.PortClaimed,
    desk.PortReleased,
    desk.CarrierOrdersChanged,
    desk.FirmDateRequested,
    # What our services say to each other.
    lines.LinesReadied,
    number_events.NumbersPreconfigured,
    number_events.PreconfigurationRefused,
    # For the gaining carrier.
    port_outs.PortOutReportAnswered,
    # People's addresses and logins.
    number_events.MemberChanged,
    # By then its customer does not see the number any more.
    number_events.NumberQuarantined,
    number_events.NumberReleased,
)
# What of a fact only our services need.
_KEPT_BACK: Final[dict[type[Fact], set[str]]] = {letters.LetterSent: {"link_id"}}
TYPES: Final = frozenset(fact.type for fact in DELIVERED)


def account_of(event: Event) -> str:
    if isinstance(event.fact, AccountFact):
        return event.subject
    account_id: str = vars(event.fact)["account_id"]
    return account_id


def write_body(event: Event) -> str:
    """What a receiver gets: `type`, `timestamp`, `data`.

    Where it would be longer than LONGEST_BODY its lists are left out, and `data.omitted` names
    them: they are to be asked for.
    """
    data = {
        "event_id": str(event.id),
        "subject": event.subject,
        "version": event.sequence,
        **event.fact.model_dump(mode="json", exclude=_KEPT_BACK.get(type(event.fact))),
    }
    data = {name: _without_person(value) for name, value in data.items()}
    body = _write(event.type, event.time.isoformat(), data)
    if len(body) <= LONGEST_BODY:
        return body.decode()
    lists = sorted(name for name, value in data.items() if isinstance(value, list))
    short = {name: value for name, value in data.items() if name not in lists}
    return _write(event.type, event.time.isoformat(), {**short, "omitted": lists}).decode()


def write_test_body(event_id: str, endpoint_id: str, timestamp: str) -> str:
    data = {"event_id": event_id, "subject": endpoint_id, "version": 1}
    return _write(TEST_TYPE, timestamp, data).decode()


def _without_person(value: Any) -> Any:
    """Which person of support acted is ours to know."""
    return "support" if isinstance(value, str) and value.startswith("support:") else value


def _write(type_: str, timestamp: str, data: dict[str, Any]) -> bytes:
    written = timestamp.replace("+00:00", "Z")
    return orjson.dumps({"type": type_, "timestamp": written, "data": data})
