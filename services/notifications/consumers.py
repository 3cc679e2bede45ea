"""What the service does with each event that it hears."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Final

from libs.common.consumer import Consumes, Ignored, Projection
from libs.common.database import Connection, after_commit
from libs.common.events import Event
from libs.contracts.topology import NOTIFICATIONS_EVENTS
from services.notifications.domain.status_changes import LoggedChange
from services.notifications.domain.status_facts import (
    COPIED,
    DESK_TOLD,
    NOT_TOLD,
    REMINDING,
    TOLD,
    TOLD_ONCE_WHILE,
)
from services.notifications.domain.telling import MESSAGES
from services.notifications.domain.webhook_facts import DELIVERED
from services.notifications.use_cases.noticing import GATHER_FOR
from services.notifications.use_cases.status_log import learn
from services.notifications.use_cases.webhook_deliveries import record_deliveries

Announce = Callable[[Sequence[LoggedChange]], None]
Wake = Callable[[], None]

# No status of a port: people are told of them or reminded by them, or webhooks carry them.
_UNLOGGED: Final = tuple(
    fact for fact in NOT_TOLD if fact in MESSAGES or fact in REMINDING or fact in DELIVERED
)
_IGNORED: Final = tuple(fact for fact in NOT_TOLD if fact not in _UNLOGGED)


def consumes(
    announce: Announce,
    *,
    wake_telling: Wake = lambda: None,
    wake_webhooks: Wake = lambda: None,
    gather_for: timedelta = GATHER_FOR,
) -> tuple[Consumes, ...]:
    """All three are called once what was learned is committed."""

    async def hear(connection: Connection, events: Sequence[Event]) -> None:
        if await record_deliveries(connection, events):
            after_commit(wake_webhooks)
        changes = await learn(connection, events, gather_for)
        after_commit(lambda: announce(changes))
        after_commit(wake_telling)

    return (
        Consumes(
            queue=NOTIFICATIONS_EVENTS.name,
            subscriptions=(
                Projection(
                    facts=(*COPIED, *TOLD, *TOLD_ONCE_WHILE, *DESK_TOLD, *_UNLOGGED),
                    apply=hear,
                ),
                Ignored(facts=_IGNORED),
            ),
        ),
    )
