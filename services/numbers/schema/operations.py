"""Support's view of numbers' events, and what it does about them."""

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
    "numbersDeadEvents": SUPPORT,
    "numbersDeadEvent": SUPPORT,
    "numbersDeadEventGroups": SUPPORT,
    "numbersDroppedEvents": SUPPORT,
    "numbersReplays": SUPPORT,
    "numbersDelivery": SUPPORT,
    "redriveNumbersDeadEvents": SUPPORT,
    "dropNumbersDeadEvents": SUPPORT,
    "replayNumbersEvents": SUPPORT,
}


@strawberry.type
class OperationsQuery:
    numbers_dead_events = dead_events_field()
    numbers_dead_event = dead_event_field()
    numbers_dead_event_groups = dead_event_groups_field()
    numbers_dropped_events = dropped_events_field()
    numbers_replays = replays_field()
    numbers_delivery = delivery_field()


@strawberry.type
class OperationsMutation:
    redrive_numbers_dead_events = redrive_field("redriveNumbersDeadEvents")
    drop_numbers_dead_events = drop_field("dropNumbersDeadEvents")
    replay_numbers_events = replay_field("replayNumbersEvents")
