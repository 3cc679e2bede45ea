"""Facts about port-outs."""

from datetime import date
from typing import ClassVar, Literal

from pydantic import AwareDatetime

from libs.common.events import Fact
from libs.contracts.phone_number import PhoneNumber


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
