"""Events become lines of the log, once each."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks import Webhook

from libs.common.database import open_database
from libs.contracts.number_events import NumbersPreconfigured
from libs.contracts.porting_events.letters import LetterSent
from services.notifications.domain.reminders import SCHEDULES
from services.notifications.store import status_changes as store
from tests.notifications.accounts import add_member
from tests.notifications.facts import START, approved, event, first_call, submitted
from tests.notifications.processes import RunningService
from tests.notifications.receivers import receiving


class Look:
    """What the service's database holds."""

    def __init__(self, database) -> None:
        self.database = database

    async def logged(self, *subjects: str) -> list[tuple[str, int]]:
        async with self.database.working() as connection:
            rows = await store.find_after(connection, 0, 10_000)
        return [(row.subject, row.sequence) for row in rows if row.subject in subjects]

    async def inbox(self, *subjects: str) -> list[tuple[str, int, str]]:
        async with self.database.working() as connection:
            rows = await connection.fetch(
                "SELECT subject, sequence, state FROM inbox WHERE subject = ANY($1) ORDER BY 1, 2",
                subjects,
            )
        return [tuple(row) for row in rows]

    async def reminders(self, subject: str) -> list[str]:
        async with self.database.working() as connection:
            rows = await connection.fetch(
                "SELECT message FROM notices WHERE subject = $1 AND message = ANY($2)",
                subject,
                sorted(SCHEDULES),
            )
        return [row["message"] for row in rows]

    async def wait_for(self, subject: str) -> None:
        async with asyncio.timeout(10):
            while not await self.logged(subject):  # noqa: ASYNC110 - a database has no event
                await asyncio.sleep(0.05)


@pytest.fixture
async def look(service: RunningService) -> AsyncIterator[Look]:
    database = await open_database(service.program.env["DATABASE_URL"], "notifications")
    yield Look(database)
    await database.close()


async def test_a_redelivered_event_is_logged_once(service, look) -> None:
    first, second = submitted("pr_twice"), approved("pr_twice")

    await service.publish(first, first, second, first, second, submitted("pr_after_twice"))
    await look.wait_for("pr_after_twice")

    assert await look.logged("pr_twice") == [("pr_twice", 1), ("pr_twice", 2)]


async def test_an_administrators_receiver_is_told_by_the_running_service(
    service, names
) -> None:
    create = """
        mutation Create($url: String!) {
          createWebhookEndpoint(input: {url: $url}) { secret userErrors { message } }
        }
    """
    token = await add_member(service, names)
    async with receiving() as receiver:
        made = await service.ask(create, token, url=receiver.url())
        secret = made["data"]["createWebhookEndpoint"]["secret"]
        now = datetime.now(UTC)
        twice = replace(submitted(names.request, account_id=names.account), time=now)
        called = replace(first_call(names.number, account_id=names.account), time=now)
        await service.publish(twice, twice, called)
        told = await receiver.wait_for(2)

    verified = [Webhook(secret).verify(each.body, each.headers) for each in told]
    assert sorted(each["data"]["subject"] for each in verified) == sorted(
        [names.request, names.number]
    )


async def test_what_is_ignored_leaves_nothing_behind(service, look) -> None:
    batch = NumbersPreconfigured(account_id="acc_a", batch=1, of=1, numbers=[])

    await service.publish(event(batch, "pr_ignored"), submitted("pr_after_ignored"))
    await look.wait_for("pr_after_ignored")

    assert await look.logged("pr_ignored") == []
    assert await look.inbox("pr_ignored") == []


async def test_a_poisoned_event_holds_back_only_its_own_subject(service, look) -> None:
    await service.publish(
        submitted("pr_poisoned", account_id="acc_\0"),
        submitted("pr_beside"),
        submitted("pr_poisoned", 2),
    )
    await look.wait_for("pr_beside")
    await service.publish(approved("pr_poisoned", 3), approved("pr_beside"))
    await service.publish(submitted("pr_after_poison"))
    await look.wait_for("pr_after_poison")

    assert await look.logged("pr_poisoned") == []
    assert await look.logged("pr_beside") == [("pr_beside", 1), ("pr_beside", 2)]
    assert await look.inbox("pr_poisoned") == [
        ("pr_poisoned", 1, "pending"),
        ("pr_poisoned", 2, "pending"),
        ("pr_poisoned", 3, "pending"),
    ]


async def test_what_an_event_begins_is_reminded_of_by_the_service_itself(
    service, look
) -> None:
    given = {**approved().fact.model_dump(), "status": "AWAITING_SIGNATURE"}
    letter = LetterSent(
        **given, letter_id="ltr_forgotten", link_id="lnk_1", expires_at=START + timedelta(14)
    )
    sent = event(letter, "pr_forgotten", 2)
    await service.publish(replace(sent, time=datetime.now(UTC) - timedelta(days=3)))
    await look.wait_for("pr_forgotten")
    async with look.database.working() as connection:
        await connection.execute("UPDATE timers SET due_at = clock_timestamp()")

    async with asyncio.timeout(10):
        while not (reminded := await look.reminders("pr_forgotten")):  # noqa: ASYNC110 - a database has no event
            await asyncio.sleep(0.05)

    assert reminded == ["letter_unsigned"]
