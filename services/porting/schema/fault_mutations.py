"""What support records of things that go wrong, and of the day of the port."""

from typing import Annotated

import strawberry

from libs.contracts.mutations import INPUT
from libs.contracts.phone_number import PhoneNumber
from services.porting.domain.lines import LineEvent
from services.porting.schema.commands import OnPortRequest, PortRequestPayload, change_request
from services.porting.schema.context import PortingInfo
from services.porting.use_cases import activating, faults

_NUMBERS = "Of these numbers; all that it is possible for where absent."
_CODE = "Ours, see `rejectionCodes`, or the carrier's own; an unknown one becomes OTHER."
_WORDS = "The carrier's own words, at most 1,000 characters."


@strawberry.input(description="Numbers of a request, or all.")
class NumbersOfRequestInput(OnPortRequest):
    tracking_numbers: list[PhoneNumber] | None = strawberry.field(
        default=None, description=_NUMBERS
    )


@strawberry.input(description="The losing carrier's refusal.")
class RecordRejectionInput(NumbersOfRequestInput):
    code: str = strawberry.field(description=_CODE)
    carrier_text: str | None = strawberry.field(default=None, description=_WORDS)


@strawberry.input(description="The losing carrier's objection in the registry.")
class RecordConflictInput(NumbersOfRequestInput):
    code: str = strawberry.field(default="SV_CONFLICT", description=_CODE)
    carrier_text: str | None = strawberry.field(default=None, description=_WORDS)


@strawberry.input(description="A move that did not happen.")
class RecordActivationFailureInput(NumbersOfRequestInput):
    code: str = strawberry.field(default="SV_FAILURE", description=_CODE)
    carrier_text: str | None = strawberry.field(default=None, description=_WORDS)


@strawberry.input(description="Numbers that can never move.")
class RecordNotPortableInput(NumbersOfRequestInput):
    code: str = strawberry.field(default="NOT_PORTABLE", description=_CODE)


@strawberry.input(description="Numbers that went back within a day of their port.")
class RecordSnapbackInput(NumbersOfRequestInput):
    reason: str | None = strawberry.field(default=None, description="Why they went back.")


@strawberry.type
class FaultMutation:
    @strawberry.mutation(description="Support: the losing carrier refused numbers.")
    async def record_rejection(
        self, info: PortingInfo, input: Annotated[RecordRejectionInput, INPUT]
    ) -> PortRequestPayload:
        return await _record(info, "recordRejection", input, LineEvent.REJECTED)

    @strawberry.mutation(description="Support: the losing carrier objects in the registry.")
    async def record_conflict(
        self, info: PortingInfo, input: Annotated[RecordConflictInput, INPUT]
    ) -> PortRequestPayload:
        return await _record(info, "recordConflict", input, LineEvent.CONFLICT_RAISED)

    @strawberry.mutation(description="Support: the registry did not take the change.")
    async def record_activation_failure(
        self, info: PortingInfo, input: Annotated[RecordActivationFailureInput, INPUT]
    ) -> PortRequestPayload:
        return await _record(
            info, "recordActivationFailure", input, LineEvent.ACTIVATION_FAILED
        )

    @strawberry.mutation(description="Support: numbers can never move; the rest goes on.")
    async def record_not_portable(
        self, info: PortingInfo, input: Annotated[RecordNotPortableInput, INPUT]
    ) -> PortRequestPayload:
        return await change_request(
            info,
            "recordNotPortable",
            input,
            lambda connection: faults.record_not_portable(
                connection,
                info.context.caller,
                input.port_request_id,
                code=input.code,
                numbers=input.tracking_numbers,
            ),
        )

    @strawberry.mutation(description="Support: approved numbers start to move.")
    async def start_activation(
        self, info: PortingInfo, input: Annotated[NumbersOfRequestInput, INPUT]
    ) -> PortRequestPayload:
        return await change_request(
            info,
            "startActivation",
            input,
            lambda connection: activating.start_activation(
                connection,
                info.context.caller,
                input.port_request_id,
                input.tracking_numbers,
            ),
        )

    @strawberry.mutation(
        description="Support: within 24 hours of their port numbers went back (snapback)."
    )
    async def record_snapback(
        self, info: PortingInfo, input: Annotated[RecordSnapbackInput, INPUT]
    ) -> PortRequestPayload:
        return await change_request(
            info,
            "recordSnapback",
            input,
            lambda connection: activating.record_snapback(
                connection,
                info.context.caller,
                input.port_request_id,
                input.tracking_numbers,
                input.reason,
            ),
        )


async def _record(
    info: PortingInfo,
    mutation: str,
    given: RecordRejectionInput | RecordConflictInput | RecordActivationFailureInput,
    event: LineEvent,
) -> PortRequestPayload:
    return await change_request(
        info,
        mutation,
        given,
        lambda connection: faults.record_fault(
            connection,
            info.context.caller,
            given.port_request_id,
            event,
            code=given.code,
            carrier_text=given.carrier_text,
            numbers=given.tracking_numbers,
        ),
    )
