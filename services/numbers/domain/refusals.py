"""What this service refuses, each with its sentence.

NumbersRefusal
    TextMissing  TextTooLong  TextMalformed  TooMany  EmailMalformed  AdministratorMissing
    CompanyNamedTwice  CompanyUnknown  LoginGivenTwice
    NumberNotFound  VersionConflict
    NothingToChange  NoNumbers  TooManyNumbers  CompanyNotInAccount  ForwardingLoop
    ForwardingNotAllowed
NumberCannotBeDisabled  NumberCannotBeRestored  NumberCannotBeChanged  AccountOfNumberDisabled
    (each a StateRefusal)
"""

from libs.contracts.refusals import Refusal, StateRefusal, UserErrorCode


class NumbersRefusal(Refusal):
    """The base of all."""


class TextMissing(NumbersRefusal):
    code = UserErrorCode.REQUIRED

    def __init__(self) -> None:
        super().__init__("Write something here.")


class TextTooLong(NumbersRefusal):
    code = UserErrorCode.TOO_LONG

    def __init__(self, longest: int) -> None:
        super().__init__(f"Write at most {longest} characters.")


class TextMalformed(NumbersRefusal):
    code = UserErrorCode.INVALID

    def __init__(self) -> None:
        super().__init__("There is a character in it that cannot be shown.")


class TooMany(NumbersRefusal):
    code = UserErrorCode.TOO_LONG

    def __init__(self, what: str, most: int) -> None:
        super().__init__(f"An account has at most {most} {what}.")


class EmailMalformed(NumbersRefusal):
    code = UserErrorCode.INVALID

    def __init__(self) -> None:
        super().__init__("This is not an e-mail address.")


class AdministratorMissing(NumbersRefusal):
    code = UserErrorCode.REQUIRED

    def __init__(self) -> None:
        super().__init__("An account needs at least one administrator.")


class CompanyNamedTwice(NumbersRefusal):
    code = UserErrorCode.ALREADY_EXISTS

    def __init__(self) -> None:
        super().__init__("There is a company of this name already.")


class CompanyUnknown(NumbersRefusal):
    code = UserErrorCode.UNKNOWN_COMPANY

    def __init__(self) -> None:
        super().__init__("There is no such company in the account.")


class LoginGivenTwice(NumbersRefusal):
    code = UserErrorCode.ALREADY_EXISTS

    def __init__(self) -> None:
        super().__init__("This login is a member of the account already.")


class NumberNotFound(NumbersRefusal):
    code = UserErrorCode.NOT_FOUND

    def __init__(self) -> None:
        super().__init__("There is no such number, or it is not yours.")


class VersionConflict(NumbersRefusal):
    code = UserErrorCode.CONFLICT

    def __init__(self) -> None:
        super().__init__("It was changed meanwhile: read it again.")


class NumberCannotBeDisabled(StateRefusal):
    def __init__(self, state: str) -> None:
        super().__init__(
            f"A number that is {state} cannot be disabled.", status=state, available_actions=()
        )


class NumberCannotBeRestored(StateRefusal):
    def __init__(self, state: str) -> None:
        super().__init__(
            f"A number that is {state}, or that has left, cannot be restored.",
            status=state,
            available_actions=(),
        )


class NothingToChange(NumbersRefusal):
    code = UserErrorCode.REQUIRED

    def __init__(self) -> None:
        super().__init__("Say what is to be changed.")


class NoNumbers(NumbersRefusal):
    code = UserErrorCode.REQUIRED

    def __init__(self) -> None:
        super().__init__("Name the numbers, or a filter that finds them; not both.")


class TooManyNumbers(NumbersRefusal):
    code = UserErrorCode.TOO_MANY_NUMBERS

    def __init__(self, most: int) -> None:
        super().__init__(f"At most {most:,} numbers are changed at once.")


class CompanyNotInAccount(NumbersRefusal):
    code = UserErrorCode.UNKNOWN_COMPANY

    def __init__(self) -> None:
        super().__init__("There is no such company in the number's account.")


class ForwardingLoop(NumbersRefusal):
    """S24, S25; whose number it is, is not told."""

    code = UserErrorCode.FORWARDING_LOOP

    def __init__(self) -> None:
        super().__init__(
            "Forward to a number outside: this one is, or will be, a tracking number itself."
        )


class ForwardingNotAllowed(NumbersRefusal):
    code = UserErrorCode.FORWARDING_NOT_ALLOWED

    def __init__(self) -> None:
        super().__init__(
            "Forward to a number that people own: this is a premium or fictional one."
        )


class NumberCannotBeChanged(StateRefusal):
    def __init__(self, state: str) -> None:
        super().__init__(
            f"A number that is {state} cannot be changed.", status=state, available_actions=()
        )


class AccountOfNumberDisabled(StateRefusal):
    def __init__(self) -> None:
        super().__init__(
            "Its account is disabled: reactivate that first.",
            status="DISABLED",
            available_actions=(),
        )
