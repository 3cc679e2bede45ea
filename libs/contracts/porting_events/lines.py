"""Facts about lines: many of one transition at a time."""

from datetime import date
from typing import ClassVar, Literal

from pydantic import AwareDatetime

from libs.contracts.phone_number import PhoneNumber
from libs.contracts.porting_events.base import LineBatchFact, Part


class ReadyLine(Part):
    line_id: str
    tracking_number: PhoneNumber
    forwarding_number: PhoneNumber
    name: str
    source: str
    company_id: str


class LinesReadied(LineBatchFact):
    """What `numbers` preconfigures when the review starts; comes just before it."""

    type: ClassVar[str] = "porting.lines_readied.v1"
    is_internal: ClassVar[bool] = True
    lines: list[ReadyLine]


class ApprovedLine(Part):
    line_id: str
    tracking_number: PhoneNumber


class LinesApproved(LineBatchFact):
    """The losing carrier gave these lines a firm date."""

    type: ClassVar[str] = "porting.lines_approved.v1"
    firm_date: date
    lines: list[ApprovedLine]


class PortedLine(Part):
    """`ported_at` is the earlier of the carrier's stated time and the first call."""

    line_id: str
    tracking_number: PhoneNumber
    ported_at: AwareDatetime
    evidence: Literal["carrier", "first_call"]


class LinesPorted(LineBatchFact):
    type: ClassVar[str] = "porting.lines_ported.v1"
    lines: list[PortedLine]
