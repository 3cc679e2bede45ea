"""Learning from facts: copies are renewed, and dashboards' lines written in commit order."""

from collections.abc import Sequence

from libs.common.database import Connection
from libs.common.events import Event
from libs.contracts.number_events import AccountFact
from services.notifications.domain.status_changes import (
    COPIED,
    NOT_TOLD,
    LoggedChange,
    choose_told,
)
from services.notifications.store import status_changes as store
from services.notifications.store.addresses import save_addresses
from services.notifications.store.copies import save_copies
from services.notifications.use_cases.reminders import note_awaited


async def learn(connection: Connection, events: Sequence[Event]) -> list[LoggedChange]:
    """Answers what is new in the log, to be announced once this transaction has committed."""
    await store.lock_log(connection)
    await save_copies(connection, [e for e in events if isinstance(e.fact, AccountFact)])
    await save_addresses(connection, events)
    await note_awaited(connection, events)
    telling = [e for e in events if not isinstance(e.fact, (*COPIED, *NOT_TOLD))]
    statuses = await store.find_statuses(connection, [event.subject for event in telling])
    told = choose_told(telling, statuses)
    return await store.add_changes(connection, told) if told else []
