"""What can be done with documents."""

from typing import Annotated

import strawberry

from libs.common.database import Connection
from services.porting.domain.documents import DocumentKind
from services.porting.schema.commands import (
    INPUT,
    OnPortRequest,
    PortRequestPayload,
    change_request,
    member_of,
    settle,
)
from services.porting.schema.context import PortingInfo
from services.porting.use_cases import documents, importing


@strawberry.input(description="A document that is added to a draft.")
class AttachDocumentInput(OnPortRequest):
    upload_id: strawberry.ID = strawberry.field(description="From `createUpload`.")
    kind: DocumentKind = strawberry.field(description="What it is.")


@strawberry.type
class DocumentMutation:
    @strawberry.mutation(description="Adds an uploaded document to a draft.")
    async def attach_document(
        self, info: PortingInfo, input: Annotated[AttachDocumentInput, INPUT]
    ) -> PortRequestPayload:
        member = member_of(info)
        read = await settle(
            importing.read_document(
                info.context.database,
                info.context.room.files,
                member,
                request_id=input.port_request_id,
                upload_id=input.upload_id,
            )
        )

        async def attach(connection: Connection) -> str:
            return await documents.attach_document(
                connection, member, input.port_request_id, kind=input.kind, upload=read()
            )

        return await change_request(info, "attachDocument", input, attach)
