"""Whose turn it is to make numbers ring: one after the other, over all accounts."""

from libs.common.database import Connection

# Two that name each other's numbers are looked at one after the other: what the rows of one must
# be, no row of the other can tell before it is committed.
_TAKE_TURN = "SELECT pg_advisory_xact_lock(hashtext('numbers.preconfigure'))"


async def take_turn(connection: Connection) -> None:
    """Until the transaction ends nobody else makes a number ring anywhere."""
    await connection.execute(_TAKE_TURN)
