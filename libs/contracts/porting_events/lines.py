"""Facts about lines: many of one transition at a time."""

from datetime import date
from typing import ClassVar, Literal

from pydantic import AwareDatetime, Field

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
    """The losing carrier gave these lines a firm date.

    `activates_at` is when the first of them may move: the day's beginning where its losing
    carrier is.
    `warnings`: `SOON` below 48 hours, `NOT_A_BUSINESS_DAY` where support took it for this reason.
    """

    type: ClassVar[str] = "porting.lines_approved.v1"
    firm_date: date
    activates_at: AwareDatetime | None = None
    warnings: list[str] = Field(default_factory=list)
    override_reason: str | None = None
    lines: list[ApprovedLine]


class PortedLine(Part):
    """`ported_at` is the earlier of the carrier's stated time and the first call."""

    line_id: str
    tracking_number: PhoneNumber
    ported_at: AwareDatetime
    evidence: Literal["carrier", "first_call"]


class LinesPorted(LineBatchFact):
    """These lines are here: the losing carrier said so, or their first call came."""

    type: ClassVar[str] = "porting.lines_ported.v1"
    lines: list[PortedLine]


class NamedLine(Part):
    line_id: str
    tracking_number: PhoneNumber


class LinesRejected(LineBatchFact):
    """The losing carrier refused these lines; `code` says why."""

    type: ClassVar[str] = "porting.lines_rejected.v1"
    code: str
    lines: list[NamedLine]


class LinesInConflict(LineBatchFact):
    """The losing carrier objects to these lines in the registry."""

    type: ClassVar[str] = "porting.lines_in_conflict.v1"
    code: str
    lines: list[NamedLine]


class LinesActivating(LineBatchFact):
    """The firm date has come, or the desk has started it: these lines move now."""

    type: ClassVar[str] = "porting.lines_activating.v1"
    lines: list[NamedLine]


class LinesActivationFailed(LineBatchFact):
    """These lines did not come over as they moved; `code` says why."""

    type: ClassVar[str] = "porting.lines_activation_failed.v1"
    code: str
    lines: list[NamedLine]


class LinesCorrected(LineBatchFact):
    """Somebody has put right what was wrong with these lines; they are not sent again yet."""

    type: ClassVar[str] = "porting.lines_corrected.v1"
    lines: list[NamedLine]


class LinesResent(LineBatchFact):
    """Faulty lines go to the losing carrier again; their sisters stay where they are."""

    type: ClassVar[str] = "porting.lines_resent.v1"
    lines: list[NamedLine]


class LinesCancelRequested(LineBatchFact):
    """The losing carrier is asked to stop these lines."""

    type: ClassVar[str] = "porting.lines_cancel_requested.v1"
    lines: list[NamedLine]


class LinesCancelRefused(LineBatchFact):
    """The losing carrier does not stop these lines: they go on."""

    type: ClassVar[str] = "porting.lines_cancel_refused.v1"
    lines: list[NamedLine]


class LinesCancelled(LineBatchFact):
    """These lines stay where they were: `numbers` takes back what it has preconfigured."""

    type: ClassVar[str] = "porting.lines_cancelled.v1"
    lines: list[NamedLine]


class LinesNotPortable(LineBatchFact):
    """These lines can never move: `numbers` takes back what it has preconfigured."""

    type: ClassVar[str] = "porting.lines_not_portable.v1"
    code: str
    lines: list[NamedLine]


class LinesReverted(LineBatchFact):
    """Snapback: within a day of the port these lines went back to the losing carrier."""

    type: ClassVar[str] = "porting.lines_reverted.v1"
    lines: list[NamedLine]
