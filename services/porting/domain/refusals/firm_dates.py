"""Refusals of firm dates, asked for and granted."""

from datetime import date

from libs.contracts.refusals import UserErrorCode
from services.porting.domain.refusals.base import PortingRefusal


class FirmDateNotAllowed(PortingRefusal):
    code = UserErrorCode.FIRM_DATE_NOT_ALLOWED
    sentence = "The firm date lies in the past or more than 30 days ahead."


class FirmDateNotABusinessDay(PortingRefusal):
    code = UserErrorCode.FIRM_DATE_NOT_A_BUSINESS_DAY
    sentence = "The losing carrier ports nothing on this day: it is a weekend or a holiday."


class FirmDateTooSoon(PortingRefusal):
    code = UserErrorCode.FIRM_DATE_TOO_SOON

    def __init__(self, earliest: date) -> None:
        super().__init__(f"The losing carrier needs longer: ask for {earliest} or later.")


class OverrideReasonMissing(PortingRefusal):
    code = UserErrorCode.REQUIRED
    sentence = "Say why this day is right although our calendar does not have it."
