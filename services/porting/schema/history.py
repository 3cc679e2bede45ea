"""A port request's history in the graph."""

from datetime import datetime
from typing import Self

import strawberry

from libs.common.caller import Caller
from libs.common.graphql.enums import publish_enum
from libs.common.sight import sight_of
from services.porting.domain import history
from services.porting.domain.history import ActorKind
from services.porting.schema.port_out_statuses import PortOutStatus
from services.porting.schema.statuses import LineState, PortRequestStatus

publish_enum(
    ActorKind,
    description="What kind of somebody did something.",
    values={
        ActorKind.MEMBER: "A member of the account.",
        ActorKind.SUPPORT: "Our port desk.",
        ActorKind.CARRIER: "A losing or gaining carrier.",
        ActorKind.SYSTEM: "The system itself: a date that came, a check that passed.",
    },
)


@strawberry.type(description="How many lines are in one state.")
class LineCount:
    state: LineState = strawberry.field(description="The state.")
    count: int = strawberry.field(description="How many lines are in it.")


@strawberry.type(description="One thing that happened to a port request.")
class HistoryEntry:
    version: int = strawberry.field(description="The request's version after it.")
    at: datetime = strawberry.field(description="When.")
    event: str = strawberry.field(
        description="The event's type, such as `porting.lines_ported.v1`."
    )
    actor_kind: ActorKind = strawberry.field(description="What kind of somebody did it.")
    actor: str = strawberry.field(description="Who did it, as a name to show.")
    status: PortRequestStatus = strawberry.field(description="Where the request stood then.")
    line_counts: list[LineCount] = strawberry.field(description="Where its lines stood then.")
    reason: str | None = strawberry.field(description="Why, where somebody said so.")
    correlation_id: str | None = strawberry.field(
        description="Joins what one command or event set off; support asks for it."
    )

    @classmethod
    def of(cls, entry: history.HistoryEntry, caller: Caller) -> Self:
        return cls(
            version=entry.version,
            at=entry.at,
            event=entry.event_type,
            actor_kind=entry.actor_kind,
            actor=entry.actor_shown_to(caller),
            status=PortRequestStatus(entry.status),
            line_counts=[
                LineCount(state=LineState(state), count=count)
                for state, count in entry.line_counts.items()
            ],
            reason=entry.reason,
            correlation_id=entry.correlation_id,
        )


@strawberry.type(description="One thing that happened to a port-out.")
class PortOutHistoryEntry:
    version: int = strawberry.field(description="The port-out's version after it.")
    at: datetime = strawberry.field(description="When.")
    event: str = strawberry.field(
        description="The event's type, such as `porting.port_out_rejected.v1`."
    )
    actor_kind: ActorKind = strawberry.field(description="What kind of somebody did it.")
    actor: str = strawberry.field(description="Who did it, as a name to show.")
    status: PortOutStatus = strawberry.field(description="Where the port-out stood then.")
    number_count: int | None = strawberry.field(
        description="How many numbers it was about; null where you see not all of them."
    )
    reason: str | None = strawberry.field(description="Why, where somebody said so.")
    correlation_id: str | None = strawberry.field(
        description="Joins what one command or event set off; support asks for it."
    )

    @classmethod
    def of(cls, entry: history.PortOutHistoryEntry, caller: Caller) -> Self:
        return cls(
            version=entry.version,
            at=entry.at,
            event=entry.event_type,
            actor_kind=entry.actor_kind,
            actor=entry.actor_shown_to(caller),
            status=PortOutStatus(entry.status),
            number_count=entry.number_count if sees_every_company(caller) else None,
            reason=entry.reason,
            correlation_id=entry.correlation_id,
        )


def sees_every_company(caller: Caller) -> bool:
    sight = sight_of(caller)
    return sight is not None and sight.company_ids is None
