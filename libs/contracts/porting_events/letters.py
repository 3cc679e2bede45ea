"""Facts about Letters of Authorization."""

from typing import ClassVar

from pydantic import AwareDatetime

from libs.contracts.porting_events.base import PortRequestFact


class LetterSigned(PortRequestFact):
    """The Letter of Authorization was signed; `document_hash` covers lines and subscriber."""

    type: ClassVar[str] = "porting.letter_signed.v1"
    letter_id: str
    signed_at: AwareDatetime
    document_hash: str
