"""How fast the worker sends webhooks, against a bare client; what a dead endpoint costs others."""

import asyncio
import statistics
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import asyncpg
import httpcore
from standardwebhooks import Webhook

from bench.measuring import Result, Stopwatch, compare, take_turns
from bench.rooms import service_database
from deploy.local.listen_ports import LOOPBACK, choose_listen_port
from deploy.local.places import ROOT
from deploy.local.servers import Servers
from libs.common.caller import Login, Member, Role
from libs.common.database import Database, open_database
from libs.common.events import Event, make_event
from libs.common.ids import new_id
from libs.common.vault import Vault
from libs.contracts.porting_events.requests import PortApproved
from services.notifications.domain.webhook_endpoints import EndpointWish
from services.notifications.domain.webhook_facts import write_body
from services.notifications.domain.webhook_secrets import make_secret, sign
from services.notifications.domain.webhook_urls import UrlRules
from services.notifications.integrations.webhook_posts import AddressGate, Poster
from services.notifications.use_cases.webhook_deliveries import record_deliveries
from services.notifications.use_cases.webhook_endpoints import JudgedWish, create_endpoint
from services.notifications.workers.webhooks import WebhookWorker

ENDPOINTS = 40
EVENTS_EACH = 50
AT_ONCE = 32
OTHERS = 999
TRICKLE = 200
_LOOK_S = 0.02
_RULES = UrlRules(allows_loopback=True)
_VAULT = Vault([b"b" * 32])
_PENDING = "SELECT EXISTS (SELECT FROM webhook_deliveries WHERE state = 'PENDING')"
_IS_DELIVERED = """
    SELECT state = 'DELIVERED'
    FROM webhook_deliveries
    WHERE account_id = $1
    ORDER BY id DESC
    LIMIT 1
"""


@dataclass(frozen=True, kw_only=True)
class Office:
    """One account for each endpoint."""

    database: Database
    owner: asyncpg.Connection
    url: str

    async def add_endpoint(self, path: str) -> str:
        """Answers the account."""
        account_id = new_id("acc")
        login = Login(issuer="i", subject="s", expires_at=datetime.now(UTC))
        member = Member(
            login=login, account_id=account_id, member_id="mem_b", role=Role.ADMINISTRATOR
        )
        wish = EndpointWish(
            url=f"{self.url}{path}", description="", event_types=[], is_ordered=False
        )
        judged = JudgedWish(wish=wish, rules=_RULES, fault=None)
        async with self.database.transaction(member) as connection:
            await create_endpoint(connection, member, _VAULT, judged)
        return account_id

    async def tell(self, events: Sequence[Event]) -> None:
        async with self.database.working() as connection:
            await record_deliveries(connection, events)


async def measure_webhooks(servers: Servers) -> list[Result]:
    async with AsyncExitStack() as leaving:
        urls = await leaving.enter_async_context(service_database(servers, "notifications"))
        database = await open_database(urls.database_url, "notifications")
        leaving.push_async_callback(database.close)
        owner = await asyncpg.connect(servers.postgres_url, database=_name_of(urls))
        leaving.push_async_callback(owner.close)
        url = await leaving.enter_async_context(_receiver())
        office = Office(database=database, owner=owner, url=url)
        return [await _measure_throughput(office), await _measure_delay(office)]


async def _measure_throughput(office: Office) -> Result:
    accounts = [await office.add_endpoint("/hook") for _ in range(ENDPOINTS)]
    bodies = [write_body(event) for event in _events(accounts, EVENTS_EACH)]

    async def post_bare() -> float:
        return await _post_bare(f"{office.url}/hook", bodies)

    async def send() -> float:
        await office.tell(_events(accounts, EVENTS_EACH))
        async with _sending(office.database):
            watch = Stopwatch()
            while await office.owner.fetchval(_PENDING):  # noqa: ASYNC110 - another session's
                await asyncio.sleep(_LOOK_S)
            return ENDPOINTS * EVENTS_EACH / watch.seconds

    ratio, figures = compare(await take_turns(post_bare, send))
    return Result(
        name="webhook worker to bare client",
        value=ratio,
        goal=0.6,
        more_is_better=True,
        detail=f"a second: {figures}",
    )


async def _measure_delay(office: Office) -> Result:
    """Of single webhooks, one after another, while a dead endpoint has a hundred due."""
    others = [await office.add_endpoint("/hook") for _ in range(OTHERS)]
    dead = await office.add_endpoint("/dead")

    async def trickle() -> float:
        async with _sending(office.database) as worker:
            await asyncio.sleep(0.2)
            return await _time_each(office, worker, others[:TRICKLE])

    async def trickle_beside_dead() -> float:
        await office.tell(_events([dead], 100))
        took = await trickle()
        await office.owner.execute("DELETE FROM webhook_deliveries WHERE state = 'PENDING'")
        await office.owner.execute("UPDATE webhook_endpoints SET leased_until = '-infinity'")
        return took

    pairs = await take_turns(trickle, trickle_beside_dead)
    delay = statistics.median(ours - floor for floor, ours in pairs)
    return Result(
        name="a dead endpoint of 1,000, delay",
        value=max(delay, 0),
        goal=50,
        more_is_better=False,
        unit="ms",
        detail=f"p99 in ms: {compare(pairs)[1]}",
    )


async def _time_each(office: Office, worker: WebhookWorker, accounts: Sequence[str]) -> float:
    """The p99 from commit to delivered and noted, in milliseconds."""
    took = []
    for account in accounts:
        await office.tell(_events([account], 1))
        watch = Stopwatch()
        worker.wake()
        while not await office.owner.fetchval(_IS_DELIVERED, account):  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.001)
        took.append(1e3 * watch.seconds)
    return statistics.quantiles(took, n=100)[98]


async def _post_bare(url: str, bodies: Sequence[str]) -> float:
    """The same client, signatures and bodies, and nothing else."""
    webhook = Webhook(make_secret())
    turns = iter(bodies)

    async def keep_posting() -> None:
        # A pool of many connections looks through all of them for each post.
        async with httpcore.AsyncConnectionPool(max_connections=1) as pool:
            for place, body in enumerate(turns):
                headers = sign([webhook], f"msg_{place}", datetime.now(UTC), body)
                answer = await pool.request(
                    "POST",
                    url,
                    headers={"host": LOOPBACK, "content-length": str(len(body)), **headers},
                    content=body.encode(),
                )
                assert answer.status == 204

    watch = Stopwatch()
    await asyncio.gather(*(keep_posting() for _ in range(AT_ONCE)))
    return len(bodies) / watch.seconds


def _events(accounts: Sequence[str], each: int) -> list[Event]:
    def approve(account_id: str) -> Event:
        fact = PortApproved(
            account_id=account_id,
            company_id="co_bench",
            requester_id="mem_bench",
            name="Spring move",
            status="APPROVED",
            line_counts={"APPROVED": 3},
            firm_date=date(2026, 3, 1),
        )
        return make_event(
            fact, subject=new_id("pr"), sequence=1, traceparent=None, time=datetime.now(UTC)
        )

    return [approve(account_id) for _ in range(each) for account_id in accounts]


@asynccontextmanager
async def _sending(database: Database) -> AsyncIterator[WebhookWorker]:
    poster = Poster(AddressGate(_RULES), timeout_s=20)
    worker = WebhookWorker(poster=poster, vault=_VAULT)
    running = asyncio.create_task(worker.run(database))
    try:
        yield worker
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


@asynccontextmanager
async def _receiver() -> AsyncIterator[str]:
    listen_port = choose_listen_port()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.webhook_receiver", str(listen_port), cwd=ROOT
    )
    try:
        async with asyncio.timeout(10):
            while True:
                with suppress(OSError):
                    _, writer = await asyncio.open_connection(LOOPBACK, listen_port)
                    writer.close()
                    break
                await asyncio.sleep(0.05)
        yield f"http://{LOOPBACK}:{listen_port}"
    finally:
        process.terminate()
        await process.wait()


def _name_of(urls: Any) -> str:
    return str(urls.database_url.rpartition("/")[2].partition("?")[0])
