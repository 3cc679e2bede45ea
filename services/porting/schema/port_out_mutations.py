"""What can be done with port-outs; each mutation is one command."""

from datetime import date, datetime
from typing import Annotated

import strawberry

from libs.contracts.phone_number import PhoneNumber
from services.porting.schema.commands import (
    INPUT,
    OnPortOut,
    PortOutPayload,
    change_port_out,
    member_of,
)
from services.porting.schema.context import PortingInfo
from services.porting.use_cases import port_out_checklists, port_outs


@strawberry.input(description="A port-out that is acted on.")
class PortOutInput(OnPortOut):
    pass


@strawberry.input(description="The day on which the numbers leave.")
class SchedulePortOutInput(OnPortOut):
    firm_date: date = strawberry.field(description="In the gaining carrier's zone.")


@strawberry.input(description="Numbers that have left.")
class RecordPortedOutInput(OnPortOut):
    ported_out_at: datetime = strawberry.field(description="When they left.")


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
            lambda connection: port_outs.authorize_port_out(
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
                connection, info.context.caller, input.port_out_id, input.ported_out_at
            ),
        )

    @strawberry.mutation(
        description="The gaining carrier told you that the number works there."
    )
    async def confirm_gaining_carrier(
        self, info: PortingInfo, input: Annotated[ConfirmGainingCarrierInput, INPUT]
    ) -> PortOutPayload:
        member = member_of(info)
        return await change_port_out(
            info,
            "confirmGainingCarrier",
            input,
            lambda connection: port_out_checklists.confirm_gaining_carrier(
                connection, member, input.port_out_id, input.tracking_number
            ),
        )

    @strawberry.mutation(
        description="You called the number, and it rang at the gaining carrier."
    )
    async def record_test_call(
        self, info: PortingInfo, input: Annotated[RecordTestCallInput, INPUT]
    ) -> PortOutPayload:
        member = member_of(info)
        return await change_port_out(
            info,
            "recordTestCall",
            input,
            lambda connection: port_out_checklists.record_test_call(
                connection,
                member,
                input.port_out_id,
                input.tracking_number,
                calling_number=input.calling_number,
                called_at=input.called_at,
            ),
        )
