"""Putting a stopped request right, and cancelling one."""

from typing import Annotated

import strawberry

from libs.contracts.mutations import INPUT
from libs.contracts.phone_number import PhoneNumber
from services.porting.schema.commands import OnPortRequest, PortRequestPayload, change_request
from services.porting.schema.context import PortingInfo
from services.porting.use_cases import cancelling, resubmitting

_REASON = "Why, at most 500 characters."


@strawberry.input(description="What was corrected of one number.")
class LineCorrectionInput:
    tracking_number: PhoneNumber = strawberry.field(description="The number.")
    note: str = strawberry.field(
        description="What was corrected, in a few words, at most 500 characters."
    )
    forwarding_number: PhoneNumber | None = strawberry.field(
        default=None, description="Where it rings instead, as long as no carrier has it."
    )


@strawberry.input(description="Faulty numbers that are put right.")
class CorrectLinesInput(OnPortRequest):
    corrections: list[LineCorrectionInput] = strawberry.field(
        description="One for each number."
    )


@strawberry.input(description="Numbers that are taken out of a request.")
class DropLinesInput(OnPortRequest):
    tracking_numbers: list[PhoneNumber] = strawberry.field(description="These numbers.")
    reason: str | None = strawberry.field(default=None, description=_REASON)


@strawberry.input(description="What was put right, to be sent again.")
class ResubmitPortRequestInput(OnPortRequest):
    tracking_numbers: list[PhoneNumber] | None = strawberry.field(
        default=None,
        description="Only these, where a carrier has the request; all faulty ones where absent.",
    )


@strawberry.input(
    description="A request, or some of its numbers, that is not wanted any more."
)
class CancelPortRequestInput(OnPortRequest):
    reason: str | None = strawberry.field(default=None, description=_REASON)
    tracking_numbers: list[PhoneNumber] | None = strawberry.field(
        default=None,
        description="Only these, of a request that a carrier has: the others go on. The whole "
        "request where absent; before a carrier has it, `dropLines` takes numbers out.",
    )


@strawberry.input(description="The losing carrier's answer to the wish to cancel.")
class RecordCancellationInput(OnPortRequest):
    is_confirmed: bool = strawberry.field(
        description="True where nothing moves; false where the carrier goes on."
    )
    tracking_numbers: list[PhoneNumber] | None = strawberry.field(
        default=None, description="Of these numbers; all that were asked for where absent."
    )
    reason: str | None = strawberry.field(default=None, description=_REASON)


@strawberry.type
class CorrectionMutation:
    @strawberry.mutation(description="Says what was corrected of faulty numbers.")
    async def correct_lines(
        self, info: PortingInfo, input: Annotated[CorrectLinesInput, INPUT]
    ) -> PortRequestPayload:
        corrections = [
            resubmitting.Correction(
                number=each.tracking_number,
                note=each.note,
                forwarding_number=each.forwarding_number,
            )
            for each in input.corrections
        ]
        return await change_request(
            info,
            "correctLines",
            input,
            lambda connection: resubmitting.correct_lines(
                connection, info.context.caller, input.port_request_id, corrections
            ),
        )

    @strawberry.mutation(
        description="Takes out numbers that are faulty, or that no carrier has yet; all or none."
    )
    async def drop_lines(
        self, info: PortingInfo, input: Annotated[DropLinesInput, INPUT]
    ) -> PortRequestPayload:
        return await change_request(
            info,
            "dropLines",
            input,
            lambda connection: resubmitting.drop_lines(
                connection,
                info.context.caller,
                input.port_request_id,
                input.tracking_numbers,
                input.reason,
            ),
        )

    @strawberry.mutation(
        description="Sends again what was put right, or tells everything that is not."
    )
    async def resubmit_port_request(
        self, info: PortingInfo, input: Annotated[ResubmitPortRequestInput, INPUT]
    ) -> PortRequestPayload:
        return await change_request(
            info,
            "resubmitPortRequest",
            input,
            lambda connection: resubmitting.resubmit_request(
                connection,
                info.context.caller,
                input.port_request_id,
                input.tracking_numbers,
            ),
        )

    @strawberry.mutation(
        description="Cancels what has not moved: at once, or once the losing carrier agrees."
    )
    async def cancel_port_request(
        self, info: PortingInfo, input: Annotated[CancelPortRequestInput, INPUT]
    ) -> PortRequestPayload:
        return await change_request(
            info,
            "cancelPortRequest",
            input,
            lambda connection: cancelling.cancel_request(
                connection,
                info.context.caller,
                input.port_request_id,
                input.reason,
                input.tracking_numbers,
            ),
        )

    @strawberry.mutation(description="Support: the carrier's answer to the cancelling.")
    async def record_cancellation(
        self, info: PortingInfo, input: Annotated[RecordCancellationInput, INPUT]
    ) -> PortRequestPayload:
        return await change_request(
            info,
            "recordCancellation",
            input,
            lambda connection: cancelling.record_cancellation(
                connection,
                info.context.caller,
                input.port_request_id,
                input.tracking_numbers,
                is_confirmed=input.is_confirmed,
                reason=input.reason,
            ),
        )
