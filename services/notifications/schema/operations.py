"""Support's view of notifications' events, and what it does about them."""

import strawberry

from libs.common.graphql.operations import (
    dead_event_field,
    dead_event_groups_field,
    dead_events_field,
    delivery_field,
    dropped_events_field,
    replays_field,
)
from libs.common.graphql.rights import SUPPORT
from libs.contracts.operations import drop_field, redrive_field, replay_field

OPERATIONS_RIGHTS = {
    "notificationsDeadEvents": SUPPORT,
    "notificationsDeadEvent": SUPPORT,
    "notificationsDeadEventGroups": SUPPORT,
    "notificationsDroppedEvents": SUPPORT,
    "notificationsReplays": SUPPORT,
    "notificationsDelivery": SUPPORT,
    "redriveNotificationsDeadEvents": SUPPORT,
    "dropNotificationsDeadEvents": SUPPORT,
    "replayNotificationsEvents": SUPPORT,
}


@strawberry.type
class OperationsQuery:
    notifications_dead_events = dead_events_field()
    notifications_dead_event = dead_event_field()
    notifications_dead_event_groups = dead_event_groups_field()
    notifications_dropped_events = dropped_events_field()
    notifications_replays = replays_field()
    notifications_delivery = delivery_field()


@strawberry.type
class OperationsMutation:
    redrive_notifications_dead_events = redrive_field("redriveNotificationsDeadEvents")
    drop_notifications_dead_events = drop_field("dropNotificationsDeadEvents")
    replay_notifications_events = replay_field("replayNotificationsEvents")
