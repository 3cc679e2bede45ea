"""What porting says to everybody: facts about port requests, their lines, and port-outs."""

from datetime import date
from typing import ClassVar, Final, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict

from libs.common.events import Fact
from libs.contracts.phone_number import PhoneNumber

LINES_PER_EVENT: Final = 500


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class PortRequestFact(Fact):
    """`subject` is the port request. Carries counts of its lines by state, never the lines."""

    account_id: str
    company_id: str
    requester_id: str
    name: str
    status: str
    line_counts: dict[str, int]


class LineBatchFact(PortRequestFact):
    """Lines of one transition travel in batches: this is number `batch` (from 1) of `of`."""

    batch: int
    of: int


class DraftChanged(PortRequestFact):
    """Internal: somebody filled in more of a draft."""

    type: ClassVar[str] = "porting.draft_changed.v1"


class PortSubmitted(PortRequestFact):
    """The customer submitted the request."""

    type: ClassVar[str] = "porting.port_submitted.v1"
    submitted_at: AwareDatetime
    submitted_by: str


class PortAuthorized(PortRequestFact):
    """An administrator authorized a manager's request."""

    type: ClassVar[str] = "porting.port_authorized.v1"
    authorized_by: str


class LetterSigned(PortRequestFact):
    """The Letter of Authorization was signed; `document_hash` covers lines and subscriber."""

    type: ClassVar[str] = "porting.letter_signed.v1"
    letter_id: str
    signed_at: AwareDatetime
    document_hash: str


class ReadyLine(_Part):
    line_id: str
    tracking_number: PhoneNumber
    forwarding_number: PhoneNumber
    name: str
    source: str
    company_id: str


class LinesReadied(LineBatchFact):
    """What `numbers` preconfigures when the review starts; comes just before it."""

    type: ClassVar[str] = "porting.lines_readied.v1"
    lines: list[ReadyLine]


class ReviewStarted(PortRequestFact):
    """Authorized and signed: our checks begin."""

    type: ClassVar[str] = "porting.review_started.v1"


class ActionRequired(PortRequestFact):
    """Something must be corrected; `code` says what, `waiting_on` whose turn it is."""

    type: ClassVar[str] = "porting.action_required.v1"
    code: str
    waiting_on: str


class LinesPreconfigured(PortRequestFact):
    """`numbers` has said that every line rings here from now on."""

    type: ClassVar[str] = "porting.lines_preconfigured.v1"


class PortSentToCarrier(PortRequestFact):
    type: ClassVar[str] = "porting.port_sent_to_carrier.v1"
    sent_at: AwareDatetime


class ApprovedLine(_Part):
    line_id: str
    tracking_number: PhoneNumber


class LinesApproved(LineBatchFact):
    """The losing carrier gave these lines a firm date."""

    type: ClassVar[str] = "porting.lines_approved.v1"
    firm_date: date
    lines: list[ApprovedLine]


class PortApproved(PortRequestFact):
    """Every live line has its firm date; `firm_date` is the latest of them."""

    type: ClassVar[str] = "porting.port_approved.v1"
    firm_date: date


class PortedLine(_Part):
    """`ported_at` is the earlier of the carrier's stated time and the first call."""

    line_id: str
    tracking_number: PhoneNumber
    ported_at: AwareDatetime
    evidence: Literal["carrier", "first_call"]


class LinesPorted(LineBatchFact):
    type: ClassVar[str] = "porting.lines_ported.v1"
    lines: list[PortedLine]


class PortCompleted(PortRequestFact):
    """All lines are terminal and at least one is ported; `partial` where some are not."""

    type: ClassVar[str] = "porting.port_completed.v1"
    completed_at: AwareDatetime
    partial: bool


class PortOutFact(Fact):
    """`subject` is the port-out."""

    account_id: str
    company_ids: list[str]
    status: str
    gaining_carrier: str
    tracking_numbers: list[PhoneNumber]


class PortOutReceived(PortOutFact):
    """A gaining carrier asks; silence until `answer_by` authorizes."""

    type: ClassVar[str] = "porting.port_out_received.v1"
    received_at: AwareDatetime
    answer_by: AwareDatetime


class PortOutAuthorized(PortOutFact):
    """`by_silence` where nobody answered in time."""

    type: ClassVar[str] = "porting.port_out_authorized.v1"
    by_silence: bool


class PortOutScheduled(PortOutFact):
    type: ClassVar[str] = "porting.port_out_scheduled.v1"
    firm_date: date


class PortOutPorted(PortOutFact):
    """The numbers are with the gaining carrier; they ring here too until disabled."""

    type: ClassVar[str] = "porting.port_out_ported.v1"
    ported_out_at: AwareDatetime


class PortOutConfirmed(PortOutFact):
    """Of one number: gaining carrier confirmed, test call recorded, disabled here."""

    type: ClassVar[str] = "porting.port_out_confirmed.v1"
    tracking_number: PhoneNumber
    confirmed_at: AwareDatetime


class PortOutChecklistChanged(PortOutFact):
    """Of one number: a step of the customer's checklist was done."""

    type: ClassVar[str] = "porting.port_out_checklist_changed.v1"
    tracking_number: PhoneNumber
    step: Literal["gaining_carrier_confirmed", "test_call_recorded", "number_disabled"]


class PortOutReported(Fact):
    """Comes in from a gaining carrier's side on `portline.reports`; `subject` is its reference."""

    type: ClassVar[str] = "port_outs.reported.v1"
    gaining_carrier: str
    reference: str
    tracking_numbers: list[PhoneNumber]
    answer_by: AwareDatetime


PORTING_EVENTS: Final[tuple[type[Fact], ...]] = (
    DraftChanged,
    PortSubmitted,
    PortAuthorized,
    LetterSigned,
    LinesReadied,
    ReviewStarted,
    ActionRequired,
    LinesPreconfigured,
    PortSentToCarrier,
    LinesApproved,
    PortApproved,
    LinesPorted,
    PortCompleted,
    PortOutReceived,
    PortOutAuthorized,
    PortOutScheduled,
    PortOutPorted,
    PortOutChecklistChanged,
    PortOutConfirmed,
)
PORTING_REPORTS: Final[tuple[type[Fact], ...]] = (PortOutReported,)
