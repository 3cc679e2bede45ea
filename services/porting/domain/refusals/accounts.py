"""Refusals of accounts that may not port yet (S5 to S8), or not any more."""

from libs.contracts.refusals import UserErrorCode
from services.porting.domain.refusals.base import PortingRefusal


class AccountHasNoCard(PortingRefusal):
    code = UserErrorCode.CARD_REQUIRED
    sentence = "Put a payment card on file first; porting itself is free."


class AccountPastDue(PortingRefusal):
    code = UserErrorCode.ACCOUNT_PAST_DUE
    sentence = "A bill of the account is past due: pay it first."


class AccountNotInGoodStanding(PortingRefusal):
    code = UserErrorCode.ACCOUNT_NOT_IN_GOOD_STANDING
    sentence = "The account is suspended: ask our support team what to do."


class AccountInTrial(PortingRefusal):
    code = UserErrorCode.ACCOUNT_IN_TRIAL
    sentence = "Numbers can be ported once the trial has ended."


class AccountIsDisabled(PortingRefusal):
    code = UserErrorCode.ACCOUNT_DISABLED
    sentence = "The account is disabled: our support team can reactivate it."
