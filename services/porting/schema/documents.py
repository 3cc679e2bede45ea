"""Documents in the graph."""

from datetime import datetime
from typing import Self

import strawberry

from libs.common.graphql.enums import publish_enum
from services.porting.domain import documents
from services.porting.domain.documents import DocumentKind, UploadPurpose

publish_enum(
    DocumentKind,
    description="What a document is.",
    values={
        DocumentKind.INVOICE: "The losing carrier's latest invoice.",
        DocumentKind.CSR: "The losing carrier's Customer Service Record.",
        DocumentKind.ACCOUNT_SCREENSHOT: "A screenshot of the numbers in the present account.",
        DocumentKind.OWNERSHIP_EMAIL: "An e-mail that shows the ownership.",
        DocumentKind.RECEIPT: "A receipt for the numbers.",
        DocumentKind.LETTER: "A signed letter, sealed; or one that our support team prepared for a country.",
        DocumentKind.NUMBER_LIST: "The accepted number list.",
        DocumentKind.OTHER: "Anything else.",
    },
)
publish_enum(
    UploadPurpose,
    description="What a file is uploaded for.",
    values={
        UploadPurpose.NUMBER_LIST: "A CSV file for `importLines`.",
        UploadPurpose.DOCUMENT: "A PDF or picture for `attachDocument`.",
    },
)


@strawberry.type(description="A file that belongs to a port request.")
class Document:
    id: strawberry.ID = strawberry.field(description="`doc_…`.")
    kind: DocumentKind = strawberry.field(description="What it is.")
    filename: str = strawberry.field(description="As it was uploaded.")
    content_type: str = strawberry.field(description="By its content, not by its name.")
    byte_size: int = strawberry.field(description="Its size in bytes.")
    sha256: str = strawberry.field(description="Its SHA-256, in hexadecimal.")
    attached_at: datetime = strawberry.field(description="When it was attached.")

    @classmethod
    def of(cls, document: documents.Document) -> Self:
        return cls(
            id=strawberry.ID(document.id),
            kind=document.kind,
            filename=document.filename,
            content_type=document.content_type,
            byte_size=document.byte_size,
            sha256=document.sha256,
            attached_at=document.attached_at,
        )
