"""What the service does with each event that it hears."""

from collections.abc import Callable, Sequence

from libs.common.consumer import Consumes, Ignored, Projection
from libs.common.database import Connection, after_commit
from libs.common.events import Event
from libs.contracts.topology import NOTIFICATIONS_EVENTS
from services.notifications.domain.status_changes import (
    COPIED,
    NOT_TOLD,
    TOLD,
    TOLD_ONCE_WHILE,
    LoggedChange,
)
from services.notifications.domain.webhook_facts import DELIVERED
from services.notifications.use_cases.status_log import learn
from services.notifications.use_cases.webhook_deliveries import record_deliveries

Announce = Callable[[Sequence[LoggedChange]], None]
_ONLY_DELIVERED = tuple(fact for fact in DELIVERED if fact in NOT_TOLD)


def consumes(announce: Announce, wake_webhooks: Callable[[], None]) -> tuple[Consumes, ...]:
    """Both are called once what was learned is committed."""

    async def learn_and_announce(connection: Connection, events: Sequence[Event]) -> None:
        if await record_deliveries(connection, events):
            after_commit(wake_webhooks)
        changes = await learn(
            connection, [each for each in events if not isinstance(each.fact, NOT_TOLD)]
        )
        after_commit(lambda: announce(changes))

    return (
        Consumes(
            queue=NOTIFICATIONS_EVENTS.name,
            subscriptions=(
                Projection(
                    facts=(*COPIED, *TOLD, *TOLD_ONCE_WHILE, *_ONLY_DELIVERED),
                    apply=learn_and_announce,
                ),
                Ignored(facts=tuple(fact for fact in NOT_TOLD if fact not in _ONLY_DELIVERED)),
            ),
        ),
    )
