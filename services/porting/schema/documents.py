"""Documents in the graph."""

from datetime import datetime
from typing import Self

import strawberry

from libs.common.caller import Member, Support
from libs.common.graphql.enums import publish_enum
from libs.contracts.phone_number import PhoneNumber
from services.porting.domain import documents
from services.porting.domain.document_reviews import (
    DocumentFault,
    Review,
    ReviewState,
    Shown,
)
from services.porting.domain.documents import DocumentKind, Part, UploadPurpose
from services.porting.domain.invoice_hints import Hints
from services.porting.schema.context import PortingInfo
from services.porting.use_cases.document_hints import find_hints

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


publish_enum(
    ReviewState,
    description="What our port desk says of a document.",
    values={
        ReviewState.PENDING: "Not looked at yet.",
        ReviewState.ACCEPTED: "It will do.",
        ReviewState.REFUSED: "Another one is needed.",
    },
)
publish_enum(
    Shown,
    description="How much of something a document shows.",
    values={
        Shown.COMPLETE: "All of it.",
        Shown.PARTIAL: "Some of it.",
        Shown.MISSING: "Nothing of it.",
    },
)
publish_enum(
    DocumentFault,
    description="Why a document was refused.",
    values={
        DocumentFault.DOCUMENT_ILLEGIBLE: "It cannot be read.",
        DocumentFault.DOCUMENT_OUTDATED: "It is too old.",
        DocumentFault.DOCUMENT_INCOMPLETE: "Pages are missing.",
        DocumentFault.DOCUMENT_OF_ANOTHER_KIND: "It is no proof of ownership.",
        DocumentFault.DOCUMENT_WITHOUT_ACCOUNT: "It does not show the account number.",
        DocumentFault.DOCUMENT_WITHOUT_ADDRESS: "It does not show the service address.",
        DocumentFault.DOCUMENT_WITHOUT_NUMBERS: "It does not show all the numbers.",
        DocumentFault.DOCUMENT_OF_SOMEBODY_ELSE: "It is in another name than the letter's.",
        DocumentFault.DOCUMENT_REFUSED: "For another reason, which we have written.",
    },
)


@strawberry.type(description="What our port desk found in a document.")
class DocumentReview:
    state: ReviewState = strawberry.field(description="What was decided.")
    reviewed_at: datetime | None = strawberry.field(description="When.")
    account_shown: Shown | None = strawberry.field(
        description="Whether it shows the account; absent before the review."
    )
    address_shown: Shown | None = strawberry.field(
        description="Whether it shows the address; absent before the review."
    )
    numbers_shown: Shown | None = strawberry.field(
        description="Whether it shows the numbers; absent before the review."
    )
    refusal_code: DocumentFault | None = strawberry.field(description="Why it was refused.")
    refusal_text: str | None = strawberry.field(description="What we wrote about it.")
    remedy: str | None = strawberry.field(description="What to do about a refusal.")

    @classmethod
    def of(cls, review: Review) -> Self:
        marks = review.marks
        return cls(
            state=review.state,
            reviewed_at=review.reviewed_at,
            account_shown=marks.account_shown if marks else None,
            address_shown=marks.address_shown if marks else None,
            numbers_shown=marks.numbers_shown if marks else None,
            refusal_code=review.refusal_code,
            refusal_text=review.refusal_text,
            remedy=review.remedy,
        )


@strawberry.type(
    description="What of the request a document's text shows: a hint, never a condition."
)
class DocumentHints:
    has_text: bool = strawberry.field(description="False for a scan: nothing can be compared.")
    numbers_total: int = strawberry.field(description="How many numbers the request has.")
    numbers_found: int | None = strawberry.field(
        description="How many of them it names; absent without text."
    )
    numbers_not_found: list[PhoneNumber] = strawberry.field(
        description="The first twenty that it does not name."
    )
    name_found: bool | None = strawberry.field(
        description="The letter's subscriber name; absent without text, or where the letter does not say it yet."
    )
    address_found: bool | None = strawberry.field(
        description="The letter's service address; absent without text, or where the letter does not say it yet."
    )
    account_number_found: bool | None = strawberry.field(
        description="The letter's account number; absent without text, or where the letter does not say it yet."
    )
    remarks: list[str] = strawberry.field(description="What differs, in sentences.")

    @classmethod
    def of(cls, hints: Hints) -> Self:
        return cls(
            has_text=hints.has_text,
            numbers_total=hints.numbers_total,
            numbers_found=hints.numbers_found,
            numbers_not_found=list(hints.numbers_not_found),
            name_found=hints.name_found,
            address_found=hints.address_found,
            account_number_found=hints.account_number_found,
            remarks=list(hints.remarks),
        )


@strawberry.type(description="A file that belongs to a port request.")
class Document:
    document: strawberry.Private[documents.Document]
    id: strawberry.ID = strawberry.field(description="`doc_…`.")
    kind: DocumentKind = strawberry.field(description="What it is.")
    filename: str = strawberry.field(description="As it was uploaded.")
    content_type: str = strawberry.field(description="By its content, not by its name.")
    byte_size: int = strawberry.field(description="The size in bytes of what `url` shows.")
    sha256: str = strawberry.field(
        description="SHA-256 of what `url` shows, in hexadecimal. A picture is drawn anew."
    )
    page_count: int | None = strawberry.field(description="How many pages, where we counted.")
    attached_at: datetime = strawberry.field(description="When it was attached.")
    is_newest: bool = strawberry.field(description="There is no newer one of its kind.")
    review: DocumentReview = strawberry.field(description="What our port desk says of it.")

    @strawberry.field(
        description="A link for you alone, good for five minutes, to download the file."
    )
    def url(self, info: PortingInfo) -> str:
        return _link(info, self.document, Part.FILE)

    @strawberry.field(
        description="A link for you alone, good for five minutes, to a small picture (PNG) of "
        "the first page; absent where there is none."
    )
    def thumbnail_url(self, info: PortingInfo) -> str | None:
        if self.document.thumbnail_key is None:
            return None
        return _link(info, self.document, Part.THUMBNAIL)

    @strawberry.field(
        description="What of the request its text shows; absent for anything but a proof."
    )
    async def hints(self, info: PortingInfo) -> DocumentHints | None:
        if self.document.kind not in documents.PROOFS:
            return None
        hints = await find_hints(
            info.context.database,
            info.context.room.files,
            info.context.caller,
            self.document,
        )
        return DocumentHints.of(hints)

    @classmethod
    def of(cls, document: documents.Document) -> Self:
        return cls(
            document=document,
            id=strawberry.ID(document.id),
            kind=document.kind,
            filename=document.filename,
            content_type=document.content_type,
            byte_size=document.byte_size,
            sha256=document.sha256,
            page_count=document.page_count,
            attached_at=document.attached_at,
            is_newest=document.is_newest,
            review=DocumentReview.of(document.review),
        )


def _link(info: PortingInfo, document: documents.Document, shown: Part) -> str:
    """Who sees a document is a member or support: nobody else is shown its request."""
    viewer = info.context.caller
    assert isinstance(viewer, Member | Support)
    return info.context.room.download_links.make(document.id, shown, viewer)
