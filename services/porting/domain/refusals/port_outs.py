"""Refusals of port-outs."""

from collections.abc import Iterable

from libs.contracts.refusals import StateRefusal, UserErrorCode
from services.porting.domain.refusals.base import PortingRefusal


class PortOutUnknown(PortingRefusal):
    code = UserErrorCode.NOT_FOUND
    sentence = "There is no such port-out."


class TestCallNotValid(PortingRefusal):
    code = UserErrorCode.TEST_CALL_NOT_VALID
    sentence = "Call from a number outside this port-out and outside your inventory (S78)."


class CalledBeforeThePort(PortingRefusal):
    code = UserErrorCode.TEST_CALL_NOT_VALID
    sentence = "This call was made before the number left: it rang here and proves nothing."


class NumberNotGoneYet(PortingRefusal):
    code = UserErrorCode.NUMBER_NOT_GONE_YET
    sentence = "This number is still here: there is nothing to check yet."


class ReasonNotLawful(PortingRefusal):
    """A closed list: unpaid bills are not in it, nor is the wish to keep a customer."""

    code = UserErrorCode.REASON_NOT_LAWFUL
    sentence = "A port-out may be refused only for one of the reasons in `portOutReasons`."


class NoteMissing(PortingRefusal):
    code = UserErrorCode.REQUIRED
    sentence = "Say it in a sentence."


class AnswerTimePassed(PortingRefusal):
    code = UserErrorCode.ANSWER_TIME_PASSED
    sentence = "The time to answer is over: silence has authorized the port-out."


class DisputeTooLate(PortingRefusal):
    code = UserErrorCode.DISPUTE_TOO_LATE
    sentence = (
        "A port-out can be disputed within 24 hours after the port. Ask our support team."
    )


class ReferenceUnknown(PortingRefusal):
    code = UserErrorCode.NOT_FOUND
    sentence = "Nothing has been reported under this reference."


class AlertUnknown(PortingRefusal):
    code = UserErrorCode.NOT_FOUND
    sentence = "There is no such alert."


class ReportVersionNotValid(PortingRefusal):
    code = UserErrorCode.INVALID
    sentence = "The version of a report counts from 1."


class ReportedNumbersMissing(PortingRefusal):
    code = UserErrorCode.REQUIRED
    sentence = "Name at least one number."


class PortOutNotPossible(StateRefusal):
    def __init__(self, status: str, available_actions: Iterable[str]) -> None:
        super().__init__(
            f"This is not possible while the port-out is {status}.",
            status=status,
            available_actions=available_actions,
        )
