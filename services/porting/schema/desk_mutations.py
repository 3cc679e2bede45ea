"""What the port desk does with a request as a whole: who works on it."""

from typing import Annotated

import strawberry

from libs.common.caller import Support
from libs.common.graphql.errors import Forbidden
from libs.contracts.mutations import INPUT
from services.porting.schema.commands import OnPortRequest, PortRequestPayload, change_request
from services.porting.schema.context import PortingInfo
from services.porting.use_cases import claiming

_TAKE_OVER = "Also where somebody else of the desk has it."


@strawberry.input(description="A request that you work on from now on.")
class ClaimPortRequestInput(OnPortRequest):
    take_over: bool = strawberry.field(default=False, description=_TAKE_OVER)


@strawberry.input(description="A request that somebody else may work on.")
class ReleasePortRequestInput(OnPortRequest):
    take_over: bool = strawberry.field(default=False, description=_TAKE_OVER)


@strawberry.type
class DeskMutation:
    @strawberry.mutation(
        description="Support: you work on it; refused where somebody else does already."
    )
    async def claim_port_request(
        self, info: PortingInfo, input: Annotated[ClaimPortRequestInput, INPUT]
    ) -> PortRequestPayload:
        support = _support_of(info)
        return await change_request(
            info,
            "claimPortRequest",
            input,
            lambda connection: claiming.claim_request(
                connection, support, input.port_request_id, take_over=input.take_over
            ),
        )

    @strawberry.mutation(description="Support: nobody works on it now.")
    async def release_port_request(
        self, info: PortingInfo, input: Annotated[ReleasePortRequestInput, INPUT]
    ) -> PortRequestPayload:
        support = _support_of(info)
        return await change_request(
            info,
            "releasePortRequest",
            input,
            lambda connection: claiming.release_request(
                connection, support, input.port_request_id, take_over=input.take_over
            ),
        )


def _support_of(info: PortingInfo) -> Support:
    """The caller of a field that only support may ask for."""
    caller = info.context.caller
    if not isinstance(caller, Support):
        raise Forbidden
    return caller
