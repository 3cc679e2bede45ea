"""What a member switched off by the link of a mail."""

from collections.abc import Sequence
from typing import Final

from libs.common.database import Connection

# Of a member of that account; of nobody else is anything kept.
_SWITCH_OFF: Final = """
    INSERT INTO notification_choices (owner_id, account_id, event_group, channel, delivery)
    SELECT member_id, account_id, event_group, 'mail', 'off'
    FROM members
    CROSS JOIN unnest($3::text[]) AS event_group
    WHERE member_id = $2 AND account_id = $1
    ON CONFLICT ON CONSTRAINT one_choice_per_group_and_channel DO UPDATE
    SET delivery = 'off'
"""
STATEMENTS: Final = (_SWITCH_OFF,)


async def switch_off_mails(
    connection: Connection, account_id: str, member_id: str, groups: Sequence[str]
) -> None:
    await connection.execute(_SWITCH_OFF, account_id, member_id, groups)
