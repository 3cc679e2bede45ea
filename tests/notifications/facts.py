"""Events as porting and numbers record them: a test states only what matters to it."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from libs.common.events import Event, Fact, make_event
from libs.contracts.number_events import (
    AccountChanged,
    CompanyChanged,
    FirstCallReceived,
    MemberChanged,
)
from libs.contracts.phone_number import PhoneNumber
from libs.contracts.porting_events.desk import PortClaimed
from libs.contracts.porting_events.lines import LinesPorted
from libs.contracts.porting_events.port_outs import PortOutReceived
from libs.contracts.porting_events.requests import PortApproved, PortSubmitted

START = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)
NUMBER = PhoneNumber("+12125550142")


def event(fact: Fact, subject: str, sequence: int = 1) -> Event:
    return make_event(
        fact,
        subject=subject,
        sequence=sequence,
        traceparent=None,
        time=START + timedelta(seconds=sequence),
    )


def _request(**given: Any) -> dict[str, Any]:
    return {
        "account_id": "acc_a",
        "company_id": "co_a",
        "requester_id": "mem_a",
        "name": "Spring move",
        "line_counts": {"ADDED": 3},
        **given,
    }


def submitted(subject: str = "pr_1", sequence: int = 1, **given: Any) -> Event:
    fact = PortSubmitted(
        **_request(**{"status": "IN_REVIEW", "submitted_by": "mem_a", **given}),
        submitted_at=START,
    )
    return event(fact, subject, sequence)


def approved(subject: str = "pr_1", sequence: int = 2, **given: Any) -> Event:
    fact = PortApproved(
        **_request(**{"status": "APPROVED", **given}), firm_date=date(2026, 3, 1)
    )
    return event(fact, subject, sequence)


def claimed(subject: str = "pr_1", sequence: int = 2, **given: Any) -> Event:
    fact = PortClaimed(
        **_request(**{"status": "IN_REVIEW", **given}),
        claimed_by="support:desk",
        taken_from=None,
    )
    return event(fact, subject, sequence)


def lines_ported(subject: str = "pr_1", sequence: int = 3, **given: Any) -> Event:
    fact = LinesPorted(**_request(**{"status": "PORTING", **given}), batch=1, of=1, lines=[])
    return event(fact, subject, sequence)


def port_out_received(subject: str = "po_1", sequence: int = 1, **given: Any) -> Event:
    fact = PortOutReceived(
        **{
            "account_id": "acc_a",
            "company_ids": ["co_a"],
            "status": "RECEIVED",
            "gaining_carrier": "Other Telecom",
            "tracking_numbers": [NUMBER],
            **given,
        },
        received_at=START,
        answer_by=START + timedelta(days=1),
    )
    return event(fact, subject, sequence)


def first_call(subject: str = "num_1", sequence: int = 2, **given: Any) -> Event:
    fact = FirstCallReceived(
        **{
            "account_id": "acc_a",
            "company_id": "co_a",
            "tracking_number": NUMBER,
            "state": "ACTIVE",
            "port_request_id": "pr_1",
            **given,
        },
        called_at=START,
    )
    return event(fact, subject, sequence)


def account_changed(subject: str = "acc_a", sequence: int = 1, **given: Any) -> Event:
    fact = AccountChanged(
        **{
            "name": "Acme",
            "card_on_file": True,
            "balance_current": True,
            "in_good_standing": True,
            "in_trial": False,
            **given,
        }
    )
    return event(fact, subject, sequence)


def company_changed(subject: str = "acc_a", sequence: int = 2, **given: Any) -> Event:
    fact = CompanyChanged(**{"company_id": "co_a", "name": "Acme East", **given})
    return event(fact, subject, sequence)


def member_changed(subject: str = "acc_a", sequence: int = 3, **given: Any) -> Event:
    """`login_subject` is the member's id unless given."""
    member_id = given.get("member_id", "mem_a")
    fact = MemberChanged(
        **{
            "member_id": member_id,
            "name": "Ada",
            "email": "ada@example.com",
            "role": "ADMINISTRATOR",
            "company_ids": [],
            "login_issuer": "urn:portline:development-issuer",
            "login_subject": member_id,
            "active": True,
            **given,
        }
    )
    return event(fact, subject, sequence)
