"""The backlog of events and timers: counts and times, by one statement."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from libs.common.database import Database


@dataclass(frozen=True, kw_only=True)
class Backlog:
    """Of the outbox what the broker has not confirmed; of the inbox what is not worked.

    `postponed` have failed and are tried again; `dead` wait for a person.
    """

    outbox_events: int
    outbox_oldest_at: datetime | None
    pending_events: int
    pending_oldest_at: datetime | None
    postponed_events: int
    dead_events: int
    dead_oldest_at: datetime | None
    timers_due: int
    timers_due_oldest_at: datetime | None
    timers_postponed: int


_MEASURE: Final = """
    SELECT outbox_events, outbox_oldest_at, pending_events, pending_oldest_at, postponed_events,
      dead_events, dead_oldest_at, timers_due, timers_due_oldest_at, timers_postponed
    FROM measure_delivery()
"""


async def measure_backlog(database: Database) -> Backlog:
    """On the login role: the function tells counts and times, and no contents."""
    [row] = await database.fetch(_MEASURE)
    return Backlog(**dict(row))
