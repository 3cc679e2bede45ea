"""Copies that are lost are filled again from what was published, while everything goes on."""

import asyncio
import os
import sys

import asyncpg
import pytest

from deploy.local.demo_accounts import Tokens
from deploy.local.graph_client import GraphClient
from libs.common.dev_issuer import DEVELOPMENT_AUDIENCE
from libs.common.tokens import DEVELOPMENT_ISSUER
from tests.journeys.asking import ask
from tests.journeys.cast import found_account
from tests.journeys.observations import select, until

pytestmark = pytest.mark.journey

TABLES = ("accounts", "companies", "members")
SERVICES = ("porting", "numbers", "notifications")
KEEPERS = ("porting", "notifications")
CHANGES = """mutation ($company: ID!, $member: ID!, $account: ID!, $other: ID!) {
  renameCompany(input: {companyId: $company, name: "Mill Lane"}) { userErrors { code } }
  deactivateMember(input: {memberId: $member}) { userErrors { code } }
  changeStanding(input: {accountId: $account, inTrial: true}) { userErrors { code } }
  disableAccount(input: {accountId: $other}) { userErrors { code } }
}"""


# What goes on by itself, such as a mail that is tried again: of these only which there are.
NAMES = {"notices": "notice_id", "mails": "mail_id", "webhook_deliveries": "id"}


async def rows_of(stack, service, tables):
    return {
        table: sorted(
            await select(
                stack, service, f"SELECT {NAMES.get(table, table)}::text FROM {table}"
            )
        )
        for table in tables
    }


async def copies_of(stack, service):
    return await rows_of(stack, service, TABLES)


async def empty(stack, service, tables=TABLES):
    name = stack.databases[service].database_url.rpartition("/")[2].partition("?")[0]
    connection = await asyncpg.connect(stack.servers.postgres_url, database=name)
    await connection.execute(f"DELETE FROM {'; DELETE FROM '.join(tables)}")
    await connection.close()


async def run_by_hand(stack, service, *arguments):
    command = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        f"services.{service}.commands",
        *arguments,
        env={
            **os.environ,
            "PROFILE": "development",
            "JWT_ISSUER": DEVELOPMENT_ISSUER,
            "JWT_AUDIENCE": DEVELOPMENT_AUDIENCE,
            "JWKS_URL": f"{stack.urls['issuer']}/.well-known/jwks.json",
            "AMQP_URL": stack.amqp_url,
            "DATABASE_URL": stack.databases[service].database_url,
            "MIGRATIONS_URL": stack.databases[service].migrations_url,
            "PUBLIC_URL": "http://127.0.0.1:9",
            "DOWNLOAD_SECRET": "0" * 64,
            "UPLOAD_SECRET": "0" * 64,
            "LETTER_SECRET": "0" * 64,
            "PIN_KEYS": "0" * 64,
            "FILES_URL": "file:///nowhere",
        },
    )
    assert await command.wait() == 0


async def test_an_emptied_copy_of_accounts_is_filled_again_and_equal(stack):
    account, other = await found_account(stack, "Mill"), await found_account(stack, "Weir")
    token = Tokens(stack.key_folder).of_support()
    [[viewer]] = await select(
        stack,
        "numbers",
        "SELECT id FROM members WHERE account_id = $1 AND role = 'VIEWER'",
        account.id,
    )
    given = {
        "company": account.company_ids["Downtown"],
        "member": viewer,
        "account": account.id,
        "other": other.id,
    }
    answer = await ask(stack.gateway_url, CHANGES, token, **given)
    assert [each["userErrors"] for each in answer.values()] == [[]] * 4

    async def are_copied(service):
        disabled = "SELECT FROM accounts WHERE account_id = $1 AND is_disabled"
        return bool(await select(stack, service, disabled, other.id))

    for service in KEEPERS:
        await until(lambda service=service: are_copied(service))
        before = await copies_of(stack, service)
        await empty(stack, service)

        await run_by_hand(stack, "numbers", "replay-accounts", f"{service}.events")

        async def is_filled(service=service, before=before):
            return await copies_of(stack, service) == before

        await until(is_filled)

    viewing = GraphClient(stack.gateway_url, account.tokens["ADMINISTRATOR"])
    assert await viewing.ask("CountVisible")


SETTLE = """mutation ($redrive: RedriveDeadEventsInput!, $replay: ReplayEventsInput!) {
  redrivePortingDeadEvents(input: $redrive) { redriven userErrors { code } }
  redriveNotificationsDeadEvents(input: $redrive) { redriven userErrors { code } }
  replayNumbersEvents(input: $replay) { replay { id requestedBy } userErrors { code } }
}"""
WAITING = """{
  portingDelivery { outboxEvents deadEvents }
  numbersDelivery { outboxEvents deadEvents }
  notificationsDelivery { outboxEvents deadEvents }
  numbersReplays(first: 1) { edges { node { id told finishedAt reason } } }
}"""


async def test_support_asks_through_the_gateway_and_a_service_replays_by_itself(
    stack, travelled
):
    token = Tokens(stack.key_folder).of_support()
    given = {
        "redrive": {"all": True, "idempotencyKey": "settle"},
        "replay": {"queue": "notifications.events", "keepIds": True, "idempotencyKey": "tell"},
    }
    changes = "SELECT log_id FROM status_changes WHERE subject = $1 ORDER BY 1"
    number_id = travelled.ids["TrackingNumber"]
    before = await select(stack, "notifications", changes, number_id)

    first, second = [await ask(stack.gateway_url, SETTLE, token, **given) for _ in range(2)]

    assert first == second
    assert [each["userErrors"] for each in first.values()] == [[]] * 3
    asked = first["replayNumbersEvents"]["replay"]

    async def told():
        answer = await ask(stack.gateway_url, WAITING, token)
        [edge] = answer["numbersReplays"]["edges"]
        assert edge["node"]["id"] == asked["id"]
        return edge["node"]["told"] if edge["node"]["finishedAt"] else 0

    await until(told)
    assert asked["requestedBy"].startswith("support:")
    # Under their own ids the inbox knows them all.
    assert await select(stack, "notifications", changes, number_id) == before


# What a service keeps of another's events; everything else must stay as it is while they come again.
TOLD_AGAIN = [
    pytest.param("numbers", "porting", ("inventory_numbers",), id="porting"),
    pytest.param("porting", "numbers", ("port_requests", "port_out_numbers"), id="numbers"),
    pytest.param("porting", "notifications", (), id="notifications-of-ports"),
    pytest.param("numbers", "notifications", TABLES, id="notifications-of-numbers"),
]
# How messages come, and what the replay itself writes.
DELIVERY = ("inbox", "outbox", "operator_acts", "replays", "schema_migrations")
TRIED_AGAIN = ("webhook_attempts", "webhook_endpoints")


async def all_tables_of(stack, service):
    known = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
    return {name for (name,) in await select(stack, service, known)} - {
        *DELIVERY,
        *TRIED_AGAIN,
    }


@pytest.mark.parametrize(("teller", "keeper", "copies"), TOLD_AGAIN)
async def test_what_a_service_keeps_of_anothers_is_filled_again_and_nothing_else_changes(
    stack, travelled, teller, keeper, copies
):
    async def is_quiet():
        waiting = "SELECT FROM inbox WHERE state = 'pending' UNION ALL SELECT FROM outbox"
        soon = (
            "SELECT FROM notices WHERE state = 'pending' AND due_at < now() + interval '5 s'"
        )
        return not any(
            [
                *[await select(stack, each, waiting) for each in SERVICES],
                await select(stack, "notifications", soon),
            ]
        )

    await until(is_quiet)
    tables = await all_tables_of(stack, keeper)
    before = await rows_of(stack, keeper, tables)
    dead = await select(stack, keeper, "SELECT type, reason FROM inbox WHERE state = 'dead'")
    assert all(before[copy] for copy in copies)
    known = {key for (key,) in await select(stack, keeper, "SELECT event_id FROM inbox")}
    published = await select(stack, teller, "SELECT event_id FROM event_log ORDER BY seq DESC")
    last = next(key for (key,) in published if key in known)
    if copies:
        await empty(stack, keeper, copies)

    await run_by_hand(
        stack, teller, "replay", "--since", "2020-01-01", "--to", f"{keeper}.events"
    )

    async def is_heard():
        heard = "SELECT FROM inbox WHERE replay_of = $1"
        return bool(await select(stack, keeper, heard, last))

    await until(is_heard)
    await until(is_quiet)
    after = await rows_of(stack, keeper, tables)
    assert {name: after[name] for name in tables if after[name] != before[name]} == {}
    assert (
        await select(stack, keeper, "SELECT type, reason FROM inbox WHERE state = 'dead'")
        == dead
    )
