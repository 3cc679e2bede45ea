"""What numbers says to everybody: accounts, companies, members, and numbers in inventory."""

from datetime import UTC, datetime
from typing import ClassVar, Final

from pydantic import AwareDatetime, BaseModel, ConfigDict, field_validator

from libs.common.events import CLOCK_SKEW, Fact
from libs.contracts.phone_number import PhoneNumber


class AccountFact(Fact):
    """`subject` is the account; companies and members are parts of it."""


class AccountChanged(AccountFact):
    """The account's whole public state."""

    type: ClassVar[str] = "numbers.account_changed.v1"
    name: str
    card_on_file: bool
    balance_current: bool
    in_good_standing: bool
    in_trial: bool


class CompanyChanged(AccountFact):
    type: ClassVar[str] = "numbers.company_changed.v1"
    company_id: str
    name: str


class MemberChanged(AccountFact):
    """`login_issuer` and `login_subject` are the token's `iss` and `sub`."""

    type: ClassVar[str] = "numbers.member_changed.v1"
    member_id: str
    name: str
    email: str
    role: str
    company_ids: list[str]
    login_issuer: str
    login_subject: str
    active: bool


class PreconfiguredNumber(BaseModel):
    """A new number in inventory, at version 0 of its own."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    number_id: str
    line_id: str
    tracking_number: PhoneNumber
    company_id: str


class NumbersPreconfigured(Fact):
    """`subject` is the port request. The last batch of `of` says that every line is ready.

    `review` is the sequence of the `porting.review_started` that it answers.
    """

    type: ClassVar[str] = "numbers.numbers_preconfigured.v1"
    account_id: str
    review: int | None = None
    batch: int
    of: int
    numbers: list[PreconfiguredNumber]


class RefusedLine(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    line_id: str
    tracking_number: PhoneNumber
    code: str


class PreconfigurationRefused(Fact):
    """`subject` is the port request. Nothing was preconfigured; at most 500 reasons are named.

    `review` is the sequence of the `porting.review_started` that it answers.
    """

    type: ClassVar[str] = "numbers.preconfiguration_refused.v1"
    account_id: str
    review: int | None = None
    refused_count: int
    lines: list[RefusedLine]


class NumberFact(Fact):
    """`subject` is the tracking number; this is its public state."""

    account_id: str
    company_id: str
    tracking_number: PhoneNumber
    state: str
    port_request_id: str | None


class NumberPortedIn(NumberFact):
    type: ClassVar[str] = "numbers.number_ported_in.v1"
    ported_at: AwareDatetime


class FirstCallReceived(NumberFact):
    """The first inbound call, by anyone, reached the number."""

    type: ClassVar[str] = "numbers.first_call_received.v1"
    called_at: AwareDatetime


class NumberPortingOut(NumberFact):
    type: ClassVar[str] = "numbers.number_porting_out.v1"
    port_out_id: str


class NumberPortedOut(NumberFact):
    type: ClassVar[str] = "numbers.number_ported_out.v1"
    port_out_id: str
    ported_out_at: AwareDatetime


class NumberDisabled(NumberFact):
    type: ClassVar[str] = "numbers.number_disabled.v1"
    disabled_at: AwareDatetime
    disabled_by: str


class NumberReleased(NumberFact):
    """It was preconfigured, and its line will never port: it is no longer in inventory."""

    type: ClassVar[str] = "numbers.number_released.v1"


class CallReceived(Fact):
    """Comes in from the telephony system on `portline.reports`, one per inbound call."""

    type: ClassVar[str] = "calls.call_received.v1"
    tracking_number: PhoneNumber
    calling_number: str | None = None
    called_at: AwareDatetime

    @field_validator("called_at")
    @classmethod
    def _refuse_the_future(cls, called_at: datetime) -> datetime:
        if called_at > datetime.now(UTC) + CLOCK_SKEW:
            raise ValueError("its time has not come")
        return called_at


NUMBER_EVENTS: Final[tuple[type[Fact], ...]] = (
    AccountChanged,
    CompanyChanged,
    MemberChanged,
    NumbersPreconfigured,
    PreconfigurationRefused,
    NumberPortedIn,
    FirstCallReceived,
    NumberPortingOut,
    NumberPortedOut,
    NumberDisabled,
    NumberReleased,
)
NUMBER_REPORTS: Final[tuple[type[Fact], ...]] = (CallReceived,)
