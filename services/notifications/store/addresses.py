"""Members' addresses through their changes, in PostgreSQL; for the worker alone."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from libs.common.caller import Role
from libs.common.database import Connection
from libs.common.events import Event
from libs.contracts.number_events import MemberChanged
from services.notifications.domain.addresses import MemberAddress

# Much longer than a fact may take until it is told.
_KEPT: Final = timedelta(days=7)
_ADD: Final = """
    INSERT INTO member_addresses
      (member_id, version, account_id, email, is_administrator, changed_at)
    SELECT *
    FROM unnest(
      $1::text[], $2::integer[], $3::text[], $4::text[], $5::boolean[], $6::timestamptz[]
    )
    ON CONFLICT ON CONSTRAINT one_address_per_change DO NOTHING
"""
# What a newer change has replaced for so long that nothing is told by it any more.
_FORGET: Final = """
    DELETE FROM member_addresses AS old
    USING member_addresses AS newer
    WHERE old.member_id = ANY($1::text[])
      AND newer.member_id = old.member_id
      AND newer.version > old.version
      AND newer.changed_at < clock_timestamp() - $2::interval
"""
_FIND: Final = """
    SELECT member_id, version, email, is_administrator, changed_at
    FROM member_addresses
    WHERE account_id = $1
      AND member_id IN (
        SELECT member_id
        FROM member_addresses
        WHERE account_id = $1
          AND is_administrator
      )
    ORDER BY member_id, version
"""
STATEMENTS: Final = (_ADD, _FORGET, _FIND)


async def save_addresses(connection: Connection, events: Sequence[Event]) -> None:
    """What of these events changes a member."""
    changes = [
        (event, event.fact) for event in events if isinstance(event.fact, MemberChanged)
    ]
    if not changes:
        return
    await connection.execute(
        _ADD,
        [fact.member_id for _, fact in changes],
        [event.sequence for event, _ in changes],
        [event.subject for event, _ in changes],
        [fact.email for _, fact in changes],
        [fact.active and fact.role == Role.ADMINISTRATOR for _, fact in changes],
        [event.time for event, _ in changes],
    )
    await connection.execute(_FORGET, [fact.member_id for _, fact in changes], _KEPT)


async def find_address_changes(connection: Connection, account_id: str) -> list[MemberAddress]:
    """Of whoever is or was an administrator lately."""
    return [MemberAddress(**dict(row)) for row in await connection.fetch(_FIND, account_id)]
