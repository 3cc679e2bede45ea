"""What a member does with their feed: read it."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Final

import strawberry

from libs.common.database import Connection
from libs.common.graphql.errors import BadUserInput
from libs.common.graphql.idempotency import remember
from libs.contracts.graph import UserError, user_errors
from libs.contracts.mutations import ERRORS, INPUT, KEY
from libs.contracts.refusals import Refusal, Refused
from services.notifications.schema.context import RoomInfo
from services.notifications.schema.notifications import (
    Notification,
    read_place,
    reader_of,
)
from services.notifications.store import feed_entries as store
from services.notifications.use_cases.feed_reading import read_all_entries, read_entries

_MOST_IDS: Final = 100
_COUNT: Final = "How many are unread after it; null where it was refused."


@strawberry.input(description="Notifications that you have read.")
class MarkNotificationsReadInput:
    notification_ids: list[strawberry.ID] = strawberry.field(
        description=f"`ntf_…`; at most {_MOST_IDS}."
    )
    idempotency_key: str | None = strawberry.field(default=None, description=KEY)


@strawberry.input(description="All that you were shown.")
class MarkAllNotificationsReadInput:
    up_to: str | None = strawberry.field(
        default=None,
        description="The cursor of the newest one that you were shown: what came since stays "
        "unread. Without it nothing does.",
    )
    idempotency_key: str | None = strawberry.field(default=None, description=KEY)


@strawberry.type(description="What is read now.")
class MarkNotificationsReadPayload:
    notifications: list[Notification] = strawberry.field(
        description="Those of the input as they are now; none where it was refused."
    )
    unread_notification_count: int | None = strawberry.field(description=_COUNT)
    user_errors: list[UserError] = strawberry.field(description=ERRORS)


@strawberry.type(description="What is left to read.")
class MarkAllNotificationsReadPayload:
    unread_notification_count: int | None = strawberry.field(description=_COUNT)
    user_errors: list[UserError] = strawberry.field(description=ERRORS)


@strawberry.type
class NotificationMutation:
    @strawberry.mutation(
        description="You have read these; all of them are yours, or none is marked."
    )
    async def mark_notifications_read(
        self, info: RoomInfo, input: Annotated[MarkNotificationsReadInput, INPUT]
    ) -> MarkNotificationsReadPayload:
        reader, ids = reader_of(info), list(input.notification_ids)
        if not 1 <= len(ids) <= _MOST_IDS:
            raise BadUserInput(f"`notificationIds` are 1 to {_MOST_IDS}.")
        try:
            async with info.context.database.transaction(reader) as connection:
                await _remember(
                    connection,
                    info,
                    "markNotificationsRead",
                    input,
                    lambda: read_entries(connection, reader, ids),
                )
                entries = await store.find_by_id(connection, reader, ids)
                locale = await store.find_locale(connection, reader)
                unread = await store.count_unread(connection, reader)
        except (Refusal, Refused) as refused:
            return MarkNotificationsReadPayload(
                notifications=[],
                unread_notification_count=None,
                user_errors=user_errors(refused),
            )
        return MarkNotificationsReadPayload(
            notifications=[
                Notification.of(entries[each], locale) for each in ids if each in entries
            ],
            unread_notification_count=unread,
            user_errors=[],
        )

    @strawberry.mutation(description="You have read all that you were shown.")
    async def mark_all_notifications_read(
        self, info: RoomInfo, input: Annotated[MarkAllNotificationsReadInput, INPUT]
    ) -> MarkAllNotificationsReadPayload:
        reader, up_to = reader_of(info), read_place("upTo", input.up_to)
        async with info.context.database.transaction(reader) as connection:
            await _remember(
                connection,
                info,
                "markAllNotificationsRead",
                input,
                lambda: read_all_entries(connection, reader, up_to),
            )
            unread = await store.count_unread(connection, reader)
        return MarkAllNotificationsReadPayload(
            unread_notification_count=unread, user_errors=[]
        )


async def _remember(
    connection: Connection,
    info: RoomInfo,
    mutation: str,
    given: Any,
    read: Callable[[], Awaitable[None]],
) -> None:
    async def act() -> dict[str, Any]:
        await read()
        return {}

    await remember(
        connection,
        info.context.caller,
        mutation=mutation,
        key=given.idempotency_key,
        given=given,
        act=act,
    )
