"""Housekeeping: what was told long ago goes, and what is still shown or waited for stays."""

from datetime import timedelta

import pytest

from libs.contracts.porting_events.requests import DraftChanged
from services.notifications.use_cases.forgetting import forget_told
from tests.databases import read_rows
from tests.notifications.facts import approved, event
from tests.notifications.telling import add_people, learn, mailed, now, tell, told
from tests.notifications.test_telling_bundles import ported

ADA = "mem_ada"
TABLES = ("notices", "feed_entries", "mails", "mail_notices", "notice_parts", "awaited")


@pytest.fixture
async def counts(database):
    async def count() -> dict[str, int]:
        found = [
            (await read_rows(database, f"SELECT count(*) FROM {each}"))[0][0]
            for each in TABLES
        ]
        return dict(zip(TABLES, found, strict=True))

    return count


async def test_what_was_told_long_ago_is_forgotten_and_never_told_again(database, counts):
    await add_people(database, mem_ada="ADMINISTRATOR")
    facts = approved(requester_id=ADA), ported(3)
    await learn(database, *facts)
    await tell(database, after=timedelta(minutes=11))
    async with database.working() as connection:
        await connection.execute("UPDATE mails SET state = 'sent'")

    await forget_told(database, now() + timedelta(days=400))

    assert set((await counts()).values()) == {0}
    await learn(database, *facts, before=timedelta(days=400))
    await tell(database, after=timedelta(minutes=11))
    assert await told(database) == []
    assert (await counts())["notice_parts"] == 0


async def test_what_is_shown_or_waited_for_stays(database, counts):
    await add_people(database, mem_ada="ADMINISTRATOR")
    draft = {
        "account_id": "acc_a",
        "company_id": "co_a",
        "requester_id": ADA,
        "name": "Spring move",
        "line_counts": {},
        "status": "DRAFT",
    }
    await learn(database, approved(requester_id=ADA))
    await learn(database, event(DraftChanged(**draft), "pr_2", 1))
    await tell(database)

    await forget_told(database, now() + timedelta(days=300))

    left = await counts()
    assert (left["awaited"], left["feed_entries"], left["mails"]) == (1, 1, 1)
    assert await mailed(database) == [("port_approved", ADA)]
