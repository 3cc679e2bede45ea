"""What numbers says about charges: when a number begins and ends to cost its fee."""

from typing import ClassVar

from pydantic import AwareDatetime

from libs.common.events import Fact
from libs.contracts.phone_number import PhoneNumber


class BillingPeriodFact(Fact):
    """`subject` is the billing period: a number costs its fee from `started_at` to `ended_at`.

    The end itself is not part of it. A number's periods never overlap.
    """

    account_id: str
    company_id: str
    number_id: str
    tracking_number: PhoneNumber
    started_at: AwareDatetime
    ended_at: AwareDatetime | None


class BillingPeriodOpened(BillingPeriodFact):
    """The number costs its fee from `started_at` on."""

    type: ClassVar[str] = "numbers.billing_period_opened.v1"


class BillingPeriodMovedBack(BillingPeriodFact):
    """The port's instant turned out to be earlier: so is the start."""

    type: ClassVar[str] = "numbers.billing_period_moved_back.v1"


class BillingPeriodClosed(BillingPeriodFact):
    """The number costs nothing from `ended_at` on."""

    type: ClassVar[str] = "numbers.billing_period_closed.v1"
