"""Webhook endpoints and their deliveries as the graph shows them: never a secret."""

from datetime import datetime
from typing import Final, Self

import strawberry

from libs.common.caller import Member
from libs.common.graphql.context import Context
from libs.common.graphql.enums import publish_enum
from services.notifications.domain.webhook_deliveries import (
    AttemptFault,
    Delivery,
    DeliveryCause,
    DeliveryState,
    LoggedAttempt,
)
from services.notifications.domain.webhook_endpoints import (
    DisabledReason,
    EndpointState,
    WebhookEndpoint,
)
from services.notifications.domain.webhook_urls import without_query
from services.notifications.schema.context import Room, RoomInfo
from services.notifications.schema.elsewhere import Account
from services.notifications.store import webhook_deliveries as store

publish_enum(
    EndpointState,
    name="WebhookEndpointState",
    description="Whether anything is sent to a webhook endpoint.",
    values={
        EndpointState.ENABLED: "What happens is sent there.",
        EndpointState.DISABLED: "Nothing is sent there until somebody enables it.",
        EndpointState.DELETED: "It is gone.",
    },
)
publish_enum(
    DisabledReason,
    name="WebhookDisabledReason",
    description="Why nothing is sent to a webhook endpoint.",
    values={
        DisabledReason.BY_ADMINISTRATOR: "An administrator disabled it.",
        DisabledReason.GONE: "It answered 410: it wants nothing any more.",
        DisabledReason.FAILING: "It has taken nothing for three days.",
    },
)
publish_enum(
    DeliveryState,
    name="WebhookDeliveryState",
    description="How far a delivery is.",
    values={
        DeliveryState.PENDING: "It is sent now, or again at `nextAttemptAt`.",
        DeliveryState.DELIVERED: "The receiver has answered with success.",
        DeliveryState.FAILED: "Ten attempts in three days have failed: it is given up.",
    },
)
publish_enum(
    DeliveryCause,
    name="WebhookDeliveryCause",
    description="Why a delivery was made.",
    values={
        DeliveryCause.EVENT: "The event happened.",
        DeliveryCause.REPLAY: "`replayWebhookEvents` asked for it again.",
        DeliveryCause.TEST: "`sendTestWebhook` asked for it.",
    },
)
publish_enum(
    AttemptFault,
    name="WebhookAttemptFault",
    description="Why an attempt did not deliver.",
    values={
        AttemptFault.STATUS: "The receiver's status is no success.",
        AttemptFault.REDIRECT: "The receiver points elsewhere; redirects are not followed.",
        AttemptFault.TIMEOUT: "The receiver took too long.",
        AttemptFault.ADDRESS_NOT_ALLOWED: "The URL's name stands for nothing, or for what "
        "is not on the public internet.",
        AttemptFault.NO_CONNECTION: "No connection, or no trusted one, could be made or kept.",
        AttemptFault.BROKEN_ANSWER: "The answer is not HTTP.",
        AttemptFault.INTERNAL: "It is our fault.",
        AttemptFault.SECRET_LOST: "We cannot sign it: rotate the secret.",
    },
)


@strawberry.type(
    name="WebhookEndpoint", description="Where an account receives its events, signed."
)
class WebhookEndpointNode:
    id: strawberry.ID = strawberry.field(description="`whk_…`.")
    account: Account | None = strawberry.field(description="Whose it is.")
    whole_url: strawberry.Private[str]
    description: str = strawberry.field(description="What it is for.")
    event_types: list[str] = strawberry.field(
        description="The types that are sent; empty where all are."
    )
    ordered: bool = strawberry.field(
        description="Whether an event waits until those before it of the same subject have "
        "been taken or given up."
    )
    state: EndpointState = strawberry.field(description="Whether anything is sent.")
    disabled_reason: DisabledReason | None = strawberry.field(
        description="Why nothing is sent."
    )
    disabled_at: datetime | None = strawberry.field(description="Since when nothing is sent.")
    failing_since: datetime | None = strawberry.field(
        description="The first failure after which nothing has been taken."
    )
    version: int = strawberry.field(description="Rises with each change of the endpoint.")
    created_at: datetime = strawberry.field(description="When it was made.")

    @classmethod
    def of(cls, endpoint: WebhookEndpoint) -> Self:
        return cls(
            id=strawberry.ID(endpoint.id),
            account=Account(id=strawberry.ID(endpoint.account_id)),
            whole_url=endpoint.url,
            description=endpoint.description,
            event_types=list(endpoint.event_types),
            ordered=endpoint.is_ordered,
            state=endpoint.state,
            disabled_reason=endpoint.disabled_reason,
            disabled_at=endpoint.disabled_at,
            failing_since=endpoint.failing_since,
            version=endpoint.version,
            created_at=endpoint.created_at,
        )

    @strawberry.field(
        description="Where events are posted. What follows `?` may hold a token of the receiver: "
        "support sees `?…`."
    )
    async def url(self, info: RoomInfo) -> str:
        is_own = isinstance(info.context.caller, Member)
        return self.whole_url if is_own else without_query(self.whole_url)


@strawberry.type(description="One try to deliver.")
class WebhookAttempt:
    number: int = strawberry.field(description="Counts from 1.")
    started_at: datetime = strawberry.field(description="When it was made.")
    duration_ms: int = strawberry.field(description="How long it took, in milliseconds.")
    status_code: int | None = strawberry.field(
        description="The answer's status; null where there was no answer."
    )
    fault: AttemptFault | None = strawberry.field(
        description="Why it did not deliver; null where it did."
    )
    excerpt: str | None = strawberry.field(
        description="The beginning of an answer that was no success, at most 200 characters."
    )

    @classmethod
    def of(cls, attempt: LoggedAttempt) -> Self:
        return cls(
            number=attempt.number,
            started_at=attempt.started_at,
            duration_ms=attempt.duration_ms,
            status_code=attempt.status_code,
            fault=attempt.fault,
            excerpt=attempt.excerpt,
        )


@strawberry.type(description="One event on its way to one endpoint.")
class WebhookDelivery:
    id: strawberry.ID = strawberry.field(description="`whd_…`.")
    event_id: strawberry.ID = strawberry.field(
        description="The event, as `replayWebhookEvents` takes it and `data.event_id` tells it."
    )
    event_type: str = strawberry.field(description="Such as `porting.port_approved.v1`.")
    subject: strawberry.ID = strawberry.field(description="The id of what the event is about.")
    subject_version: int = strawberry.field(
        description="The subject's version after the event."
    )
    message_id: str = strawberry.field(
        description="The header `webhook-id`: the same for an event at an endpoint, however "
        "often it is sent."
    )
    cause: DeliveryCause = strawberry.field(description="Why it was made.")
    state: DeliveryState = strawberry.field(description="How far it is.")
    next_attempt_at: datetime | None = strawberry.field(
        description="When it is sent at the earliest; null where it is not sent any more."
    )
    created_at: datetime = strawberry.field(description="When it was made.")
    finished_at: datetime | None = strawberry.field(
        description="When it was delivered or given up."
    )

    @classmethod
    def of(cls, delivery: Delivery) -> Self:
        is_pending = delivery.state is DeliveryState.PENDING
        return cls(
            id=strawberry.ID(delivery.id),
            event_id=strawberry.ID(str(delivery.event_id)),
            event_type=delivery.event_type,
            subject=strawberry.ID(delivery.subject),
            subject_version=delivery.sequence,
            message_id=delivery.message_id,
            cause=delivery.cause,
            state=delivery.state,
            next_attempt_at=delivery.due_at if is_pending else None,
            created_at=delivery.created_at,
            finished_at=delivery.finished_at,
        )

    @strawberry.field(description="Every try so far, the first one first.")
    async def attempts(self, info: RoomInfo) -> list[WebhookAttempt]:
        logged = await info.context.loader(_load_attempts).load(self.id)
        return [WebhookAttempt.of(each) for each in logged]


async def _load_attempts(context: Context[Room], ids: list[str]) -> list[list[LoggedAttempt]]:
    async with context.database.reading(context.caller) as connection:
        found = await store.find_attempts(connection, ids)
    return [found[each] for each in ids]


ENDPOINT_ID: Final = strawberry.argument(description="`whk_…`.")
