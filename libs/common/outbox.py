"""The outbox: events are written in the transaction that changes their aggregate."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from libs.common.database import Connection
from libs.common.events import Event, Fact, encode, make_event
from libs.common.telemetry import current_traceparent

# Also a part of the one statement that saves an aggregate: its parameters come first.
ADD_EVENTS: Final = """
    INSERT INTO outbox (event_id, source, subject, sequence, type, traceparent, body)
    SELECT * FROM unnest(
      $1::uuid[], $2::text[], $3::text[], $4::integer[], $5::text[], $6::text[], $7::text[]
    )
"""


async def record(
    connection: Connection, subject: str, version_before: int, *facts: Fact
) -> int:
    """Records each fact as the aggregate's next version, and answers the last one.

    To be called while the aggregate's row is locked or made: the versions stay gapless and
    the order of the outbox is the order of commits.
    """
    await record_events(
        connection, number_facts(subject, version_before, facts, datetime.now(UTC))
    )
    return version_before + len(facts)


def number_facts(
    subject: str, version_before: int, facts: Sequence[Fact], at: datetime
) -> list[Event]:
    """Each fact as the event of the aggregate's next version."""
    traceparent = current_traceparent()
    return [
        make_event(fact, subject=subject, sequence=sequence, traceparent=traceparent, time=at)
        for sequence, fact in enumerate(facts, start=version_before + 1)
    ]


async def record_each(
    connection: Connection, facts: Iterable[tuple[str, int, Fact]], at: datetime
) -> None:
    """The same for many aggregates at once: each fact with its subject and its version."""
    traceparent = current_traceparent()
    await record_events(
        connection,
        [
            make_event(
                fact, subject=subject, sequence=sequence, traceparent=traceparent, time=at
            )
            for subject, sequence, fact in facts
        ],
    )


async def record_events(connection: Connection, events: Sequence[Event]) -> None:
    """Whoever made them has numbered them."""
    if events:
        await connection.execute(ADD_EVENTS, *columns_of(events))


def columns_of(events: Sequence[Event]) -> tuple[list[Any], ...]:
    """What ADD_EVENTS adds."""
    return (
        [event.id for event in events],
        [event.source for event in events],
        [event.subject for event in events],
        [event.sequence for event in events],
        [event.type for event in events],
        [event.traceparent for event in events],
        [encode(event) for event in events],
    )
