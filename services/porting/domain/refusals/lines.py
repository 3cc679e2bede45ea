"""Refusals of lines, their numbers and dates."""

from typing import Final

from libs.contracts.refusals import RowRefusal, StateRefusal, UserErrorCode
from services.porting.domain.refusals.base import PortingRefusal

# Stands for a number whose line the caller does not see.
HIDDEN: Final = "A number of a company that you do not see"


class NumberUnknown(PortingRefusal):
    code = UserErrorCode.NOT_FOUND
    sentence = "This number is not part of it."


class NumbersMissing(PortingRefusal):
    code = UserErrorCode.REQUIRED
    sentence = "Name a number, or leave the list away to mean all."


class LinesMissing(PortingRefusal):
    code = UserErrorCode.NO_LINES
    sentence = "Upload the CSV file with the numbers to port."


class NumbersOfOthers(PortingRefusal):
    """A file takes the place of all lines, and nobody takes away what they do not see."""

    code = UserErrorCode.UNKNOWN_COMPANY
    sentence = (
        "The request has numbers of companies that you do not see, and a file would take their "
        "place: add yours one by one."
    )


class NumberIsInAnotherRequest(PortingRefusal):
    """Tells nothing of whose request it is."""

    code = UserErrorCode.NUMBER_ALREADY_CLAIMED
    sentence = "One of the numbers is part of another open port request."


class NumberRefusal(PortingRefusal):
    """Of one number; `number` is None where the caller does not see its line."""

    words: str

    def __init__(self, number: str | None) -> None:
        super().__init__(f"{number or HIDDEN} {self.words}")


class NumberClaimed(NumberRefusal):
    code = UserErrorCode.NUMBER_ALREADY_CLAIMED
    words = "is part of another open port request."


class NumberIsOurs(NumberRefusal):
    """The owner is not told."""

    code = UserErrorCode.INTERNAL_PORT
    words = "is in our inventory already: it moves without a port."


class ForwardingLoop(NumberRefusal):
    """S24, S25."""

    code = UserErrorCode.FORWARDING_LOOP
    words = "would forward to itself: it is, or will be, ported."


class NumberOfAnotherCountry(NumberRefusal):
    code = UserErrorCode.WRONG_COUNTRY
    words = "is not of the country that the request is made for."


class NumberNamedTwice(NumberRefusal):
    code = UserErrorCode.DUPLICATE_NUMBER
    words = "is named twice."


class TextMissing(PortingRefusal):
    code = UserErrorCode.REQUIRED
    sentence = "Every number has a name and a source."


class TooManyLines(PortingRefusal):
    code = UserErrorCode.TOO_MANY_LINES

    def __init__(self, most: int) -> None:
        super().__init__(f"Here are at most {most:,} numbers possible.")


class TimeInTheFuture(PortingRefusal):
    code = UserErrorCode.INVALID
    sentence = "This time has not come yet."


class TimeTooEarly(PortingRefusal):
    code = UserErrorCode.INVALID
    sentence = "This time lies before the request itself: nothing could have moved."


class CodeMissing(PortingRefusal):
    code = UserErrorCode.REQUIRED
    sentence = "Give the carrier's code, or OTHER."


class CorrectionMissing(PortingRefusal):
    code = UserErrorCode.REQUIRED
    sentence = "Say in a few words what was corrected."


class NothingToCorrect(PortingRefusal):
    code = UserErrorCode.NO_FAULT

    def __init__(self, number: str) -> None:
        super().__init__(f"Nothing is wrong with {number}.")


class NotCorrected(PortingRefusal):
    code = UserErrorCode.FAULT_NOT_CORRECTED

    def __init__(self, number: str | None, sentence: str) -> None:
        super().__init__(f"{number or HIDDEN}: correct it or take it out. {sentence}")


class ForwardingIsFixed(PortingRefusal):
    code = UserErrorCode.INVALID
    sentence = "The carrier has the number: change where it rings in the inventory."


class SnapbackTooLate(PortingRefusal):
    code = UserErrorCode.SNAPBACK_TOO_LATE

    def __init__(self, number: str) -> None:
        super().__init__(f"{number} ported more than 24 hours ago: it cannot go back.")


class LineNotPossible(StateRefusal):
    """Of one number of a request: what can be done, can be done with the request."""

    def __init__(self, state: str) -> None:
        super().__init__(
            f"This is not possible while the number is {state}.",
            status=state,
            available_actions=(),
        )


class LineUnknown(PortingRefusal):
    code = UserErrorCode.NOT_FOUND
    sentence = "This line is not part of the request."


class LineFault(PortingRefusal):
    """A fault of one field of a line that is added or corrected by itself."""

    def __init__(self, code: UserErrorCode, message: str) -> None:
        super().__init__(message)
        self.code = code  # type: ignore[misc] # as of a row: a class each would be too many


class MoreFaults(PortingRefusal):
    code = UserErrorCode.MORE_FAULTS

    def __init__(self, *, told: int, count: int) -> None:
        super().__init__(
            f"The file has {count:,} faults, and these are the first {told:,} of them."
        )


class RowFault(RowRefusal):
    """A fault of one row of an uploaded number list."""

    def __init__(
        self,
        code: UserErrorCode,
        message: str,
        *,
        row: int,
        column: str | None = None,
        value: str | None = None,
    ) -> None:
        super().__init__(message, row=row, column=column, value=value)
        self.code = code  # type: ignore[misc] # a table has too many faults for a class each
