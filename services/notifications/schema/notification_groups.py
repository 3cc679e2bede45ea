"""What messages are about: the groups that members choose by, and that their feed is filtered by."""

from libs.common.graphql.enums import publish_enum
from services.notifications.domain.who_is_told import EventGroup as NotificationGroup

__all__ = ["NotificationGroup"]

publish_enum(
    NotificationGroup,
    name="NotificationGroup",
    description="What messages are about.",
    values={
        NotificationGroup.AUTHORIZATIONS: "Port requests that wait for an administrator's word.",
        NotificationGroup.REQUESTS: "Port requests on their way.",
        NotificationGroup.CASES: "Answers of our support team.",
        NotificationGroup.NUMBERS: "First calls, and calls after a number has left.",
        NotificationGroup.REMINDERS: "What should happen and has not.",
        NotificationGroup.WEBHOOKS: "Endpoints that were switched off.",
        NotificationGroup.PORT_OUTS: "Numbers that another carrier asks for.",
        NotificationGroup.SECURITY: "Changes of members, locks and PINs.",
    },
)
