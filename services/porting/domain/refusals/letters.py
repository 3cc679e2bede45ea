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


class PinNeedsSupport(PortingRefusal):
    """A transfer PIN is a secret that is not kept yet; only its absence can be said."""

    code = UserErrorCode.INVALID
    sentence = "Write NO PIN REQUIRED or N/A; give a transfer PIN to our support team."


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
