"""What notifications adds to the graph: parse, one use case, read or stream, shape the answer."""

import strawberry

from libs.common.graphql.rights import (
    ADMINISTRATORS,
    EVEN_DISABLED,
    MEMBERS,
    READERS,
    SUPPORT,
)
from libs.common.graphql.schema import Graph
from libs.contracts.graph import USER_ERROR_TYPES
from services.notifications.schema.dead_notices import (
    DEAD_NOTICE_RIGHTS,
    DeadNoticeMutation,
    DeadNoticeQuery,
)
from services.notifications.schema.live_changes import ChangeSubscription
from services.notifications.schema.mails import MailMutation, MailQuery
from services.notifications.schema.notification_mutations import NotificationMutation
from services.notifications.schema.notifications import (
    NotificationQuery,
    NotificationSubscription,
)
from services.notifications.schema.operations import (
    OPERATIONS_RIGHTS,
    OperationsMutation,
    OperationsQuery,
)
from services.notifications.schema.preferences import PreferenceMutation, PreferenceQuery
from services.notifications.schema.status_changes import StatusChangeQuery
from services.notifications.schema.webhook_mutations import WebhookMutation
from services.notifications.schema.webhook_queries import WebhookQuery

RIGHTS = {
    "statusChanges": READERS,
    "portStatusChanged": READERS,
    "deskQueueChanged": SUPPORT,
    "numberStatusChanged": READERS,
    "notifications": MEMBERS,
    "unreadNotificationCount": MEMBERS,
    "notificationReceived": MEMBERS,
    "markNotificationsRead": MEMBERS | EVEN_DISABLED,
    "markAllNotificationsRead": MEMBERS | EVEN_DISABLED,
    "mails": SUPPORT,
    "resendMail": SUPPORT,
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
    **DEAD_NOTICE_RIGHTS,
    **OPERATIONS_RIGHTS,
}


@strawberry.type
class Query(
    StatusChangeQuery,
    NotificationQuery,
    PreferenceQuery,
    MailQuery,
    WebhookQuery,
    DeadNoticeQuery,
    OperationsQuery,
):
    pass


@strawberry.type
class Mutation(
    NotificationMutation,
    PreferenceMutation,
    MailMutation,
    WebhookMutation,
    DeadNoticeMutation,
    OperationsMutation,
):
    pass


@strawberry.type
class Subscription(ChangeSubscription, NotificationSubscription):
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
