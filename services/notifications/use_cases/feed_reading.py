"""A member has read what they were told. Read once is read: again changes nothing."""

from collections.abc import Sequence

from libs.common.caller import Member
from libs.common.database import Connection
from libs.contracts.refusals import Refused
from services.notifications.domain.feed_refusals import NotificationUnknown
from services.notifications.store import feed_entries as store


async def read_entries(
    connection: Connection, reader: Member, entry_ids: Sequence[str]
) -> None:
    """Raises `Refused`, and marks none, where one is not theirs."""
    known = await store.find_by_id(connection, reader, entry_ids)
    unknown = [
        NotificationUnknown(place)
        for place, entry_id in enumerate(entry_ids)
        if entry_id not in known
    ]
    if unknown:
        raise Refused(unknown)
    await store.mark_read(connection, reader, entry_ids)


async def read_all_entries(connection: Connection, reader: Member, up_to: int | None) -> None:
    """Those up to a place that the reader was shown; without one, all that are there now."""
    if up_to is None:
        up_to = await store.find_last_place_of(connection, reader)
    await store.mark_all_read(connection, reader, up_to)
