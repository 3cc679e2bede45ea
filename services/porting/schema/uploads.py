"""Uploads in the graph: a promise of bytes, and the link to send them to."""

from datetime import datetime
from typing import Annotated

import strawberry

from libs.contracts.graph import UserError, user_errors
from libs.contracts.mutations import INPUT, KEY
from libs.contracts.refusals import Refusal, Refused
from services.porting.domain.documents import UploadPurpose
from services.porting.schema.commands import customer_or_support_of, run_once
from services.porting.schema.context import PortingInfo
from services.porting.use_cases import uploads


@strawberry.input(description="A file that is about to be uploaded.")
class CreateUploadInput:
    purpose: UploadPurpose = strawberry.field(description="What it is for.")
    filename: str = strawberry.field(description="Its name, without folders.")
    content_type: str = strawberry.field(
        description="Its media type, sent again with the PUT."
    )
    byte_size: int = strawberry.field(description="Its size in bytes, at most 10 MB.")
    sha256: str = strawberry.field(description="Its SHA-256, in hexadecimal.")
    port_request_id: strawberry.ID | None = strawberry.field(
        default=None, description="Support: the port request that it is for."
    )
    idempotency_key: str | None = strawberry.field(default=None, description=KEY)


@strawberry.type(description="A header that the upload must carry.")
class UploadHeader:
    name: str = strawberry.field(description="The header's name.")
    value: str = strawberry.field(description="The header's value.")


@strawberry.type(description="Where and how to send the file's bytes.")
class Upload:
    id: strawberry.ID = strawberry.field(description="For `importLines` and `attachDocument`.")
    url: str = strawberry.field(description="Whoever has it can upload this one file.")
    method: str = strawberry.field(description="The HTTP method.")
    headers: list[UploadHeader] = strawberry.field(description="Headers to send.")
    expires_at: datetime = strawberry.field(description="Until when the link holds.")


@strawberry.type(description="What became of `createUpload`.")
class UploadPayload:
    upload: Upload | None = strawberry.field(description="Null where it was refused.")
    user_errors: list[UserError] = strawberry.field(description="Every fault at once.")


@strawberry.type
class UploadMutation:
    @strawberry.mutation(description="Asks for a link to upload one file to.")
    async def create_upload(
        self, info: PortingInfo, input: Annotated[CreateUploadInput, INPUT]
    ) -> UploadPayload:
        caller = customer_or_support_of(info)
        try:
            upload_id = await run_once(
                info,
                "createUpload",
                input,
                lambda connection: uploads.create_upload(
                    connection,
                    caller,
                    request_id=input.port_request_id,
                    purpose=input.purpose,
                    filename=input.filename,
                    content_type=input.content_type,
                    byte_size=input.byte_size,
                    sha256=input.sha256,
                ),
            )
        except (Refusal, Refused) as refused:
            return UploadPayload(upload=None, user_errors=user_errors(refused))
        async with info.context.database.reading(caller) as connection:
            upload = await uploads.find_promised_upload(connection, caller, upload_id)
        answer = Upload(
            id=strawberry.ID(upload.id),
            url=info.context.room.upload_links.make(upload.id, upload.expires_at),
            method="PUT",
            headers=[UploadHeader(name="content-type", value=upload.content_type)],
            expires_at=upload.expires_at,
        )
        return UploadPayload(upload=answer, user_errors=[])
