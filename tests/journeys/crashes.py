"""Many port requests while relay, consumer and broker are killed: the run, without its judgement."""

import asyncio
import os
import random
import secrets
import signal
import subprocess
import sys
import urllib.request
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import asyncpg

from deploy.local.databases import DatabaseUrls, create_service_database, drop_database
from deploy.local.guard import Guard
from deploy.local.listen_ports import LOOPBACK, choose_listen_port
from deploy.local.logs import read_last_lines
from deploy.local.places import ROOT, RUNS
from deploy.local.servers import Servers
from deploy.local.vhosts import create_vhost
from libs.common.database import Database, open_database
from libs.common.ids import new_id
from libs.contracts.porting_events.requests import (
    DraftChanged,
    PortSentToCarrier,
    PortSubmitted,
    ReviewStarted,
)
from services.porting.domain.requests import PortRequest, PortRequestStatus
from services.porting.store import requests as request_store
from services.porting.use_cases.recording import about, save

KILLS = 16
REQUESTS_PER_TRANSACTION = 25
READY_S = 30
# The name of a node that was killed can still be taken for a moment.
BROKER_STARTS = 3
APPLIED_S = 120
_COUNT_TOLD = "SELECT count(*) FROM status_changes"
_ACCOUNT = new_id("acc")
_COMPANY = new_id("co")
_MEMBER = new_id("mem")


@dataclass(frozen=True, kw_only=True)
class CrashedRun:
    """What is left to judge: superuser URLs of both databases, and how often who was killed."""

    porting_url: str
    notifications_url: str
    kills: int
    broker_kills: int


class Victim:
    """A service's process, killed and started again."""

    def __init__(
        self, guard: Guard, folder: Path, service: str, environment: dict[str, str]
    ) -> None:
        self._guard = guard
        self._log = folder / f"{service}.log"
        self._service = service
        self._listen_port = choose_listen_port()
        self._environment = {**environment, "LISTEN_PORT": str(self._listen_port)}
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        app = f"services.{self._service}.app:create_app"
        self._process = self._guard.start(
            [sys.executable, "-m", "libs.common.serve", app],
            env=self._environment,
            log=self._log,
            cwd=ROOT,
        )

    async def wait_until_ready(self) -> None:
        assert self._process is not None
        async with asyncio.timeout(READY_S):
            while not await asyncio.to_thread(self._is_ready):
                assert self._process.poll() is None, read_last_lines(self._log)
                await asyncio.sleep(0.05)

    def kill(self) -> None:
        assert self._process is not None
        os.kill(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def _is_ready(self) -> bool:
        url = f"http://{LOOPBACK}:{self._listen_port}/readyz"
        try:
            with urllib.request.urlopen(url, timeout=1) as answer:
                return answer.status == 200
        except OSError:
            return False


@asynccontextmanager
async def crashed_run(
    servers: Servers, guard: Guard, how_many: int, *, kills: int = KILLS
) -> AsyncIterator[CrashedRun]:
    """`how_many` port requests go their way meanwhile; ends when everything is applied."""
    names = {
        service: f"{service}_{uuid4().hex[:8]}" for service in ("porting", "notifications")
    }
    urls = {
        service: await create_service_database(servers.postgres_url, service, name)
        for service, name in names.items()
    }
    folder = guard.make_folder(RUNS)
    try:
        with create_vhost(servers) as amqp_url:
            victims = [
                Victim(guard, folder, service, _environment(urls[service], amqp_url, folder))
                for service in urls
            ]
            run = CrashedRun(
                porting_url=_superuser_url(servers, names["porting"]),
                notifications_url=_superuser_url(servers, names["notifications"]),
                kills=kills,
                broker_kills=1 if servers.rabbitmq else 0,
            )
            await _crash(servers, victims, urls["porting"], run, how_many)
            yield run
            for victim in victims:
                victim.kill()
    finally:
        for name in names.values():
            await drop_database(servers.postgres_url, name)


async def _crash(
    servers: Servers,
    victims: Sequence[Victim],
    porting: DatabaseUrls,
    run: CrashedRun,
    how_many: int,
) -> None:
    for victim in victims:
        victim.start()
    for victim in victims:
        await victim.wait_until_ready()
    database = await open_database(porting.database_url, "porting")
    producing: list[asyncio.Task[None]] = []
    breaking: asyncio.Task[None] | None = None
    for turn in range(run.kills):
        victim = victims[turn % len(victims)]
        share = how_many * (turn + 1) // run.kills - how_many * turn // run.kills
        producing.append(asyncio.create_task(_produce(database, share)))
        if turn == run.kills // 2:
            breaking = asyncio.create_task(_break_broker(servers))
        await victim.wait_until_ready()
        await asyncio.sleep(random.uniform(0, 0.3))
        victim.kill()
        victim.start()
    if breaking is not None:
        await breaking
    await asyncio.gather(*producing)
    await database.close()
    for victim in victims:
        await victim.wait_until_ready()
    await _wait_until_applied(run, 3 * how_many)


async def _break_broker(servers: Servers) -> None:
    if servers.rabbitmq is None:
        return
    await asyncio.to_thread(servers.rabbitmq.kill)
    for _ in range(BROKER_STARTS):
        servers.rabbitmq.start()
        if await asyncio.to_thread(servers.rabbitmq.wait_until_ready):
            return
    raise AssertionError("the broker did not come back")


async def _produce(database: Database, how_many: int) -> None:
    """While a victim starts again, so that there is work when it is ready, and killed."""
    left = how_many
    while left > 0:
        size = min(left, REQUESTS_PER_TRANSACTION)
        left -= size
        drafts = [_draft() for _ in range(size)]
        async with database.working() as connection:
            for place, draft in enumerate(drafts):
                await request_store.add_request(connection, draft)
                fact = about(DraftChanged, draft, {})
                drafts[place] = await save(connection, draft, fact)
        async with database.working() as connection:
            for draft in drafts:
                await save(connection, *_send(draft))


def _draft() -> PortRequest:
    now = datetime.now(UTC)
    return PortRequest(
        id=new_id("pr"),
        account_id=_ACCOUNT,
        company_id=_COMPANY,
        requester_id=_MEMBER,
        requester_name="Ann",
        name="Spring move",
        status=PortRequestStatus.DRAFT,
        status_since=now,
        created_at=now,
        version=0,
    )


def _send(
    draft: PortRequest,
) -> tuple[PortRequest, PortSubmitted, ReviewStarted, PortSentToCarrier]:
    """From the draft to the carrier in one transaction, each step its own fact."""
    now = datetime.now(UTC)
    reviewed = replace(draft.moved_to(PortRequestStatus.IN_REVIEW, now), submitted_at=now)
    sent = replace(reviewed, sent_at=now).moved_to(PortRequestStatus.WITH_CARRIER, now)
    return (
        sent,
        about(PortSubmitted, reviewed, {}, submitted_at=now, submitted_by=_MEMBER),
        about(ReviewStarted, reviewed, {}),
        about(PortSentToCarrier, sent, {}, sent_at=now),
    )


async def _wait_until_applied(run: CrashedRun, told: int) -> None:
    connection = await asyncpg.connect(run.notifications_url)
    try:
        async with asyncio.timeout(APPLIED_S):
            while await connection.fetchval(_COUNT_TOLD) < told:  # noqa: ASYNC110
                await asyncio.sleep(0.1)
        # What came twice may still be on its way, and must change nothing.
        await asyncio.sleep(0.5)
    finally:
        await connection.close()


def _environment(urls: DatabaseUrls, amqp_url: str, folder: Path) -> dict[str, str]:
    return {
        **os.environ,
        "PROFILE": "development",
        "HOST": LOOPBACK,
        "DATABASE_URL": urls.database_url,
        "MIGRATIONS_URL": urls.migrations_url,
        "AMQP_URL": amqp_url,
        "JWKS_URL": f"http://{LOOPBACK}/keys",
        "JWT_ISSUER": "https://issuer.example",
        "JWT_AUDIENCE": "portline",
        "PUBLIC_URL": f"http://{LOOPBACK}",
        "FILES_URL": folder.as_uri(),
        "UPLOAD_SECRET": secrets.token_hex(32),
        "DOWNLOAD_SECRET": secrets.token_hex(32),
        "PIN_KEYS": secrets.token_hex(32),
        "LETTER_SECRET": secrets.token_hex(32),
        "WEBHOOK_KEYS": secrets.token_hex(32),
    }


def _superuser_url(servers: Servers, name: str) -> str:
    return f"{servers.postgres_url.rpartition('/')[0]}/{name}"
