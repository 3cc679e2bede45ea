"""Entries of members' feeds, written as the telling worker writes them."""

from typing import Any

from libs.common.database import Database
from libs.common.ids import new_id
from services.notifications.domain.messages import Message
from services.notifications.domain.notices import Notice
from services.notifications.store.notices import add_notices
from services.notifications.store.telling import MadeEntry
from tests.notifications.facts import START

_ADD = """
    INSERT INTO feed_entries (entry_id, notice_id, account_id, member_id)
    SELECT entry_id, notice_id, account_id, $3
    FROM unnest($1::text[], $2::text[]) AS made (entry_id, key)
    JOIN notices USING (key)
    ORDER BY key
    RETURNING entry_id, notice_id, account_id, member_id
"""


async def add_entries(
    database: Database, member_id: str, *keys: str, **given: Any
) -> list[MadeEntry]:
    """One entry for each key, in their order; the notices' subjects are the keys."""
    notices = [
        Notice(
            **{
                "message": Message.PORT_EXPIRED,
                "key": key,
                "account_id": "acc_a",
                "company_ids": ("co_a",),
                "requester_id": None,
                "subject": key,
                "occurred_at": START,
                "due_at": START,
                "content": {"name": "Spring move"},
                **given,
            }
        )
        for key in keys
    ]
    async with database.working() as connection:
        await add_notices(connection, notices)
        ids = [new_id("ntf") for _ in keys]
        rows = await connection.fetch(_ADD, ids, list(keys), member_id)
    return [MadeEntry(**dict(row)) for row in rows]
