"""Status changes as they happen."""

from collections.abc import AsyncGenerator

import strawberry

from libs.common.graphql.context import Context
from libs.common.graphql.errors import BadUserInput
from libs.common.paging import BadCursor, read_cursor
from services.notifications.domain.visibility import DESK_QUEUE, NUMBERS, PORTS, Watch
from services.notifications.live_feed.streams import (
    MOST_MISSED,
    ChangeStream,
    CursorTooOldError,
    CursorUnknownError,
)
from services.notifications.schema.context import Room, RoomInfo
from services.notifications.schema.status_changes import StatusChange
from services.notifications.schema.watches import (
    SILENCE,
    AccountId,
    After,
    CompanyId,
    OfRequest,
    PortOutId,
    PortRequestId,
    Statuses,
    TrackingNumberId,
    build_watch,
)
from services.notifications.store import status_changes as store


@strawberry.type
class ChangeSubscription:
    @strawberry.subscription(
        description=f"Port requests and port-outs as their status changes. {SILENCE}"
    )
    async def port_status_changed(
        self,
        info: RoomInfo,
        account_id: AccountId = None,
        company_id: CompanyId = None,
        port_request_id: PortRequestId = None,
        port_out_id: PortOutId = None,
        statuses: Statuses = None,
        after: After = None,
    ) -> AsyncGenerator[StatusChange, None]:
        watch = build_watch(
            PORTS,
            account_id=account_id,
            company_id=company_id,
            port_request_id=port_request_id,
            subjects=(port_out_id,),
            statuses=statuses,
        )
        return _follow(info.context, watch, after)

    @strawberry.subscription(
        description="Support: submitted port requests as their place in the desk's queue may "
        "change, because of their status, of who works on them, or of what the desk does with "
        f"them. Read `portRequest` again. {SILENCE}"
    )
    async def desk_queue_changed(
        self,
        info: RoomInfo,
        account_id: AccountId = None,
        company_id: CompanyId = None,
        port_request_id: PortRequestId = None,
        statuses: Statuses = None,
        after: After = None,
    ) -> AsyncGenerator[StatusChange, None]:
        watch = build_watch(
            DESK_QUEUE,
            account_id=account_id,
            company_id=company_id,
            port_request_id=port_request_id,
            statuses=statuses,
        )
        return _follow(info.context, watch, after)

    @strawberry.subscription(
        description=f"Numbers in inventory as their status changes. {SILENCE}"
    )
    async def number_status_changed(
        self,
        info: RoomInfo,
        account_id: AccountId = None,
        company_id: CompanyId = None,
        port_request_id: OfRequest = None,
        tracking_number_id: TrackingNumberId = None,
        statuses: Statuses = None,
        after: After = None,
    ) -> AsyncGenerator[StatusChange, None]:
        watch = build_watch(
            NUMBERS,
            account_id=account_id,
            company_id=company_id,
            port_request_id=port_request_id,
            subjects=(tracking_number_id,),
            statuses=statuses,
        )
        return _follow(info.context, watch, after)


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
            yield context.room.recent_changes.show(change, StatusChange.of)
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
