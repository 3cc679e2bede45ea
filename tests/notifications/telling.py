"""People of an account, and what was told to them: for tests of telling."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from libs.common.database import Database
from libs.common.events import Event
from services.notifications.use_cases.telling import Limits, tell_due
from tests.databases import read_rows
from tests.notifications.callers import hear
from tests.notifications.facts import account_changed, member_changed

LIMITS = Limits(support_address="desk@portline.example")
LONG_AGO = timedelta(days=90)


def now() -> datetime:
    return datetime.now(UTC)


def ago(event: Event, before: timedelta) -> Event:
    return replace(event, time=now() - before)


async def add_people(database: Database, account: str = "acc_a", **roles: str) -> None:
    """`mem_ada="ADMINISTRATOR"`: known for long, of the company `co_a`, at `ada@x`."""
    events = [ago(account_changed(account), LONG_AGO)]
    for sequence, (member_id, role) in enumerate(roles.items(), start=2):
        added = member_changed(
            account,
            sequence=sequence,
            member_id=member_id,
            name=member_id.removeprefix("mem_").title(),
            email=f"{member_id.removeprefix('mem_')}@x",
            role=role,
            company_ids=[] if role == "ADMINISTRATOR" else ["co_a"],
        )
        events.append(ago(added, LONG_AGO))
    await hear(database, *events)
    await tell(database)


async def learn(database: Database, *events: Event, before: timedelta = timedelta()) -> None:
    """As if they happened just now, or a while before."""
    await hear(database, *[ago(event, before) for event in events])


async def tell(
    database: Database, *, after: timedelta = timedelta(), limits: Limits = LIMITS
) -> int:
    """All that is due, or will be after a while; how many entries of feeds are new."""
    entries = 0
    while True:
        async with database.working() as connection:
            due, new = await tell_due(connection, limits, now() + after)
        if not due:
            return entries
        entries += len(new)


async def told(database: Database) -> list[tuple[str, str]]:
    """Message and member of each entry."""
    return await _pairs(
        database,
        "SELECT message, member_id FROM feed_entries JOIN notices USING (notice_id)"
        " ORDER BY 1, 2",
    )


async def mailed(database: Database) -> list[tuple[str, str]]:
    """Message and recipient of each mail."""
    return await _pairs(
        database,
        "SELECT message, recipient FROM mail_notices JOIN notices USING (notice_id)"
        " ORDER BY 1, 2",
    )


async def _pairs(database: Database, query: str) -> list[tuple[str, str]]:
    return [(first, second) for first, second in await read_rows(database, query)]
