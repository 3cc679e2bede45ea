"""What can be done with the lines of a draft."""

from typing import Annotated

import strawberry

from libs.common.database import Connection
from services.porting.schema.commands import (
    INPUT,
    OnPortRequest,
    PortRequestPayload,
    change_request,
    member_of,
    settle,
)
from services.porting.schema.context import PortingInfo
from services.porting.use_cases import importing


@strawberry.input(description="A number list that takes the place of the draft's numbers.")
class ImportLinesInput(OnPortRequest):
    upload_id: strawberry.ID = strawberry.field(description="From `createUpload`.")


@strawberry.type
class LineMutation:
    @strawberry.mutation(
        description="Reads an uploaded CSV or XLSX file; a refused one changes nothing."
    )
    async def import_lines(
        self, info: PortingInfo, input: Annotated[ImportLinesInput, INPUT]
    ) -> PortRequestPayload:
        member, room = member_of(info), info.context.room
        read = await settle(
            importing.read_upload(
                info.context.database,
                room.files,
                room.children,
                room.intake_limits,
                member,
                request_id=input.port_request_id,
                upload_id=input.upload_id,
            )
        )

        async def accept(connection: Connection) -> str:
            return await importing.accept_lines(
                connection, member, input.port_request_id, read()
            )

        return await change_request(info, "importLines", input, accept)
