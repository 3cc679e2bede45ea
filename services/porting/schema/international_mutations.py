"""What support does for an account whose numbers self-service does not take."""

from typing import Annotated

import strawberry

from libs.contracts.mutations import INPUT, KEY
from libs.contracts.phone_number import PhoneNumber
from services.porting.schema.commands import PortRequestPayload, change_request, support_of
from services.porting.schema.context import PortingInfo
from services.porting.schema.countries import Country
from services.porting.use_cases import international
from services.porting.use_cases.international import LineWish


@strawberry.input(description="A number that support writes down for a customer.")
class NewLineInput:
    tracking_number: PhoneNumber = strawberry.field(description="The number that ports.")
    forwarding_number: PhoneNumber = strawberry.field(description="Where it will ring.")
    name: str = strawberry.field(description="The tracking number's name.")
    source: str = strawberry.field(description="What the tracking number measures.")


@strawberry.input(description="A port request that support makes for an account.")
class CreatePortRequestForInput:
    account_id: strawberry.ID = strawberry.field(description="The account.")
    company_id: strawberry.ID = strawberry.field(description="The company it is made for.")
    country: Country = strawberry.field(description="Every number is of this country.")
    name: str = strawberry.field(description="Its name, at most 120 characters.")
    lines: list[NewLineInput] = strawberry.field(description="At most 1,000 numbers.")
    requester_id: strawberry.ID | None = strawberry.field(
        default=None,
        description="The member who asked for it; else the account's first administrator.",
    )
    idempotency_key: str | None = strawberry.field(default=None, description=KEY)


@strawberry.type
class InternationalMutation:
    @strawberry.mutation(
        description="Support: makes a draft that the account's people complete and submit."
    )
    async def create_port_request_for(
        self, info: PortingInfo, input: Annotated[CreatePortRequestForInput, INPUT]
    ) -> PortRequestPayload:
        caller = support_of(info)
        wishes = [
            LineWish(
                tracking_number=line.tracking_number,
                forwarding_number=line.forwarding_number,
                name=line.name,
                source=line.source,
            )
            for line in input.lines
        ]
        return await change_request(
            info,
            "createPortRequestFor",
            input,
            lambda connection: international.create_request_for(
                connection,
                caller,
                account_id=input.account_id,
                company_id=input.company_id,
                requester_id=input.requester_id,
                country=input.country,
                name=input.name,
                wishes=wishes,
            ),
        )
