"""Carrier orders in the graph."""

from datetime import UTC, date, datetime
from typing import Self

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
from libs.contracts.phone_number import PhoneNumber
from services.porting.domain import carrier_orders
from services.porting.domain.judgements import FirmDateWarning, earliest_to_ask
from services.porting.schema.context import PortingInfo
from services.porting.schema.history import LineCount
from services.porting.schema.lines import Line
from services.porting.schema.loaders import load_order_line_pages
from services.porting.store.carrier_orders import LINES_OF_ORDERS

publish_enum(
    FirmDateWarning,
    description="What is unusual about a firm date.",
    values={
        FirmDateWarning.SOON: "It is less than 48 hours away: hardly anything can stop it.",
        FirmDateWarning.NOT_A_BUSINESS_DAY: "Our calendar has a weekend or holiday there.",
    },
)


@strawberry.type(
    description="The numbers of a request that one losing carrier can move together."
)
class CarrierOrder:
    id: strawberry.ID = strawberry.field(description="`ord_…`.")
    losing_carrier: str = strawberry.field(description="Where the numbers leave.")
    country: str = strawberry.field(description="`US`, `CA`, …: all its numbers are there.")
    is_toll_free: bool = strawberry.field(description="Whether all its numbers are toll-free.")
    losing_account: str = strawberry.field(
        description="The account with the losing carrier, as the letter has it."
    )
    billing_number: PhoneNumber | None = strawberry.field(
        description="The account's billing telephone number, where the letter has one; null "
        "where it is the number of a line that you do not see."
    )
    zone: str = strawberry.field(
        description="Where its dates are counted, such as `America/New_York`."
    )
    requested_firm_date: date | None = strawberry.field(
        description="The day that we ask the losing carrier for."
    )
    earliest_request_date: date | None = strawberry.field(
        description="The first day that can be asked for today; null once it is sent."
    )
    firm_date: date | None = strawberry.field(
        description="The day that it gave; the last one, once every number has one."
    )
    firm_date_warnings: list[FirmDateWarning] = strawberry.field(
        description="What is unusual about its firm date, while numbers have still to move."
    )
    sent_at: datetime | None = strawberry.field(
        description="When it was sent to the losing carrier."
    )
    carrier_reference: str | None = strawberry.field(
        description="What the losing carrier calls it."
    )
    line_counts: list[LineCount] = strawberry.field(description="Where its numbers stand.")

    @strawberry.field(description="Its numbers.")
    async def lines(
        self,
        info: PortingInfo,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Line]:
        page = page_of(LINES_OF_ORDERS, first=first, after=after, last=last, before=before)
        found = await info.context.loader(load_order_line_pages).load((self.id, page))

        async def count() -> int:
            return sum(counted.count for counted in self.line_counts)

        return connection_of(found.map(Line.of), count)

    @classmethod
    def of(cls, order: carrier_orders.CarrierOrder) -> Self:
        now = datetime.now(UTC)
        return cls(
            id=strawberry.ID(order.id),
            losing_carrier=order.key.losing_carrier,
            country=order.key.country,
            is_toll_free=order.key.is_toll_free,
            losing_account=order.key.losing_account,
            billing_number=order.key.billing_number,
            zone=order.carrier.zone,
            requested_firm_date=order.requested_firm_date,
            earliest_request_date=None
            if order.is_sent
            else earliest_to_ask(order.carrier, order.key.country, now),
            firm_date=order.firm_date,
            firm_date_warnings=list(order.firm_date_warnings(now)),
            sent_at=order.sent_at,
            carrier_reference=order.carrier_reference,
            line_counts=[
                LineCount(state=state, count=count)
                for state, count in sorted(order.line_counts.items())
            ],
        )
