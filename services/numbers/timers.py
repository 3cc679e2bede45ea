"""Which due date starts what in numbers."""

from collections.abc import Mapping

from libs.common.database import Connection, Database
from libs.common.timers import Fire
from services.numbers.use_cases.quarantines import (
    ENDINGS_DUE,
    Retention,
    end_due_numbers,
    start_endings,
)


def timers_of(retention: Retention) -> Mapping[str, Fire]:
    async def end_numbers(connection: Connection, _all: str) -> None:
        await end_due_numbers(connection, retention)

    return {ENDINGS_DUE: end_numbers}


async def set_timers(database: Database) -> None:
    """Those that no change of a number sets."""
    async with database.working() as connection:
        await start_endings(connection)
