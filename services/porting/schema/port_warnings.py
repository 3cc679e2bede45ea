"""Warnings about porting in the graph."""

from datetime import datetime
from typing import Self

import strawberry

from libs.common.graphql.enums import publish_enum
from services.porting.domain import warnings
from services.porting.domain.requests import PortRequest
from services.porting.domain.warnings import WARNINGS, WarningId

publish_enum(
    WarningId,
    name="PortingWarningId",
    description="What a warning is about.",
    values={
        WarningId.LOSING_CARRIER_FEES: "The present carrier may charge for the port.",
        WarningId.KEEP_THE_SERVICE: "The present service must not be cancelled yet.",
        WarningId.NUMBERS_CAN_BE_LOST: "What can happen where it is.",
    },
)


@strawberry.type(description="What everybody is told before they port numbers.")
class PortingWarning:
    id: WarningId = strawberry.field(description="What it is about.")
    text: str = strawberry.field(description="The sentence to show.")

    @classmethod
    def of(cls, warning: warnings.PortingWarning) -> Self:
        return cls(id=warning.id, text=warning.text)


@strawberry.type(description="A warning, and whether it was acknowledged for a request.")
class RequestWarning:
    id: WarningId = strawberry.field(description="What it is about.")
    text: str = strawberry.field(description="The sentence to show.")
    acknowledged_at: datetime | None = strawberry.field(
        description="When; null where nobody has."
    )
    acknowledged_by: strawberry.ID | None = strawberry.field(
        description="The member who did, `mem_…`."
    )


def warnings_of(request: PortRequest) -> list[RequestWarning]:
    by = request.warnings_acknowledged_by
    return [
        RequestWarning(
            id=warning.id,
            text=warning.text,
            acknowledged_at=request.warnings_acknowledged_at if is_known else None,
            acknowledged_by=strawberry.ID(by) if is_known and by else None,
        )
        for warning in WARNINGS
        for is_known in [warning.id in request.warnings_acknowledged]
    ]
