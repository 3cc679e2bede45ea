"""Documents: proof of ownership, known by their content and not by their name."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final


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
DOCUMENT_TYPES: Final = frozenset({"application/pdf", "image/png", "image/jpeg", "image/tiff"})
LARGEST_UPLOAD: Final = 10 * 1024 * 1024
LONGEST_FILENAME: Final = 255


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
class Document:
    id: str
    port_request_id: str
    kind: DocumentKind
    filename: str
    content_type: str
    byte_size: int
    sha256: str
    attached_at: datetime
    attached_by: str
