"""What may be done with an account now, and what keeps it from being disabled."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from libs.common.caller import Caller, Member, Role, Support
from libs.contracts.refusals import Refusal
from services.numbers.domain.account_refusals import (
    NumbersLeft,
    PortInOpen,
    PortOutOpen,
    PortOutUnconfirmed,
)
from services.numbers.domain.accounts import Account


class AccountAction(StrEnum):
    RENAME = "RENAME"
    CHANGE_STANDING = "CHANGE_STANDING"
    ADD_COMPANY = "ADD_COMPANY"
    ADD_MEMBER = "ADD_MEMBER"
    DISABLE = "DISABLE"
    REACTIVATE = "REACTIVATE"


_OF_ADMINISTRATORS: Final = (AccountAction.ADD_COMPANY, AccountAction.ADD_MEMBER)
_OF_SUPPORT: Final = (
    AccountAction.RENAME,
    AccountAction.CHANGE_STANDING,
    *_OF_ADMINISTRATORS,
)


@dataclass(frozen=True, kw_only=True)
class Ties:
    """What an account still has with carriers and with us.

    `has_unconfirmed` of numbers that have left: confirmation is for each number (S82).
    """

    has_open_port_in: bool
    has_open_port_out: bool
    has_unconfirmed: bool
    has_numbers: bool

    def find_faults(self) -> list[Refusal]:
        """All that keeps the account from being disabled (S76, S81)."""
        faults = {
            PortInOpen: self.has_open_port_in,
            PortOutOpen: self.has_open_port_out,
            PortOutUnconfirmed: self.has_unconfirmed,
            NumbersLeft: self.has_numbers,
        }
        return [fault().at("input", "accountId") for fault, holds in faults.items() if holds]


def account_actions_for(
    caller: Caller, account: Account, ties: Ties
) -> tuple[AccountAction, ...]:
    may_disable = not account.is_disabled and not ties.find_faults()
    ending = (AccountAction.DISABLE,) if may_disable else ()
    match caller:
        case Support():
            back = (AccountAction.REACTIVATE,) if account.is_disabled else ()
            return (*_OF_SUPPORT, *ending, *back)
        case Member(role=Role.ADMINISTRATOR) if not account.is_disabled:
            return (*_OF_ADMINISTRATORS, *ending)
        case _:
            return ()
