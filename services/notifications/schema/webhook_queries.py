"""Webhooks in the graph: what an account's administrators and support read of them."""

from typing import Annotated

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
from services.notifications.domain.webhook_deliveries import DeliveryState
from services.notifications.domain.webhook_facts import TYPES
from services.notifications.schema.context import RoomInfo
from services.notifications.schema.webhook_types import (
    ENDPOINT_ID,
    WebhookDelivery,
    WebhookEndpointNode,
)
from services.notifications.store import webhook_deliveries, webhook_endpoints


@strawberry.type
class WebhookQuery:
    @strawberry.field(description="The types of event that a webhook endpoint may receive.")
    async def webhook_event_types(self) -> list[str]:
        return sorted(TYPES)

    @strawberry.field(
        description="Webhook endpoints of your account, the oldest first; support sees every "
        "account's."
    )
    async def webhook_endpoints(
        self,
        info: RoomInfo,
        account_id: Annotated[
            strawberry.ID | None,
            strawberry.argument(description="Only of this account; yours has no need of it."),
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[WebhookEndpointNode]:
        context = info.context
        page = page_of(
            webhook_endpoints.ENDPOINTS, first=first, after=after, last=last, before=before
        )
        asked = account_id
        if context.sight.account_id is not None:
            # Another's and an unknown one look alike.
            is_own = account_id in {None, context.sight.account_id}
            asked = strawberry.ID(context.sight.account_id if is_own else "-")

        async def count() -> int:
            async with context.database.reading(context.caller) as connection:
                return await webhook_endpoints.count_endpoints(connection, asked)

        async with context.database.reading(context.caller) as connection:
            found = await webhook_endpoints.find_page(connection, asked, page)
        return connection_of(found.map(WebhookEndpointNode.of), count=count)

    @strawberry.field(
        description="What was sent to an endpoint in the last 30 days or is still to be sent, "
        "the newest first; null where there is no such endpoint."
    )
    async def webhook_deliveries(
        self,
        info: RoomInfo,
        webhook_endpoint_id: Annotated[strawberry.ID, ENDPOINT_ID],
        states: Annotated[
            list[DeliveryState] | None,
            strawberry.argument(description="Only in these states."),
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[WebhookDelivery] | None:
        context, account_id = info.context, info.context.sight.account_id
        page = page_of(
            webhook_deliveries.DELIVERIES, first=first, after=after, last=last, before=before
        )
        asked = webhook_endpoint_id, account_id, states

        async def count() -> int:
            async with context.database.reading(context.caller) as connection:
                return await webhook_deliveries.count_deliveries(connection, *asked)

        async with context.database.reading(context.caller) as connection:
            known = await webhook_endpoints.find_endpoints(
                connection, [webhook_endpoint_id], account_id
            )
            if not known:
                return None
            found = await webhook_deliveries.find_page(connection, *asked, page)
        return connection_of(found.map(WebhookDelivery.of), count=count)
