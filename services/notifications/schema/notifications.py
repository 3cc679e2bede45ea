"""What a member is told inside the product: their feed, the unread count, and what comes in live."""

from collections.abc import AsyncGenerator, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Final, Self

import strawberry

from libs.common.graphql.callers import member_of
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
from libs.common.graphql.errors import BadUserInput
from libs.common.paging import BadCursor, read_cursor
from services.notifications.domain.feed_entries import FeedEntry, FeedWatch
from services.notifications.domain.messages import Message
from services.notifications.domain.who_is_told import TELLING
from services.notifications.live_feed.entry_streams import EntryStream
from services.notifications.live_feed.streams import (
    MOST_MISSED,
    CursorTooOldError,
    CursorUnknownError,
)
from services.notifications.schema.context import RoomInfo
from services.notifications.schema.elsewhere import (
    PortOut,
    PortRequest,
    TrackingNumber,
)
from services.notifications.schema.notification_groups import NotificationGroup
from services.notifications.schema.watches import CompanyId, PortRequestId, read_id
from services.notifications.store import feed_entries as store
from services.notifications.texts.wording import feed_text

_NOT_A_CURSOR: Final = "is not a cursor of your notifications."


class NotificationUrgency(StrEnum):
    URGENT = "urgent"
    NORMAL = "normal"


publish_enum(
    NotificationUrgency,
    description="How soon somebody should look.",
    values={
        NotificationUrgency.URGENT: "Now: it breaks through quiet hours.",
        NotificationUrgency.NORMAL: "When there is time.",
    },
)


@strawberry.type(description="One thing that you are told, in your language.")
class Notification:
    id: strawberry.ID = strawberry.field(description="Such as `ntf_…`.")
    cursor: str = strawberry.field(
        description="Its place in your feed: `after` it the stream is resumed."
    )
    message: str = strawberry.field(
        description="What it says, by name, such as `port_approved`; more are added in time."
    )
    group: NotificationGroup = strawberry.field(description="What it belongs to.")
    urgency: NotificationUrgency = strawberry.field(
        description="How soon somebody should look."
    )
    title: str = strawberry.field(description="One line; plain text, for a page to escape.")
    body: str = strawberry.field(description="A few sentences, plain text.")
    occurred_at: datetime = strawberry.field(description="When it happened, or came due.")
    read_at: datetime | None = strawberry.field(description="Since when you have read it.")
    port_request: PortRequest | None = strawberry.field(
        description="What it is about, where that is a port request."
    )
    port_out: PortOut | None = strawberry.field(
        description="What it is about, where that is a port-out."
    )
    tracking_number: TrackingNumber | None = strawberry.field(
        description="What it is about, where that is a number in inventory."
    )

    @classmethod
    def of(cls, entry: FeedEntry, locale: str) -> Self:
        message = Message(entry.message)
        telling = TELLING[message]
        title, body = feed_text(message, entry.content, locale)
        subject = strawberry.ID(entry.subject)
        return cls(
            id=strawberry.ID(entry.entry_id),
            cursor=store.cursor_of(entry),
            message=entry.message,
            group=telling.group,
            urgency=NotificationUrgency.URGENT
            if telling.is_urgent
            else NotificationUrgency.NORMAL,
            title=title,
            body=body,
            occurred_at=entry.occurred_at,
            read_at=entry.read_at,
            port_request=PortRequest(id=subject) if subject.startswith("pr_") else None,
            port_out=PortOut(id=subject) if subject.startswith("po_") else None,
            tracking_number=TrackingNumber(id=subject) if subject.startswith("num_") else None,
        )


@strawberry.input(description="Which notifications; what is absent does not narrow.")
class NotificationFilter:
    unread: bool | None = strawberry.field(
        default=None, description="`true`: only what you have not read."
    )
    groups: list[NotificationGroup] | None = strawberry.field(
        default=None, description="Of these groups."
    )
    company_id: strawberry.ID | None = strawberry.field(
        default=None, description="About this company."
    )
    port_request_id: strawberry.ID | None = strawberry.field(
        default=None, description="About this port request."
    )

    @property
    def watch(self) -> FeedWatch:
        return _watch(self.groups, self.company_id, self.port_request_id, unread=self.unread)


Groups = Annotated[
    list[NotificationGroup] | None, strawberry.argument(description="Only of these groups.")
]
ReceivedAfter = Annotated[
    str | None,
    strawberry.argument(
        description="The cursor of the newest notification you have: what came since is told "
        f"first, at most {MOST_MISSED:,}."
    ),
]


@strawberry.type
class NotificationQuery:
    @strawberry.field(
        description="What you were told, the newest first; nothing of a company or request that "
        "is yours no longer."
    )
    async def notifications(
        self,
        info: RoomInfo,
        filter: Annotated[
            NotificationFilter | None, strawberry.argument(description="Which of them.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Notification] | None:
        page = page_of(store.ENTRIES, first=first, after=after, last=last, before=before)
        reader, database = member_of(info), info.context.database
        watch = (filter or NotificationFilter()).watch

        async def count() -> int:
            async with database.reading(reader) as connection:
                return await store.count_entries(connection, reader, watch)

        async with database.reading(reader) as connection:
            locale = await store.find_locale(connection, reader)
            entries = await store.find_page(connection, reader, watch, page)
        return connection_of(
            entries.map(lambda entry: Notification.of(entry, locale)), count=count
        )

    @strawberry.field(description="How many notifications you have not read.")
    async def unread_notification_count(self, info: RoomInfo) -> int | None:
        reader = member_of(info)
        async with info.context.database.reading(reader) as connection:
            return await store.count_unread(connection, reader)


@strawberry.type
class NotificationSubscription:
    @strawberry.subscription(description="What you are told, as it comes.")
    async def notification_received(
        self,
        info: RoomInfo,
        company_id: CompanyId = None,
        port_request_id: PortRequestId = None,
        groups: Groups = None,
        after: ReceivedAfter = None,
    ) -> AsyncGenerator[Notification, None]:
        context, reader = info.context, member_of(info)
        stream = EntryStream(
            feed=context.room.feed,
            database=context.database,
            refresh=context.callers.refresh,
            reader=reader,
            watch=_watch(groups, company_id, port_request_id),
        )
        try:
            async for entry, locale in stream.follow(read_place("after", after)):
                yield Notification.of(entry, locale)
        except CursorTooOldError:
            raise BadUserInput(
                f"More than {MOST_MISSED:,} notifications since `after`: read `notifications` "
                "again, then subscribe without it."
            ) from None
        except CursorUnknownError:
            raise BadUserInput(f"`after` {_NOT_A_CURSOR}") from None


def read_place(name: str, cursor: str | None) -> int | None:
    """Raises `BadUserInput`."""
    if cursor is None:
        return None
    try:
        (place,) = read_cursor(cursor, store.ENTRIES.keys)
    except BadCursor:
        raise BadUserInput(f"`{name}` {_NOT_A_CURSOR}") from None
    return int(place)


def _watch(
    groups: Sequence[NotificationGroup] | None,
    company_id: str | None,
    port_request_id: str | None,
    *,
    unread: bool | None = None,
) -> FeedWatch:
    return FeedWatch(
        messages=None
        if groups is None
        else tuple(each for each, telling in TELLING.items() if telling.group in groups),
        company_id=read_id(company_id),
        subject=read_id(port_request_id),
        only_unread=bool(unread),
    )
