"""What notices keep of facts about port requests, their letters, lines and cases."""

from libs.contracts.porting_events.base import PortRequestFact
from libs.contracts.porting_events.letters import LetterExpired, LetterFact, LetterSent
from libs.contracts.porting_events.lines import LinesPorted, LinesReverted
from libs.contracts.porting_events.requests import (
    ActionRequired,
    FirmDateChanged,
    PortApproved,
    PortAuthorized,
    PortCompleted,
    PortDeclined,
    PortExpiring,
    PortSentToCarrier,
    PortSubmitted,
)
from libs.contracts.porting_events.support_cases import MessagePosted
from services.notifications.domain.number_contents import Content, named


def of_request(fact: PortRequestFact) -> Content:
    """`request_name`, `company_id`, `status`, `line_counts` by state and `line_count`, their sum."""
    return {
        "request_name": fact.name,
        "company_id": fact.company_id,
        "status": fact.status,
        "line_counts": fact.line_counts,
        "line_count": sum(fact.line_counts.values()),
    }


def of_submission(fact: PortSubmitted) -> Content:
    """`of_request` and `submitted_at`, `by`, and `is_authorized`: whether no answer is awaited."""
    return {
        **of_request(fact),
        "submitted_at": fact.submitted_at.isoformat(),
        "by": fact.submitted_by,
        "is_authorized": fact.authorized_by is not None,
    }


def of_authorization(fact: PortAuthorized) -> Content:
    """`of_request` and `by`, `submitted_by`."""
    return {
        **of_request(fact),
        "by": fact.authorized_by,
        "submitted_by": fact.submitted_by,
    }


def of_refused_authorization(fact: PortDeclined) -> Content:
    """`of_request` and `by`, `submitted_by`, and `reason` as the administrator wrote it."""
    return {
        **of_request(fact),
        "by": fact.declined_by,
        "submitted_by": fact.submitted_by,
        "reason": fact.reason,
    }


def of_letter(fact: LetterFact) -> Content:
    """`of_request` and `letter_id`."""
    return {**of_request(fact), "letter_id": fact.letter_id}


def of_letter_to_sign(fact: LetterSent) -> Content:
    """`of_letter` and `link_id`, by which porting tells the address and the link; `expires_at`."""
    return {
        **of_letter(fact),
        "link_id": fact.link_id,
        "expires_at": fact.expires_at.isoformat(),
    }


def of_expired_letter(fact: LetterExpired) -> Content:
    """`of_letter` and `cause`: `link` or `age`."""
    return {**of_letter(fact), "cause": fact.cause}


def of_action(fact: ActionRequired) -> Content:
    """`of_request` and `code`, `waiting_on`: REQUESTER, ADMINISTRATOR, SIGNER or SUPPORT."""
    return {**of_request(fact), "code": fact.code, "waiting_on": fact.waiting_on}


def of_sending(fact: PortSentToCarrier) -> Content:
    """`of_request` and `sent_at`, `order_count`."""
    return {
        **of_request(fact),
        "sent_at": fact.sent_at.isoformat(),
        "order_count": len(fact.carrier_order_ids),
    }


def of_firm_date(fact: PortApproved | FirmDateChanged) -> Content:
    """`of_request` and `firm_date`."""
    return {**of_request(fact), "firm_date": fact.firm_date.isoformat()}


def of_completion(fact: PortCompleted) -> Content:
    """`of_request` and `completed_at`, `is_partial`."""
    return {
        **of_request(fact),
        "completed_at": fact.completed_at.isoformat(),
        "is_partial": fact.partial,
    }


def of_expiring(fact: PortExpiring) -> Content:
    """`of_request` and `expires_at`."""
    return {**of_request(fact), "expires_at": fact.expires_at.isoformat()}


def of_ported_lines(fact: LinesPorted) -> Content:
    """`of_request` and of those that ported: `numbers`, `number_count`."""
    return {**of_request(fact), **named([line.tracking_number for line in fact.lines])}


def of_reverted_lines(fact: LinesReverted) -> Content:
    """`of_request` and of those that went back: `numbers`, `number_count`."""
    return {**of_request(fact), **named([line.tracking_number for line in fact.lines])}


def of_case_message(fact: MessagePosted) -> Content:
    """`reference`, `port_request_id`, `message_id`, `by`, `requests_cancellation`.

    What was said is read in the case.
    """
    return {
        "reference": fact.reference,
        "port_request_id": fact.port_request_id,
        "message_id": fact.message_id,
        "by": fact.author,
        "requests_cancellation": fact.requests_cancellation,
    }
