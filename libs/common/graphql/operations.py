"""What support sees of a service's events: the dead, the dropped, replays, and what waits.

The types are shared: every service answers them about its own events, under fields that bear
its name.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Self, TypeAlias
from uuid import UUID

import strawberry
from strawberry.types import Info

from libs.common import backlog, dead_events, dropped_events, replays
from libs.common.graphql.connections import (
    After,
    Before,
    First,
    Last,
    SharedConnection,
    page_of,
    shared_connection_of,
)
from libs.common.graphql.context import Context

OperationsInfo: TypeAlias = Info[Context[Any], None]


async def load_envelopes(
    context: Context[Any], ids: list[UUID]
) -> Sequence[dead_events.Envelope]:
    async with context.database.reading(context.caller) as connection:
        bodies = await dead_events.find_bodies(connection, ids)
    return [dead_events.read_envelope(bodies.get(event_id, "")) for event_id in ids]


async def load_bodies(context: Context[Any], ids: list[UUID]) -> Sequence[str | None]:
    """Shown once the record of the look is committed."""
    bodies: Mapping[UUID, str]
    async with context.database.transaction(context.caller) as connection:
        bodies = await dead_events.look_at_bodies(connection, ids)
    return [bodies.get(event_id) for event_id in ids]


@strawberry.federation.type(
    shareable=True,
    description="An event that a service received and could not work, or not read.",
)
class DeadEvent:
    id: strawberry.ID = strawberry.field(
        description="The event's id; of what nobody could read, one made of its bytes."
    )
    source: str = strawberry.field(description="Who published it; `unknown` if unreadable.")
    subject: str = strawberry.field(description="Its aggregate's id.")
    sequence: int = strawberry.field(description="The aggregate's version; 0 if unreadable.")
    type: str = strawberry.field(description="The event's type, or `unreadable`.")
    reason: str = strawberry.field(description="What went wrong at the last try, in a word.")
    attempts: int = strawberry.field(description="How often it was tried.")
    received_at: datetime = strawberry.field(description="When it came.")
    waiting_behind: int = strawberry.field(
        description="How many later events of its aggregate wait until it is settled."
    )
    event_id: strawberry.Private[UUID]

    @strawberry.field(description="When it happened; null where the envelope does not say.")
    async def occurred_at(self, info: OperationsInfo) -> datetime | None:
        return (await info.context.loader(load_envelopes).load(self.event_id)).occurred_at

    @strawberry.field(description="The trace it belongs to; null where there is none.")
    async def traceparent(self, info: OperationsInfo) -> str | None:
        return (await info.context.loader(load_envelopes).load(self.event_id)).traceparent

    @strawberry.field(
        description="The whole event as it was stored. That somebody looked is on record."
    )
    async def body(self, info: OperationsInfo) -> str | None:
        return await info.context.loader(load_bodies).load(self.event_id)

    @classmethod
    def of(cls, event: dead_events.DeadEvent) -> Self:
        return cls(id=strawberry.ID(str(event.event_id)), **vars(event))


@strawberry.federation.type(
    shareable=True, description="Dead events of one type that failed for one reason."
)
class DeadEventGroup:
    reason: str = strawberry.field(description="What went wrong, in a word.")
    type: str = strawberry.field(description="The events' type.")
    events: int = strawberry.field(description="How many they are.")
    oldest_at: datetime = strawberry.field(description="When the first of them came.")
    newest_at: datetime = strawberry.field(description="When the latest of them came.")


@strawberry.federation.type(
    shareable=True, description="A dead event that somebody gave up; kept for 90 days."
)
class DroppedEvent:
    id: strawberry.ID = strawberry.field(description="The event's id.")
    source: str = strawberry.field(description="Who published it; `unknown` if unreadable.")
    subject: str = strawberry.field(description="Its aggregate's id.")
    sequence: int = strawberry.field(description="The aggregate's version; 0 if unreadable.")
    type: str = strawberry.field(description="The event's type, or `unreadable`.")
    fault: str = strawberry.field(description="Why it was dead, in a word.")
    attempts: int = strawberry.field(description="How often it was tried.")
    received_at: datetime = strawberry.field(description="When it came.")
    dropped_at: datetime = strawberry.field(description="When it was dropped.")
    dropped_by: str = strawberry.field(description="Who dropped it.")
    why: str = strawberry.field(description="The reason they gave.")
    released: int = strawberry.field(
        description="How many later events of its aggregate waited behind it."
    )
    meaning: str = strawberry.field(description="What that means for its aggregate.")

    @classmethod
    def of(cls, event: dropped_events.DroppedEvent) -> Self:
        said = {name: value for name, value in vars(event).items() if name != "event_id"}
        return cls(id=strawberry.ID(str(event.event_id)), meaning=event.meaning, **said)


@strawberry.federation.type(
    shareable=True, description="Published events that one queue hears again."
)
class EventReplay:
    id: strawberry.ID = strawberry.field(description="A number of this service.")
    queue: str = strawberry.field(description="Who hears them.")
    types: list[str] | None = strawberry.field(description="Of these types; of all if null.")
    since: datetime | None = strawberry.field(description="Recorded from then on.")
    until: datetime | None = strawberry.field(description="Recorded before then.")
    keeps_ids: bool = strawberry.field(
        description="Under their own ids: an inbox takes only what it never had."
    )
    requested_by: str = strawberry.field(description="Who asked for it.")
    requested_at: datetime = strawberry.field(description="When they did.")
    told: int = strawberry.field(description="How many events were told so far.")
    finished_at: datetime | None = strawberry.field(description="When it ended.")
    reason: str | None = strawberry.field(
        description="Why it ended early, such as `NO_SUCH_QUEUE`; null where it did not."
    )

    @classmethod
    def of(cls, replayed: replays.Replay) -> Self:
        said = {name: value for name, value in vars(replayed).items() if name != "replay_id"}
        return cls(id=strawberry.ID(str(replayed.replay_id)), **said)


@strawberry.federation.type(
    shareable=True, description="How far a service's delivery of events and timers is behind."
)
class EventDelivery:
    outbox_events: int = strawberry.field(
        description="Published, not confirmed by the broker."
    )
    outbox_oldest_at: datetime | None = strawberry.field(description="The oldest of them.")
    pending_events: int = strawberry.field(description="Received and not worked.")
    pending_oldest_at: datetime | None = strawberry.field(description="The oldest of them.")
    postponed_events: int = strawberry.field(description="Of them, failed and tried again.")
    dead_events: int = strawberry.field(description="Waiting for a person.")
    dead_oldest_at: datetime | None = strawberry.field(description="The oldest of them.")
    timers_due: int = strawberry.field(description="Timers whose time has come.")
    timers_due_oldest_at: datetime | None = strawberry.field(description="The oldest of them.")
    timers_postponed: int = strawberry.field(description="Timers that failed, tried again.")


@strawberry.input(description="Which dead events are wanted.")
class DeadEventFilter:
    reason: str | None = strawberry.field(default=None, description="Of this reason.")
    type: str | None = strawberry.field(default=None, description="Of this event type.")


def dead_events_field() -> Any:
    async def find(
        info: OperationsInfo,
        filter: Annotated[
            DeadEventFilter | None, strawberry.argument(description="Which of them.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> SharedConnection[DeadEvent] | None:
        page = page_of(
            dead_events.DEAD_EVENTS, first=first, after=after, last=last, before=before
        )
        wanted = filter or DeadEventFilter()
        about = {"reason": wanted.reason, "type": wanted.type}
        async with info.context.database.reading(info.context.caller) as connection:
            found = await dead_events.find_dead_page(connection, page, **about)

        async def count() -> int:
            async with info.context.database.reading(info.context.caller) as connection:
                return await dead_events.count_dead(connection, **about)

        return shared_connection_of(found.map(DeadEvent.of), count)

    return strawberry.field(
        resolver=find,
        description="Support: events that this service could not work, newest first.",
    )


def dead_event_field() -> Any:
    async def find(
        info: OperationsInfo,
        id: Annotated[strawberry.ID, strawberry.argument(description="The event's id.")],
    ) -> DeadEvent | None:
        event_id = read_event_id(id)
        if event_id is None:
            return None
        async with info.context.database.reading(info.context.caller) as connection:
            found = await dead_events.find_dead_event(connection, event_id)
        return DeadEvent.of(found) if found else None

    return strawberry.field(resolver=find, description="Support: one of the dead events.")


def dead_event_groups_field() -> Any:
    async def find(info: OperationsInfo) -> list[DeadEventGroup] | None:
        async with info.context.database.reading(info.context.caller) as connection:
            groups = await dead_events.find_dead_groups(connection)
        return [DeadEventGroup(**vars(group)) for group in groups]

    return strawberry.field(
        resolver=find,
        description="Support: dead events counted by reason and type, the largest group first.",
    )


def dropped_events_field() -> Any:
    async def find(
        info: OperationsInfo,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> SharedConnection[DroppedEvent] | None:
        page = page_of(
            dropped_events.DROPPED_EVENTS, first=first, after=after, last=last, before=before
        )
        async with info.context.database.reading(info.context.caller) as connection:
            found = await dropped_events.find_dropped_page(connection, page)

        async def count() -> int:
            async with info.context.database.reading(info.context.caller) as connection:
                return await dropped_events.count_dropped(connection)

        return shared_connection_of(found.map(DroppedEvent.of), count)

    return strawberry.field(
        resolver=find, description="Support: what was given up, by whom and why, newest first."
    )


def replays_field() -> Any:
    async def find(
        info: OperationsInfo,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> SharedConnection[EventReplay] | None:
        page = page_of(replays.REPLAYS, first=first, after=after, last=last, before=before)
        async with info.context.database.reading(info.context.caller) as connection:
            found = await replays.find_replay_page(connection, page)

        async def count() -> int:
            async with info.context.database.reading(info.context.caller) as connection:
                return await replays.count_replays(connection)

        return shared_connection_of(found.map(EventReplay.of), count)

    return strawberry.field(
        resolver=find, description="Support: replays that were asked for, newest first."
    )


def delivery_field() -> Any:
    async def measure(info: OperationsInfo) -> EventDelivery | None:
        return EventDelivery(**vars(await backlog.measure_backlog(info.context.database)))

    return strawberry.field(
        resolver=measure, description="Support: what waits in this service, and since when."
    )


def read_event_id(id: str) -> UUID | None:
    """None for what is no event's id."""
    try:
        return UUID(id)
    except ValueError:
        return None
