"""The service as a process of its own, and a client that speaks graphql-transport-ws to it."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import aio_pika
import httpx
import websockets

from deploy.local.databases import DatabaseUrls
from deploy.local.guard import Guard
from deploy.local.listen_ports import LOOPBACK, choose_listen_port
from deploy.local.places import RUNS
from deploy.local.programs import Program, Programs
from deploy.local.servers import stay_silent
from libs.common.dev_issuer import DEVELOPMENT_AUDIENCE, IssuerKey, load_key, sign_token
from libs.common.events import Event, encode
from libs.common.tokens import DEVELOPMENT_ISSUER
from libs.contracts.topology import EVENTS


@dataclass(frozen=True, kw_only=True)
class RunningService:
    host: str
    key: IssuerKey
    amqp_url: str
    programs: Programs
    program: Program

    @property
    def process(self) -> subprocess.Popen[bytes]:
        return self.programs.get_process("notifications")

    def start_again(self) -> None:
        self.programs.start([self.program], stay_silent)

    def token(
        self, subject: str, *, scopes: Iterable[str] = (), lifetime_s: float = 900
    ) -> str:
        return sign_token(self.key, subject=subject, scopes=scopes, lifetime_s=lifetime_s)

    @property
    def desk(self) -> str:
        return self.token("desk", scopes=["support"])

    async def publish(self, *events: Event) -> None:
        """As porting's and numbers' relays do it."""
        async with await aio_pika.connect(self.amqp_url) as connection:
            channel = await connection.channel()
            exchange = await channel.get_exchange(EVENTS)
            for event in events:
                message = aio_pika.Message(encode(event).encode())
                await exchange.publish(message, routing_key=event.type)

    async def ask(
        self, query: str, token: str | None = None, **variables: object
    ) -> dict[str, Any]:
        headers = {"authorization": f"Bearer {token}"} if token else {}
        async with httpx.AsyncClient() as client:
            answer = await client.post(
                f"http://{self.host}/graphql",
                json={"query": query, "variables": variables},
                headers=headers,
            )
        return dict(answer.json())

    @asynccontextmanager
    async def socket(self, token: str | None = None) -> AsyncIterator["Socket"]:
        async with websockets.connect(
            f"ws://{self.host}/graphql",
            subprotocols=[websockets.Subprotocol("graphql-transport-ws")],
        ) as connection:
            payload = {"authorization": f"Bearer {token}"} if token else {}
            await connection.send(json.dumps({"type": "connection_init", "payload": payload}))
            assert json.loads(await connection.recv()) == {"type": "connection_ack"}
            yield Socket(connection)


class Socket:
    def __init__(self, connection: websockets.ClientConnection) -> None:
        self.connection = connection

    async def subscribe(self, query: str, id: str = "1", **variables: object) -> None:
        payload = {"query": query, "variables": variables}
        await self.connection.send(
            json.dumps({"id": id, "type": "subscribe", "payload": payload})
        )
        # What comes at once comes before the answer to a ping; a stream has joined by then.
        await asyncio.sleep(0.3)

    async def read(self, within_s: float = 5) -> dict[str, Any]:
        async with asyncio.timeout(within_s):
            return dict(json.loads(await self.connection.recv()))

    async def read_change(self, within_s: float = 5) -> dict[str, Any]:
        message = await self.read(within_s)
        assert message["type"] == "next", message
        assert "errors" not in message["payload"], message
        (change,) = message["payload"]["data"].values()
        return dict(change)

    async def read_changes(self, count: int) -> list[dict[str, Any]]:
        return [await self.read_change() for _ in range(count)]

    async def is_silent(self, for_s: float = 0.7) -> bool:
        try:
            await self.read(for_s)
        except TimeoutError:
            return True
        return False


@asynccontextmanager
async def running_service(
    guard: Guard, urls: DatabaseUrls, amqp_url: str
) -> AsyncIterator[RunningService]:
    folder = guard.make_folder(RUNS)
    keys = folder / "keys"
    issuer_port, listen_port = choose_listen_port(), choose_listen_port()
    jwks_url = f"http://{LOOPBACK}:{issuer_port}/.well-known/jwks.json"
    issuer = Program(
        name="issuer",
        command=[
            *(sys.executable, "-m", "libs.common.dev_issuer"),
            *("--listen-port", str(issuer_port), "--key-folder", keys),
        ],
        env=os.environ,
        ready_url=jwks_url,
    )
    program = Program(
        name="notifications",
        command=[
            *(sys.executable, "-m", "libs.common.serve"),
            "services.notifications.app:create_app",
        ],
        env={
            **os.environ,
            "PROFILE": "development",
            "HOST": LOOPBACK,
            "LISTEN_PORT": str(listen_port),
            "DATABASE_URL": urls.database_url,
            "MIGRATIONS_URL": urls.migrations_url,
            "AMQP_URL": amqp_url,
            "JWKS_URL": jwks_url,
            "JWT_ISSUER": DEVELOPMENT_ISSUER,
            "JWT_AUDIENCE": DEVELOPMENT_AUDIENCE,
            "WEBHOOK_KEYS": "5" * 64,
            "WEBHOOK_LOOPBACK": "true",
        },
        ready_url=f"http://{LOOPBACK}:{listen_port}/readyz",
    )
    programs = Programs(guard, folder)
    try:
        await asyncio.to_thread(programs.start, [issuer, program], stay_silent)
        yield RunningService(
            host=f"{LOOPBACK}:{listen_port}",
            key=load_key(keys),
            amqp_url=amqp_url,
            programs=programs,
            program=program,
        )
    finally:
        await asyncio.to_thread(programs.stop)


@asynccontextmanager
async def another_replica(service: RunningService) -> AsyncIterator[RunningService]:
    """A second process of the service, on the same database and broker."""
    listen_port = choose_listen_port()
    program = replace(
        service.program,
        name="another replica",
        env={**service.program.env, "LISTEN_PORT": str(listen_port)},
        ready_url=f"http://{LOOPBACK}:{listen_port}/readyz",
    )
    await asyncio.to_thread(service.programs.start, [program], stay_silent)
    try:
        yield replace(service, host=f"{LOOPBACK}:{listen_port}", program=program)
    finally:
        process = service.programs.get_process(program.name)
        process.kill()
        await asyncio.to_thread(process.wait)
