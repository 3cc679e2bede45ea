"""What numbers says to everybody: accounts, companies, members, and numbers in inventory."""

from typing import ClassVar, Final

from pydantic import AwareDatetime, BaseModel, ConfigDict

from libs.common.events import Fact
from libs.contracts.billing_events import (
    BillingPeriodClosed,
    BillingPeriodMovedBack,
    BillingPeriodOpened,
)
from libs.contracts.phone_number import PhoneNumber


class AccountFact(Fact):
    """`subject` is the account; companies and members are parts of it."""


class AccountState(AccountFact):
    """The account's whole public state; of a `disabled` one nobody but support changes anything."""

    name: str
    card_on_file: bool
    balance_current: bool
    in_good_standing: bool
    in_trial: bool
    disabled: bool = False


class AccountChanged(AccountState):
    """An account is new, or something of its state changed."""

    type: ClassVar[str] = "numbers.account_changed.v1"


class AccountDisabled(AccountState):
    """None of its numbers was left, so no billing period ends here: each number's own has."""

    type: ClassVar[str] = "numbers.account_disabled.v1"
    disabled_at: AwareDatetime
    disabled_by: str


class AccountReactivated(AccountState):
    """It was disabled, and may be used again."""

    type: ClassVar[str] = "numbers.account_reactivated.v1"


class CompanyChanged(AccountFact):
    """A company of the account is new, or has another name."""

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


class PortOutDisablingChanged(AccountFact):
    """Whether numbers of the account are disabled at once when they are ported out."""

    type: ClassVar[str] = "numbers.port_out_disabling_changed.v1"
    disables_ported_out: bool


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
    """It is ours from `ported_at` on, and waits for its first call."""

    type: ClassVar[str] = "numbers.number_ported_in.v1"
    ported_at: AwareDatetime


class FirstCallReceived(NumberFact):
    """The first inbound call, by anyone, reached the number."""

    type: ClassVar[str] = "numbers.first_call_received.v1"
    called_at: AwareDatetime


class NumberPortingOut(NumberFact):
    """A gaining carrier takes it, and nobody objects: it leaves."""

    type: ClassVar[str] = "numbers.number_porting_out.v1"
    port_out_id: str


class NumberPortedOut(NumberFact):
    """It is with its gaining carrier; it rings here too until it is disabled."""

    type: ClassVar[str] = "numbers.number_ported_out.v1"
    port_out_id: str
    ported_out_at: AwareDatetime


class CallAfterPortOut(NumberFact):
    """A call still reached the number after it had left: told once for each port-out (S78)."""

    type: ClassVar[str] = "numbers.call_after_port_out.v1"
    port_out_id: str
    called_at: AwareDatetime


class NumberDisabled(NumberFact):
    """It rings no more and costs no more."""

    type: ClassVar[str] = "numbers.number_disabled.v1"
    disabled_at: AwareDatetime
    disabled_by: str


class NumberPortOutCancelled(NumberFact):
    """The gaining carrier does not take it after all: it is in use as before."""

    type: ClassVar[str] = "numbers.number_port_out_cancelled.v1"
    port_out_id: str


class NumberReturned(NumberFact):
    """It had left, and its gaining carrier gave it back."""

    type: ClassVar[str] = "numbers.number_returned.v1"
    port_out_id: str
    returned_at: AwareDatetime


class NumberRestored(NumberFact):
    """It was disabled, and is in use again."""

    type: ClassVar[str] = "numbers.number_restored.v1"
    restored_at: AwareDatetime
    restored_by: str


class NumberQuarantined(NumberFact):
    """It stayed disabled: nobody sees it any more, and it is kept back for a while."""

    type: ClassVar[str] = "numbers.number_quarantined.v1"
    quarantined_at: AwareDatetime


class NumberReleased(NumberFact):
    """It is no longer in inventory, whether it came never, went back, or stayed disabled."""

    type: ClassVar[str] = "numbers.number_released.v1"


class NumberDetails(BaseModel):
    """What its customer chooses of a number, besides the company."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    forwarding_number: PhoneNumber
    name: str
    source: str


class NumberChanged(NumberFact):
    """Its customer gave it something else; `changed` names what, the rest is as it was.

    `changed_by` is a member's id or "support".
    """

    type: ClassVar[str] = "numbers.number_changed.v1"
    details: NumberDetails
    changed: list[str]
    changed_by: str
    changed_at: AwareDatetime


NUMBER_EVENTS: Final[tuple[type[Fact], ...]] = (
    AccountChanged,
    AccountDisabled,
    AccountReactivated,
    CompanyChanged,
    MemberChanged,
    PortOutDisablingChanged,
    NumbersPreconfigured,
    PreconfigurationRefused,
    NumberPortedIn,
    FirstCallReceived,
    NumberPortingOut,
    NumberPortedOut,
    CallAfterPortOut,
    NumberDisabled,
    NumberPortOutCancelled,
    NumberReturned,
    NumberRestored,
    NumberQuarantined,
    NumberReleased,
    NumberChanged,
    BillingPeriodOpened,
    BillingPeriodMovedBack,
    BillingPeriodClosed,
)
