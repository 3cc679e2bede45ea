"""When numbers cost their fee, in the graph."""

from datetime import datetime
from typing import Self

import strawberry

from libs.common.graphql.connections import Connection
from libs.contracts.phone_number import PhoneNumber
from services.numbers.domain import billing_periods
from services.numbers.domain.billing_periods import BillingPeriod
from services.numbers.domain.tracking_numbers import TrackingNumber
from services.numbers.schema.context import NumbersContext
from services.numbers.store.billing_periods import find_periods


@strawberry.type(
    name="BillingPeriod", description="A time in which a number cost its fee, or does."
)
class NumberBillingPeriod:
    started_at: datetime = strawberry.field(
        description="The instant of the port, or when the number came back."
    )
    ended_at: datetime | None = strawberry.field(
        description="The first instant that is not charged any more; null while it runs."
    )

    @classmethod
    def of(cls, period: BillingPeriod) -> Self:
        return cls(started_at=period.started_at, ended_at=period.ended_at)


@strawberry.type(description="A part of the month in which a number cost its fee.")
class BillablePart:
    from_: datetime = strawberry.field(
        name="from", description="The first instant that is charged."
    )
    until: datetime = strawberry.field(description="The first instant that is not.")


@strawberry.type(description="What an invoice has to say about one number and one month.")
class BillableNumber:
    number_id: strawberry.ID = strawberry.field(description="`num_…`.")
    company_id: strawberry.ID = strawberry.field(
        description="`co_…`: the company that has it now."
    )
    phone_number: PhoneNumber = strawberry.field(description="The number, as E.164.")
    name: str = strawberry.field(description="The name that the customer gave it.")
    from_: datetime = strawberry.field(
        name="from", description="The first instant of the month that is charged."
    )
    until: datetime = strawberry.field(
        description="The end of the last part that is charged; the month's end at the latest."
    )
    days: int = strawberry.field(
        description="Days of the month, from midnight to midnight in UTC, on any part of which "
        "the number was charged; each day counts once."
    )
    parts: list[BillablePart] = strawberry.field(
        description="All parts that are charged, in order; several where it came back."
    )

    @classmethod
    def of(cls, billed: billing_periods.BillableNumber, number: TrackingNumber) -> Self:
        return cls(
            number_id=strawberry.ID(number.id),
            company_id=strawberry.ID(number.company_id),
            phone_number=number.phone_number,
            name=number.name,
            from_=billed.parts[0].started_at,
            until=billed.parts[-1].ended_at,
            days=billed.day_count,
            parts=[
                BillablePart(from_=part.started_at, until=part.ended_at)
                for part in billed.parts
            ],
        )


@strawberry.type(description="A month of an account: what its numbers cost fees for.")
class BillableMonth:
    month: str = strawberry.field(description="As it was asked for: `2026-03`.")
    from_: datetime = strawberry.field(
        name="from", description="The first instant of the month, in UTC."
    )
    until: datetime = strawberry.field(
        description="The first instant of the next month, or now where the month still runs."
    )
    number_count: int = strawberry.field(description="How many numbers were charged.")
    day_count: int = strawberry.field(description="The sum of their `days`.")
    numbers: Connection[BillableNumber] = strawberry.field(
        description="Each number that was charged, the longest in inventory first."
    )


async def load_periods(
    context: NumbersContext, numbers: list[TrackingNumber]
) -> list[list[BillingPeriod]]:
    """The history of each, the oldest first."""
    async with context.database.reading(context.caller) as connection:
        found = await find_periods(connection, numbers)
    return [found.get(number.id, []) for number in numbers]
