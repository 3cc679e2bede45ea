"""What can be done with a port request as a whole; each mutation is one command."""

from typing import Annotated

import strawberry

from libs.contracts.mutations import INPUT, KEY
from services.porting.schema.commands import (
    OnPortRequest,
    PortRequestPayload,
    change_request,
    member_of,
)
from services.porting.schema.context import PortingInfo
from services.porting.use_cases import drafts, submitting


@strawberry.input(description="A new port request.")
class CreatePortRequestInput:
    company_id: strawberry.ID = strawberry.field(description="The company it is made for.")
    name: str = strawberry.field(description="Its name, at most 120 characters.")
    idempotency_key: str | None = strawberry.field(default=None, description=KEY)


@strawberry.input(description="A port request that is acted on.")
class PortRequestInput(OnPortRequest):
    pass


@strawberry.input(description="A new name for a draft.")
class RenamePortRequestInput(OnPortRequest):
    name: str = strawberry.field(description="Its name, at most 120 characters.")


@strawberry.input(description="Another company for a draft.")
class ChangePortRequestCompanyInput(OnPortRequest):
    company_id: strawberry.ID = strawberry.field(description="One of your companies.")


@strawberry.input(description="An administrator's no.")
class DeclinePortRequestInput(OnPortRequest):
    reason: str = strawberry.field(
        description="Why, for whoever submitted it; at most 500 characters."
    )


@strawberry.type
class PortRequestMutation:
    @strawberry.mutation(description="Starts a draft in one of your companies.")
    async def create_port_request(
        self, info: PortingInfo, input: Annotated[CreatePortRequestInput, INPUT]
    ) -> PortRequestPayload:
        member = member_of(info)
        return await change_request(
            info,
            "createPortRequest",
            input,
            lambda connection: drafts.create_request(
                connection, member, company_id=input.company_id, name=input.name
            ),
        )

    @strawberry.mutation(description="Gives a draft another name.")
    async def rename_port_request(
        self, info: PortingInfo, input: Annotated[RenamePortRequestInput, INPUT]
    ) -> PortRequestPayload:
        return await change_request(
            info,
            "renamePortRequest",
            input,
            lambda connection: drafts.rename_request(
                connection, member_of(info), input.port_request_id, input.name
            ),
        )

    @strawberry.mutation(description="Makes a draft for another of your companies.")
    async def change_port_request_company(
        self, info: PortingInfo, input: Annotated[ChangePortRequestCompanyInput, INPUT]
    ) -> PortRequestPayload:
        return await change_request(
            info,
            "changePortRequestCompany",
            input,
            lambda connection: drafts.change_company(
                connection, member_of(info), input.port_request_id, input.company_id
            ),
        )

    @strawberry.mutation(
        description="Confirms: I have read each of `portingWarnings`, and will act on them."
    )
    async def acknowledge_warnings(
        self, info: PortingInfo, input: Annotated[PortRequestInput, INPUT]
    ) -> PortRequestPayload:
        member = member_of(info)
        return await change_request(
            info,
            "acknowledgeWarnings",
            input,
            lambda connection: drafts.acknowledge_warnings(
                connection, member, input.port_request_id
            ),
        )

    @strawberry.mutation(description="Submits it, or tells everything that is missing.")
    async def submit_port_request(
        self, info: PortingInfo, input: Annotated[PortRequestInput, INPUT]
    ) -> PortRequestPayload:
        member = member_of(info)
        return await change_request(
            info,
            "submitPortRequest",
            input,
            lambda connection: submitting.submit_request(
                connection, member, input.port_request_id
            ),
        )

    @strawberry.mutation(description="Authorizes what a colleague submitted.")
    async def authorize_port_request(
        self, info: PortingInfo, input: Annotated[PortRequestInput, INPUT]
    ) -> PortRequestPayload:
        member = member_of(info)
        return await change_request(
            info,
            "authorizePortRequest",
            input,
            lambda connection: submitting.authorize_request(
                connection, member, input.port_request_id
            ),
        )

    @strawberry.mutation(
        description="Declines what a colleague submitted: it is cancelled, its numbers are free."
    )
    async def decline_port_request(
        self, info: PortingInfo, input: Annotated[DeclinePortRequestInput, INPUT]
    ) -> PortRequestPayload:
        member = member_of(info)
        return await change_request(
            info,
            "declinePortRequest",
            input,
            lambda connection: submitting.decline_request(
                connection, member, input.port_request_id, input.reason
            ),
        )
