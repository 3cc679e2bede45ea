"""What notifications adds to the graph: parse, one read or one stream, shape the answer."""

import strawberry

from libs.common.graphql.rights import ADMINISTRATORS, MEMBERS, READERS, SUPPORT
from libs.common.graphql.schema import Graph
from libs.contracts.graph import USER_ERROR_TYPES
from services.notifications.schema.operations import (
    OPERATIONS_RIGHTS,
    OperationsMutation,
    OperationsQuery,
)
from services.notifications.schema.preferences import PreferenceMutation, PreferenceQuery
from services.notifications.schema.status_changes import StatusChangeQuery, Subscription
from services.notifications.schema.webhook_mutations import WebhookMutation
from services.notifications.schema.webhook_queries import WebhookQuery

RIGHTS = {
    "statusChanges": READERS,
    "portStatusChanged": READERS,
    "numberStatusChanged": READERS,
    "notificationPreferences": MEMBERS,
    "companyNotificationDefaults": ADMINISTRATORS,
    "updateNotificationPreferences": MEMBERS,
    "updateCompanyNotificationDefaults": ADMINISTRATORS,
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
    **OPERATIONS_RIGHTS,
}


@strawberry.type
class Query(StatusChangeQuery, PreferenceQuery, WebhookQuery, OperationsQuery):
    pass


@strawberry.type
class Mutation(PreferenceMutation, WebhookMutation, OperationsMutation):
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
