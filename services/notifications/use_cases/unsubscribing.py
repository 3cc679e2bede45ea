"""Unsubscribing: what the link of a mail switches off, as the member could with preferences."""

from libs.common.database import Connection
from services.notifications.domain.preferences import ChoiceWish, Pace
from services.notifications.domain.unsubscribing import Unsubscribing
from services.notifications.domain.who_is_told import Channel
from services.notifications.store.preferences import save_choices


async def switch_off_mails(connection: Connection, asked: Unsubscribing) -> None:
    wishes = [
        ChoiceWish(group=group, channel=Channel.MAIL, pace=Pace.OFF) for group in asked.groups
    ]
    await save_choices(connection, asked.account_id, asked.member_id, wishes)
