"""What one route costs numbers over HTTP at a million of them, in production's settings, by CPU."""

import asyncio
import os
import random
import secrets
import sys
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import asyncpg
import httpx
import jwt

from bench.data_sets import MILLION, numbers_data_set, phone_number_at, superuser_url
from bench.measuring import Result, compare, read_cpu_seconds, take_turns
from deploy.local.guard import Guard
from deploy.local.listen_ports import LOOPBACK, choose_listen_port
from deploy.local.places import RUNS
from deploy.local.programs import Program, Programs
from deploy.local.servers import Servers, stay_silent
from deploy.local.vhosts import create_vhost
from libs.common.dev_issuer import IssuerKey, load_key
from libs.common.graphql.gateway_hop import EXTENSION, GatewayHop

REQUESTS = 1_000
ISSUER = "https://issuer.example"
AUDIENCE = "portline"
QUERY = """
query Route($number: PhoneNumber!) {
  routeFor(number: $number) { phoneNumber forwardingNumber state }
}
"""


@dataclass(frozen=True, kw_only=True)
class Room:
    programs: Programs
    servers: Servers
    urls: dict[str, str]
    hop: GatewayHop
    headers: dict[str, str]
    chance: random.Random

    async def count_cpu(self, program: str) -> float:
        """Of the server's process and its PostgreSQL backends, milliseconds a request."""
        connection = await asyncpg.connect(self.servers.postgres_url)
        backends = await connection.fetch(
            "SELECT pid FROM pg_stat_activity WHERE application_name = $1", program
        )
        await connection.close()
        pids = [self.programs.get_process(program).pid, *(row["pid"] for row in backends)]
        before = read_cpu_seconds(pids)
        await self.ask_often(program)
        return 1e3 * (read_cpu_seconds(pids) - before) / REQUESTS

    async def ask_often(self, program: str) -> None:
        """Four at a time, one request after another."""
        turns = iter(range(REQUESTS))
        async with httpx.AsyncClient(headers=self.headers) as client:

            async def keep_asking() -> None:
                for _ in turns:
                    await self.ask(client, program, self.chance.randrange(MILLION))

            await asyncio.gather(*(keep_asking() for _ in range(4)))

    async def ask(self, client: httpx.AsyncClient, program: str, place: int) -> bytes:
        variables = {"number": phone_number_at(place)}
        extensions = {EXTENSION: self.hop.sign(QUERY, variables)}
        answer = await client.post(
            self.urls[program],
            json={"query": QUERY, "variables": variables, "extensions": extensions},
        )
        assert answer.status_code == 200, answer.text
        return answer.content


async def measure_routing(servers: Servers) -> list[Result]:
    async with _open_room(servers) as room:
        async with httpx.AsyncClient(headers=room.headers) as client:
            bare, ours = [await room.ask(client, name, 7) for name in ("bare", "numbers")]
        assert bare == ours, f"{bare!r} is not {ours!r}"
        pairs = await take_turns(
            lambda: room.count_cpu("bare"), lambda: room.count_cpu("numbers")
        )
    ratio, figures = compare(pairs)
    return [
        Result(
            name="a route at 1 M numbers, CPU",
            value=ratio,
            goal=4,
            more_is_better=False,
            detail=f"ms of server and PostgreSQL: {figures}",
        )
    ]


@asynccontextmanager
async def _open_room(servers: Servers) -> AsyncIterator[Room]:
    async with AsyncExitStack() as leaving:
        amqp_url = leaving.enter_context(create_vhost(servers))
        urls = await numbers_data_set(servers)
        guard = leaving.enter_context(Guard())
        folder = guard.make_folder(RUNS)
        programs = Programs(guard, folder)
        leaving.callback(programs.stop)
        listen_ports = {name: choose_listen_port() for name in ("issuer", "numbers", "bare")}
        secret = secrets.token_hex(32)
        env = {
            **os.environ,
            "PROFILE": "production",
            "GATEWAY_SECRET": secret,
            "PUBLIC_URL": f"http://{LOOPBACK}",
            "DOWNLOAD_SECRET": secret,
            "JWT_ISSUER": ISSUER,
            "JWT_AUDIENCE": AUDIENCE,
            "JWKS_URL": f"http://{LOOPBACK}:{listen_ports['issuer']}/.well-known/jwks.json",
            "AMQP_URL": amqp_url,
            "DATABASE_URL": urls.database_url,
            "MIGRATIONS_URL": urls.migrations_url,
            "BARE_DATABASE_URL": superuser_url(servers, urls),
            "HOST": LOOPBACK,
        }
        described = [
            _describe(name, listen_port, env, str(folder))
            for name, listen_port in listen_ports.items()
        ]
        await asyncio.to_thread(programs.start, described, stay_silent)
        yield Room(
            programs=programs,
            servers=servers,
            urls={
                program: f"http://{LOOPBACK}:{listen_port}/graphql"
                for program, listen_port in listen_ports.items()
            },
            hop=GatewayHop(secret),
            headers={"authorization": f"Bearer {_sign(load_key(folder))}"},
            chance=random.Random(7),
        )


def _describe(name: str, listen_port: int, env: dict[str, str], keys: str) -> Program:
    where = f"http://{LOOPBACK}:{listen_port}"
    if name == "issuer":
        command = ["libs.common.dev_issuer", "--listen-port", str(listen_port)]
        return Program(
            name=name,
            command=[sys.executable, "-m", *command, "--key-folder", keys],
            env=env,
            ready_url=f"{where}/healthz",
        )
    app = "bench.bare_routing" if name == "bare" else f"services.{name}.app"
    return Program(
        name=name,
        command=[sys.executable, "-m", "libs.common.serve", f"{app}:create_app"],
        env={**env, "LISTEN_PORT": str(listen_port)},
        ready_url=f"{where}/readyz",
    )


def _sign(key: IssuerKey) -> str:
    """As a real issuer would: the development issuer's tokens are refused in production."""
    claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "telephony",
        "scope": "numbers:route",
        "exp": int(time.time()) + 900,
    }
    return jwt.encode(claims, key.private, algorithm="ES256", headers={"kid": key.key_id})
