"""What support and operators did with events by hand: each act is on record."""

import getpass
import os
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from enum import StrEnum
from uuid import UUID

from libs.common.database import Connection, Database


class Act(StrEnum):
    LOOKED = "looked"
    REDRIVEN = "redriven"
    DROPPED = "dropped"
    REPLAYED = "replayed"


# Who acts for the rest of this transaction.
_ACT_AS = "SELECT set_config('app.actor', $1, true)"
# One row for each event that was named.
_RECORD_EACH = """
    INSERT INTO operator_acts (act, event_id, events, note)
    SELECT $1, event_id, 1, $3
    FROM unnest($2::uuid[]) AS named (event_id)
"""
# One row for many events that nobody named one by one.
_RECORD = "INSERT INTO operator_acts (act, events, note) VALUES ($1, $2, $3)"


@asynccontextmanager
async def acting_by_hand(database: Database) -> AsyncIterator[Connection]:
    """A transaction of whoever runs a command on this machine."""
    async with database.working() as connection:
        await connection.execute(_ACT_AS, f"operator:{_user()}")
        yield connection


def _user() -> str:
    """In a container the user may have a number and no name."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


async def record_each(
    connection: Connection, act: Act, event_ids: Collection[UUID], note: str | None = None
) -> None:
    await connection.execute(_RECORD_EACH, act, list(event_ids), note)


async def record_many(
    connection: Connection, act: Act, events: int, note: str | None = None
) -> None:
    await connection.execute(_RECORD, act, events, note)
