"""What the service does with each event that it hears."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Final

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
from services.notifications.domain.telling import MESSAGES
from services.notifications.use_cases.noticing import GATHER_FOR
from services.notifications.use_cases.status_log import learn

Announce = Callable[[Sequence[LoggedChange]], None]

# No status of a port, and told to people all the same.
_ONLY_NOTICED: Final = tuple(fact for fact in NOT_TOLD if fact in MESSAGES)
_IGNORED: Final = tuple(fact for fact in NOT_TOLD if fact not in MESSAGES)


def consumes(
    announce: Announce,
    *,
    tell: Callable[[], None] = lambda: None,
    gather_for: timedelta = GATHER_FOR,
) -> tuple[Consumes, ...]:
    """`announce` is called once the changes are committed, and `tell`: there may be notices."""

    async def learn_and_announce(connection: Connection, events: Sequence[Event]) -> None:
        changes = await learn(connection, events, gather_for)
        after_commit(lambda: announce(changes))
        after_commit(tell)

    return (
        Consumes(
            queue=NOTIFICATIONS_EVENTS.name,
            subscriptions=(
                Projection(
                    facts=(*COPIED, *TOLD, *TOLD_ONCE_WHILE, *_ONLY_NOTICED),
                    apply=learn_and_announce,
                ),
                Ignored(facts=_IGNORED),
            ),
        ),
    )
