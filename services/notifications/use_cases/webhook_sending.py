"""What the webhook worker does in the database: takes what is due, notes what came of it."""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from libs.common.database import Connection
from services.notifications.domain.messages import Message
from services.notifications.domain.notices import Notice
from services.notifications.domain.webhook_deliveries import (
    FAILS_FOR,
    SHORTEST_REST,
    Attempt,
    last_failure,
    rest_after,
)
from services.notifications.domain.webhook_endpoints import DisabledReason, WebhookEndpoint
from services.notifications.domain.webhook_urls import without_query
from services.notifications.store import webhook_lanes as store
from services.notifications.store.notices import add_notices
from services.notifications.store.webhook_lanes import EndedLane, Lane

log = logging.getLogger(__name__)

# An endpoint is its lane's for so long; after a crash it waits as long.
LEASE: Final = timedelta(minutes=1)


async def take_lanes(
    connection: Connection, *, most: int, most_probes: int, deliveries: int
) -> list[Lane]:
    """An endpoint that fails gets one delivery: whether it goes through decides about the rest."""
    healthy = await store.take_lanes(
        connection, failing=False, most=most, deliveries=deliveries, lease=LEASE
    )
    probes = await store.take_lanes(
        connection, failing=True, most=most_probes, deliveries=1, lease=LEASE
    )
    return [*healthy, *probes]


def end_lane(lane: Lane, attempts: Sequence[Attempt], at: datetime) -> EndedLane:
    """What its attempts say about the endpoint."""
    failure = last_failure(attempts)
    delivered = any(attempt.answer.fault is None for attempt in attempts)
    if failure is None:
        # Who came to nothing, whatever stopped them, does not try again at once.
        return EndedLane(
            endpoint_id=lane.endpoint_id,
            version=lane.version,
            leased_until=lane.leased_until,
            failures=0 if delivered else lane.failures,
            failing_since=None if delivered else lane.failing_since,
            rests_until=at if delivered else at + SHORTEST_REST,
            disabled_reason=None,
        )
    failures = 1 if delivered else lane.failures + 1
    known_since = None if delivered else lane.failing_since
    failing_since = known_since or failure.started_at
    reason = None
    if any(attempt.answer.is_gone for attempt in attempts):
        reason = DisabledReason.GONE
    elif failing_since <= at - FAILS_FOR:
        reason = DisabledReason.FAILING
    return EndedLane(
        endpoint_id=lane.endpoint_id,
        version=lane.version,
        leased_until=lane.leased_until,
        failures=failures,
        failing_since=failing_since,
        rests_until=at + rest_after(failures, failure.answer, at),
        disabled_reason=reason,
    )


async def note(
    connection: Connection, attempts: Sequence[Attempt], ended: Sequence[EndedLane]
) -> None:
    if attempts:
        await store.note_attempts(connection, attempts)
    if not ended:
        return
    await store.release_lanes(connection, ended)
    for lane in ended:
        if lane.disabled_reason is None:
            continue
        endpoint = await store.disable_endpoint(
            connection, lane.endpoint_id, lane.version, lane.disabled_reason
        )
        if endpoint is not None:
            await add_notices(connection, [_notice_of(endpoint, lane.disabled_reason)])
            log.warning(
                "a webhook endpoint was disabled",
                extra={
                    "action": "webhook_endpoint.disabled",
                    "endpoint": endpoint.id,
                    "reason": lane.disabled_reason.value,
                },
            )


def _notice_of(endpoint: WebhookEndpoint, reason: DisabledReason) -> Notice:
    """For every administrator: nothing is sent there until one of them has looked at it."""
    assert endpoint.disabled_at is not None
    return Notice(
        message=Message.WEBHOOK_DISABLED,
        key=f"{endpoint.id}:{endpoint.version}",
        account_id=endpoint.account_id,
        company_ids=(),
        requester_id=None,
        subject=endpoint.id,
        occurred_at=endpoint.disabled_at,
        due_at=endpoint.disabled_at,
        content={"url": without_query(endpoint.url), "reason": reason.value},
    )
