"""Facts about Letters of Authorization. Never a token, and no word of what a letter says."""

from typing import ClassVar, Literal

from pydantic import AwareDatetime

from libs.contracts.porting_events.base import PortRequestFact


class LetterFact(PortRequestFact):
    letter_id: str


class LetterSent(LetterFact):
    """Somebody else is to sign. Who sends the mail asks porting for the address and the link."""

    type: ClassVar[str] = "porting.letter_sent.v1"
    link_id: str
    expires_at: AwareDatetime


class LetterViewed(LetterFact):
    """The signer's link was opened."""

    type: ClassVar[str] = "porting.letter_viewed.v1"
    viewed_at: AwareDatetime


class LetterSigned(LetterFact):
    """The Letter of Authorization was signed; `document_hash` covers lines and subscriber."""

    type: ClassVar[str] = "porting.letter_signed.v1"
    signed_at: AwareDatetime
    document_hash: str


class LetterDeclined(LetterFact):
    """The signer will not sign; why stands in the request's history."""

    type: ClassVar[str] = "porting.letter_declined.v1"
    declined_at: AwareDatetime


class LetterExpired(LetterFact):
    """The signer's link ran out, or a signature grew older than carriers take."""

    type: ClassVar[str] = "porting.letter_expired.v1"
    cause: Literal["link", "age"]
    expired_at: AwareDatetime


class LetterSuperseded(LetterFact):
    """A change of numbers or subscriber: what was sent or signed does not count any more."""

    type: ClassVar[str] = "porting.letter_superseded.v1"


class LetterSealed(LetterFact):
    """The signed letter is there as a sealed PDF."""

    type: ClassVar[str] = "porting.letter_sealed.v1"
    document_id: str


class PinUsed(PortRequestFact):
    """Our port desk was shown a PIN; `holder` is the request, a losing account or a line."""

    type: ClassVar[str] = "porting.pin_used.v1"
    is_internal: ClassVar[bool] = True
    holder: str
