"""Support's view of porting's events, and what it does about them."""

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
    "portingDeadEvents": SUPPORT,
    "portingDeadEvent": SUPPORT,
    "portingDeadEventGroups": SUPPORT,
    "portingDroppedEvents": SUPPORT,
    "portingReplays": SUPPORT,
    "portingDelivery": SUPPORT,
    "redrivePortingDeadEvents": SUPPORT,
    "dropPortingDeadEvents": SUPPORT,
    "replayPortingEvents": SUPPORT,
}


@strawberry.type
class OperationsQuery:
    porting_dead_events = dead_events_field()
    porting_dead_event = dead_event_field()
    porting_dead_event_groups = dead_event_groups_field()
    porting_dropped_events = dropped_events_field()
    porting_replays = replays_field()
    porting_delivery = delivery_field()


@strawberry.type
class OperationsMutation:
    redrive_porting_dead_events = redrive_field("redrivePortingDeadEvents")
    drop_porting_dead_events = drop_field("dropPortingDeadEvents")
    replay_porting_events = replay_field("replayPortingEvents")
