"""What is refused about accounts, companies and members that are there already.

NumbersRefusal
    AccountNotFound  CompanyNotFound  MemberNotFound
    PortInOpen  PortOutOpen  PortOutUnconfirmed  NumbersLeft
    LastAdministrator  OwnRights
AccountStateRefused (a StateRefusal)
"""

from collections.abc import Iterable

from libs.contracts.refusals import StateRefusal, UserErrorCode
from services.numbers.domain.refusals import NumbersRefusal


class AccountNotFound(NumbersRefusal):
    code = UserErrorCode.NOT_FOUND

    def __init__(self) -> None:
        super().__init__("There is no such account, or it is not yours.")


class CompanyNotFound(NumbersRefusal):
    code = UserErrorCode.NOT_FOUND

    def __init__(self) -> None:
        super().__init__("There is no such company, or it is not yours.")


class MemberNotFound(NumbersRefusal):
    code = UserErrorCode.NOT_FOUND

    def __init__(self) -> None:
        super().__init__("There is no such member, or they are not yours.")


class PortInOpen(NumbersRefusal):
    """S76."""

    code = UserErrorCode.PORT_IN_OPEN

    def __init__(self) -> None:
        super().__init__("A port request is under way: let it end or cancel it first.")


class PortOutOpen(NumbersRefusal):
    """S76."""

    code = UserErrorCode.PORT_OUT_OPEN

    def __init__(self) -> None:
        super().__init__("A port-out is under way: wait until its numbers have left.")


class PortOutUnconfirmed(NumbersRefusal):
    """S81, S82: one number after the other."""

    code = UserErrorCode.PORT_OUT_UNCONFIRMED

    def __init__(self) -> None:
        super().__init__("Confirm each number that has left: go through its port-out's list.")


class NumbersLeft(NumbersRefusal):
    code = UserErrorCode.NUMBERS_LEFT

    def __init__(self) -> None:
        super().__init__("There are numbers left: port them out or disable them first.")


class LastAdministrator(NumbersRefusal):
    code = UserErrorCode.LAST_ADMINISTRATOR

    def __init__(self) -> None:
        super().__init__("The account needs an active administrator: make another one first.")


class OwnRights(NumbersRefusal):
    code = UserErrorCode.OWN_RIGHTS

    def __init__(self) -> None:
        super().__init__("You cannot take away your own rights: another administrator can.")


class AccountStateRefused(StateRefusal):
    """It is disabled already, or it is not disabled at all."""

    def __init__(self, *, is_disabled: bool, available_actions: Iterable[str]) -> None:
        super().__init__(
            "The account is disabled already." if is_disabled else "The account is active.",
            status="DISABLED" if is_disabled else "ACTIVE",
            available_actions=available_actions,
        )
