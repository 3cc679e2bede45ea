"""Facts about port-outs."""

from datetime import date
from typing import ClassVar, Final, Literal

from pydantic import AwareDatetime, ConfigDict

from libs.common.events import Fact
from libs.contracts.phone_number import PhoneNumber
from libs.contracts.porting_events.base import Part

NUMBERS_PER_EVENT: Final = 500


class PortOutFact(Fact):
    """`subject` is the port-out; the fact is about `tracking_numbers`, its others stay as they are.

    Those of one change travel in batches of at most 500: this is number `batch` (from 1) of `of`.
    """

    account_id: str
    company_ids: list[str]
    status: str
    gaining_carrier: str
    reference: str = ""
    tracking_numbers: list[PhoneNumber]
    batch: int = 1
    of: int = 1


class PortOutReceived(PortOutFact):
    """A gaining carrier asks; silence until `answer_by` authorizes.

    `supplements` is the refused port-out of which the carrier has corrected the data.
    """

    type: ClassVar[str] = "porting.port_out_received.v1"
    received_at: AwareDatetime
    answer_by: AwareDatetime
    supplements: str | None = None


class PortOutAuthorized(PortOutFact):
    """`by_silence` where nobody answered in time; `overturned` where support let a refusal fall."""

    type: ClassVar[str] = "porting.port_out_authorized.v1"
    by_silence: bool
    overturned: bool = False


class PortOutRejectionProposed(PortOutFact):
    """An administrator refuses for the lawful reason `code`; support has to look at it."""

    type: ClassVar[str] = "porting.port_out_rejection_proposed.v1"
    code: str


class PortOutRejected(PortOutFact):
    """Refused for the lawful reason `code`: the numbers stay as they were.

    A correctable one may be reported again with better data, as a port-out of its own.
    """

    type: ClassVar[str] = "porting.port_out_rejected.v1"
    code: str
    is_correctable: bool


class PortOutCancelled(PortOutFact):
    """The gaining carrier withdrew these numbers before they left; they stay here."""

    type: ClassVar[str] = "porting.port_out_cancelled.v1"
    cancelled_at: AwareDatetime


class PortOutScheduled(PortOutFact):
    """The day on which the numbers leave is fixed."""

    type: ClassVar[str] = "porting.port_out_scheduled.v1"
    firm_date: date


class PortOutPorted(PortOutFact):
    """The numbers are with the gaining carrier; they ring here too until disabled."""

    type: ClassVar[str] = "porting.port_out_ported.v1"
    ported_out_at: AwareDatetime


class PortOutDisputed(PortOutFact):
    """An administrator says within 24 hours of the port that nobody of theirs wanted it."""

    type: ClassVar[str] = "porting.port_out_disputed.v1"
    disputed_at: AwareDatetime


class PortOutDisputeRefused(PortOutFact):
    """Support found that the customer did want it: the numbers stay where they are."""

    type: ClassVar[str] = "porting.port_out_dispute_refused.v1"


class PortOutReturned(PortOutFact):
    """These numbers had left and are ours again, after a dispute."""

    type: ClassVar[str] = "porting.port_out_returned.v1"
    returned_at: AwareDatetime


class PortOutConfirmed(PortOutFact):
    """Of one number: gaining carrier confirmed, test call recorded, disabled here."""

    type: ClassVar[str] = "porting.port_out_confirmed.v1"
    tracking_number: PhoneNumber
    confirmed_at: AwareDatetime


class PortOutChecklistChanged(PortOutFact):
    """Of one number: a step of the customer's checklist was done.

    `number_restored` undoes `number_disabled`.
    """

    type: ClassVar[str] = "porting.port_out_checklist_changed.v1"
    tracking_number: PhoneNumber
    step: Literal[
        "gaining_carrier_confirmed", "test_call_recorded", "number_disabled", "number_restored"
    ]


class AnsweredNumber(Part):
    """`code` never tells whose a number is. As it was reported, which may be no number at all."""

    tracking_number: str
    code: str


class PortOutReportAnswered(Fact):
    """What the gaining carrier is told about each number that it named; `subject` is the report."""

    type: ClassVar[str] = "porting.port_out_report_answered.v1"
    gaining_carrier: str
    reference: str
    report_version: int
    answers: list[AnsweredNumber]
    batch: int = 1
    of: int = 1


class PortOutReported(Fact):
    """Comes in from a gaining carrier's side on `portline.reports`; `subject` is its reference.

    The numbers come as the carrier wrote them: each gets its answer. A corrected report has the
    next `report_version`. Without `answer_by` the usual time runs. A PIN is never in an event:
    a carrier that has to show one reports by the graph.
    """

    # A number may come as a number: it is answered like any other writing.
    model_config = ConfigDict(coerce_numbers_to_str=True)

    type: ClassVar[str] = "port_outs.reported.v1"
    gaining_carrier: str
    reference: str
    report_version: int = 1
    tracking_numbers: list[str]
    answer_by: AwareDatetime | None = None
    account_identifier: str | None = None


class PortOutWithdrawn(Fact):
    """The gaining carrier withdraws what it reported; `subject` is its reference."""

    type: ClassVar[str] = "port_outs.withdrawn.v1"
    gaining_carrier: str
    reference: str
