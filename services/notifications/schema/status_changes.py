"""Status changes in the graph, and the list to catch up from."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Self

import strawberry

from libs.common.graphql import connections
from libs.common.graphql.connections import (
    Before,
    Connection,
    First,
    Last,
    connection_of,
    page_of,
)
from libs.common.graphql.enums import publish_enum
from libs.common.graphql.execution import SharedEvent
from services.notifications.domain.status_changes import LoggedChange, SubjectKind
from services.notifications.domain.visibility import DESK_QUEUE
from services.notifications.schema.context import RoomInfo
from services.notifications.schema.elsewhere import (
    Account,
    PortOut,
    PortRequest,
    TrackingNumber,
)
from services.notifications.schema.watches import SILENCE, STATUSES, build_watch
from services.notifications.store import status_changes as store


class StatusSubject(StrEnum):
    PORT_REQUEST = "port_request"
    PORT_OUT = "port_out"
    TRACKING_NUMBER = "tracking_number"


publish_enum(
    StatusSubject,
    description="What has a status that dashboards show.",
    values={
        StatusSubject.PORT_REQUEST: "Numbers on their way here.",
        StatusSubject.PORT_OUT: "Numbers on their way to another carrier.",
        StatusSubject.TRACKING_NUMBER: "A number in inventory.",
    },
)


@strawberry.type(
    description="One change of status. Read again what you show of its subject where `version` "
    "is higher than what you have."
)
class StatusChange(SharedEvent):
    cursor: str = strawberry.field(
        description="Names this place among all changes: `after` it a stream is resumed."
    )
    event: str = strawberry.field(
        description="The event's type, such as `porting.port_approved.v1`."
    )
    subject: strawberry.ID = strawberry.field(description="The id of what changed.")
    version: int = strawberry.field(
        description="The subject's version after the change. Rises in a stream; the list also "
        "has what arrived late."
    )
    occurred_at: datetime = strawberry.field(description="When it happened.")
    status: str = strawberry.field(description="The subject's status after the change.")
    status_before: str | None = strawberry.field(
        description="The status that was told before it; absent where none was."
    )
    port_request: PortRequest | None = strawberry.field(
        description="The subject, where it is a port request."
    )
    port_out: PortOut | None = strawberry.field(
        description="The subject, where it is a port-out."
    )
    tracking_number: TrackingNumber | None = strawberry.field(
        description="The subject, where it is a number in inventory."
    )
    account: Account | None = strawberry.field(description="Whose it is.")

    @classmethod
    def of(cls, change: LoggedChange) -> Self:
        subject = strawberry.ID(change.subject)
        kind = change.subject_kind
        return cls(
            cursor=store.cursor_of(change),
            event=change.type,
            subject=subject,
            version=change.sequence,
            occurred_at=change.occurred_at,
            status=change.status or "",
            status_before=change.status_before,
            port_request=PortRequest(id=subject) if kind in DESK_QUEUE else None,
            port_out=PortOut(id=subject) if kind is SubjectKind.PORT_OUT else None,
            tracking_number=(
                TrackingNumber(id=subject) if kind is SubjectKind.TRACKING_NUMBER else None
            ),
            account=Account(id=strawberry.ID(change.account_id)),
        )


@strawberry.input(description="Which changes; what is absent does not narrow.")
class StatusChangeFilter:
    account_id: strawberry.ID | None = strawberry.field(
        default=None, description="Of this account."
    )
    company_id: strawberry.ID | None = strawberry.field(
        default=None, description="Of this company."
    )
    port_request_id: strawberry.ID | None = strawberry.field(
        default=None, description="Of this port request and the numbers that it brought."
    )
    port_out_id: strawberry.ID | None = strawberry.field(
        default=None, description="Of this port-out."
    )
    tracking_number_id: strawberry.ID | None = strawberry.field(
        default=None, description="Of this number."
    )
    subjects: list[StatusSubject] | None = strawberry.field(
        default=None, description="Of these kinds of subject."
    )
    statuses: list[str] | None = strawberry.field(default=None, description=STATUSES)


@strawberry.type
class StatusChangeQuery:
    @strawberry.field(
        description=f"Changes of status that you may see, the newest last. {SILENCE}"
    )
    async def status_changes(
        self,
        info: RoomInfo,
        filter: Annotated[
            StatusChangeFilter | None, strawberry.argument(description="Which of them.")
        ] = None,
        first: First = None,
        after: connections.After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[StatusChange] | None:
        page = page_of(store.CHANGES, first=first, after=after, last=last, before=before)
        asked = filter or StatusChangeFilter()
        subjects = StatusSubject if asked.subjects is None else asked.subjects
        watch = build_watch(
            frozenset(SubjectKind(subject) for subject in subjects),
            account_id=asked.account_id,
            company_id=asked.company_id,
            port_request_id=asked.port_request_id,
            subjects=(asked.port_out_id, asked.tracking_number_id),
            statuses=asked.statuses,
        )
        caller, database = info.context.caller, info.context.database

        async def count() -> int:
            async with database.reading(caller) as connection:
                return await store.count_seen(connection, caller, watch)

        async with database.reading(caller) as connection:
            changes = await store.find_page(connection, caller, watch, page)
        return connection_of(changes.map(StatusChange.of), count=count)
