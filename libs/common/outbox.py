"""The outbox: events are written in the transaction that changes their aggregate."""

from collections.abc import Sequence
from datetime import UTC, datetime

from libs.common.database import Connection
from libs.common.events import Event, Fact, encode, make_event
from libs.common.telemetry import current_traceparent

_ADD = """
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
    now = datetime.now(UTC)
    events = [
        make_event(
            fact,
            subject=subject,
            sequence=sequence,
            traceparent=current_traceparent(),
            time=now,
        )
        for sequence, fact in enumerate(facts, start=version_before + 1)
    ]
    await record_events(connection, events)
    return version_before + len(facts)


async def record_events(connection: Connection, events: Sequence[Event]) -> None:
    """The same for many aggregates at once; the caller has numbered them."""
    if not events:
        return
    await connection.execute(
        _ADD,
        [event.id for event in events],
        [event.source for event in events],
        [event.subject for event in events],
        [event.sequence for event in events],
        [event.type for event in events],
        [event.traceparent for event in events],
        [encode(event) for event in events],
    )
