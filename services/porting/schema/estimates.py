"""Estimates in the graph: when a port will probably be done."""

from datetime import date, datetime
from typing import Self

import strawberry

from libs.common.graphql.enums import publish_enum
from services.porting.domain import estimates
from services.porting.domain.estimates import (
    EstimateReason,
    estimate_port_in,
    read_clock,
)
from services.porting.domain.losing_carriers import find_losing_carrier
from services.porting.store.estimates import EstimateGround

publish_enum(
    EstimateReason,
    description="Why an estimate is as it is.",
    values={reason: reason.sentence for reason in EstimateReason},
)


@strawberry.type(
    description="When a port will probably be done: a window, until a firm date replaces it."
)
class Estimate:
    from_: date = strawberry.field(
        name="from", description="The first day of the window, in `zone`."
    )
    until: date = strawberry.field(description="The last day of the window, in `zone`.")
    zone: str = strawberry.field(
        description="Where these days are counted, such as `America/New_York`."
    )
    started_at: datetime = strawberry.field(
        description="When the time began to count: the last needed document was in."
    )
    is_estimate: bool = strawberry.field(
        description="True as long as the other carrier has not given a date."
    )
    firm_date: date | None = strawberry.field(
        description="The carrier's date; the last one where numbers have several."
    )
    reason: EstimateReason = strawberry.field(description="Why it is as it is.")
    explanation: str = strawberry.field(description="The same as a sentence.")

    @classmethod
    def of(cls, estimate: estimates.Estimate) -> Self:
        return cls(
            from_=estimate.first_day,
            until=estimate.last_day,
            zone=estimate.zone,
            started_at=estimate.started_at,
            is_estimate=estimate.is_estimate,
            firm_date=estimate.firm_date,
            reason=estimate.reason,
            explanation=estimate.reason.sentence,
        )

    @classmethod
    def on(cls, ground: EstimateGround | None) -> Self | None:
        """None where nothing can be promised: a draft, a finished request, a missing paper."""
        clock = read_clock(ground.received) if ground else None
        if ground is None or clock is None:
            return None
        return cls.of(
            estimate_port_in(
                clock,
                line_count=ground.line_count,
                carriers=[find_losing_carrier(name) for name in ground.carriers],
                firm_dates=ground.firm_dates,
            )
        )
