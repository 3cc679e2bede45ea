"""What is refused about preferences."""

from libs.contracts.refusals import Refusal, UserErrorCode


class PreferenceRefusal(Refusal):
    sentence: str

    def __init__(self) -> None:
        super().__init__(self.sentence)


class NeededByLaw(PreferenceRefusal):
    code = UserErrorCode.NEEDED_BY_LAW
    sentence = (
        "These messages are needed by law: they come at once and cannot be switched off."
    )


class FeedIsNotGathered(PreferenceRefusal):
    code = UserErrorCode.INVALID
    sentence = "Only mails are gathered daily: the feed is at once, or off."


class UnknownTimeZone(PreferenceRefusal):
    code = UserErrorCode.INVALID
    sentence = "A time zone is named as in America/Toronto."


class NotATime(PreferenceRefusal):
    code = UserErrorCode.INVALID
    sentence = "A time of day is written as 21:30."


class QuietHoursEndAtOnce(PreferenceRefusal):
    code = UserErrorCode.INVALID
    sentence = "Quiet hours end at another time than they begin."


class UnknownCompany(PreferenceRefusal):
    code = UserErrorCode.NOT_FOUND
    sentence = "There is no such company in your account."


class PreferencesChanged(PreferenceRefusal):
    code = UserErrorCode.CONFLICT
    sentence = "Your preferences were changed after you read them: read them again."
