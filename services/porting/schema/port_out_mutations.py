"""What can be done with port-outs; each mutation is one command."""

from datetime import date, datetime
from typing import Annotated

import strawberry

from libs.contracts.mutations import INPUT
from libs.contracts.phone_number import PhoneNumber
from services.porting.schema.commands import (
    OnPortOut,
    PortOutPayload,
    change_port_out,
    customer_or_support_of,
    member_of,
    support_of,
)
from services.porting.schema.context import PortingInfo
from services.porting.use_cases import (
    port_out_answers,
    port_out_checklists,
    port_out_disputes,
    port_outs,
)


@strawberry.input(description="A port-out that is acted on.")
class PortOutInput(OnPortOut):
    pass


@strawberry.input(description="The day on which the numbers leave.")
class SchedulePortOutInput(OnPortOut):
    firm_date: date = strawberry.field(description="In the gaining carrier's zone.")


@strawberry.input(description="Numbers that have left.")
class RecordPortedOutInput(OnPortOut):
    ported_out_at: datetime = strawberry.field(description="When they left.")
    tracking_numbers: list[PhoneNumber] | None = strawberry.field(
        default=None, description="Which of them; all that are still here where not said."
    )


@strawberry.input(description="One number of a port-out.")
class ConfirmGainingCarrierInput(OnPortOut):
    tracking_number: PhoneNumber = strawberry.field(description="The number.")


@strawberry.input(description="A test call to a number that has left.")
class RecordTestCallInput(OnPortOut):
    tracking_number: PhoneNumber = strawberry.field(description="The number that was called.")
    calling_number: PhoneNumber = strawberry.field(
        description="Called from here: outside the port-out and outside your inventory."
    )
    called_at: datetime = strawberry.field(description="When.")


@strawberry.input(description="Why a port-out is to be refused.")
class RejectPortOutInput(OnPortOut):
    code: str = strawberry.field(description="One of `portOutReasons`.")
    note: str | None = strawberry.field(
        default=None, description="What is wrong, in words; some reasons need it."
    )


@strawberry.input(description="A port-out, with what support says about it.")
class NotedPortOutInput(OnPortOut):
    note: str = strawberry.field(description="Why, in a sentence.")


@strawberry.input(description="A refusal that support finds true.")
class ConfirmPortOutRejectionInput(OnPortOut):
    note: str | None = strawberry.field(default=None, description="Why, in a sentence.")


@strawberry.input(description="A port-out that nobody of the account wanted.")
class DisputePortOutInput(OnPortOut):
    statement: str = strawberry.field(description="How you can show that you did not want it.")


@strawberry.input(description="Numbers that came back.")
class RecordPortOutReturnedInput(OnPortOut):
    returned_at: datetime = strawberry.field(description="When.")


@strawberry.type
class PortOutMutation:
    @strawberry.mutation(description="An administrator lets the numbers go.")
    async def authorize_port_out(
        self, info: PortingInfo, input: Annotated[PortOutInput, INPUT]
    ) -> PortOutPayload:
        member = member_of(info)
        return await change_port_out(
            info,
            "authorizePortOut",
            input,
            lambda connection: port_out_answers.authorize_port_out(
                connection, member, input.port_out_id
            ),
        )

    @strawberry.mutation(description="Support: the day of the port is known.")
    async def schedule_port_out(
        self, info: PortingInfo, input: Annotated[SchedulePortOutInput, INPUT]
    ) -> PortOutPayload:
        return await change_port_out(
            info,
            "schedulePortOut",
            input,
            lambda connection: port_outs.schedule_port_out(
                connection, info.context.caller, input.port_out_id, input.firm_date
            ),
        )

    @strawberry.mutation(description="Support: the numbers are with the gaining carrier.")
    async def record_ported_out(
        self, info: PortingInfo, input: Annotated[RecordPortedOutInput, INPUT]
    ) -> PortOutPayload:
        return await change_port_out(
            info,
            "recordPortedOut",
            input,
            lambda connection: port_outs.record_ported_out(
                connection,
                info.context.caller,
                input.port_out_id,
                input.ported_out_at,
                input.tracking_numbers,
            ),
        )

    @strawberry.mutation(
        description="The gaining carrier told you that the number works there; support records"
        " it for you."
    )
    async def confirm_gaining_carrier(
        self, info: PortingInfo, input: Annotated[ConfirmGainingCarrierInput, INPUT]
    ) -> PortOutPayload:
        caller = customer_or_support_of(info)
        return await change_port_out(
            info,
            "confirmGainingCarrier",
            input,
            lambda connection: port_out_checklists.confirm_gaining_carrier(
                connection, caller, input.port_out_id, input.tracking_number
            ),
        )

    @strawberry.mutation(
        description="You called the number, and it rang at the gaining carrier; support records"
        " it for you."
    )
    async def record_test_call(
        self, info: PortingInfo, input: Annotated[RecordTestCallInput, INPUT]
    ) -> PortOutPayload:
        caller = customer_or_support_of(info)
        return await change_port_out(
            info,
            "recordTestCall",
            input,
            lambda connection: port_out_checklists.record_test_call(
                connection,
                caller,
                input.port_out_id,
                input.tracking_number,
                calling_number=input.calling_number,
                called_at=input.called_at,
            ),
        )

    @strawberry.mutation(
        description="An administrator refuses for a lawful reason, until the answer-by time;"
        " support looks at it before the carrier is told."
    )
    async def reject_port_out(
        self, info: PortingInfo, input: Annotated[RejectPortOutInput, INPUT]
    ) -> PortOutPayload:
        member = member_of(info)
        return await change_port_out(
            info,
            "rejectPortOut",
            input,
            lambda connection: port_out_answers.reject_port_out(
                connection, member, input.port_out_id, input.code, input.note
            ),
        )

    @strawberry.mutation(description="Support: the reason holds, and the numbers stay.")
    async def confirm_port_out_rejection(
        self, info: PortingInfo, input: Annotated[ConfirmPortOutRejectionInput, INPUT]
    ) -> PortOutPayload:
        support = support_of(info)
        return await change_port_out(
            info,
            "confirmPortOutRejection",
            input,
            lambda connection: port_out_answers.confirm_rejection(
                connection, support, input.port_out_id, input.note
            ),
        )

    @strawberry.mutation(
        description="Support: the reason does not hold, and the numbers may leave."
    )
    async def overturn_port_out_rejection(
        self, info: PortingInfo, input: Annotated[NotedPortOutInput, INPUT]
    ) -> PortOutPayload:
        support = support_of(info)
        return await change_port_out(
            info,
            "overturnPortOutRejection",
            input,
            lambda connection: port_out_answers.overturn_rejection(
                connection, support, input.port_out_id, input.note
            ),
        )

    @strawberry.mutation(
        description="Support: the gaining carrier does not want the numbers any more; those"
        " that have left are not touched."
    )
    async def cancel_port_out(
        self, info: PortingInfo, input: Annotated[NotedPortOutInput, INPUT]
    ) -> PortOutPayload:
        support = support_of(info)
        return await change_port_out(
            info,
            "cancelPortOut",
            input,
            lambda connection: port_outs.cancel_port_out(
                connection, support, input.port_out_id, input.note
            ),
        )

    @strawberry.mutation(
        description="An administrator says within 24 hours after the port that nobody of theirs"
        " wanted it."
    )
    async def dispute_port_out(
        self, info: PortingInfo, input: Annotated[DisputePortOutInput, INPUT]
    ) -> PortOutPayload:
        member = member_of(info)
        return await change_port_out(
            info,
            "disputePortOut",
            input,
            lambda connection: port_out_disputes.dispute_port_out(
                connection, member, input.port_out_id, input.statement
            ),
        )

    @strawberry.mutation(
        description="Support: the customer did want it; the checklist goes on."
    )
    async def refuse_port_out_dispute(
        self, info: PortingInfo, input: Annotated[NotedPortOutInput, INPUT]
    ) -> PortOutPayload:
        support = support_of(info)
        return await change_port_out(
            info,
            "refusePortOutDispute",
            input,
            lambda connection: port_out_disputes.refuse_dispute(
                connection, support, input.port_out_id, input.note
            ),
        )

    @strawberry.mutation(
        description="Support: the numbers that had left are ours again; the others stay."
    )
    async def record_port_out_returned(
        self, info: PortingInfo, input: Annotated[RecordPortOutReturnedInput, INPUT]
    ) -> PortOutPayload:
        support = support_of(info)
        return await change_port_out(
            info,
            "recordPortOutReturned",
            input,
            lambda connection: port_out_disputes.record_returned(
                connection, support, input.port_out_id, input.returned_at
            ),
        )
