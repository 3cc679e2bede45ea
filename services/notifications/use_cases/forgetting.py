"""Forgetting: what was told so long ago that nobody is shown it any more."""

from datetime import UTC, datetime
from typing import Final

from libs.common.database import Database
from services.notifications.store.forgetting import FORGETTING, forget_some

# Of a notice the entries of all its readers go with it.
_AT_ONCE: Final = 200


async def forget_told(database: Database, now: datetime | None = None) -> None:
    """In small steps, each a transaction."""
    now = now or datetime.now(UTC)
    for statement, age in FORGETTING:
        gone = _AT_ONCE
        while gone == _AT_ONCE:
            async with database.working() as connection:
                gone = await forget_some(connection, statement, now - age, _AT_ONCE)
