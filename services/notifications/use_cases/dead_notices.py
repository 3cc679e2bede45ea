"""Dead notices are told after all, and it is on record who wanted it."""

from libs.common.database import Connection
from libs.common.operator_acts import Act, record_many
from services.notifications.store import dead_notices as store


async def redrive_notices(connection: Connection, reason: str | None) -> int:
    """How many will be told; those of every reason without one."""
    count = await store.redrive_notices(connection, reason)
    await record_many(connection, Act.REDRIVEN, count, f"notices: {reason or 'all'}")
    return count
