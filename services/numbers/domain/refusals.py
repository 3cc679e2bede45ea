"""What this service refuses, each with its sentence.

NumbersRefusal
    TextMissing  TextTooLong  TextMalformed  TooMany  EmailMalformed  AdministratorMissing
    CompanyNamedTwice  CompanyUnknown  LoginGivenTwice
    NumberNotFound  VersionConflict
NumberCannotBeDisabled (a StateRefusal)
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
