"""Refusals of port requests."""

from collections.abc import Iterable

from libs.contracts.refusals import StateRefusal, UserErrorCode
from services.porting.domain.refusals.base import PortingRefusal


class PortRequestUnknown(PortingRefusal):
    code = UserErrorCode.NOT_FOUND
    sentence = "There is no such port request."


class VersionConflict(PortingRefusal):
    code = UserErrorCode.CONFLICT
    sentence = "Somebody changed this meanwhile: read it again."


class CompanyUnknown(PortingRefusal):
    code = UserErrorCode.UNKNOWN_COMPANY
    sentence = "The account has no such company."


class NameMissing(PortingRefusal):
    code = UserErrorCode.REQUIRED
    sentence = "Give the port request a name."


class WarningsNotAcknowledged(PortingRefusal):
    code = UserErrorCode.WARNINGS_NOT_ACKNOWLEDGED
    sentence = "Read what porting can cost and what you must not do, and acknowledge it."


class OwnSubmission(PortingRefusal):
    code = UserErrorCode.OWN_SUBMISSION
    sentence = "Another administrator must authorize what you submitted yourself."


class ReasonMissing(PortingRefusal):
    code = UserErrorCode.REQUIRED
    sentence = "Say why: whoever submitted the request will read it."


class NotPreconfigured(PortingRefusal):
    code = UserErrorCode.AWAITING_PRECONFIGURATION
    sentence = "The numbers are not preconfigured yet: try again in a moment."


class NotTheRequester(PortingRefusal):
    code = UserErrorCode.NOT_THE_REQUESTER
    sentence = "Only whoever made the request, or an administrator, can do this."


class TooLateToCancel(PortingRefusal):
    """S71."""

    code = UserErrorCode.TOO_LATE_TO_CANCEL

    def __init__(self, hours: int) -> None:
        super().__init__(
            f"The numbers move in less than {hours} hours: the carrier no longer stops them. "
            "Within 24 hours after the port they can go back."
        )


class PortRequestNotPossible(StateRefusal):
    """The request's status does not allow it."""

    def __init__(self, status: str, available_actions: Iterable[str]) -> None:
        super().__init__(
            f"This is not possible while the request is {status}.",
            status=status,
            available_actions=available_actions,
        )
