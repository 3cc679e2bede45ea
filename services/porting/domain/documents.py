"""Documents: proof of ownership, known by their content and not by their name."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from services.porting.domain.document_reviews import Review
from services.porting.domain.requests import PortRequestStatus


class DocumentKind(StrEnum):
    INVOICE = "INVOICE"
    CSR = "CSR"
    ACCOUNT_SCREENSHOT = "ACCOUNT_SCREENSHOT"
    OWNERSHIP_EMAIL = "OWNERSHIP_EMAIL"
    RECEIPT = "RECEIPT"
    LETTER = "LETTER"
    NUMBER_LIST = "NUMBER_LIST"
    OTHER = "OTHER"


class UploadPurpose(StrEnum):
    NUMBER_LIST = "NUMBER_LIST"
    DOCUMENT = "DOCUMENT"


class Part(StrEnum):
    """What of a document a link shows; NUMBERS are those of a port request."""

    FILE = "file"
    THUMBNAIL = "thumbnail"
    NUMBERS = "numbers"


# One of these is needed to submit (S29 to S34).
PROOFS: Final = frozenset(
    {
        DocumentKind.INVOICE,
        DocumentKind.CSR,
        DocumentKind.ACCOUNT_SCREENSHOT,
        DocumentKind.OWNERSHIP_EMAIL,
        DocumentKind.RECEIPT,
    }
)
# While the customer fills the request in, or puts right what was refused.
ATTACHABLE: Final = frozenset({PortRequestStatus.DRAFT, PortRequestStatus.ACTION_REQUIRED})
# An upload can be used for so long, and is swept soon after.
UPLOAD_USABLE: Final = timedelta(hours=24)
LARGEST_UPLOAD: Final = 10 * 1024 * 1024
LONGEST_FILENAME: Final = 255


_LIST_ENDINGS: Final = (".csv", ".tsv", ".txt", ".xlsx")
# The types that are served under their name, each with the endings that its files have.
_ENDINGS: Final[Mapping[str, tuple[str, ...]]] = {
    "application/pdf": (".pdf",),
    "image/png": (".png",),
    "image/jpeg": (".jpg", ".jpeg"),
    "image/tiff": (".tiff", ".tif"),
    "text/csv": _LIST_ENDINGS,
}


@dataclass(frozen=True, kw_only=True)
class Upload:
    """A promise of bytes: `sha256` and `byte_size` are what the client said it will send."""

    id: str
    account_id: str
    purpose: UploadPurpose
    filename: str
    content_type: str
    byte_size: int
    sha256: str
    expires_at: datetime
    stored_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class StoredFile:
    """A file that was looked at; the keys say where the file store has it and its parts.

    Size and checksum are those of the file that is shown. `upload_id` is None for what we made.
    """

    upload_id: str | None
    filename: str
    content_type: str
    byte_size: int
    sha256: str
    file_key: str
    thumbnail_key: str | None = None
    text_key: str | None = None
    page_count: int | None = None


@dataclass(frozen=True, kw_only=True)
class Document:
    """`is_newest`: the request has no newer one of its kind."""

    id: str
    port_request_id: str
    kind: DocumentKind
    filename: str
    content_type: str
    byte_size: int
    sha256: str
    attached_at: datetime
    attached_by: str
    file_key: str
    thumbnail_key: str | None
    text_key: str | None
    page_count: int | None
    is_newest: bool
    review: Review

    @property
    def served_type(self) -> str:
        """A number list's was only said by whoever sent it."""
        return (
            self.content_type if self.content_type in _ENDINGS else "application/octet-stream"
        )

    @property
    def served_name(self) -> str:
        """It opens as what it is: a name's ending decides that on most machines."""
        endings = _ENDINGS.get(self.content_type, _LIST_ENDINGS)
        fits = self.filename.lower().endswith(endings)
        return self.filename if fits else self.filename + endings[0]
