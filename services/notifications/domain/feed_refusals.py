"""What notifications says no to about a member's feed."""

from libs.contracts.refusals import Refusal, UserErrorCode


class NotificationUnknown(Refusal):
    code = UserErrorCode.NOT_FOUND

    def __init__(self, place: int) -> None:
        super().__init__(
            "You have no such notification.", ("input", "notificationIds", str(place))
        )
