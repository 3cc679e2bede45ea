"""What can be done with documents."""

from enum import StrEnum
from typing import Annotated

import strawberry

from libs.common.database import Connection
from libs.common.graphql.enums import publish_enum
from libs.contracts.mutations import INPUT
from services.porting.domain.document_reviews import (
    DocumentFault,
    Marks,
    Review,
    ReviewState,
    Shown,
)
from services.porting.domain.documents import DocumentKind
from services.porting.schema.commands import (
    OnPortRequest,
    PortRequestPayload,
    change_request,
    customer_or_support_of,
    settle,
    support_of,
)
from services.porting.schema.context import PortingInfo
from services.porting.use_cases import document_reviews, documents


class DocumentDecision(StrEnum):
    ACCEPT = "ACCEPT"
    REFUSE = "REFUSE"


publish_enum(
    DocumentDecision,
    description="What the port desk decides about a document.",
    values={
        DocumentDecision.ACCEPT: "It will do.",
        DocumentDecision.REFUSE: "Another one is needed: the request waits for it.",
    },
)
_STATES = {
    DocumentDecision.ACCEPT: ReviewState.ACCEPTED,
    DocumentDecision.REFUSE: ReviewState.REFUSED,
}


@strawberry.input(
    description="A document that is added to a draft, or in place of what was refused."
)
class AttachDocumentInput(OnPortRequest):
    upload_id: strawberry.ID = strawberry.field(description="From `createUpload`.")
    kind: DocumentKind = strawberry.field(description="What it is.")


@strawberry.input(description="What the desk saw in a proof of ownership.")
class DocumentMarksInput:
    account_shown: Shown = strawberry.field(description="The account at the losing carrier.")
    address_shown: Shown = strawberry.field(description="The service address.")
    numbers_shown: Shown = strawberry.field(description="The request's numbers.")


@strawberry.input(description="The port desk's review of a document.")
class ReviewDocumentInput(OnPortRequest):
    document_id: strawberry.ID = strawberry.field(description="The document's id.")
    decision: DocumentDecision = strawberry.field(description="What was decided.")
    code: DocumentFault | None = strawberry.field(
        default=None, description="Why it is refused: needed where it is."
    )
    text: str | None = strawberry.field(
        default=None, description="A sentence of our own to the customer."
    )
    marks: DocumentMarksInput | None = strawberry.field(
        default=None, description="What it shows: needed for a proof of ownership."
    )


@strawberry.type
class DocumentMutation:
    @strawberry.mutation(
        description="Adds an uploaded document to a draft, or to a request that must be "
        "corrected."
    )
    async def attach_document(
        self, info: PortingInfo, input: Annotated[AttachDocumentInput, INPUT]
    ) -> PortRequestPayload:
        caller = customer_or_support_of(info)
        taken_in = await settle(
            input,
            lambda: info.context.room.document_intake.take_in(
                info.context.database,
                caller,
                request_id=input.port_request_id,
                upload_id=input.upload_id,
            ),
        )

        async def attach(connection: Connection) -> str:
            return await documents.attach_document(
                connection, caller, input.port_request_id, kind=input.kind, file=taken_in()
            )

        return await change_request(info, "attachDocument", input, attach)

    @strawberry.mutation(
        description="Accepts or refuses a document; a refusal asks the requester for another."
    )
    async def review_document(
        self, info: PortingInfo, input: Annotated[ReviewDocumentInput, INPUT]
    ) -> PortRequestPayload:
        support, marks = support_of(info), input.marks
        review = Review(
            state=_STATES[input.decision],
            refusal_code=input.code,
            refusal_text=" ".join((input.text or "").split()) or None,
            marks=Marks(
                account_shown=marks.account_shown,
                address_shown=marks.address_shown,
                numbers_shown=marks.numbers_shown,
            )
            if marks
            else None,
        )

        async def act(connection: Connection) -> str:
            return await document_reviews.review_document(
                connection, support, input.port_request_id, input.document_id, review
            )

        return await change_request(info, "reviewDocument", input, act)
