"""What notifications adds to the graph: parse, one use case, read or stream, shape the answer."""

import strawberry

from libs.common.graphql.rights import ADMINISTRATORS, READERS, SUPPORT
from libs.common.graphql.schema import Graph
from libs.contracts.graph import USER_ERROR_TYPES
from services.notifications.schema.status_changes import Query as StatusChangeQuery
from services.notifications.schema.status_changes import Subscription
from services.notifications.schema.webhook_mutations import WebhookMutation
from services.notifications.schema.webhook_queries import WebhookQuery

RIGHTS = {
    "statusChanges": READERS,
    "portStatusChanged": READERS,
    "numberStatusChanged": READERS,
    "webhookEventTypes": ADMINISTRATORS | SUPPORT,
    "webhookEndpoints": ADMINISTRATORS | SUPPORT,
    "webhookDeliveries": ADMINISTRATORS | SUPPORT,
    "createWebhookEndpoint": ADMINISTRATORS,
    "updateWebhookEndpoint": ADMINISTRATORS,
    "rotateWebhookSecret": ADMINISTRATORS,
    "disableWebhookEndpoint": ADMINISTRATORS,
    "enableWebhookEndpoint": ADMINISTRATORS,
    "deleteWebhookEndpoint": ADMINISTRATORS,
    "sendTestWebhook": ADMINISTRATORS,
    "replayWebhookEvents": ADMINISTRATORS,
}


@strawberry.type
class Query(StatusChangeQuery, WebhookQuery):
    pass


@strawberry.type
class Mutation(WebhookMutation):
    pass


def build_graph(*, shows_schema: bool) -> Graph:
    return Graph(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        types=USER_ERROR_TYPES,
        rights=RIGHTS,
        shows_schema=shows_schema,
    )
