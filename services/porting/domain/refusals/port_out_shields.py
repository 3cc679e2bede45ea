"""Refusals of what an account sets against unwanted port-outs."""

from libs.contracts.refusals import UserErrorCode
from services.porting.domain.refusals.base import PortingRefusal


class AccountMissing(PortingRefusal):
    code = UserErrorCode.REQUIRED
    sentence = "Name the account."


class NumberUnknown(PortingRefusal):
    code = UserErrorCode.NOT_FOUND
    sentence = "There is no such number in the account's inventory."


class TooManyNumbers(PortingRefusal):
    code = UserErrorCode.TOO_LONG

    def __init__(self, most: int) -> None:
        super().__init__(f"Name at most {most} numbers at once.")


class NoNumbers(PortingRefusal):
    code = UserErrorCode.REQUIRED
    sentence = "Name a number, or leave the list away for the whole account."


class NotLocked(PortingRefusal):
    code = UserErrorCode.NOT_LOCKED
    sentence = "It has no port-out lock of its own."


class PortOutPinMalformed(PortingRefusal):
    code = UserErrorCode.INVALID

    def __init__(self, shortest: int, longest: int) -> None:
        super().__init__(f"A port-out PIN has {shortest} to {longest} digits.")


class PinTooSimple(PortingRefusal):
    code = UserErrorCode.PIN_TOO_SIMPLE
    sentence = "Choose other digits: one that repeats or counts is tried first."
