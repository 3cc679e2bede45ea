"""Which due date starts what in notifications: every kind of reminder is a kind of timer."""

from collections.abc import Mapping
from typing import Final

from libs.common.database import Connection
from libs.common.timers import Fire
from services.notifications.domain.messages import Message
from services.notifications.domain.reminders import SCHEDULES
from services.notifications.use_cases.reminders import remind


def _reminding_of(message: Message) -> Fire:
    async def fire(connection: Connection, key: str) -> None:
        await remind(connection, message, key)

    return fire


TIMERS: Final[Mapping[str, Fire]] = {message: _reminding_of(message) for message in SCHEDULES}
