"""What only the port desk sees of a request."""

from datetime import date, datetime
from typing import Self

import strawberry

from libs.common.caller import Caller, Support
from services.porting.domain.requests import PortRequest


@strawberry.type(description="What only the port desk sees of a request.")
class Desk:
    claimed_by: str | None = strawberry.field(description="Who of the desk works on it.")
    claimed_at: datetime | None = strawberry.field(description="Since when.")
    line_count: int = strawberry.field(description="How many numbers it has.")
    earliest_firm_date: date | None = strawberry.field(
        description="The next day on which a number moves, where the carrier is."
    )
    losing_carriers: list[str] = strawberry.field(
        description="The losing carriers, by the names that the queue is filtered by."
    )
    countries: list[str] = strawberry.field(description="`US`, `CA`, … of its carrier orders.")

    @classmethod
    def of(cls, request: PortRequest, caller: Caller) -> Self | None:
        if not isinstance(caller, Support):
            return None
        return cls(
            claimed_by=request.claimed_by,
            claimed_at=request.claimed_at,
            line_count=request.line_count,
            earliest_firm_date=request.earliest_firm_date,
            losing_carriers=list(request.losing_carriers),
            countries=list(request.countries),
        )
