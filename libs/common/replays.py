"""Replays as rows: what was asked for, by whom, and how far each has come."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from libs.common.database import Connection
from libs.common.operator_acts import Act, record_many
from libs.common.paging import Key, Listing, Page, Slice, read_page

_ADD = """
    INSERT INTO replays (queue, types, since, until, keeps_ids)
    VALUES ($1, $2, $3, $4, $5)
    RETURNING replay_id
"""
_COLUMNS: Final = """
    SELECT replay_id, queue, types, since, until, keeps_ids, requested_by, requested_at, told,
      finished_at, reason
    FROM replays
"""
REPLAYS: Final = Listing(
    f"{_COLUMNS} WHERE true {{keyset}} {{order}}",
    parameters=0,
    keys=[Key(column="replay_id", kind=int)],
    descending=True,
)
_FIND = f"{_COLUMNS} WHERE replay_id = $1"
_COUNT = "SELECT count(*) FROM replays"


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which published events are told again, by when they were recorded, and to which queue."""

    queue: str
    types: Collection[str] | None = None
    since: datetime | None = None
    until: datetime | None = None
    keeps_ids: bool = False


@dataclass(frozen=True, kw_only=True)
class Replay:
    """`told` counts the events so far; `reason` says why it ended before its end."""

    replay_id: int
    queue: str
    types: list[str] | None
    since: datetime | None
    until: datetime | None
    keeps_ids: bool
    requested_by: str
    requested_at: datetime
    told: int
    finished_at: datetime | None
    reason: str | None


async def ask_replay(connection: Connection, wanted: Wanted) -> int:
    """The service's worker tells them soon after the commit."""
    types = None if wanted.types is None else list(wanted.types)
    replay_id: int = await connection.fetchval(
        _ADD, wanted.queue, types, wanted.since, wanted.until, wanted.keeps_ids
    )
    await record_many(connection, Act.REPLAYED, 0, f"replay {replay_id} to {wanted.queue}")
    return replay_id


async def find_replay_page(connection: Connection, page: Page) -> Slice[Replay]:
    return (await read_page(connection, REPLAYS, page)).map(lambda row: Replay(**dict(row)))


async def find_replay(connection: Connection, replay_id: int) -> Replay | None:
    row = await connection.fetchrow(_FIND, replay_id)
    return Replay(**dict(row)) if row else None


async def count_replays(connection: Connection) -> int:
    count: int = await connection.fetchval(_COUNT)
    return count
