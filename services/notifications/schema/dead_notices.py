"""Dead notices in the graph, for support: what nobody was told, and telling it after all."""

from datetime import datetime
from typing import Annotated, Self

import strawberry

from libs.common.graphql.connections import (
    After,
    Before,
    Connection,
    First,
    Last,
    connection_of,
    page_of,
)
from libs.common.graphql.idempotency import remember
from libs.common.graphql.rights import SUPPORT
from libs.contracts.graph import UserError, user_errors
from libs.contracts.mutations import ERRORS, INPUT, KEY
from libs.contracts.refusals import Refusal, Refused, UserErrorCode
from services.notifications.schema.context import RoomInfo
from services.notifications.store import dead_notices as store
from services.notifications.use_cases.dead_notices import redrive_notices

DEAD_NOTICE_RIGHTS = {"deadNotices": SUPPORT, "redriveDeadNotices": SUPPORT}


class BadChoice(Refusal):
    code = UserErrorCode.INVALID


@strawberry.type(
    description="Something to be told that failed too often, and waits for a person. "
    "What it would say is not shown."
)
class DeadNotice:
    id: strawberry.ID = strawberry.field(description="The notice's id.")
    message: str = strawberry.field(description="The message's name, such as `port_approved`.")
    subject: str = strawberry.field(description="What it is about, by id.")
    reason: str = strawberry.field(description="The fault's type.")
    attempts: int = strawberry.field(description="How often it was tried.")
    occurred_at: datetime = strawberry.field(description="When what it tells happened.")
    due_at: datetime = strawberry.field(description="When it was to be tried last.")

    @classmethod
    def of(cls, notice: store.DeadNotice) -> Self:
        return cls(
            id=strawberry.ID(notice.notice_id),
            message=notice.message,
            subject=notice.subject,
            reason=notice.reason,
            attempts=notice.attempts,
            occurred_at=notice.occurred_at,
            due_at=notice.due_at,
        )


@strawberry.input(description="Which dead notices to tell after all: one of the two.")
class RedriveDeadNoticesInput:
    reason: str | None = strawberry.field(default=None, description="Those of this reason.")
    all: bool = strawberry.field(default=False, description="All that there are.")
    idempotency_key: str | None = strawberry.field(default=None, description=KEY)


@strawberry.type(description="What became of it.")
class RedriveDeadNoticesPayload:
    redriven: int = strawberry.field(description="How many are tried again.")
    user_errors: list[UserError] = strawberry.field(description=ERRORS)


@strawberry.type
class DeadNoticeQuery:
    @strawberry.field(
        description="Support: what nobody could be told, of every account, the latest first."
    )
    async def dead_notices(
        self,
        info: RoomInfo,
        reason: Annotated[
            str | None, strawberry.argument(description="Only those of this reason.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[DeadNotice] | None:
        page = page_of(store.DEAD_NOTICES, first=first, after=after, last=last, before=before)
        caller, database = info.context.caller, info.context.database

        async def count() -> int:
            async with database.reading(caller) as connection:
                counts = await store.count_dead_notices(connection)
            return sum(counts.values()) if reason is None else counts.get(reason, 0)

        async with database.reading(caller) as connection:
            found = await store.find_dead_notices(connection, reason, page)
        return connection_of(found.map(DeadNotice.of), count=count)


@strawberry.type
class DeadNoticeMutation:
    @strawberry.mutation(
        description="Support: tells dead notices after all, once their fault is mended. "
        "What happened more than seven days ago is told to nobody."
    )
    async def redrive_dead_notices(
        self, info: RoomInfo, input: Annotated[RedriveDeadNoticesInput, INPUT]
    ) -> RedriveDeadNoticesPayload:
        caller, database = info.context.caller, info.context.database
        if (input.reason is not None) == input.all:
            refusal = BadChoice("Give one of `reason` and `all`.")
            return RedriveDeadNoticesPayload(redriven=0, user_errors=user_errors(refusal))
        try:
            async with database.transaction(caller) as connection:

                async def act() -> dict[str, int]:
                    return {"redriven": await redrive_notices(connection, input.reason)}

                answer = await remember(
                    connection,
                    caller,
                    mutation="redriveDeadNotices",
                    key=input.idempotency_key,
                    given=input,
                    act=act,
                )
        except (Refusal, Refused) as refused:
            return RedriveDeadNoticesPayload(redriven=0, user_errors=user_errors(refused))
        return RedriveDeadNoticesPayload(redriven=answer["redriven"], user_errors=[])
