"""What a list of 20 lines costs porting over HTTP, in production's settings, by CPU."""

import asyncio
import os
import secrets
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit

import asyncpg
import httpx
import jwt

from bench.measuring import Result, compare, read_cpu_seconds, take_turns
from bench.rooms import service_database
from deploy.local.databases import DatabaseUrls
from deploy.local.guard import Guard
from deploy.local.listen_ports import LOOPBACK, choose_listen_port
from deploy.local.places import RUNS
from deploy.local.programs import Program, Programs
from deploy.local.servers import Servers, stay_silent
from deploy.local.vhosts import create_vhost
from libs.common.dev_issuer import IssuerKey, load_key
from libs.common.graphql.gateway_hop import EXTENSION, GatewayHop
from libs.common.ids import new_id
from services.porting.integrations.seals import make_development_seal

REQUESTS = 400
LINES = 20
ISSUER = "https://issuer.example"
AUDIENCE = "portline"
QUERY = """
query Lines($id: ID!) {
  portRequest(id: $id) {
    id name status lines(first: 20) { edges { node { id phoneNumber state } } }
  }
}
"""


@dataclass(frozen=True, kw_only=True)
class Room:
    programs: Programs
    servers: Servers
    urls: dict[str, str]
    secret: str
    key: IssuerKey
    request_ids: Sequence[str]

    async def count_cpu(self, program: str, application: str) -> float:
        """Of the server's process and its PostgreSQL backends, milliseconds a request."""
        connection = await asyncpg.connect(self.servers.postgres_url)
        backends = await connection.fetch(
            "SELECT pid FROM pg_stat_activity WHERE application_name = $1", application
        )
        await connection.close()
        pids = [self.programs.get_process(program).pid, *(row["pid"] for row in backends)]
        before = read_cpu_seconds(pids)
        await self.ask(program, REQUESTS)
        return 1e3 * (read_cpu_seconds(pids) - before) / REQUESTS

    async def ask(self, program: str, times: int) -> bytes:
        """Four at a time, one request after another; answers the last answer's bytes."""
        hop = GatewayHop(self.secret)
        headers = {"authorization": f"Bearer {_sign(self.key)}"}
        turns = iter(range(times))
        last = b""
        async with httpx.AsyncClient(headers=headers) as client:

            async def keep_asking() -> None:
                nonlocal last
                for turn in turns:
                    variables = {"id": self.request_ids[turn % len(self.request_ids)]}
                    extensions = {EXTENSION: hop.sign(QUERY, variables)}
                    answer = await client.post(
                        self.urls[program],
                        json={
                            "query": QUERY,
                            "variables": variables,
                            "extensions": extensions,
                        },
                    )
                    assert answer.status_code == 200, answer.text
                    last = answer.content

            await asyncio.gather(*(keep_asking() for _ in range(4)))
        return last


async def measure_listing(servers: Servers) -> list[Result]:
    async with _open_room(servers) as room:
        bare, ours = await room.ask("bare", 1), await room.ask("porting", 1)
        assert bare == ours, f"{bare!r} is not {ours!r}"
        pairs = await take_turns(
            lambda: room.count_cpu("bare", "bare"),
            lambda: room.count_cpu("porting", "porting"),
        )
    ratio, figures = compare(pairs)
    return [
        Result(
            name="list of 20 lines, CPU a request",
            value=ratio,
            goal=6,
            more_is_better=False,
            detail=f"ms of server and PostgreSQL: {figures}",
        )
    ]


@asynccontextmanager
async def _open_room(servers: Servers) -> AsyncIterator[Room]:
    async with AsyncExitStack() as leaving:
        amqp_url = leaving.enter_context(create_vhost(servers))
        database = await leaving.enter_async_context(service_database(servers, "porting"))
        guard = leaving.enter_context(Guard())
        folder = guard.make_folder(RUNS)
        programs = Programs(guard, folder)
        leaving.callback(programs.stop)
        listen_ports = {name: choose_listen_port() for name in ("issuer", "porting", "bare")}
        secret = secrets.token_hex(32)
        name = urlsplit(database.database_url).path
        bare_url = urlsplit(servers.postgres_url)._replace(path=name).geturl()
        request_ids = await _fill(bare_url)
        seal = folder / "seal.pem"
        seal.write_text(make_development_seal())
        env = {
            **os.environ,
            **_settings(database, amqp_url, listen_ports["issuer"], secret),
            "BARE_DATABASE_URL": bare_url,
            "FILES_URL": folder.as_uri(),
            "SEAL_KEY_FILE": str(seal),
        }
        described = [
            _describe("issuer", listen_ports["issuer"], env, str(folder)),
            _describe("porting", listen_ports["porting"], env),
            _describe("bare", listen_ports["bare"], env),
        ]
        await asyncio.to_thread(programs.start, described, stay_silent)
        yield Room(
            programs=programs,
            servers=servers,
            urls={
                program: f"http://{LOOPBACK}:{listen_port}/graphql"
                for program, listen_port in listen_ports.items()
            },
            secret=secret,
            key=load_key(folder),
            request_ids=request_ids,
        )


def _settings(
    database: DatabaseUrls, amqp_url: str, issuer_port: int, secret: str
) -> dict[str, str]:
    return {
        "PROFILE": "production",
        "GATEWAY_SECRET": secret,
        "UPLOAD_SECRET": secret,
        "PIN_KEYS": secret,
        "LETTER_SECRET": secret,
        "JWT_ISSUER": ISSUER,
        "JWT_AUDIENCE": AUDIENCE,
        "JWKS_URL": f"http://{LOOPBACK}:{issuer_port}/.well-known/jwks.json",
        "PUBLIC_URL": f"http://{LOOPBACK}",
        "AMQP_URL": amqp_url,
        "DATABASE_URL": database.database_url,
        "MIGRATIONS_URL": database.migrations_url,
        "HOST": LOOPBACK,
    }


def _describe(name: str, listen_port: int, env: dict[str, str], keys: str = "") -> Program:
    where = f"http://{LOOPBACK}:{listen_port}"
    if name == "issuer":
        command = ["libs.common.dev_issuer", "--listen-port", str(listen_port)]
        return Program(
            name=name,
            command=[sys.executable, "-m", *command, "--key-folder", keys],
            env=env,
            ready_url=f"{where}/healthz",
        )
    app = "bench.bare_listing" if name == "bare" else f"services.{name}.app"
    return Program(
        name=name,
        command=[sys.executable, "-m", "libs.common.serve", f"{app}:create_app"],
        env={**env, "LISTEN_PORT": str(listen_port)},
        ready_url=f"{where}/readyz",
    )


def _sign(key: IssuerKey) -> str:
    """As a real issuer would: the development issuer's tokens are refused in production."""
    claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": "ann", "exp": int(time.time()) + 900}
    return jwt.encode(claims, key.private, algorithm="ES256", headers={"kid": key.key_id})


async def _fill(postgres_url: str) -> list[str]:
    """An account with a company, an administrator, and requests with their lines."""
    account, company, member = new_id("acc"), new_id("co"), new_id("mem")
    requests = sorted(new_id("pr") for _ in range(50))
    now = datetime.now(UTC)
    connection = await asyncpg.connect(postgres_url)
    await connection.execute(
        "INSERT INTO accounts VALUES ($1, 'Acme', true, true, true, false, 1)", account
    )
    await connection.execute(
        "INSERT INTO companies VALUES ($1, $2, 'Acme East', 1)", company, account
    )
    await connection.execute(
        "INSERT INTO members VALUES ($1, $2, 'Ann', 'ADMINISTRATOR', '{}', $3, 'ann', true, 1)",
        member, account, ISSUER,
    )  # fmt: skip
    await connection.executemany(
        "INSERT INTO port_requests (id, account_id, company_id, requester_id, requester_name, "
        "name, status, status_since, created_at, version) "
        "VALUES ($1, $2, $3, $4, 'Ann', 'Spring move', 'IN_REVIEW', $5, $5, 1)",
        [(request, account, company, member, now) for request in requests],
    )
    await connection.executemany(
        "INSERT INTO lines (id, port_request_id, account_id, company_id, tracking_number, "
        "forwarding_number, name, source, state) "
        "VALUES ($1, $2, $3, $4, $5, '+12125550100', 'Main', 'web', 'READY')",
        [
            (new_id("ln"), request, account, company, f"+1212{place:03d}{line:04d}")
            for place, request in enumerate(requests, start=555)
            for line in range(LINES)
        ],
    )
    await connection.execute("ANALYZE")
    await connection.close()
    return requests
