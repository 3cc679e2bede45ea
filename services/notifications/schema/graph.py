"""What notifications adds to the graph: parse, one use case, read or stream, shape the answer."""

import strawberry

from libs.common.graphql.rights import ADMINISTRATORS, MEMBERS, READERS, SUPPORT
from libs.common.graphql.schema import Graph
from libs.contracts.graph import USER_ERROR_TYPES
from services.notifications.schema.mails import MailMutation, MailQuery
from services.notifications.schema.preferences import PreferenceMutation, PreferenceQuery
from services.notifications.schema.status_changes import Query as StatusQuery
from services.notifications.schema.status_changes import Subscription

RIGHTS = {
    "statusChanges": READERS,
    "portStatusChanged": READERS,
    "numberStatusChanged": READERS,
    "notificationPreferences": MEMBERS,
    "companyNotificationDefaults": ADMINISTRATORS,
    "updateNotificationPreferences": MEMBERS,
    "updateCompanyNotificationDefaults": ADMINISTRATORS,
    "mails": SUPPORT,
    "resendMail": SUPPORT,
}


@strawberry.type
class Query(StatusQuery, PreferenceQuery, MailQuery):
    pass


@strawberry.type
class Mutation(PreferenceMutation, MailMutation):
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
