"""Letters and documents in the graph. What a letter says about PINs is never shown."""

from datetime import datetime
from typing import Self

import strawberry

from libs.common.graphql.enums import publish_enum
from libs.contracts.phone_number import PhoneNumber
from services.porting.domain import documents, letters
from services.porting.domain.documents import DocumentKind, UploadPurpose
from services.porting.domain.letters import LetterState

publish_enum(
    LetterState,
    description="Where a Letter of Authorization stands.",
    values={
        LetterState.DRAFT: "Filled in, not signed.",
        LetterState.SIGNED: "Signed.",
        LetterState.SUPERSEDED: "A newer letter, or a change of numbers, took its place.",
    },
)
publish_enum(
    DocumentKind,
    description="What a document is.",
    values={
        DocumentKind.INVOICE: "The losing carrier's latest invoice.",
        DocumentKind.CSR: "The losing carrier's Customer Service Record.",
        DocumentKind.ACCOUNT_SCREENSHOT: "A screenshot of the numbers in the present account.",
        DocumentKind.OWNERSHIP_EMAIL: "An e-mail that shows the ownership.",
        DocumentKind.RECEIPT: "A receipt for the numbers.",
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


@strawberry.type(description="Where the service is: the losing carrier compares it.")
class ServiceAddress:
    street: str = strawberry.field(description="Street and number.")
    city: str = strawberry.field(description="City.")
    state: str = strawberry.field(description="State or province, as the carrier writes it.")
    postal_code: str = strawberry.field(description="ZIP or postal code.")
    country: str = strawberry.field(description="Country.")


@strawberry.type(description="The Letter of Authorization: lets the losing carrier hand over.")
class Letter:
    id: strawberry.ID = strawberry.field(description="`ltr_…`.")
    state: LetterState = strawberry.field(description="Where it stands.")
    subscriber_name: str = strawberry.field(description="Exactly as on the carrier's account.")
    service_address: ServiceAddress = strawberry.field(description="Where the service is.")
    authorized_person: str = strawberry.field(description="Who may order the port.")
    losing_carrier: str = strawberry.field(description="Where the numbers leave.")
    account_number: str = strawberry.field(description="The account at the losing carrier.")
    billing_number: PhoneNumber = strawberry.field(description="The account's main number.")
    signer_name: str | None = strawberry.field(description="The signature.")
    signed_at: datetime | None = strawberry.field(description="When it was signed.")
    document_hash: str | None = strawberry.field(
        description="SHA-256 over the subscriber and every number: what the signature covers."
    )

    @classmethod
    def of(cls, letter: letters.Letter) -> Self:
        subscriber = letter.subscriber
        address = subscriber.service_address
        return cls(
            id=strawberry.ID(letter.id),
            state=letter.state,
            subscriber_name=subscriber.name,
            service_address=ServiceAddress(
                street=address.street,
                city=address.city,
                state=address.state,
                postal_code=address.postal_code,
                country=address.country,
            ),
            authorized_person=subscriber.authorized_person,
            losing_carrier=subscriber.losing_carrier,
            account_number=subscriber.account_number,
            billing_number=subscriber.billing_number,
            signer_name=letter.signer_name,
            signed_at=letter.signed_at,
            document_hash=letter.document_hash,
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
