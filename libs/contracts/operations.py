"""What support does with a service's events in the graph: redrives, drops, replays.

As `libs/common/graphql/operations.py`, and here because refusals are told as user errors.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, Any, Final, TypeVar
from uuid import UUID

import strawberry

from libs.common import dead_events, dropped_events, replays
from libs.common.database import Connection
from libs.common.graphql.idempotency import remember
from libs.common.graphql.operations import (
    DroppedEvent,
    EventReplay,
    OperationsInfo,
    read_event_id,
)
from libs.contracts.graph import UserError, user_errors
from libs.contracts.mutations import ERRORS, INPUT, KEY
from libs.contracts.refusals import Refusal, Refused, UserErrorCode, refuse_all

T = TypeVar("T")

_MOST: Final = 100
_LONGEST_NAME: Final = 255
_MOST_TYPES: Final = 200


class DeadEventNotFound(Refusal):
    code = UserErrorCode.NOT_FOUND


class BadChoice(Refusal):
    code = UserErrorCode.INVALID


class TooManyEvents(Refusal):
    code = UserErrorCode.TOO_LONG


@strawberry.input(description="Dead events of one type that failed for one reason.")
class DeadEventGroupInput:
    reason: str = strawberry.field(description="The group's reason.")
    type: str = strawberry.field(description="The group's event type.")


@strawberry.input(description="Which dead events to work again: exactly one of the three.")
class RedriveDeadEventsInput:
    event_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description=f"These, at most {_MOST}; refused where one is not dead."
    )
    group: DeadEventGroupInput | None = strawberry.field(
        default=None, description="All of one type and reason."
    )
    all: bool = strawberry.field(default=False, description="All that there are.")
    idempotency_key: str | None = strawberry.field(default=None, description=KEY)


@strawberry.input(description="Which dead events to give up, and why.")
class DropDeadEventsInput:
    event_ids: list[strawberry.ID] = strawberry.field(
        description=f"These, at most {_MOST}; refused where one is not dead."
    )
    why: str = strawberry.field(
        description=f"For the record: 1 to {dropped_events.LONGEST_WHY:,} characters."
    )
    idempotency_key: str | None = strawberry.field(default=None, description=KEY)


@strawberry.input(description="Which published events a queue is to hear again.")
class ReplayEventsInput:
    queue: str = strawberry.field(description="The queue, such as `notifications.events`.")
    types: list[str] | None = strawberry.field(
        default=None, description="Only these event types; all where null."
    )
    since: datetime | None = strawberry.field(
        default=None, description="Recorded from then on."
    )
    until: datetime | None = strawberry.field(
        default=None, description="Recorded before then."
    )
    keep_ids: bool = strawberry.field(
        default=False,
        description="Under their own ids: an inbox takes only what it never had.",
    )
    idempotency_key: str | None = strawberry.field(default=None, description=KEY)


@strawberry.federation.type(shareable=True, description="What became of a redrive.")
class RedriveDeadEventsPayload:
    redriven: int = strawberry.field(description="How many events are worked again.")
    user_errors: list[UserError] = strawberry.field(description=ERRORS)


@strawberry.federation.type(shareable=True, description="What became of a drop.")
class DropDeadEventsPayload:
    dropped: list[DroppedEvent] = strawberry.field(
        description="What was given up, each with what that means for its aggregate."
    )
    user_errors: list[UserError] = strawberry.field(description=ERRORS)


@strawberry.federation.type(shareable=True, description="What became of a wish for a replay.")
class ReplayEventsPayload:
    replay: EventReplay | None = strawberry.field(
        description="The replay, which begins within seconds; null where it was refused."
    )
    user_errors: list[UserError] = strawberry.field(description=ERRORS)


def redrive_field(mutation: str) -> Any:
    """`mutation` is the field's name in the graph."""

    async def redrive(
        info: OperationsInfo, input: Annotated[RedriveDeadEventsInput, INPUT]
    ) -> RedriveDeadEventsPayload:
        async def act(connection: Connection) -> int:
            chosen = _chosen_of(input)
            redriven = await dead_events.redrive(connection, chosen)
            if isinstance(chosen, list):
                _refuse_missing(chosen, redriven)
            return len(redriven)

        try:
            redriven = await _run_once(info, mutation, input, act)
        except (Refusal, Refused) as refused:
            return RedriveDeadEventsPayload(redriven=0, user_errors=user_errors(refused))
        return RedriveDeadEventsPayload(redriven=redriven, user_errors=[])

    return strawberry.mutation(
        resolver=redrive,
        description="Support: work dead events again, each in its aggregate's order.",
    )


def drop_field(mutation: str) -> Any:
    """`mutation` is the field's name in the graph."""

    async def drop(
        info: OperationsInfo, input: Annotated[DropDeadEventsInput, INPUT]
    ) -> DropDeadEventsPayload:
        async def act(connection: Connection) -> list[str]:
            event_ids, why = _drop_of(input)
            dropped = await dropped_events.drop(connection, event_ids, why)
            _refuse_missing(event_ids, {event.event_id for event in dropped})
            return [str(event_id) for event_id in event_ids]

        try:
            event_ids = await _run_once(info, mutation, input, act)
        except (Refusal, Refused) as refused:
            return DropDeadEventsPayload(dropped=[], user_errors=user_errors(refused))
        async with info.context.database.reading(info.context.caller) as connection:
            dropped = await dropped_events.find_dropped(connection, map(UUID, event_ids))
        return DropDeadEventsPayload(
            dropped=[DroppedEvent.of(event) for event in dropped], user_errors=[]
        )

    return strawberry.mutation(
        resolver=drop,
        description="Support: give dead events up; what waits behind them goes on.",
    )


def replay_field(mutation: str) -> Any:
    """`mutation` is the field's name in the graph."""

    async def ask_replay(
        info: OperationsInfo, input: Annotated[ReplayEventsInput, INPUT]
    ) -> ReplayEventsPayload:
        async def act(connection: Connection) -> int:
            return await replays.ask_replay(connection, _wanted_of(input))

        try:
            replay_id = await _run_once(info, mutation, input, act)
        except (Refusal, Refused) as refused:
            return ReplayEventsPayload(replay=None, user_errors=user_errors(refused))
        async with info.context.database.reading(info.context.caller) as connection:
            found = await replays.find_replay(connection, replay_id)
        return ReplayEventsPayload(
            replay=EventReplay.of(found) if found else None, user_errors=[]
        )

    return strawberry.mutation(
        resolver=ask_replay,
        description="Support: tell a queue again what this service has published.",
    )


async def _run_once(
    info: OperationsInfo,
    mutation: str,
    given: RedriveDeadEventsInput | DropDeadEventsInput | ReplayEventsInput,
    act: Callable[[Connection], Awaitable[T]],
) -> T:
    caller = info.context.caller
    async with info.context.database.transaction(caller) as connection:

        async def act_once() -> dict[str, T]:
            return {"answer": await act(connection)}

        result = await remember(
            connection,
            caller,
            mutation=mutation,
            key=given.idempotency_key,
            given=given,
            act=act_once,
        )
        return result["answer"]


def _chosen_of(given: RedriveDeadEventsInput) -> dead_events.Chosen:
    if [given.event_ids is not None, given.group is not None, given.all].count(True) != 1:
        raise BadChoice("Give one of `eventIds`, `group` and `all`.")
    if given.event_ids is not None:
        return _event_ids_of(given.event_ids)
    if given.group is not None:
        return dead_events.Group(reason=given.group.reason, type=given.group.type)
    return dead_events.Everything()


def _event_ids_of(given: list[strawberry.ID]) -> list[UUID]:
    place = ("input", "eventIds")
    if not given:
        raise BadChoice("Name at least one event.", place)
    if len(given) > _MOST:
        raise TooManyEvents(f"At most {_MOST} events can be named at once.", place)
    read = [read_event_id(each) for each in given]
    refuse_all(_not_found(number) for number, event_id in enumerate(read) if event_id is None)
    return [event_id for event_id in read if event_id is not None]


def _refuse_missing(wanted: list[UUID], found: set[UUID]) -> None:
    """Raises `Refused`, and nothing has happened, where one is not among the dead."""
    refuse_all(
        _not_found(number) for number, event_id in enumerate(wanted) if event_id not in found
    )


def _not_found(number: int) -> Refusal:
    place = ("input", "eventIds", str(number))
    return DeadEventNotFound("There is no dead event with this id.", place)


def _drop_of(given: DropDeadEventsInput) -> tuple[list[UUID], str]:
    """The events and why; both faults at once."""
    refusals: list[Refusal] = []
    event_ids, why = [], ""
    try:
        event_ids = _event_ids_of(given.event_ids)
    except Refusal as refusal:
        refusals.append(refusal)
    except Refused as refused:
        refusals.extend(refused.refusals)
    try:
        why = dropped_events.read_why(given.why)
    except dropped_events.BadWhy:
        sentence = (
            f"Give a reason of 1 to {dropped_events.LONGEST_WHY:,} printable characters."
        )
        refusals.append(BadChoice(sentence, ("input", "why")))
    refuse_all(refusals)
    return event_ids, why


def _wanted_of(given: ReplayEventsInput) -> replays.Wanted:
    types = given.types or []
    if len(types) > _MOST_TYPES:
        place = ("input", "types")
        raise TooManyEvents(f"At most {_MOST_TYPES} types can be named at once.", place)
    refusals: list[Refusal] = [
        BadChoice("No event type is called so.", ("input", "types", str(number)))
        for number, name in enumerate(types)
        if not _is_name(name)
    ]
    if not _is_name(given.queue):
        refusals.append(BadChoice("No queue is called so.", ("input", "queue")))
    if given.since and given.until and given.since >= given.until:
        refusals.append(BadChoice("It ends before it begins.", ("input", "until")))
    refuse_all(refusals)
    return replays.Wanted(
        queue=given.queue,
        types=given.types,
        since=given.since,
        until=given.until,
        keeps_ids=given.keep_ids,
    )


def _is_name(text: str) -> bool:
    return 0 < len(text) <= _LONGEST_NAME and text.isprintable()
