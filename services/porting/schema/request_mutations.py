"""What can be done with a port request as a whole; each mutation is one command."""

from typing import Annotated

import strawberry

from services.porting.schema.commands import (
    INPUT,
    KEY,
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

    @strawberry.mutation(
        description="Confirms: I keep the old service until the port is complete."
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
