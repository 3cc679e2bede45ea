"""What porting says no to: each refusal has its code and its own sentence."""

from libs.contracts.refusals import Refusal, UserErrorCode


class PortingRefusal(Refusal):
    """Base of all; a class below that takes nothing has its sentence in `sentence`."""

    sentence: str

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or self.sentence)


class TextUnreadable(PortingRefusal):
    code = UserErrorCode.INVALID
    sentence = "This has a character that no text has."


class TextTooLong(PortingRefusal):
    code = UserErrorCode.TOO_LONG

    def __init__(self, longest: int) -> None:
        super().__init__(f"This may have at most {longest} characters.")
