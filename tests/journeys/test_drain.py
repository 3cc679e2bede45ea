"""SIGTERM: what has begun is finished, sockets say why they close, and no event is lost or doubled."""

import asyncio
import secrets
import signal
import time
from contextlib import asynccontextmanager

import asyncpg
import pytest

from deploy.local.demo_accounts import Tokens
from deploy.local.graph_client import GraphClient, TransportError
from deploy.local.stack import SERVICES
from tests.journeys.asking import acknowledged, post
from tests.journeys.cast import account_input
from tests.journeys.observations import until
from tests.journeys.test_health import expect_each_event_applied_once

pytestmark = pytest.mark.journey

LONGEST_GOODBYE = 10  # seconds
SERVICE_RESTART, GOING_AWAY = 1012, 1001
# A query of each service, and the table that it reads; the traffic reads none of them.
READS = {
    "porting": ("{ portRequests { totalCount } }", "port_requests"),
    "numbers": ('{ trackingNumbers(accountId: "acc_x") { totalCount } }', "tracking_numbers"),
    "notifications": ("{ statusChanges { totalCount } }", "status_changes"),
}


@pytest.fixture
def support(stack):
    return Tokens(stack.key_folder).of_support()


@asynccontextmanager
async def held_up(stack, service, token):
    """A request at the gateway that waits inside the service's database until the block ends."""
    query, table = READS[service]
    name = stack.databases[service].database_url.rpartition("/")[2].partition("?")[0]
    connection = await asyncpg.connect(stack.servers.postgres_url, database=name)
    try:
        async with connection.transaction():
            await connection.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
            request = asyncio.ensure_future(post(stack.gateway_url, query, token))
            blocked = "SELECT count(*) FROM pg_locks WHERE NOT granted AND database = $1"
            database = await connection.fetchval(
                "SELECT oid FROM pg_database WHERE datname = $1", name
            )

            async def is_waiting():
                return await connection.fetchval(blocked, database) > 0

            await until(is_waiting)
            yield request
    finally:
        await connection.close()


class Traffic:
    """Accounts made one after another, each tried again with its key until it is there."""

    def __init__(self, stack, token):
        self.made = []
        self._client = GraphClient(stack.gateway_url, token)
        self._stopped = False

    async def run(self):
        while not self._stopped:
            given = account_input("Account on the way", secrets.token_hex(6))
            while True:
                try:
                    account = await self._client.do("CreateAccount", **given)
                except TransportError:
                    await asyncio.sleep(0.1)
                else:
                    break
            self.made.append(account["id"])
            await asyncio.sleep(0.02)

    async def makes_more(self, count):
        wanted = len(self.made) + count

        async def are_made():
            return len(self.made) >= wanted

        await until(are_made)

    def stop(self):
        self._stopped = True


async def wait_for_end(process, began):
    while process.poll() is None:
        assert time.monotonic() - began < LONGEST_GOODBYE, "it is still there"
        await asyncio.sleep(0.02)
    assert process.returncode in {0, -signal.SIGTERM}


@pytest.mark.parametrize("service", SERVICES)
async def test_a_service_that_is_told_to_stop_finishes_what_it_has_begun(
    stack, support, service
):
    process = stack.programs.get_process(service)
    traffic = Traffic(stack, support)
    working = asyncio.ensure_future(traffic.run())
    await traffic.makes_more(3)
    async with acknowledged(stack.urls[service], support) as socket:
        async with held_up(stack, service, support) as request:
            began = time.monotonic()
            process.send_signal(signal.SIGTERM)
            await asyncio.sleep(0.5)
            assert process.poll() is None
        answer = await request
        code = await socket.close_code()
    await wait_for_end(process, began)
    stack.programs.start_again(service)
    await traffic.makes_more(3)
    traffic.stop()
    await working

    assert "errors" not in answer.json()
    assert code == SERVICE_RESTART
    await expect_each_event_applied_once(stack, traffic.made)


async def test_the_gateway_finishes_too_and_tells_its_sockets_that_it_goes(stack, support):
    process = stack.programs.get_process("gateway")
    async with acknowledged(stack.gateway_url, support) as socket:
        await socket.subscribe("subscription { portStatusChanged { event } }")
        async with held_up(stack, "porting", support) as request:
            began = time.monotonic()
            process.send_signal(signal.SIGTERM)
            await asyncio.sleep(0.5)
            assert process.poll() is None
        answer = await request
        code = await socket.close_code()
    await wait_for_end(process, began)
    stack.programs.start_again("gateway")

    assert answer.status_code == 200
    assert "errors" not in answer.json()
    assert code == GOING_AWAY
