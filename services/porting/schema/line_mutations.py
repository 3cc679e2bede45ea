"""What can be done with the lines of a draft."""

from dataclasses import replace
from typing import Annotated

import strawberry

from libs.common.database import Connection
from libs.contracts.mutations import INPUT
from services.porting.domain.line_rules import LineTexts
from services.porting.schema.commands import (
    OnPortRequest,
    PortRequestPayload,
    change_request,
    member_of,
    settle,
)
from services.porting.schema.context import PortingInfo
from services.porting.schema.letter_inputs import mark_pin
from services.porting.use_cases import draft_lines, importing


@strawberry.input(description="A number list that takes the place of the draft's numbers.")
class ImportLinesInput(OnPortRequest):
    upload_id: strawberry.ID = strawberry.field(description="From `createUpload`.")


_PHONE_NUMBER = "The number that ports, in any writing."
_FORWARDING_NUMBER = "Where it will ring, in any writing."
_NAME = "The tracking number's name, at most 200 characters."
_SOURCE = "What the tracking number measures, at most 200 characters."
_COMPANY_ID = "The company that will have it."
_ACCOUNT_NUMBER = "The losing carrier's account that it is on."
_PIN = "`NO PIN REQUIRED` or `N/A`, or the account's transfer PIN."
_BILLING_NUMBER = "That account's billing telephone number, in any writing."


@strawberry.input(description="A number that is added to a draft.")
class AddLineInput(OnPortRequest):
    phone_number: str = strawberry.field(description=_PHONE_NUMBER)
    forwarding_number: str = strawberry.field(description=_FORWARDING_NUMBER)
    name: str = strawberry.field(description=_NAME)
    source: str = strawberry.field(description=_SOURCE)
    company_id: strawberry.ID = strawberry.field(description=_COMPANY_ID)
    account_number: str | None = strawberry.field(default=None, description=_ACCOUNT_NUMBER)
    pin: str | None = strawberry.field(default=None, description=_PIN)
    billing_number: str | None = strawberry.field(default=None, description=_BILLING_NUMBER)


@strawberry.input(description="What changes of a draft's line; what is left away stays.")
class CorrectLineInput(OnPortRequest):
    line_id: strawberry.ID = strawberry.field(description="The line.")
    phone_number: str | None = strawberry.field(default=None, description=_PHONE_NUMBER)
    forwarding_number: str | None = strawberry.field(
        default=None, description=_FORWARDING_NUMBER
    )
    name: str | None = strawberry.field(default=None, description=_NAME)
    source: str | None = strawberry.field(default=None, description=_SOURCE)
    company_id: strawberry.ID | None = strawberry.field(default=None, description=_COMPANY_ID)
    account_number: str | None = strawberry.field(default=None, description=_ACCOUNT_NUMBER)
    pin: str | None = strawberry.field(default=None, description=_PIN)
    billing_number: str | None = strawberry.field(default=None, description=_BILLING_NUMBER)


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
            input,
            lambda: importing.read_upload(
                info.context.database,
                room.files,
                room.children,
                room.intake_limits,
                member,
                request_id=input.port_request_id,
                upload_id=input.upload_id,
            ),
        )

        async def accept(connection: Connection) -> str:
            return await importing.accept_lines(
                connection, member, room.vault, input.port_request_id, read()
            )

        return await change_request(info, "importLines", input, accept)

    @strawberry.mutation(description="Adds one number to a draft.")
    async def add_line(
        self, info: PortingInfo, input: Annotated[AddLineInput, INPUT]
    ) -> PortRequestPayload:
        member, room = member_of(info), info.context.room
        texts = LineTexts(**_texts_of(input))
        return await change_request(
            info,
            "addLine",
            replace(input, pin=mark_pin(room.vault, input.pin)),
            lambda connection: draft_lines.add_line(
                connection,
                member,
                room.intake_limits,
                room.vault,
                input.port_request_id,
                texts,
            ),
        )

    @strawberry.mutation(description="Corrects one line of a draft.")
    async def correct_line(
        self, info: PortingInfo, input: Annotated[CorrectLineInput, INPUT]
    ) -> PortRequestPayload:
        member, room = member_of(info), info.context.room
        return await change_request(
            info,
            "correctLine",
            replace(input, pin=mark_pin(room.vault, input.pin)),
            lambda connection: draft_lines.correct_line(
                connection,
                member,
                room.intake_limits,
                room.vault,
                input.port_request_id,
                input.line_id,
                _texts_of(input),
            ),
        )


def _texts_of(input: AddLineInput | CorrectLineInput) -> dict[str, str]:
    """Those that were given, by the fields' names in the domain."""
    given = {
        "tracking_number": input.phone_number,
        "forwarding_number": input.forwarding_number,
        "name": input.name,
        "source": input.source,
        "company": input.company_id,
        "account_number": input.account_number,
        "pin": input.pin,
        "billing_number": input.billing_number,
    }
    return {field: text for field, text in given.items() if text is not None}
