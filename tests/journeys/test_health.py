"""Health: alive always, ready only with database and broker, and itself again when they return."""

import asyncio

import httpx
import pytest

from deploy.local.demo_accounts import Tokens
from deploy.local.graph_client import GraphClient, TransportError
from deploy.local.stack import SERVICES
from tests.journeys.asking import NO_TLS, codes_of, post
from tests.journeys.cast import account_input, found_account
from tests.journeys.observations import select, until

pytestmark = pytest.mark.journey


async def look(stack, path):
    """Each service's status and answer."""
    async with httpx.AsyncClient(timeout=5, verify=NO_TLS) as client:
        answers = await asyncio.gather(
            *(client.get(f"{stack.urls[service]}/{path}") for service in SERVICES)
        )
    return [(answer.status_code, answer.json()) for answer in answers]


async def until_ready(stack, database, broker):
    status = 200 if database and broker else 503
    wanted = [(status, {"database": database, "broker": broker})] * len(SERVICES)

    async def is_so():
        return await look(stack, "readyz") == wanted

    await until(is_so)


@pytest.fixture
async def whole(wired):
    """The stack with both wires mended, before and after."""
    await until_ready(wired.stack, database=True, broker=True)
    pids = {name: wired.stack.programs.get_process(name).pid for name in SERVICES}
    yield wired
    wired.database.mend()
    wired.broker.mend()
    await until_ready(wired.stack, database=True, broker=True)
    wired.stack.programs.check()
    assert pids == {name: wired.stack.programs.get_process(name).pid for name in SERVICES}


async def test_each_service_measures_itself_and_the_gateway_shows_none_of_it(whole):
    stack = whole.stack
    async with httpx.AsyncClient(timeout=5, verify=NO_TLS) as client:
        of_services = [
            (await client.get(f"{stack.urls[service]}/metrics")).text for service in SERVICES
        ]
        at_the_edge = [
            await client.get(f"{stack.gateway_url.removesuffix('/graphql')}/{path}")
            for path in ("metrics", "porting/metrics", "graphql/metrics")
        ]

    for text in of_services:
        assert "portline_database_up 1.0" in text
        assert "portline_broker_up 1.0" in text
        assert 'portline_queue_messages{queue="portline.dead"} 0.0' in text
    assert all(answer.status_code == 404 for answer in at_the_edge)
    assert not any("portline_" in answer.text for answer in at_the_edge)


async def test_without_the_broker_people_work_on_and_the_events_come_later(whole):
    stack = whole.stack
    support = GraphClient(stack.gateway_url, Tokens(stack.key_folder).of_support())

    whole.broker.cut()
    await until_ready(stack, database=True, broker=False)
    assert await look(stack, "healthz") == [(200, {"alive": True})] * len(SERVICES)
    made = await support.do("CreateAccount", **account_input("Made in the dark", "dark"))
    whole.broker.mend()

    copied = "SELECT FROM members WHERE account_id = $1"
    for service in ("porting", "notifications"):

        async def is_copied(service=service):
            return len(await select(stack, service, copied, made["id"])) == 5

        await until(is_copied)


ROUTE = """
query ($number: PhoneNumber!) { routeFor(number: $number) { forwardingNumber state } }
"""
ADD_NUMBER = """
    INSERT INTO tracking_numbers
      (id, account_id, company_id, state, phone_number, forwarding_number, name, source)
    SELECT 'num_dark', account_id, id, 'PRECONFIGURED', '+12125550177', '+12125550199', 'Dark', ''
    FROM companies WHERE account_id = $1 LIMIT 1
"""


@pytest.mark.requirement("S20")
async def test_without_the_broker_numbers_ring_on(whole):
    stack = whole.stack
    tokens = Tokens(stack.key_folder)
    support = GraphClient(stack.gateway_url, tokens.of_support())
    made = await support.do("CreateAccount", **account_input("Rings in the dark", "ring"))
    await select(stack, "numbers", ADD_NUMBER, made["id"])

    whole.broker.cut()
    await until_ready(stack, database=True, broker=False)
    answer = await post(stack.gateway_url, ROUTE, tokens.of_machine(), number="+12125550177")
    assert (await look(stack, "readyz/database")) == [(200, {"database": True})] * len(
        SERVICES
    )
    whole.broker.mend()

    assert answer.json() == {
        "data": {"routeFor": {"forwardingNumber": "+12125550199", "state": "PRECONFIGURED"}}
    }


async def test_a_frozen_broker_loses_and_doubles_nothing(whole):
    stack = whole.stack
    support = GraphClient(stack.gateway_url, Tokens(stack.key_folder).of_support())

    whole.broker.freeze()
    async with asyncio.timeout(4):
        await until_ready(stack, database=True, broker=False)
    made = await support.do("CreateAccount", **account_input("Made in the cold", "cold"))
    await asyncio.sleep(1)
    whole.broker.thaw()
    await until_ready(stack, database=True, broker=True)

    await expect_each_event_applied_once(stack, [made["id"]])


async def expect_each_event_applied_once(stack, account_ids):
    """Each of these accounts' events, published by numbers, in the inboxes of the others."""
    published = "SELECT event_id, subject, sequence FROM event_log WHERE subject = ANY($1)"
    applied = """
        SELECT event_id, subject, sequence FROM inbox
        WHERE subject = ANY($1) AND state = 'applied'
    """

    async def is_empty():
        return not await select(stack, "numbers", "SELECT FROM outbox")

    await until(is_empty)
    sent = set(map(tuple, await select(stack, "numbers", published, account_ids)))
    for account_id in account_ids:
        assert sorted(row[2] for row in sent if row[1] == account_id) == [*range(1, 9)]
    for service in ("porting", "notifications"):

        async def is_applied(service=service):
            rows = await select(stack, service, applied, account_ids)
            return sorted(map(tuple, rows)) == sorted(sent)

        await until(is_applied)


async def test_without_the_database_nothing_is_done_by_halves(whole):
    stack = whole.stack
    token = Tokens(stack.key_folder).of_support()
    support = GraphClient(stack.gateway_url, token)
    given = account_input("Made without a floor", "floor")

    whole.database.cut()
    await until_ready(stack, database=False, broker=True)
    assert await look(stack, "healthz") == [(200, {"alive": True})] * len(SERVICES)
    for query in ("{ accounts { edges { node { id } } } }", "{ portRequests { totalCount } }"):
        answer = await post(stack.gateway_url, query, token)
        assert codes_of(answer.json()) == ["UNAVAILABLE"]
        assert set(answer.json()["data"].values()) == {None}
    with pytest.raises(TransportError, match="UNAVAILABLE"):
        await support.do("CreateAccount", **given)
    whole.database.mend()
    await until_ready(stack, database=True, broker=True)

    made = await support.do("CreateAccount", **given)
    await expect_each_event_applied_once(stack, [made["id"]])
    named = "SELECT FROM accounts WHERE name = $1"
    assert len(await select(stack, "numbers", named, given["name"])) == 1


async def test_readiness_needs_no_token_and_tells_no_address(whole):
    for path in ("healthz", "readyz"):
        for _, answer in await look(whole.stack, path):
            assert set(answer) <= {"alive", "database", "broker"}


async def test_after_all_that_a_newcomer_is_known_everywhere(whole):
    assert (await found_account(whole.stack, "Hopper Harbours")).id
