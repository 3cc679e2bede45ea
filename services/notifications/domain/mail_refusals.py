"""What notifications says no to about mails."""

from libs.contracts.refusals import Refusal, StateRefusal, UserErrorCode
from services.notifications.domain.mails import MailState


class MailUnknown(Refusal):
    code = UserErrorCode.NOT_FOUND

    def __init__(self) -> None:
        super().__init__("There is no such mail.", ("input", "mailId"))


class MailUnderWay(StateRefusal):
    def __init__(self, state: MailState) -> None:
        super().__init__(
            "This mail is about to be sent already.",
            status=state.upper(),
            available_actions=(),
        )
