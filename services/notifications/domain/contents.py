"""Contents: what a notice keeps of its fact for the texts, as plain JSON.

Dates and times are ISO strings, ids and codes as in the events; a key is absent or null where
the fact does not say it. Names of accounts, companies and members are in the copies. `by` is who
did it: a member's id or `support`.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from libs.common.events import Fact
from libs.contracts import number_events as numbers
from libs.contracts.porting_events import (
    letters,
    lines,
    port_out_shields,
    port_outs,
    requests,
    support_cases,
)
from services.notifications.domain import number_contents as of_numbers
from services.notifications.domain import port_out_contents as of_port_outs
from services.notifications.domain import request_contents as of_requests
from services.notifications.domain.number_contents import Content


def content_of(fact: Fact) -> Content:
    """What the fact's own function says; every notice adds its `subject`."""
    return _CONTENTS[type(fact)](fact)


_CONTENTS: Final[Mapping[type[Fact], Callable[[Any], Content]]] = {
    requests.PortSubmitted: of_requests.of_submission,
    requests.PortAuthorized: of_requests.of_authorization,
    requests.PortDeclined: of_requests.of_refused_authorization,
    letters.LetterSent: of_requests.of_letter_to_sign,
    letters.LetterSigned: of_requests.of_letter,
    letters.LetterDeclined: of_requests.of_letter,
    letters.LetterExpired: of_requests.of_expired_letter,
    letters.LetterSuperseded: of_requests.of_letter,
    requests.ReviewStarted: of_requests.of_request,
    requests.ActionRequired: of_requests.of_action,
    requests.PortResubmitted: of_requests.of_request,
    requests.PortSentToCarrier: of_requests.of_sending,
    requests.PortApproved: of_requests.of_firm_date,
    requests.FirmDateChanged: of_requests.of_firm_date,
    lines.LinesPorted: of_requests.of_ported_lines,
    requests.PortCompleted: of_requests.of_completion,
    lines.LinesReverted: of_requests.of_reverted_lines,
    requests.PortCancelRequested: of_requests.of_request,
    requests.PortCancelRefused: of_requests.of_request,
    requests.PortCancelled: of_requests.of_request,
    requests.PortExpiring: of_requests.of_expiring,
    requests.PortExpired: of_requests.of_request,
    support_cases.MessagePosted: of_requests.of_case_message,
    numbers.FirstCallReceived: of_numbers.of_first_call,
    numbers.CallAfterPortOut: of_numbers.of_call_after_port_out,
    port_outs.PortOutReceived: of_port_outs.of_port_out_received,
    port_outs.PortOutAuthorized: of_port_outs.of_port_out_authorized,
    port_outs.PortOutRejectionProposed: of_port_outs.of_port_out_refusal,
    port_outs.PortOutRejected: of_port_outs.of_port_out_refusal,
    port_outs.PortOutCancelled: of_port_outs.of_port_out,
    port_outs.PortOutScheduled: of_port_outs.of_port_out_date,
    port_outs.PortOutPorted: of_port_outs.of_port_out_ported,
    port_outs.PortOutDisputed: of_port_outs.of_port_out,
    port_outs.PortOutDisputeRefused: of_port_outs.of_port_out,
    port_outs.PortOutReturned: of_port_outs.of_port_out,
    port_outs.PortOutConfirmed: of_port_outs.of_port_out_confirmed,
    port_out_shields.PortOutLocked: of_port_outs.of_lock,
    port_out_shields.PortOutUnlockAsked: of_port_outs.of_lock,
    port_out_shields.PortOutUnlocked: of_port_outs.of_lock,
    port_out_shields.PortOutPinChanged: of_port_outs.of_shield,
    port_out_shields.PortOutPinBlocked: of_port_outs.of_pin_block,
    port_out_shields.PortOutPinTriesReset: of_port_outs.of_shield,
    port_out_shields.PortOutIdentifierRevealed: of_port_outs.of_shield,
    numbers.AccountDisabled: of_numbers.of_disabled_account,
    numbers.MemberChanged: of_numbers.of_member,
}
