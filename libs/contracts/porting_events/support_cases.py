"""Facts about support cases: who spoke and when, never what was said."""

from typing import ClassVar, Literal

from libs.common.events import Fact


class SupportCaseFact(Fact):
    """`subject` is the case. `requester_id` is the member whose case it is, if any."""

    account_id: str
    company_id: str | None
    requester_id: str | None
    port_request_id: str | None
    reference: str
    state: str


class CaseOpened(SupportCaseFact):
    """`opened_by` is a member's id, or `support`."""

    type: ClassVar[str] = "porting.case_opened.v1"
    opened_by: str
    made_with_request: bool
    number_count: int


class MessagePosted(SupportCaseFact):
    """`author` is a member's id, or `support`; `length` counts the text's characters."""

    type: ClassVar[str] = "porting.message_posted.v1"
    message_id: str
    author: str
    author_kind: Literal["member", "support"]
    length: int
    requests_cancellation: bool


class CaseClosed(SupportCaseFact):
    """Nothing is left to say; whoever writes again reopens it."""

    type: ClassVar[str] = "porting.case_closed.v1"
    closed_by: str


class CaseReopened(SupportCaseFact):
    """Somebody wrote to a closed case."""

    type: ClassVar[str] = "porting.case_reopened.v1"
    reopened_by: str
