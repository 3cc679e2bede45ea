"""Refusals of letters."""

from collections.abc import Iterable

from libs.contracts.refusals import StateRefusal, UserErrorCode
from services.porting.domain.refusals.base import PortingRefusal


class ValueMissing(PortingRefusal):
    code = UserErrorCode.REQUIRED
    sentence = "This is needed on the letter."


class SignerNameMissing(PortingRefusal):
    code = UserErrorCode.REQUIRED
    sentence = "Sign with your name."


class ConsentMissing(PortingRefusal):
    code = UserErrorCode.REQUIRED
    sentence = "Say that you agree to sign electronically."


class InvalidEmail(PortingRefusal):
    code = UserErrorCode.INVALID
    sentence = "This is not an e-mail address."


class LinkNotGood(PortingRefusal):
    """Never says why: who guesses learns nothing."""

    code = UserErrorCode.NOT_FOUND
    sentence = "This link leads to no letter: it was used, replaced, has expired or is wrong."


class PinMissing(PortingRefusal):
    """S56: no PIN is an answer too."""

    code = UserErrorCode.PIN_ANSWER_REQUIRED
    sentence = "Give the transfer PIN, or write NO PIN REQUIRED or N/A."


class PinNotPossible(PortingRefusal):
    """Does not repeat what was written: it may be a PIN with a slip in it."""

    code = UserErrorCode.INVALID
    sentence = "A PIN has at most 32 letters, digits and signs."


class PinUnknown(PortingRefusal):
    code = UserErrorCode.NOT_FOUND
    sentence = "There is no PIN for this, or it is forgotten by now."


class ReasonMissing(PortingRefusal):
    code = UserErrorCode.REQUIRED
    sentence = "Say why."


class NotPrintable(PortingRefusal):
    code = UserErrorCode.INVALID
    sentence = "This has a character that no letter can show: write it in Latin letters."


class NumberOnTwoAccounts(PortingRefusal):
    code = UserErrorCode.DUPLICATE_NUMBER
    sentence = "The number is on another losing account already."


class TooManyAccounts(PortingRefusal):
    code = UserErrorCode.TOO_LONG

    def __init__(self, most: int) -> None:
        super().__init__(f"A letter has at most {most} losing accounts.")


class NumberNotInRequest(PortingRefusal):
    code = UserErrorCode.NOT_FOUND
    sentence = "The request has no such number."


class ResellerMissing(PortingRefusal):
    code = UserErrorCode.REQUIRED
    sentence = "Canadian carriers ask who sells the service: name them, or the carrier itself."


class BillingNumberPorts(PortingRefusal):
    code = UserErrorCode.INVALID
    sentence = "This number leaves too: name one that stays."


class DrawingNotAllowed(PortingRefusal):
    code = UserErrorCode.INVALID
    sentence = "A drawn signature is an SVG path of at most 16,384 characters."


class ConsentOutdated(PortingRefusal):
    code = UserErrorCode.CONFLICT
    sentence = "The consent text has changed: read it again."


class PostOfficeBox(PortingRefusal):
    code = UserErrorCode.PO_BOX_NOT_ALLOWED
    sentence = "Give the address where the service is, not a post office box."


class LetterMissing(PortingRefusal):
    code = UserErrorCode.LETTER_REQUIRED
    sentence = "Fill in the Letter of Authorization."


class CountryLetterMissing(PortingRefusal):
    """S11."""

    code = UserErrorCode.LETTER_REQUIRED
    sentence = "Our support team attaches the letter that this country asks for."


class LetterNotSigned(PortingRefusal):
    code = UserErrorCode.LETTER_NOT_SIGNED
    sentence = "Sign the Letter of Authorization."


class LetterFailed(PortingRefusal):
    code = UserErrorCode.LETTER_NOT_SIGNED
    sentence = "The letter was declined or has expired: send it again, or sign it yourself."


class LetterOutdated(PortingRefusal):
    code = UserErrorCode.LETTER_OUTDATED
    sentence = "Numbers changed after the letter was signed: sign it again."


class NewLetterNeeded(PortingRefusal):
    code = UserErrorCode.LETTER_OUTDATED
    sentence = "What is wrong stands on the letter: sign a new one first."


class LetterSignedAlready(StateRefusal):
    def __init__(self, available_actions: Iterable[str]) -> None:
        super().__init__(
            "The letter is signed already.",
            status="SIGNED",
            available_actions=available_actions,
        )
