"""What goes between us and carriers, in the graph: the desk reads it, and tries again."""

from datetime import datetime
from typing import Annotated, Self

import strawberry

from libs.common.graphql.connections import (
    After,
    Before,
    Connection,
    First,
    Last,
    connection_of,
    page_of,
)
from libs.common.graphql.enums import publish_enum
from libs.contracts.graph import UserError, user_errors
from libs.contracts.mutations import ERRORS, INPUT, KEY
from libs.contracts.phone_number import PhoneNumber
from libs.contracts.refusals import Refusal, Refused
from services.porting.domain.carriers import MessageDirection, MessageRecord, MessageState
from services.porting.schema.commands import run_once
from services.porting.schema.context import PortingInfo
from services.porting.store import carrier_message_lists as store
from services.porting.use_cases.carrier_messages import try_again

publish_enum(
    MessageDirection,
    name="CarrierMessageDirection",
    description="Who spoke.",
    values={
        MessageDirection.TOLD: "We told the carrier.",
        MessageDirection.HEARD: "The carrier told us.",
    },
)
publish_enum(
    MessageState,
    name="CarrierMessageState",
    description="What became of a message.",
    values={
        MessageState.WAITING: "It is to be told, or worked, at its next attempt.",
        MessageState.SENT: "The carrier took it; we look until the order is over.",
        MessageState.DONE: "Nothing more will be done for it.",
        MessageState.BY_HAND: "A person of the port desk tells the carrier.",
        MessageState.APPLIED: "The request has changed by it.",
        MessageState.NOTED: "It changes nothing by its nature.",
        MessageState.IGNORED: "It came late, twice, or about an order that is not theirs.",
        MessageState.REFUSED: "It was refused; the reason is the code.",
        MessageState.DEAD: "Every attempt failed: a person must look at it.",
    },
)


@strawberry.type(description="A message between us and a carrier.")
class CarrierMessage:
    id: strawberry.ID = strawberry.field(description="`cms_…`.")
    direction: MessageDirection = strawberry.field(description="Who spoke.")
    kind: str = strawberry.field(
        description="Such as `ORDER` of what we tell, `FIRM_DATE` of what we hear."
    )
    carrier: str | None = strawberry.field(
        description="Whose adapter it is; null until it was taken up."
    )
    order_reference: str = strawberry.field(description="The order, as the carrier knows it.")
    order_version: int | None = strawberry.field(
        description="The version of the order that was told, or that it answers."
    )
    port_request_id: strawberry.ID | None = strawberry.field(
        description="The port request; null where nobody knows the order."
    )
    tracking_numbers: list[PhoneNumber] | None = strawberry.field(
        description="About these numbers; all of the order where null."
    )
    text: str | None = strawberry.field(
        description="What crossed the wire, a PIN left out; null until it did."
    )
    state: MessageState = strawberry.field(description="What became of it.")
    reason: str | None = strawberry.field(description="Why, in a word.")
    times: int = strawberry.field(description="How often the carrier said it.")
    attempts: int = strawberry.field(description="How often it was tried.")
    confirmed_at: datetime | None = strawberry.field(
        description="When the carrier showed that it works on it: a taken order is no promise."
    )
    recorded_at: datetime = strawberry.field(description="When it was recorded here.")
    next_attempt_at: datetime | None = strawberry.field(description="When it is due next.")

    @classmethod
    def of(cls, message: MessageRecord) -> Self:
        return cls(
            id=strawberry.ID(message.id),
            direction=message.direction,
            kind=message.kind,
            carrier=message.carrier,
            order_reference=message.reference,
            order_version=message.order_version,
            port_request_id=strawberry.ID(message.port_request_id)
            if message.port_request_id
            else None,
            tracking_numbers=None
            if message.numbers is None
            else [PhoneNumber(number) for number in message.numbers],
            text=message.raw,
            state=message.state,
            reason=message.reason,
            times=message.times,
            attempts=message.attempts,
            confirmed_at=message.confirmed_at,
            recorded_at=message.recorded_at,
            next_attempt_at=message.next_attempt_at,
        )


@strawberry.input(description="Which messages are wanted.")
class CarrierMessageFilter:
    port_request_id: strawberry.ID | None = strawberry.field(
        default=None, description="About one port request."
    )
    states: list[MessageState] | None = strawberry.field(
        default=None, description="In one of these states."
    )


@strawberry.type
class CarrierMessageQuery:
    @strawberry.field(description="Support: what went between us and carriers, newest first.")
    async def carrier_messages(
        self,
        info: PortingInfo,
        filter: Annotated[
            CarrierMessageFilter | None, strawberry.argument(description="Which of them.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[CarrierMessage] | None:
        page = page_of(store.MESSAGES, first=first, after=after, last=last, before=before)
        wanted = filter or CarrierMessageFilter()
        about = (wanted.port_request_id, wanted.states)
        async with info.context.database.reading(info.context.caller) as connection:
            found = await store.find_message_page(connection, *about, page)

        async def count() -> int:
            async with info.context.database.reading(info.context.caller) as connection:
                return await store.count_messages(connection, *about)

        return connection_of(found.map(CarrierMessage.of), count)


@strawberry.input(description="A message that was given up.")
class RetryCarrierMessageInput:
    carrier_message_id: strawberry.ID = strawberry.field(description="The message's id.")
    idempotency_key: str | None = strawberry.field(default=None, description=KEY)


@strawberry.type(description="What became of a command about a carrier's message.")
class CarrierMessagePayload:
    carrier_message: CarrierMessage | None = strawberry.field(
        description="The message after it; null where it was refused."
    )
    user_errors: list[UserError] = strawberry.field(description=ERRORS)


@strawberry.type
class CarrierMessageMutation:
    @strawberry.mutation(
        description="Support: try again what was given up; the carrier takes it once."
    )
    async def retry_carrier_message(
        self, info: PortingInfo, input: Annotated[RetryCarrierMessageInput, INPUT]
    ) -> CarrierMessagePayload:
        try:
            message_id = await run_once(
                info,
                "retryCarrierMessage",
                input,
                lambda connection: try_again(connection, input.carrier_message_id),
            )
        except (Refusal, Refused) as refused:
            return CarrierMessagePayload(
                carrier_message=None, user_errors=user_errors(refused)
            )
        async with info.context.database.reading(info.context.caller) as connection:
            message = await store.find_message(connection, message_id)
        return CarrierMessagePayload(
            carrier_message=CarrierMessage.of(message) if message else None, user_errors=[]
        )
