"""The desk's review of a document: what it shows, and why it is refused (S31)."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from services.porting.domain.rejections import REJECTION_CODES
from services.porting.domain.requests import PortRequestStatus


class ReviewState(StrEnum):
    PENDING = "PENDING"
    ACCEPTED = "ACCEPTED"
    REFUSED = "REFUSED"


class Shown(StrEnum):
    """How much of something a document shows."""

    COMPLETE = "COMPLETE"
    PARTIAL = "PARTIAL"
    MISSING = "MISSING"


class DocumentFault(StrEnum):
    """Why the desk refuses a document; each is a rejection code, with sentence and remedy."""

    DOCUMENT_ILLEGIBLE = "DOCUMENT_ILLEGIBLE"
    DOCUMENT_OUTDATED = "DOCUMENT_OUTDATED"
    DOCUMENT_INCOMPLETE = "DOCUMENT_INCOMPLETE"
    DOCUMENT_OF_ANOTHER_KIND = "DOCUMENT_OF_ANOTHER_KIND"
    DOCUMENT_WITHOUT_ACCOUNT = "DOCUMENT_WITHOUT_ACCOUNT"
    DOCUMENT_WITHOUT_ADDRESS = "DOCUMENT_WITHOUT_ADDRESS"
    DOCUMENT_WITHOUT_NUMBERS = "DOCUMENT_WITHOUT_NUMBERS"
    DOCUMENT_OF_SOMEBODY_ELSE = "DOCUMENT_OF_SOMEBODY_ELSE"
    DOCUMENT_REFUSED = "DOCUMENT_REFUSED"


REVIEWABLE: Final = frozenset(
    {
        PortRequestStatus.AWAITING_SIGNATURE,
        PortRequestStatus.IN_REVIEW,
        PortRequestStatus.ACTION_REQUIRED,
    }
)
LONGEST_REASON: Final = 500


@dataclass(frozen=True, kw_only=True)
class Marks:
    account_shown: Shown
    address_shown: Shown
    numbers_shown: Shown


@dataclass(frozen=True, kw_only=True)
class Review:
    """`refusal_text` is the desk's own sentence to the customer."""

    state: ReviewState = ReviewState.PENDING
    reviewed_at: datetime | None = None
    reviewed_by: str | None = None
    marks: Marks | None = None
    refusal_code: DocumentFault | None = None
    refusal_text: str | None = None

    @property
    def remedy(self) -> str | None:
        """What the customer does about a refusal."""
        return REJECTION_CODES[self.refusal_code].remedy if self.refusal_code else None
