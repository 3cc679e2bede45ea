"""Housekeeping: what was told long ago goes, and what is still shown or waited for stays."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from libs.contracts.number_events import FirstCallReceived, NumberPortedIn
from libs.contracts.porting_events.requests import DraftChanged, PortCancelled, PortCompleted
from services.notifications.domain.webhook_facts import EVENTS_KEPT
from services.notifications.use_cases import webhook_deliveries as deliveries
from services.notifications.use_cases.forgetting import forget_told
from services.notifications.use_cases.webhook_deliveries import ReplayWish, replay_events
from services.notifications.use_cases.webhook_endpoints import Named, disable_endpoint
from tests.databases import read_rows
from tests.notifications.callers import member
from tests.notifications.facts import approved, event, submitted
from tests.notifications.telling import add_people, learn, mailed, now, tell, told
from tests.notifications.test_reminder_timers import about, of_number, sent
from tests.notifications.test_telling_bundles import ported
from tests.notifications.webhooks import BEGAN, add_endpoint
from tests.notifications.webhooks import tell as tell_receivers

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


async def find_requests(database) -> list[str]:
    rows = await read_rows(
        database, "SELECT port_request_id FROM reminded_requests ORDER BY port_request_id"
    )
    return [row[0] for row in rows]


async def test_a_request_that_ended_long_ago_is_forgotten_with_what_it_waited_for(
    database,
) -> None:
    await learn(
        database,
        sent(1, subject="pr_open"),
        sent(1, letter_id="ltr_2", subject="pr_ended"),
        about(PortCancelled, 2, "CANCELLED", subject="pr_ended", cancelled_at=now()),
    )

    await forget_told(database, now() + timedelta(days=179))
    assert await find_requests(database) == ["pr_ended", "pr_open"]
    await forget_told(database, now() + timedelta(days=181))

    assert await find_requests(database) == ["pr_open"]
    letters = await read_rows(database, "SELECT thing FROM awaited WHERE thing LIKE 'ltr%'")
    assert letters == [("ltr_1",)]


async def test_a_request_is_known_until_each_of_its_numbers_was_called(database) -> None:
    await learn(
        database,
        about(PortCompleted, 2, "COMPLETED", completed_at=now(), partial=False),
        of_number(NumberPortedIn, 0, 2, "AWAITING_FIRST_CALL", ported_at=now()),
    )

    await forget_told(database, now() + timedelta(days=200))
    known = await find_requests(database)
    await learn(database, of_number(FirstCallReceived, 0, 3, "ACTIVE", called_at=now()))
    await forget_told(database, now() + timedelta(days=200))

    assert known == ["pr_1"]
    assert await find_requests(database) == []


EVENT_SUBJECTS = "SELECT subject FROM webhook_events ORDER BY subject"
COUNT_DELIVERIES = "SELECT count(*) FROM webhook_deliveries"


async def replay(database, endpoint_id: str, *, since: datetime) -> int:
    """How many are sent again."""
    wish = ReplayWish(event_ids=None, since=since, until=datetime.now(UTC))
    async with database.transaction(member()) as connection:
        return await replay_events(connection, member(), Named(endpoint_id=endpoint_id), wish)


async def test_an_event_can_be_asked_for_again_for_a_year_and_is_then_forgotten(
    database,
) -> None:
    endpoint_id, _ = await add_endpoint(database, "http://127.0.0.1:9/")
    await tell_receivers(database, submitted("pr_1"), approved("pr_2"))
    async with database.working() as connection:
        await connection.execute(
            """
            UPDATE webhook_events
            SET occurred_at = occurred_at - $1::interval
            WHERE subject = 'pr_1'
            """,
            EVENTS_KEPT,
        )

    replayed = await replay(database, endpoint_id, since=BEGAN - 2 * EVENTS_KEPT)
    await forget_told(database)
    before_its_end = await read_rows(database, EVENT_SUBJECTS)
    async with database.working() as connection:
        await connection.execute(
            """
            UPDATE webhook_deliveries
            SET created_at = created_at - interval '367 days'
            WHERE subject = 'pr_1'
            """
        )
    async with database.transaction(member()) as connection:
        await disable_endpoint(connection, member(), Named(endpoint_id=endpoint_id))
    await forget_told(database, now() + timedelta(days=1))

    assert replayed == 1
    assert before_its_end == [("pr_1",), ("pr_2",)]
    assert await read_rows(database, EVENT_SUBJECTS) == [("pr_2",)]
    assert await read_rows(database, COUNT_DELIVERIES) == [(2,)]


async def test_an_event_stays_as_long_as_what_was_asked_for_again_is_in_the_log(
    database,
) -> None:
    await add_endpoint(database, "http://127.0.0.1:9/")
    await tell_receivers(database, submitted("pr_1"))
    async with database.working() as connection:
        await connection.execute(
            "UPDATE webhook_events SET occurred_at = occurred_at - interval '400 days'"
        )

    await forget_told(database)

    assert await read_rows(database, EVENT_SUBJECTS) == [("pr_1",)]


async def test_what_waited_for_a_year_stays_while_it_is_sent_at_last_and_is_in_the_log(
    database,
) -> None:
    endpoint_id, _ = await add_endpoint(database, "http://127.0.0.1:9/")
    await tell_receivers(database, submitted("pr_1"), submitted("pr_2"))
    async with database.working() as connection:
        await connection.execute("UPDATE webhook_events SET occurred_at = '2024-01-01Z'")
        await connection.execute("UPDATE webhook_deliveries SET created_at = '2024-01-01Z'")
        await connection.execute(
            """
            UPDATE webhook_deliveries
            SET state = 'DELIVERED', finished_at = now()
            WHERE subject = 'pr_2'
            """
        )

    await forget_told(database)
    while_it_is_sent = await read_rows(database, EVENT_SUBJECTS)
    async with database.transaction(member()) as connection:
        await disable_endpoint(connection, member(), Named(endpoint_id=endpoint_id))
    await forget_told(database)

    assert while_it_is_sent == [("pr_1",), ("pr_2",)]
    assert await read_rows(database, EVENT_SUBJECTS) == [("pr_2",)]


async def test_what_was_forgotten_is_sent_to_nobody_when_the_bus_tells_it_again(
    database,
) -> None:
    await add_endpoint(database, "http://127.0.0.1:9/")
    old = submitted("pr_1")
    old = replace(old, time=datetime.now(UTC) - EVENTS_KEPT - timedelta(hours=1))
    async with database.working() as connection:
        await connection.execute("UPDATE webhook_endpoints SET created_at = '-infinity'")
        is_to_be_sent = await deliveries.record_deliveries(connection, [old])

    assert not is_to_be_sent
    assert await read_rows(database, EVENT_SUBJECTS) == []


async def test_tests_are_sent_on_after_their_first_ones_are_forgotten(database) -> None:
    endpoint_id, _ = await add_endpoint(database, "http://127.0.0.1:9/")
    named = Named(endpoint_id=endpoint_id)

    async def send_test() -> None:
        async with database.transaction(member()) as connection:
            await deliveries.send_test(connection, member(), named)

    await send_test()
    await send_test()
    async with database.working() as connection:
        await connection.execute("DELETE FROM webhook_deliveries WHERE sequence = 1")
        await connection.execute("DELETE FROM webhook_events WHERE sequence = 1")
    await send_test()

    sequences = "SELECT sequence FROM webhook_events ORDER BY sequence"
    assert await read_rows(database, sequences) == [(2,), (3,)]
