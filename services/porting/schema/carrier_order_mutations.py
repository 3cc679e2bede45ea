"""What can be done with carrier orders, and the day that is asked for."""

from datetime import date
from typing import Annotated

import strawberry

from libs.contracts.mutations import INPUT
from libs.contracts.phone_number import PhoneNumber
from services.porting.schema.commands import OnPortRequest, PortRequestPayload, change_request
from services.porting.schema.context import PortingInfo
from services.porting.use_cases import carrier, carrier_orders, firm_dates


@strawberry.input(description="A new carrier order, of numbers that are not sent yet.")
class CreateCarrierOrderInput(OnPortRequest):
    tracking_numbers: list[PhoneNumber] = strawberry.field(
        description="Its numbers: of one country, either local or toll-free."
    )
    losing_carrier: str | None = strawberry.field(
        default=None, description="As the letter has it where absent."
    )
    losing_account: str | None = strawberry.field(
        default=None, description="The account number; as the letter has it where absent."
    )
    billing_number: PhoneNumber | None = strawberry.field(
        default=None, description="As the letter has it where absent."
    )


@strawberry.input(description="Numbers that go into another carrier order.")
class MoveLinesToCarrierOrderInput(OnPortRequest):
    carrier_order_id: strawberry.ID = strawberry.field(description="Where they go.")
    tracking_numbers: list[PhoneNumber] = strawberry.field(
        description="Numbers that are not sent yet."
    )


@strawberry.input(description="Carrier orders that become one.")
class MergeCarrierOrdersInput(OnPortRequest):
    carrier_order_id: strawberry.ID = strawberry.field(
        description="The one that stays, with its carrier and account."
    )
    from_carrier_order_ids: list[strawberry.ID] = strawberry.field(
        description="Those whose numbers it takes."
    )


@strawberry.input(description="Carrier orders that the losing carrier has from now on.")
class SendCarrierOrdersInput(OnPortRequest):
    carrier_order_ids: list[strawberry.ID] = strawberry.field(description="Which of them.")


@strawberry.input(description="What the losing carrier calls a carrier order.")
class RecordCarrierReferenceInput(OnPortRequest):
    carrier_order_id: strawberry.ID = strawberry.field(description="Which carrier order.")
    carrier_reference: str = strawberry.field(
        description="The carrier's reference; empty takes it away."
    )


@strawberry.input(description="The day that the losing carrier is asked for.")
class RequestFirmDateInput(OnPortRequest):
    firm_date: date = strawberry.field(
        description="A business day there, after its lead time, at most 30 days ahead."
    )
    carrier_order_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description="Of these carrier orders; of all unsent ones where absent."
    )


@strawberry.type
class CarrierOrderMutation:
    @strawberry.mutation(
        description="Support: puts unsent numbers into an order of their own."
    )
    async def create_carrier_order(
        self, info: PortingInfo, input: Annotated[CreateCarrierOrderInput, INPUT]
    ) -> PortRequestPayload:
        return await change_request(
            info,
            "createCarrierOrder",
            input,
            lambda connection: carrier_orders.create_carrier_order(
                connection,
                info.context.caller,
                input.port_request_id,
                input.tracking_numbers,
                losing_carrier=input.losing_carrier,
                losing_account=input.losing_account,
                billing_number=input.billing_number,
            ),
        )

    @strawberry.mutation(description="Support: puts unsent numbers into another unsent order.")
    async def move_lines_to_carrier_order(
        self, info: PortingInfo, input: Annotated[MoveLinesToCarrierOrderInput, INPUT]
    ) -> PortRequestPayload:
        return await change_request(
            info,
            "moveLinesToCarrierOrder",
            input,
            lambda connection: carrier_orders.move_lines(
                connection,
                info.context.caller,
                input.port_request_id,
                input.carrier_order_id,
                input.tracking_numbers,
            ),
        )

    @strawberry.mutation(description="Support: makes one of several unsent carrier orders.")
    async def merge_carrier_orders(
        self, info: PortingInfo, input: Annotated[MergeCarrierOrdersInput, INPUT]
    ) -> PortRequestPayload:
        return await change_request(
            info,
            "mergeCarrierOrders",
            input,
            lambda connection: carrier_orders.merge_carrier_orders(
                connection,
                info.context.caller,
                input.port_request_id,
                input.carrier_order_id,
                input.from_carrier_order_ids,
            ),
        )

    @strawberry.mutation(
        description="Support: the losing carrier has these orders; `sendToCarrier` sends all."
    )
    async def send_carrier_orders(
        self, info: PortingInfo, input: Annotated[SendCarrierOrdersInput, INPUT]
    ) -> PortRequestPayload:
        return await change_request(
            info,
            "sendCarrierOrders",
            input,
            lambda connection: carrier.send_to_carrier(
                connection,
                info.context.caller,
                input.port_request_id,
                input.carrier_order_ids,
            ),
        )

    @strawberry.mutation(description="Support: what the losing carrier calls a carrier order.")
    async def record_carrier_reference(
        self, info: PortingInfo, input: Annotated[RecordCarrierReferenceInput, INPUT]
    ) -> PortRequestPayload:
        return await change_request(
            info,
            "recordCarrierReference",
            input,
            lambda connection: carrier_orders.keep_carrier_reference(
                connection,
                info.context.caller,
                input.port_request_id,
                input.carrier_order_id,
                input.carrier_reference,
            ),
        )

    @strawberry.mutation(
        description="The day that you would like; the losing carrier may give another one."
    )
    async def request_firm_date(
        self, info: PortingInfo, input: Annotated[RequestFirmDateInput, INPUT]
    ) -> PortRequestPayload:
        return await change_request(
            info,
            "requestFirmDate",
            input,
            lambda connection: firm_dates.request_firm_date(
                connection,
                info.context.caller,
                input.port_request_id,
                input.firm_date,
                input.carrier_order_ids,
            ),
        )
