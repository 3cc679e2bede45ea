"""Who has a number already: our inventory and live lines, over all accounts."""

from collections.abc import Sequence
from typing import Final

from libs.common.database import Connection
from libs.contracts.phone_number import PhoneNumber
from services.porting.domain.line_rules import Obstacle

_AT_ONCE: Final = 5_000
# A number that is preconfigured for an open request is that request's, not in use here.
_TAKEN: Final = """
    SELECT phone_number, bool_and(is_ours) AS is_ours
    FROM find_taken_numbers($1)
    GROUP BY phone_number
"""
# Claimed rather than ours where both are true: preconfigured for another open request.
_OBSTACLES: Final = """
    SELECT phone_number, min(obstacle) AS obstacle
    FROM find_obstacles($1)
    GROUP BY phone_number, obstacle = 'LOOP'
"""
_FORWARDED_TO: Final = "SELECT phone_number FROM find_forwarded_to($1)"


async def find_taken_numbers(
    connection: Connection, candidates: Sequence[str]
) -> dict[str, bool]:
    """Taken over all accounts: true where it is in our inventory and in no open request."""
    taken: dict[str, bool] = {}
    for start in range(0, len(candidates), _AT_ONCE):
        some = candidates[start : start + _AT_ONCE]
        rows = await connection.fetch(_TAKEN, some)
        taken.update({row["phone_number"]: row["is_ours"] for row in rows})
    return taken


async def find_forwarded_to(connection: Connection, candidates: Sequence[str]) -> set[str]:
    """Those that live lines of any account forward to."""
    found: set[str] = set()
    for start in range(0, len(candidates), _AT_ONCE):
        some = candidates[start : start + _AT_ONCE]
        rows = await connection.fetch(_FORWARDED_TO, some)
        found.update(row["phone_number"] for row in rows)
    return found


async def find_obstacles(
    connection: Connection, request_id: str
) -> list[tuple[PhoneNumber, Obstacle]]:
    """What stands against the numbers of a request, over all accounts, sorted."""
    rows = await connection.fetch(_OBSTACLES, request_id)
    return sorted(
        (PhoneNumber(row["phone_number"]), Obstacle(row["obstacle"])) for row in rows
    )
