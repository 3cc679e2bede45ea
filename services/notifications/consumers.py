"""What the service does with each event that it hears."""

from collections.abc import Callable, Sequence

from libs.common.consumer import Consumes, Ignored, Projection
from libs.common.database import Connection, after_commit
from libs.common.events import Event
from libs.contracts.topology import NOTIFICATIONS_EVENTS
from services.notifications.domain.status_changes import (
    COPIED,
    DESK_TOLD,
    NOT_TOLD,
    TOLD,
    TOLD_ONCE_WHILE,
    LoggedChange,
)
from services.notifications.use_cases.status_log import learn

Announce = Callable[[Sequence[LoggedChange]], None]


def consumes(announce: Announce) -> tuple[Consumes, ...]:
    """`announce` is called once the changes are committed."""

    async def learn_and_announce(connection: Connection, events: Sequence[Event]) -> None:
        changes = await learn(connection, events)
        after_commit(lambda: announce(changes))

    return (
        Consumes(
            queue=NOTIFICATIONS_EVENTS.name,
            subscriptions=(
                Projection(
                    facts=(*COPIED, *TOLD, *TOLD_ONCE_WHILE, *DESK_TOLD),
                    apply=learn_and_announce,
                ),
                Ignored(facts=NOT_TOLD),
            ),
        ),
    )
