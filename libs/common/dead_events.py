"""Dead events: what failed too often, or nobody could read, and what a person does about it.

A dead event holds back the later events of its aggregate (`source` and `subject`) until it is
redriven, and then works, or is dropped.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, TypeAlias
from uuid import UUID

import orjson
from opentelemetry.trace import get_current_span

from libs.common.database import Connection, Row
from libs.common.operator_acts import Act, record_each, record_many
from libs.common.paging import Key, Listing, Page, Slice, read_page
from libs.common.tracing import read_context, traceparent_of

MOST_GROUPS: Final = 100


@dataclass(frozen=True, kw_only=True)
class DeadEvent:
    """`waiting_behind` counts the later events of its aggregate that have come."""

    event_id: UUID
    source: str
    subject: str
    sequence: int
    type: str
    reason: str
    attempts: int
    received_at: datetime
    waiting_behind: int


@dataclass(frozen=True, kw_only=True)
class DeadGroup:
    """Dead events of one type that failed for one reason."""

    reason: str
    type: str
    events: int
    oldest_at: datetime
    newest_at: datetime


@dataclass(frozen=True, kw_only=True)
class Envelope:
    """What an event says about itself beside its data, as far as that can be read."""

    occurred_at: datetime | None = None
    traceparent: str | None = None


@dataclass(frozen=True, kw_only=True)
class Group:
    """All dead events of this type with this reason."""

    reason: str
    type: str


@dataclass(frozen=True)
class Everything:
    """All dead events."""


Chosen: TypeAlias = Sequence[UUID] | Group | Everything

_COLUMNS: Final = """
    SELECT event_id, source, subject, sequence, type, coalesce(reason, '') AS reason, attempts,
      received_at,
      (
        SELECT count(*)
        FROM inbox AS later
        WHERE later.source = dead.source
          AND later.subject = dead.subject
          AND later.sequence > dead.sequence
          AND later.state <> 'applied'
      ) AS waiting_behind
    FROM inbox AS dead
"""
# The newest first, of one reason and type where they are given.
DEAD_EVENTS: Final = Listing(
    f"""{_COLUMNS}
    WHERE state = 'dead'
      AND ($1::text IS NULL OR reason = $1)
      AND ($2::text IS NULL OR type = $2)
      {{keyset}}
    {{order}}
    """,
    parameters=2,
    keys=[Key(column="received_at", kind=datetime), Key(column="event_id", kind=UUID)],
    descending=True,
)
_FIND = f"{_COLUMNS} WHERE state = 'dead' AND event_id = $1"
_COUNT = """
    SELECT count(*)
    FROM inbox
    WHERE state = 'dead'
      AND ($1::text IS NULL OR reason = $1)
      AND ($2::text IS NULL OR type = $2)
"""
# The largest groups first.
_FIND_GROUPS = """
    SELECT coalesce(reason, '') AS reason, type, count(*) AS events,
      min(received_at) AS oldest_at, max(received_at) AS newest_at
    FROM inbox
    WHERE state = 'dead'
    GROUP BY 1, 2
    ORDER BY count(*) DESC, 1, 2
    LIMIT $1
"""
_FIND_BODIES = """
    SELECT event_id, body
    FROM inbox
    WHERE state = 'dead' AND event_id = ANY($1::uuid[])
"""
# Back to be worked, with all its tries before it.
_REDRIVE = """
    UPDATE inbox
    SET state = 'pending', attempts = 0, next_attempt_at = clock_timestamp()
    WHERE state = 'dead'
      AND ($1::uuid[] IS NULL OR event_id = ANY($1))
      AND ($2::text IS NULL OR reason = $2)
      AND ($3::text IS NULL OR type = $3)
    RETURNING event_id
"""


def read_envelope(body: str) -> Envelope:
    """Nothing of the body but what has the form of a time or a trace."""
    try:
        envelope = orjson.loads(body)
        said, trace = str(envelope["time"]), envelope.get("traceparent")
        occurred_at = datetime.fromisoformat(said)
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError, ValueError):
        return Envelope()
    context = read_context(trace if isinstance(trace, str) else None)
    return Envelope(
        occurred_at=occurred_at if occurred_at.tzinfo else occurred_at.replace(tzinfo=UTC),
        traceparent=traceparent_of(get_current_span(context)),
    )


async def find_dead_page(
    connection: Connection, page: Page, *, reason: str | None = None, type: str | None = None
) -> Slice[DeadEvent]:
    return (await read_page(connection, DEAD_EVENTS, page, reason, type)).map(_dead_event)


async def count_dead(
    connection: Connection, *, reason: str | None = None, type: str | None = None
) -> int:
    count: int = await connection.fetchval(_COUNT, reason, type)
    return count


async def find_dead_groups(connection: Connection) -> list[DeadGroup]:
    rows = await connection.fetch(_FIND_GROUPS, MOST_GROUPS)
    return [DeadGroup(**dict(row)) for row in rows]


async def find_dead_event(connection: Connection, event_id: UUID) -> DeadEvent | None:
    row = await connection.fetchrow(_FIND, event_id)
    return _dead_event(row) if row else None


async def find_bodies(connection: Connection, event_ids: Sequence[UUID]) -> Mapping[UUID, str]:
    """For what an envelope says; whoever shows a body to somebody takes `look_at_bodies`."""
    rows = await connection.fetch(_FIND_BODIES, event_ids)
    return {row["event_id"]: row["body"] for row in rows}


async def look_at_bodies(
    connection: Connection, event_ids: Sequence[UUID]
) -> Mapping[UUID, str]:
    """To be shown only after the transaction has committed: each look is on record."""
    bodies = await find_bodies(connection, event_ids)
    await record_each(connection, Act.LOOKED, bodies)
    return bodies


async def redrive(connection: Connection, chosen: Chosen) -> set[UUID]:
    """Answers which will be worked again, each in its place; what was not dead is missing."""
    note = _note_of(chosen)
    group = chosen if isinstance(chosen, Group) else None
    rows = await connection.fetch(
        _REDRIVE,
        list(chosen) if isinstance(chosen, Sequence) else None,
        group and group.reason,
        group and group.type,
    )
    redriven = {row["event_id"] for row in rows}
    if note is None:
        await record_each(connection, Act.REDRIVEN, redriven)
    else:
        await record_many(connection, Act.REDRIVEN, len(redriven), note)
    return redriven


def _note_of(chosen: Chosen) -> str | None:
    match chosen:
        case Group():
            return f"{chosen.type}: {chosen.reason}"
        case Everything():
            return "all"
        case _:
            return None


def _dead_event(row: Row) -> DeadEvent:
    return DeadEvent(**dict(row))
