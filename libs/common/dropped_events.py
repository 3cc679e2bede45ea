"""Dropped events: dead ones that a person gave up, kept for the record.

As applied: what waits behind such an event goes on, and should it come again it is a duplicate.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from libs.common.database import Connection, Row
from libs.common.inbox import UNKNOWN
from libs.common.operator_acts import Act, record_each
from libs.common.paging import Key, Listing, Page, Slice, read_page

LONGEST_WHY: Final = 1_000


class BadWhy(ValueError):
    """A drop needs a reason that somebody can read."""


@dataclass(frozen=True, kw_only=True)
class DroppedEvent:
    event_id: UUID
    source: str
    subject: str
    sequence: int
    type: str
    fault: str
    attempts: int
    received_at: datetime
    dropped_at: datetime
    dropped_by: str
    why: str
    released: int

    @property
    def meaning(self) -> str:
        """What it means for the aggregate that this event will never be worked here."""
        if self.source == UNKNOWN:
            return "Nobody could read it: it held nothing back, and nothing here knows of it."
        return (
            f"What event {self.sequence} of {self.subject} says is unknown here: copies lack it "
            "until a later event or a replay brings it, and what it starts does not start. "
            f"Of its aggregate {self.released} later events waited behind it, and no longer do."
        )


# Gives dead ones up, and counts what waited behind each.
_DROP = """
    WITH dead AS (
      SELECT *
      FROM inbox
      WHERE state = 'dead' AND event_id = ANY($1::uuid[])
      FOR UPDATE
    ),
    given_up AS (
      UPDATE inbox
      SET state = 'applied', body = NULL, reason = NULL, next_attempt_at = NULL
      FROM dead
      WHERE inbox.event_id = dead.event_id
    ),
    never_worked AS (
      INSERT INTO worked_events (source, event_id)
      SELECT source, coalesce(replay_of, event_id)
      FROM dead
      WHERE source <> 'unknown'
      ON CONFLICT DO NOTHING
    )
    INSERT INTO dropped_events
      (event_id, source, subject, sequence, type, body, fault, attempts, received_at, why, released)
    SELECT event_id, source, subject, sequence, type, body, coalesce(reason, ''), attempts,
      received_at, $2,
      (
        SELECT count(*)
        FROM inbox AS later
        WHERE later.source = dead.source
          AND later.subject = dead.subject
          AND later.sequence > dead.sequence
          AND later.state <> 'applied'
      )
    FROM dead
    RETURNING event_id, source, subject, sequence, type, fault, attempts, received_at,
      dropped_at, dropped_by, why, released
"""
DROPPED_EVENTS: Final = Listing(
    """
    SELECT event_id, source, subject, sequence, type, fault, attempts, received_at,
      dropped_at, dropped_by, why, released
    FROM dropped_events
    WHERE true
      {keyset}
    {order}
    """,
    parameters=0,
    keys=[Key(column="dropped_at", kind=datetime), Key(column="event_id", kind=UUID)],
    descending=True,
)
# Of each the last time that it was dropped.
_FIND_DROPPED = """
    SELECT DISTINCT ON (event_id) event_id, source, subject, sequence, type, fault, attempts,
      received_at, dropped_at, dropped_by, why, released
    FROM dropped_events
    WHERE event_id = ANY($1::uuid[])
    ORDER BY event_id, dropped_at DESC
"""
_COUNT_DROPPED = "SELECT count(*) FROM dropped_events"


def read_why(text: str) -> str:
    """Raises `BadWhy`."""
    why = text.strip()
    if not 0 < len(why) <= LONGEST_WHY or not why.isprintable():
        raise BadWhy(f"a reason is 1 to {LONGEST_WHY} printable characters")
    return why


async def drop(
    connection: Connection, event_ids: Sequence[UUID], why: str
) -> list[DroppedEvent]:
    """Gives them up for good; what was not dead is missing in the answer."""
    rows = await connection.fetch(_DROP, event_ids, why)
    await record_each(connection, Act.DROPPED, [row["event_id"] for row in rows], why)
    return [_dropped_event(row) for row in rows]


async def find_dropped(
    connection: Connection, event_ids: Iterable[UUID]
) -> list[DroppedEvent]:
    """Those that are known, in the order of their names."""
    rows = await connection.fetch(_FIND_DROPPED, list(event_ids))
    return [_dropped_event(row) for row in rows]


async def find_dropped_page(connection: Connection, page: Page) -> Slice[DroppedEvent]:
    return (await read_page(connection, DROPPED_EVENTS, page)).map(_dropped_event)


async def count_dropped(connection: Connection) -> int:
    count: int = await connection.fetchval(_COUNT_DROPPED)
    return count


def _dropped_event(row: Row) -> DroppedEvent:
    return DroppedEvent(**dict(row))
