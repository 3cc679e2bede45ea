"""What is sent to whom: each event once to each endpoint that wants it, and again where asked."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from libs.common.caller import Member
from libs.common.database import Connection, Database
from libs.common.events import Event
from libs.common.ids import new_event_id
from services.notifications.domain.webhook_deliveries import DeliveryCause
from services.notifications.domain.webhook_endpoints import EndpointState, WebhookEndpoint
from services.notifications.domain.webhook_facts import EVENTS_KEPT, TYPES, write_test_body
from services.notifications.domain.webhook_refusals import (
    EndpointDisabled,
    EventUnknown,
    NothingNamed,
    TooManyEvents,
    WindowEmpty,
)
from services.notifications.store import webhook_deliveries as store
from services.notifications.use_cases.webhook_endpoints import Named, lock_endpoint

MOST_REPLAYED: Final = 10_000
LOG_KEPT: Final = timedelta(days=30)
_FORGOTTEN_AT_ONCE: Final = 5_000


@dataclass(frozen=True, kw_only=True)
class ReplayWish:
    """Events by their ids, or those of a window: from `since`, before `until`."""

    event_ids: Sequence[str] | None
    since: datetime | None
    until: datetime | None


async def record_deliveries(connection: Connection, events: Sequence[Event]) -> bool:
    """What is told again, by a broker or a replay, is sent to nobody again.

    Whether what is older than what is kept was told before, nobody knows: it is left out. Answers
    whether there is something to send.
    """
    oldest = _oldest_kept()
    told = [event for event in events if event.type in TYPES and event.time >= oldest]
    if not told:
        return False
    wanted = await store.record_events(connection, told)
    await store.add_deliveries(connection, wanted, DeliveryCause.EVENT)
    return bool(wanted)


async def send_test(connection: Connection, member: Member, named: Named) -> str:
    """Answers the delivery's id."""
    endpoint = await _lock_enabled(connection, member, named)
    event_id, at = new_event_id(), datetime.now(UTC)
    wanted = await store.add_test_event(
        connection,
        event_id=event_id,
        account_id=endpoint.account_id,
        endpoint_id=endpoint.id,
        at=at,
        body=write_test_body(str(event_id), endpoint.id, at.isoformat()),
    )
    [delivery_id] = await store.add_deliveries(connection, wanted, DeliveryCause.TEST)
    return delivery_id


async def replay_events(
    connection: Connection, member: Member, named: Named, wish: ReplayWish
) -> int:
    """Answers how many are sent again, under the ids that they had."""
    endpoint = await _lock_enabled(connection, member, named)
    if wish.event_ids is not None:
        if wish.since is not None or wish.until is not None or not wish.event_ids:
            raise NothingNamed
        if len(wish.event_ids) > MOST_REPLAYED:
            raise TooManyEvents(MOST_REPLAYED)
        ids = [_read_id(place, each) for place, each in enumerate(wish.event_ids)]
        wanted = await store.find_events(
            connection, ids, endpoint.account_id, endpoint.id, since=_oldest_kept()
        )
        found = {row["event_id"] for row in wanted}
        for place, each in enumerate(ids):
            if each not in found:
                raise EventUnknown(place)
    else:
        since, until = _read_window(wish)
        wanted = await store.find_window(
            connection,
            endpoint.account_id,
            endpoint.id,
            endpoint.event_types,
            since=max(since, _oldest_kept()),
            until=until,
            limit=MOST_REPLAYED + 1,
        )
        if len(wanted) > MOST_REPLAYED:
            raise TooManyEvents(MOST_REPLAYED)
    return len(await store.add_deliveries(connection, wanted, DeliveryCause.REPLAY))


async def forget_deliveries(database: Database) -> None:
    """The log's end, in small steps."""
    forgotten = _FORGOTTEN_AT_ONCE
    while forgotten >= _FORGOTTEN_AT_ONCE:
        async with database.working() as connection:
            forgotten = await store.forget_deliveries(
                connection, datetime.now(UTC) - LOG_KEPT, _FORGOTTEN_AT_ONCE
            )


def _oldest_kept() -> datetime:
    return datetime.now(UTC) - EVENTS_KEPT


async def _lock_enabled(
    connection: Connection, member: Member, named: Named
) -> WebhookEndpoint:
    endpoint = await lock_endpoint(connection, member, named)
    if endpoint.state is not EndpointState.ENABLED:
        raise EndpointDisabled
    return endpoint


def _read_id(place: int, text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise EventUnknown(place) from None


def _read_window(wish: ReplayWish) -> tuple[datetime, datetime]:
    if wish.since is None or wish.until is None:
        raise NothingNamed
    if wish.until <= wish.since:
        raise WindowEmpty
    return wish.since, wish.until
