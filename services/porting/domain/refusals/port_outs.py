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


class PortOutNotPossible(StateRefusal):
    def __init__(self, status: str, available_actions: Iterable[str]) -> None:
        super().__init__(
            f"This is not possible while the port-out is {status}.",
            status=status,
            available_actions=available_actions,
        )
