"""Refusals of what goes between us and carriers."""

from libs.contracts.refusals import StateRefusal, UserErrorCode
from services.porting.domain.refusals.base import PortingRefusal


class CarrierMessageUnknown(PortingRefusal):
    code = UserErrorCode.NOT_FOUND
    sentence = "There is no such message."


class CarrierMessageNotGivenUp(StateRefusal):
    def __init__(self, state: str) -> None:
        super().__init__(
            f"This is not possible while the message is {state}: it was not given up.",
            status=state,
            available_actions=(),
        )
