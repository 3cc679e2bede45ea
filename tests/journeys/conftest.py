"""The whole system for these tests: one stack as `make up` starts it, one behind wires."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import aio_pika
import pytest
from aio_pika.abc import AbstractConnection

from deploy.local.demo_accounts import Tokens
from deploy.local.graph_client import GraphClient
from deploy.local.guard import Guard
from deploy.local.journey import Journey, open_dashboard
from deploy.local.reports import open_reporter
from deploy.local.servers import Servers
from deploy.local.stack import Stack, run_stack
from libs.common.dev_issuer import DEVELOPMENT_AUDIENCE
from libs.common.tokens import DEVELOPMENT_ISSUER
from tests.collector import Collector, running_collector
from tests.journeys.cast import Account, found_account
from tests.journeys.observations import until
from tests.journeys.sample import QUEUE, Sample
from tests.journeys.wires import Wire


@pytest.fixture(scope="session")
def stack(session_guard: Guard, servers: Servers) -> Iterator[Stack]:
    with run_stack(
        session_guard,
        issuer=DEVELOPMENT_ISSUER,
        audience=DEVELOPMENT_AUDIENCE,
        servers=servers,
    ) as running:
        yield running


@dataclass(frozen=True, kw_only=True)
class WiredStack:
    """Its services reach PostgreSQL and RabbitMQ by these wires, and take the gateway's word only.

    What all its programs do is told to a collector.
    """

    stack: Stack
    database: Wire
    broker: Wire
    collector: Collector


@pytest.fixture(scope="session")
def wired(session_guard: Guard, servers: Servers) -> Iterator[WiredStack]:
    postgres, rabbitmq = urlsplit(servers.postgres_url), urlsplit(servers.amqp_url)
    database = Wire(str(postgres.hostname), postgres.port or 5432)
    broker = Wire(str(rabbitmq.hostname), rabbitmq.port or 5672)
    with database.laid(), broker.laid(), running_collector() as collector:

        def through(url: Any, wire: Wire, query: str = "") -> str:
            login = url.netloc.rpartition("@")[0]
            where = f"{login}@127.0.0.1:{wire.listen_port}"
            return str(url._replace(netloc=where, query=query).geturl())

        with run_stack(
            session_guard,
            issuer=DEVELOPMENT_ISSUER,
            audience=DEVELOPMENT_AUDIENCE,
            signed_hop=True,
            settings=collector.settings,
            servers=replace(
                servers,
                postgres_url=through(postgres, database, "sslmode=disable"),
                amqp_url=through(rabbitmq, broker),
            ),
        ) as running:
            yield WiredStack(
                stack=running, database=database, broker=broker, collector=collector
            )


@pytest.fixture(scope="session")
async def ada(stack: Stack) -> Account:
    return await found_account(stack, "Ada's Analytical Engines")


@pytest.fixture(scope="session")
async def babbage(stack: Stack) -> Account:
    return await found_account(stack, "Babbage Mills")


@dataclass(frozen=True, kw_only=True)
class Travelled:
    """What is left of a journey: ids by kind, and what the dashboard heard."""

    ids: dict[str, str]
    heard: list[dict[str, Any]]


@pytest.fixture(scope="session")
async def sample(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Sample:
    """Its queue is bound: it hears what happens from now on."""
    sample = Sample(folder=tmp_path_factory.mktemp("sample"), amqp_url=stack.amqp_url)
    with sample.running():
        async with await aio_pika.connect(stack.amqp_url) as connection:
            await until(partial(is_consumed, connection, QUEUE))
    return sample


async def is_consumed(connection: AbstractConnection, name: str) -> bool:
    """Which it is after it was declared and bound."""
    channel = await connection.channel()
    try:
        queue = await channel.declare_queue(name, passive=True)
    except aio_pika.exceptions.ChannelNotFoundEntity:
        return False
    return bool(queue.declaration_result.consumer_count)


@pytest.fixture(scope="session")
async def travelled(stack: Stack, ada: Account, sample: Sample) -> Travelled:
    return await travel(stack, ada)


async def travel(stack: Stack, account: Account) -> Travelled:
    support = GraphClient(stack.gateway_url, Tokens(stack.key_folder).of_support())
    administrator = GraphClient(stack.gateway_url, account.tokens["ADMINISTRATOR"])
    async with (
        open_reporter(stack.amqp_url) as reporter,
        open_dashboard(support, account.id, lambda _event: None) as dashboard,
    ):
        journey = Journey(
            account=account,
            administrator=administrator,
            support=support,
            reporter=reporter,
            dashboard=dashboard,
            say=lambda _text: None,
        )
        await journey.run()
    [first_call] = [
        e for e in dashboard.heard if e["event"].endswith("first_call_received.v1")
    ]
    [port_out] = [e for e in dashboard.heard if e["event"].endswith("port_out_received.v1")]
    return Travelled(
        ids={
            "PortRequest": journey.request_id,
            "PortOut": port_out["subject"],
            "TrackingNumber": first_call["subject"],
            "Account": account.id,
            "Company": account.company_ids["Downtown"],
        },
        heard=dashboard.heard,
    )
