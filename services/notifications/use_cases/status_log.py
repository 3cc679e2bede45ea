"""Learning from facts: notices, renewed copies, and dashboards' lines in commit order."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from libs.common.database import Connection
from libs.common.events import Event
from libs.contracts.number_events import AccountFact
from services.notifications.domain.status_changes import LoggedChange, choose_told
from services.notifications.domain.status_facts import DESK_TOLD, TOLD, TOLD_ONCE_WHILE
from services.notifications.store import status_changes as store
from services.notifications.store.addresses import save_addresses
from services.notifications.store.copies import save_copies
from services.notifications.use_cases.noticing import GATHER_FOR, note_facts
from services.notifications.use_cases.reminders import note_awaited

_LOGGED: Final = frozenset({*TOLD, *TOLD_ONCE_WHILE, *DESK_TOLD})


async def learn(
    connection: Connection, events: Sequence[Event], gather_for: timedelta = GATHER_FOR
) -> list[LoggedChange]:
    """Answers what is new in the log, to be announced once this transaction has committed."""
    await store.lock_log(connection)
    await note_facts(connection, events, gather_for)
    await save_copies(connection, [e for e in events if isinstance(e.fact, AccountFact)])
    await save_addresses(connection, events)
    await note_awaited(connection, events)
    telling = [e for e in events if type(e.fact) in _LOGGED]
    statuses = await store.find_statuses(connection, [event.subject for event in telling])
    told = choose_told(telling, statuses)
    return await store.add_changes(connection, told) if told else []
