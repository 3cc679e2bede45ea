"""How soon a commit in porting is a message at a gateway's client, at a calm 60 a second."""

import asyncio
import json
import os
import secrets
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from statistics import median, quantiles
from typing import Final

import websockets

from bench.delivery import prepare_delivery
from bench.latency import PER_SECOND, open_bare
from bench.measuring import ROUNDS, Result
from bench.rooms import service_database
from deploy.local.guard import Guard
from deploy.local.listen_ports import LOOPBACK, choose_listen_port
from deploy.local.places import GATEWAY, RUNS, find_node_package
from deploy.local.programs import Program, Programs
from deploy.local.servers import Servers, stay_silent
from deploy.local.vhosts import create_vhost
from libs.common import outbox
from libs.common.broker import Broker
from libs.common.database import Database, open_database
from libs.common.dev_issuer import DEVELOPMENT_AUDIENCE, load_key, sign_token
from libs.common.events import Event, make_event
from libs.common.ids import new_id
from libs.common.relay import Relay
from libs.common.tokens import DEVELOPMENT_ISSUER
from libs.contracts.topology import EVENTS, TOPOLOGY
from tests.notifications.facts import account_changed, approved, member_changed

SAMPLES: Final = 300
_LONGEST_S: Final = 30
_SETTLING_S: Final = 2
_QUERY: Final = """
subscription {
  portStatusChanged { cursor event version status occurredAt subject portRequest { id } }
}
"""


async def measure_live_latency(servers: Servers) -> list[Result]:
    floors, middles, worst = [], [], []
    async with AsyncExitStack() as leaving:
        delivery = await leaving.enter_async_context(prepare_delivery(servers))
        bare = await leaving.enter_async_context(open_bare(delivery))
        ours = await leaving.enter_async_context(_open_ours(servers))
        # One round only warms up.
        for place in range(ROUNDS + 1):
            floor, seconds = await bare(), await ours()
            if place:
                floors.append(floor)
                middles.append(median(seconds))
                worst.append(quantiles(seconds, n=100)[98])
    floor = median(floors)
    detail = f"milliseconds: floor {1e3 * floor:.1f}"
    return [
        Result(
            name=f"commit to a gateway's client, {name}",
            value=median(took) / floor,
            goal=goal,
            more_is_better=False,
            detail=f"{detail}, ours {1e3 * median(took):.1f}",
        )
        for name, took, goal in (("p50", middles, 20), ("p99", worst, 40))
    ]


@asynccontextmanager
async def _open_ours(servers: Servers) -> AsyncIterator[Callable[[], Awaitable[list[float]]]]:
    """Porting's commit and relay here; notifications and the gateway as they are served."""
    async with AsyncExitStack() as leaving:
        amqp_url = leaving.enter_context(create_vhost(servers))
        urls = await leaving.enter_async_context(service_database(servers, "porting"))
        porting = await open_database(urls.database_url, "porting")
        leaving.push_async_callback(porting.close)
        gateway_url, token = await leaving.enter_async_context(
            _serve_gateway(servers, amqp_url)
        )
        relay = Relay(
            database_url=urls.database_url,
            service="porting",
            broker=Broker(url=amqp_url, topology=TOPOLOGY, name="bench relay"),
            exchange=EVENTS,
        )
        porting.on_commit = relay.wake
        leaving.callback(asyncio.create_task(relay.run()).cancel)
        # Whoever is told of a port has an account and an administrator.
        await _commit(porting, account_changed("acc_a", 1), member_changed("acc_a", 2))
        received: dict[str, float] = {}
        client = await leaving.enter_async_context(_open_client(gateway_url, token))
        leaving.callback(asyncio.create_task(_receive(client, received)).cancel)
        await asyncio.sleep(_SETTLING_S)
        yield lambda: _sample(porting, received)


async def _sample(porting: Database, received: dict[str, float]) -> list[float]:
    """Seconds of each, once all have come."""
    received.clear()
    committed: dict[str, float] = {}
    next_at = time.perf_counter()
    for _ in range(SAMPLES):
        subject = new_id("pr")
        await _commit(porting, approved(subject, 1))
        committed[subject] = time.perf_counter()
        next_at += 1 / PER_SECOND
        await asyncio.sleep(max(0, next_at - time.perf_counter()))
    async with asyncio.timeout(_LONGEST_S):
        while len(received) < SAMPLES:  # noqa: ASYNC110 - another task fills it
            await asyncio.sleep(0.01)
    return [received[subject] - began for subject, began in committed.items()]


async def _commit(porting: Database, *events: Event) -> None:
    now = datetime.now(UTC)
    async with porting.working() as connection:
        await outbox.record_events(
            connection,
            [
                make_event(
                    event.fact,
                    subject=event.subject,
                    sequence=event.sequence,
                    traceparent=None,
                    time=now,
                )
                for event in events
            ],
        )


async def _receive(client: websockets.ClientConnection, received: dict[str, float]) -> None:
    async for text in client:
        now = time.perf_counter()
        message = json.loads(text)
        assert message["type"] == "next", message
        received.setdefault(message["payload"]["data"]["portStatusChanged"]["subject"], now)


@asynccontextmanager
async def _open_client(
    gateway_url: str, token: str
) -> AsyncIterator[websockets.ClientConnection]:
    protocol = websockets.Subprotocol("graphql-transport-ws")
    async with websockets.connect(gateway_url, subprotocols=[protocol]) as client:
        payload = {"authorization": f"Bearer {token}"}
        await client.send(json.dumps({"type": "connection_init", "payload": payload}))
        assert json.loads(await client.recv())["type"] == "connection_ack"
        subscription = {"id": "1", "type": "subscribe", "payload": {"query": _QUERY}}
        await client.send(json.dumps(subscription))
        yield client


@asynccontextmanager
async def _serve_gateway(servers: Servers, amqp_url: str) -> AsyncIterator[tuple[str, str]]:
    """The gateway's socket, and the desk's token."""
    async with AsyncExitStack() as leaving:
        urls = await leaving.enter_async_context(service_database(servers, "notifications"))
        guard = leaving.enter_context(Guard())
        folder = guard.make_folder(RUNS)
        programs = Programs(guard, folder)
        leaving.callback(programs.stop)
        issuer, notifications, gateway = (choose_listen_port() for _ in range(3))
        # Only notifications is asked; the others' places stay empty.
        graph = f"http://{LOOPBACK}:{notifications}/graphql"
        env = {
            **os.environ,
            "PROFILE": "development",
            "HOST": LOOPBACK,
            "LISTEN_PORT": str(notifications),
            "JWKS_URL": f"http://{LOOPBACK}:{issuer}/.well-known/jwks.json",
            "JWT_ISSUER": DEVELOPMENT_ISSUER,
            "JWT_AUDIENCE": DEVELOPMENT_AUDIENCE,
            "AMQP_URL": amqp_url,
            "DATABASE_URL": urls.database_url,
            "MIGRATIONS_URL": urls.migrations_url,
            "WEBHOOK_KEYS": secrets.token_hex(32),
            **{f"{name}_URL": graph for name in ("PORTING", "NUMBERS", "NOTIFICATIONS")},
            "GATEWAY_HOST": LOOPBACK,
            "GATEWAY_LISTEN_PORT": str(gateway),
            "SUPERGRAPH": str(GATEWAY / "supergraph.graphql"),
        }
        node = find_node_package()
        assert node is not None, "run `make` with any target"
        keys = folder / "keys"
        commands = {
            "issuer": (
                [
                    *(sys.executable, "-m", "libs.common.dev_issuer"),
                    *("--listen-port", str(issuer), "--key-folder", keys),
                ],
                env["JWKS_URL"],
            ),
            "notifications": (
                [
                    *(sys.executable, "-m", "libs.common.serve"),
                    "services.notifications.app:create_app",
                ],
                f"http://{LOOPBACK}:{notifications}/readyz",
            ),
            "gateway": (
                [node / "bin/node", GATEWAY / "server.mjs"],
                f"http://{LOOPBACK}:{gateway}/readiness",
            ),
        }
        for name, (command, ready_url) in commands.items():
            program = Program(name=name, command=command, env=env, ready_url=ready_url)
            await asyncio.to_thread(programs.start, [program], stay_silent)
        token = sign_token(
            load_key(keys), subject="desk", scopes=["support"], lifetime_s=3_600
        )
        yield f"ws://{LOOPBACK}:{gateway}/graphql", token
