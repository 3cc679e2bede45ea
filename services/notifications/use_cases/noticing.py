"""Noticing: what facts have people told, kept in the transaction that learns them."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from libs.common.database import Connection
from libs.common.events import Event
from libs.contracts.number_events import MemberChanged
from services.notifications.domain.dispatches import TOO_OLD
from services.notifications.domain.telling import (
    COVERS,
    GATHERED,
    member_notices,
    notices_of,
)
from services.notifications.store.gathering import cover_notices, gather_notices
from services.notifications.store.members import find_known_members
from services.notifications.store.notices import add_notices

GATHER_FOR: Final = timedelta(minutes=10)


async def note_facts(
    connection: Connection, events: Sequence[Event], gather_for: timedelta = GATHER_FOR
) -> None:
    """To be called before the copies are renewed: what is new about a member is seen in them."""
    now = datetime.now(UTC)
    notices = [
        each
        for each in notices_of(events, gather_for, now)
        # What is too old is told to nobody: it must not get among what is being gathered now.
        if each.message not in GATHERED or now - each.occurred_at <= TOO_OLD
    ]
    members = [
        event.fact.member_id for event in events if isinstance(event.fact, MemberChanged)
    ]
    if members:
        notices += member_notices(events, await find_known_members(connection, members))
    await gather_notices(connection, [each for each in notices if each.message in GATHERED])
    await cover_notices(
        connection,
        [(COVERS[each.message], each.subject) for each in notices if each.message in COVERS],
    )
    await add_notices(connection, [each for each in notices if each.message not in GATHERED])
