"""What numbers is told from outside: calls, and the standing of accounts."""

from datetime import UTC, datetime
from typing import ClassVar, Final

from pydantic import AwareDatetime, StrictBool, field_validator

from libs.common.events import CLOCK_SKEW, Fact
from libs.contracts.phone_number import PhoneNumber


class CallReceived(Fact):
    """Comes in from the telephony system on `portline.reports`, one per inbound call.

    Whatever its clock says, a call that is told has been made: `called_at` is judged, and no
    reason to refuse it.
    """

    type: ClassVar[str] = "calls.call_received.v1"
    tracking_number: PhoneNumber
    calling_number: str | None = None
    called_at: AwareDatetime


class StandingChanged(Fact):
    """Comes in from a billing system on `portline.reports`; `subject` is the account.

    The whole standing since `changed_at`: what is older than the standing we know changes nothing.
    Of two with one time the higher `sequence` is the newer.
    """

    type: ClassVar[str] = "accounts.standing_changed.v1"
    card_on_file: StrictBool
    balance_current: StrictBool
    in_good_standing: StrictBool
    in_trial: StrictBool
    changed_at: AwareDatetime

    @field_validator("changed_at")
    @classmethod
    def _refuse_the_future(cls, changed_at: datetime) -> datetime:
        if changed_at > datetime.now(UTC) + CLOCK_SKEW:
            raise ValueError("its time has not come")
        return changed_at


NUMBER_REPORTS: Final[tuple[type[Fact], ...]] = (CallReceived, StandingChanged)
