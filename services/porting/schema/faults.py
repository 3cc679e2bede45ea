"""Faults in the graph, and the codes that they have."""

from datetime import datetime
from typing import Self

import strawberry

from libs.common.graphql.enums import publish_enum
from services.porting.domain import faults, rejections
from services.porting.domain.faults import ClosedBy
from services.porting.schema.statuses import WaitingOn

publish_enum(
    ClosedBy,
    description="What ended a fault.",
    values={
        ClosedBy.RESUBMITTED: "It was put right and sent again.",
        ClosedBy.DROPPED: "The number was taken out of the request.",
        ClosedBy.CANCELLED: "The request was cancelled.",
        ClosedBy.APPROVED: "The losing carrier gave a date after all.",
        ClosedBy.RETRIED: "The activation was tried again.",
        ClosedBy.PORTED: "The number has ported all the same.",
        ClosedBy.EXPIRED: "Nobody touched it for too long.",
        ClosedBy.FOUND_UNPORTABLE: "The number can never move.",
    },
)


@strawberry.type(description="One reason for which a port does not go on, and its remedy.")
class RejectionCode:
    name: str = strawberry.field(description="Its name, the same for every carrier.")
    sentence: str = strawberry.field(description="What it means, in plain words.")
    remedy: str = strawberry.field(description="What un-sticks it.")
    acts: WaitingOn = strawberry.field(description="Who acts.")
    new_letter: str = strawberry.field(
        description="Whether a new letter is needed: `yes`, `no`, or what it depends on."
    )
    carriers_codes: list[str] = strawberry.field(
        description="What carriers call it; they are understood, too."
    )

    @classmethod
    def of(cls, code: rejections.RejectionCode) -> Self:
        return cls(
            name=code.name,
            sentence=code.sentence,
            remedy=code.remedy,
            acts=code.acts,
            new_letter=code.new_letter,
            carriers_codes=sorted({each for codes in code.called.values() for each in codes}),
        )


@strawberry.type(description="What is wrong with a number or a request.")
class Fault:
    id: strawberry.ID = strawberry.field(description="`flt_…`.")
    code: str = strawberry.field(description="See `rejectionCodes`.")
    sentence: str = strawberry.field(description="What it means, in plain words.")
    remedy: str = strawberry.field(description="What un-sticks it.")
    waiting_on: WaitingOn = strawberry.field(description="Who acts.")
    needs_new_letter: bool = strawberry.field(
        description="A letter signed after it was found is needed."
    )
    carrier_code: str | None = strawberry.field(description="The carrier's own code.")
    carrier_text: str | None = strawberry.field(description="The carrier's own words.")
    opened_at: datetime = strawberry.field(description="When it was found.")
    corrected_at: datetime | None = strawberry.field(description="When it was put right.")
    correction: str | None = strawberry.field(description="What was put right.")
    closed_at: datetime | None = strawberry.field(description="When it ended.")
    closed_by: ClosedBy | None = strawberry.field(description="What ended it.")

    @classmethod
    def of(cls, fault: faults.Fault) -> Self:
        known = rejections.find_rejection_code(fault.code) or rejections.OTHER
        return cls(
            id=strawberry.ID(fault.id),
            code=fault.code,
            sentence=known.sentence,
            remedy=fault.remedy,
            waiting_on=fault.waiting_on,
            needs_new_letter=fault.needs_new_letter,
            carrier_code=fault.carrier_code,
            carrier_text=fault.carrier_text,
            opened_at=fault.opened_at,
            corrected_at=fault.corrected_at,
            correction=fault.correction,
            closed_at=fault.closed_at,
            closed_by=fault.closed_by,
        )
