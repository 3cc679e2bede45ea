"""What support records of the losing carrier's side."""

from datetime import date, datetime
from typing import Annotated

import strawberry

from libs.contracts.mutations import INPUT
from libs.contracts.phone_number import PhoneNumber
from services.porting.schema.commands import OnPortRequest, PortRequestPayload, change_request
from services.porting.schema.context import PortingInfo
from services.porting.schema.request_mutations import PortRequestInput
from services.porting.use_cases import carrier


@strawberry.input(description="The losing carrier's firm date.")
class RecordFirmDateInput(OnPortRequest):
    firm_date: date = strawberry.field(description="In the losing carrier's zone.")
    tracking_numbers: list[PhoneNumber] | None = strawberry.field(
        default=None, description="Of these numbers; all where absent."
    )
    override_reason: str | None = strawberry.field(
        default=None,
        description="Why the day is right although our calendar has a weekend or holiday there.",
    )


@strawberry.input(description="Numbers that have ported.")
class RecordPortedInput(OnPortRequest):
    ported_at: datetime = strawberry.field(description="When, by the carrier's word.")
    tracking_numbers: list[PhoneNumber] | None = strawberry.field(
        default=None, description="These numbers; all where absent."
    )


@strawberry.type
class CarrierMutation:
    @strawberry.mutation(description="Support: the losing carrier has it from now on.")
    async def send_to_carrier(
        self, info: PortingInfo, input: Annotated[PortRequestInput, INPUT]
    ) -> PortRequestPayload:
        return await change_request(
            info,
            "sendToCarrier",
            input,
            lambda connection: carrier.send_to_carrier(
                connection,
                info.context.caller,
                input.port_request_id,
            ),
        )

    @strawberry.mutation(description="Support: the losing carrier gave a firm date.")
    async def record_firm_date(
        self, info: PortingInfo, input: Annotated[RecordFirmDateInput, INPUT]
    ) -> PortRequestPayload:
        return await change_request(
            info,
            "recordFirmDate",
            input,
            lambda connection: carrier.record_firm_date(
                connection,
                info.context.caller,
                input.port_request_id,
                input.firm_date,
                input.tracking_numbers,
                input.override_reason,
            ),
        )

    @strawberry.mutation(description="Support: the losing carrier says that numbers ported.")
    async def record_ported(
        self, info: PortingInfo, input: Annotated[RecordPortedInput, INPUT]
    ) -> PortRequestPayload:
        return await change_request(
            info,
            "recordPorted",
            input,
            lambda connection: carrier.record_ported(
                connection,
                info.context.caller,
                input.port_request_id,
                input.ported_at,
                input.tracking_numbers,
            ),
        )
