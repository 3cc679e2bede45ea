"""Facts about a port request as a whole."""

from datetime import date
from typing import ClassVar

from pydantic import AwareDatetime, Field

from libs.contracts.porting_events.base import PortRequestFact


class DraftChanged(PortRequestFact):
    """Internal: somebody filled in more of a draft."""

    type: ClassVar[str] = "porting.draft_changed.v1"
    is_internal: ClassVar[bool] = True


class PortSubmitted(PortRequestFact):
    """The customer submitted the request.

    `authorized_by` is who submitted it where an administrator did: no other answer is needed.
    """

    type: ClassVar[str] = "porting.port_submitted.v1"
    submitted_at: AwareDatetime
    submitted_by: str
    authorized_by: str | None = None


class PortAuthorized(PortRequestFact):
    """An administrator authorized what `submitted_by` had submitted."""

    type: ClassVar[str] = "porting.port_authorized.v1"
    authorized_by: str
    submitted_by: str | None = None


class PortDeclined(PortRequestFact):
    """An administrator declined what `submitted_by` had submitted: it is cancelled."""

    type: ClassVar[str] = "porting.port_declined.v1"
    declined_by: str
    submitted_by: str
    reason: str


class ReviewStarted(PortRequestFact):
    """Authorized and signed: our checks begin."""

    type: ClassVar[str] = "porting.review_started.v1"


class ActionRequired(PortRequestFact):
    """Something must be corrected; `code` says what, `waiting_on` whose turn it is."""

    type: ClassVar[str] = "porting.action_required.v1"
    code: str
    waiting_on: str


class LinesPreconfigured(PortRequestFact):
    """`numbers` has said that every line rings here from now on.

    `estimated_by` is the last day of the estimated window, as it is now (S14 to S18).
    """

    type: ClassVar[str] = "porting.lines_preconfigured.v1"
    estimated_by: date | None = None


class PortSentToCarrier(PortRequestFact):
    """Once for each time that carrier orders, all or some, are sent.

    `estimated_by` is the last day of the estimated window, as it is now.
    """

    type: ClassVar[str] = "porting.port_sent_to_carrier.v1"
    sent_at: AwareDatetime
    estimated_by: date | None = None
    carrier_order_ids: list[str] = Field(default_factory=list)


class PortApproved(PortRequestFact):
    """Every live line has its firm date; `firm_date` is the latest of them.

    That day begins at `activates_at` where its losing carrier is.
    """

    type: ClassVar[str] = "porting.port_approved.v1"
    firm_date: date
    activates_at: AwareDatetime | None = None


class PortCompleted(PortRequestFact):
    """All lines are terminal and at least one is ported; `partial` where some are not."""

    type: ClassVar[str] = "porting.port_completed.v1"
    completed_at: AwareDatetime
    partial: bool


class FirmDateChanged(PortRequestFact):
    """Another firm date takes the place of the first; `firm_date` is the latest of all lines.

    That day begins at `activates_at` where its losing carrier is.
    """

    type: ClassVar[str] = "porting.firm_date_changed.v1"
    firm_date: date
    activates_at: AwareDatetime | None = None


class PortResubmitted(PortRequestFact):
    """What was wrong is put right: it goes on.

    `estimated_by` is the last day of the estimated window where a carrier has it again.
    """

    type: ClassVar[str] = "porting.port_resubmitted.v1"
    estimated_by: date | None = None


class PortCancelRequested(PortRequestFact):
    """The losing carrier is asked to stop all that has not moved."""

    type: ClassVar[str] = "porting.port_cancel_requested.v1"


class PortCancelRefused(PortRequestFact):
    """The losing carrier does not stop it: it goes on."""

    type: ClassVar[str] = "porting.port_cancel_refused.v1"


class PortCancelled(PortRequestFact):
    """Nothing moves."""

    type: ClassVar[str] = "porting.port_cancelled.v1"
    cancelled_at: AwareDatetime


class PortExpiring(PortRequestFact):
    """Nobody has touched it for long: at `expires_at` it ends, or what is faulty of it."""

    type: ClassVar[str] = "porting.port_expiring.v1"
    expires_at: AwareDatetime


class PortExpired(PortRequestFact):
    """Nobody touched it until its time was up: it ends."""

    type: ClassVar[str] = "porting.port_expired.v1"
    expired_at: AwareDatetime
