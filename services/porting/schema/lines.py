"""Lines in the graph."""

from datetime import date, datetime
from typing import Any, Final, Self

import strawberry

from libs.common.caller import Member, Support
from libs.contracts.phone_number import PhoneNumber
from services.porting.domain.documents import Part
from services.porting.schema.context import PortingInfo
from services.porting.schema.elsewhere import Company, TrackingNumber
from services.porting.schema.faults import Fault
from services.porting.schema.loaders import load_faults_of_lines
from services.porting.schema.statuses import LineState
from services.porting.store import lines as line_store


@strawberry.type(description="One number inside a port request: the unit that ports.")
class Line:
    id: strawberry.ID = strawberry.field(description="`ln_…`.")
    phone_number: PhoneNumber = strawberry.field(
        description="The number that ports, in E.164."
    )
    national_format: str = strawberry.field(description="The same for a person's eye.")
    forwarding_number: PhoneNumber = strawberry.field(description="Where it will ring.")
    name: str = strawberry.field(description="The tracking number's name.")
    source: str = strawberry.field(description="What the tracking number measures.")
    state: LineState = strawberry.field(description="Where it stands.")
    firm_date: date | None = strawberry.field(
        description="The losing carrier's date, in the losing carrier's zone."
    )
    ported_at: datetime | None = strawberry.field(
        description="The earlier of the carrier's stated time and the first call."
    )
    account_number: str | None = strawberry.field(
        description="The losing carrier's account that it is on, where the list said so."
    )
    billing_number: PhoneNumber | None = strawberry.field(
        description="That account's billing telephone number, where the list said so."
    )
    company: Company | None = strawberry.field(description="The company that will have it.")
    tracking_number: TrackingNumber | None = strawberry.field(
        description="The number in inventory, once it is preconfigured."
    )

    @strawberry.field(description="What is or was wrong with it, the oldest first.")
    async def faults(self, info: PortingInfo) -> list[Fault]:
        found = await info.context.loader(load_faults_of_lines).load(self.id)
        return [Fault.of(fault) for fault in found]

    carrier_order_id: strawberry.ID | None = strawberry.field(
        description="The carrier order that it goes to its losing carrier with."
    )

    @classmethod
    def of(cls, line: line_store.Line) -> Self:
        return cls(
            id=strawberry.ID(line.id),
            phone_number=line.tracking_number,
            national_format=line.tracking_number.national_format,
            forwarding_number=line.forwarding_number,
            name=line.name,
            source=line.source,
            state=line.state,
            firm_date=line.firm_date,
            ported_at=line.ported_at,
            account_number=line.account_number,
            billing_number=line.billing_number,
            company=Company(id=strawberry.ID(line.company_id)),
            tracking_number=TrackingNumber(id=strawberry.ID(line.number_id))
            if line.number_id
            else None,
            carrier_order_id=strawberry.ID(line.carrier_order_id)
            if line.carrier_order_id
            else None,
        )


def _link_to_lines(self: Any, info: PortingInfo) -> str:
    """Who sees a request is a member or support: nobody else is shown one."""
    viewer = info.context.caller
    assert isinstance(viewer, Member | Support)
    return info.context.room.download_links.make(self.id, Part.NUMBERS, viewer)


LINES_CSV_URL: Final[Any] = strawberry.field(
    resolver=_link_to_lines,
    description="Its numbers as a CSV file that `importLines` takes again: a link for five "
    "minutes, and for you alone. No PIN is in it.",
)
