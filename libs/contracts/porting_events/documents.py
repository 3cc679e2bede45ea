"""Facts about documents: which one and what became of it, never what is in it."""

from typing import ClassVar

from pydantic import AwareDatetime

from libs.contracts.porting_events.base import PortRequestFact


class DocumentAttached(PortRequestFact):
    """To a request that was submitted already: the newest of its kind now."""

    type: ClassVar[str] = "porting.document_attached.v1"
    document_id: str
    kind: str
    attached_at: AwareDatetime
    attached_by: str


class DocumentReviewed(PortRequestFact):
    """`decision` is ACCEPTED, or REFUSED with its `code`."""

    type: ClassVar[str] = "porting.document_reviewed.v1"
    document_id: str
    kind: str
    decision: str
    code: str | None
    reviewed_at: AwareDatetime
