"""Status changes in the graph: live by subscription, and the list to catch up from."""

import re
from collections.abc import AsyncGenerator
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Final, Self

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
from libs.common.graphql.context import Context
from libs.common.graphql.enums import publish_enum
from libs.common.graphql.errors import BadUserInput
from libs.common.paging import BadCursor, read_cursor
from services.notifications.domain.status_changes import LoggedChange, SubjectKind
from services.notifications.domain.visibility import NUMBERS, PORTS, Watch
from services.notifications.live_feed.streams import (
    MOST_MISSED,
    ChangeStream,
    CursorTooOldError,
    CursorUnknownError,
)
from services.notifications.schema.context import Room, RoomInfo
from services.notifications.schema.elsewhere import (
    Account,
    PortOut,
    PortRequest,
    TrackingNumber,
)
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
class StatusChange:
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
            port_request=PortRequest(id=subject) if kind is SubjectKind.PORT_REQUEST else None,
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
        default=None, description="Of this port request."
    )
    subjects: list[StatusSubject] | None = strawberry.field(
        default=None, description="Of these kinds of subject."
    )


AccountId = Annotated[
    strawberry.ID | None, strawberry.argument(description="Only of this account.")
]
CompanyId = Annotated[
    strawberry.ID | None, strawberry.argument(description="Only of this company.")
]
PortRequestId = Annotated[
    strawberry.ID | None, strawberry.argument(description="Only of this port request.")
]
After = Annotated[
    str | None,
    strawberry.argument(
        description="The cursor of the last change you have: what came since is told first, at "
        f"most {MOST_MISSED:,} changes."
    ),
]
_ID: Final = re.compile(r"[A-Za-z0-9_]{1,64}")
_NOBODYS_ID: Final = "-"
_SILENCE: Final = "A filter that names what does not exist, does not exist yet or is not yours hears nothing."


@strawberry.type
class StatusChangeQuery:
    @strawberry.field(
        description=f"Changes of status that you may see, the newest last. {_SILENCE}"
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
        watch = Watch(
            kinds=frozenset(SubjectKind(subject) for subject in subjects),
            account_id=_read_id(asked.account_id),
            company_id=_read_id(asked.company_id),
            port_request_id=_read_id(asked.port_request_id),
        )
        caller, database = info.context.caller, info.context.database

        async def count() -> int:
            async with database.reading(caller) as connection:
                return await store.count_seen(connection, caller, watch)

        async with database.reading(caller) as connection:
            changes = await store.find_page(connection, caller, watch, page)
        return connection_of(changes.map(StatusChange.of), count=count)


@strawberry.type
class Subscription:
    @strawberry.subscription(
        description=f"Port requests and port-outs as their status changes. {_SILENCE}"
    )
    async def port_status_changed(
        self,
        info: RoomInfo,
        account_id: AccountId = None,
        company_id: CompanyId = None,
        port_request_id: PortRequestId = None,
        after: After = None,
    ) -> AsyncGenerator[StatusChange, None]:
        watch = Watch(
            kinds=PORTS,
            account_id=_read_id(account_id),
            company_id=_read_id(company_id),
            port_request_id=_read_id(port_request_id),
        )
        async for change in _follow(info.context, watch, after):
            yield change

    @strawberry.subscription(
        description=f"Numbers in inventory as their status changes. {_SILENCE}"
    )
    async def number_status_changed(
        self,
        info: RoomInfo,
        account_id: AccountId = None,
        company_id: CompanyId = None,
        after: After = None,
    ) -> AsyncGenerator[StatusChange, None]:
        watch = Watch(
            kinds=NUMBERS, account_id=_read_id(account_id), company_id=_read_id(company_id)
        )
        async for change in _follow(info.context, watch, after):
            yield change


async def _follow(
    context: Context[Room], watch: Watch, after: str | None
) -> AsyncGenerator[StatusChange, None]:
    stream = ChangeStream(
        feed=context.room.feed,
        database=context.database,
        refresh=context.callers.refresh,
        caller=context.caller,
        watch=watch,
    )
    try:
        async for change in stream.follow(_read_after(after)):
            yield StatusChange.of(change)
    except CursorTooOldError:
        raise BadUserInput(
            f"More than {MOST_MISSED:,} changes since `after`: read again what you show, "
            "then subscribe without it."
        ) from None
    except CursorUnknownError:
        raise BadUserInput("`after` is not a cursor of this stream.") from None


def _read_after(cursor: str | None) -> int | None:
    if cursor is None:
        return None
    try:
        (log_id,) = read_cursor(cursor, store.CHANGES.keys)
    except BadCursor:
        raise BadUserInput("`after` is not a cursor of this stream.") from None
    return int(log_id)


def _read_id(text: str | None) -> str | None:
    """What cannot be an id is asked for as one that nobody has: unknown, like any other."""
    return text if text is None or _ID.fullmatch(text) else _NOBODYS_ID
