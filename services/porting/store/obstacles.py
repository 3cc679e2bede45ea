"""What stands against porting a number, asked of PostgreSQL over all accounts."""

from collections.abc import Sequence
from typing import Final

from libs.common.batches import split
from libs.common.database import Connection

_AT_ONCE: Final = 5_000
# A number that is preconfigured for an open request is that request's, not in use here.
_TAKEN: Final = """
    SELECT phone_number, bool_and(is_ours) AS is_ours
    FROM find_taken_numbers($1)
    GROUP BY phone_number
"""
_FORWARDED_TO: Final = "SELECT phone_number FROM find_forwarded_to($1)"


async def find_taken_numbers(
    connection: Connection, candidates: Sequence[str]
) -> dict[str, bool]:
    """Taken over all accounts: true where it is in our inventory and in no open request."""
    taken: dict[str, bool] = {}
    for some in split(candidates, _AT_ONCE):
        rows = await connection.fetch(_TAKEN, some)
        taken.update({row["phone_number"]: row["is_ours"] for row in rows})
    return taken


async def find_forwarded_to(connection: Connection, candidates: Sequence[str]) -> set[str]:
    """Those that live lines of any account forward to."""
    found: set[str] = set()
    for some in split(candidates, _AT_ONCE):
        rows = await connection.fetch(_FORWARDED_TO, some)
        found.update(row["phone_number"] for row in rows)
    return found
