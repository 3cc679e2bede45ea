"""Refusals of support cases, and the refusal that offers one."""

from collections.abc import Iterable

from libs.contracts.phone_number import InvalidPhoneNumberError, PhoneNumber
from libs.contracts.refusals import (
    CaseRefusal,
    Refusal,
    RowRefusal,
    StateRefusal,
    UserErrorCode,
)
from services.porting.domain.refusals.base import PortingRefusal
from services.porting.domain.support_cases import MOST_NUMBERS, OFFERED_SUBJECT


class SupportCaseUnknown(PortingRefusal):
    code = UserErrorCode.NOT_FOUND
    sentence = "There is no such support case."


class AccountUnknown(PortingRefusal):
    code = UserErrorCode.NOT_FOUND
    sentence = "There is no such account."


class MemberUnknown(PortingRefusal):
    code = UserErrorCode.NOT_FOUND
    sentence = "The account has no such member who may make port requests."


class SubjectMissing(PortingRefusal):
    code = UserErrorCode.REQUIRED
    sentence = "Give the case a subject."


class MessageMissing(PortingRefusal):
    code = UserErrorCode.REQUIRED
    sentence = "Write a message."


class TooManyNumbers(PortingRefusal):
    code = UserErrorCode.TOO_MANY_LINES
    sentence = f"Name at most {MOST_NUMBERS} numbers here; send longer lists as a file."


class NothingToCancel(PortingRefusal):
    code = UserErrorCode.REQUIRED
    sentence = "Say which port request is to be cancelled."


class NumbersForSupport(CaseRefusal):
    """S10: self-service does not take these numbers, but a person can."""

    code = UserErrorCode.COUNTRY_NOT_SUPPORTED

    def __init__(self, numbers: Iterable[str]) -> None:
        super().__init__(
            "Australian and British numbers are ported by our support team: "
            "open a support case with them.",
            subject=OFFERED_SUBJECT,
            numbers=numbers,
        )


def offer_case(faults: Iterable[Refusal]) -> list[NumbersForSupport]:
    """One offer for all rows of a file whose country self-service does not take."""
    numbers = list(
        dict.fromkeys(
            number
            for fault in faults
            if isinstance(fault, RowRefusal)
            and fault.code is UserErrorCode.COUNTRY_NOT_SUPPORTED
            for number in _read_numbers(fault.value)
        )
    )
    if not numbers:
        return []
    return [NumbersForSupport(numbers[:MOST_NUMBERS]).at("input", "uploadId")]


def _read_numbers(text: str | None) -> list[PhoneNumber]:
    try:
        return [PhoneNumber.parse(text or "")]
    except InvalidPhoneNumberError:
        return []


class CaseNotPossible(StateRefusal):
    def __init__(self, state: str, available_actions: Iterable[str]) -> None:
        super().__init__(
            f"This is not possible while the case is {state}.",
            status=state,
            available_actions=available_actions,
        )
