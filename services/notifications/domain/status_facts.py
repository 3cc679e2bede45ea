"""Which facts are a status change, for whom, and which are none: each fact stands in one list."""

from collections.abc import Mapping
from typing import Final

from libs.common.events import Fact
from libs.contracts import billing_events, number_events
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
from libs.contracts.porting_events.lines import (
    LinesActivating,
    LinesCancelled,
    LinesCancelRequested,
    LinesNotPortable,
    LinesPorted,
)

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
