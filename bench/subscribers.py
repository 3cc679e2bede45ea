"""How soon one event has reached the last of 2,000 subscribers of one process, and their memory."""

import asyncio
import os
import secrets
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Final
from uuid import uuid4

from bench.measuring import Result
from bench.rooms import service_database
from bench.subscriber_sockets import Audience, open_audience
from deploy.local.guard import Guard
from deploy.local.listen_ports import LOOPBACK, choose_listen_port
from deploy.local.places import RUNS
from deploy.local.programs import Program, Programs
from deploy.local.servers import Servers, stay_silent
from deploy.local.vhosts import create_vhost
from libs.common.broker import Broker
from libs.common.dev_issuer import DEVELOPMENT_AUDIENCE, load_key, sign_token
from libs.common.tokens import DEVELOPMENT_ISSUER
from libs.contracts.topology import TOPOLOGY
from services.notifications.domain.status_changes import LoggedChange, SubjectKind
from services.notifications.live_feed.exchange import LiveExchange

SUBSCRIBERS: Final = 2_000
ROUNDS: Final = 15
_SETTLING_S: Final = 3
_LONGEST_S: Final = 60
_QUERY: Final = """
subscription {
  portStatusChanged { cursor event version status occurredAt portRequest { id } }
}
"""
_SERVED: Final = {
    "stock": [
        *("-m", "uvicorn", "--factory", "bench.bare_subscribers:create_stock"),
        "--no-access-log",
    ],
    "bare": [
        *("-m", "uvicorn", "--factory", "bench.bare_subscribers:create_bare"),
        *("--no-access-log", "--loop", "uvloop", "--ws", "wsproto"),
        *("--ws-per-message-deflate", "false"),
    ],
    "ours": ["-m", "libs.common.serve", "services.notifications.app:create_app"],
}


@dataclass(kw_only=True)
class Side:
    """One program with its audience, and the exchange that tells it of changes."""

    exchange: LiveExchange
    audience: Audience
    pid: int
    empty_kilobytes: int
    log_id: int = 0

    async def tell(self) -> float:
        """Milliseconds from the announcement to the last delivery."""
        self.log_id += 1
        last = self.audience.expect_one_each()
        started = time.perf_counter()
        self.exchange.announce([_change(self.log_id)])
        async with asyncio.timeout(_LONGEST_S):
            return 1e3 * (await last - started)

    def weigh_subscriber(self) -> float:
        """Kilobytes of each."""
        grown = _read_rss_kilobytes(self.pid) - self.empty_kilobytes
        return grown / self.audience.size


async def measure_subscribers(servers: Servers) -> list[Result]:
    async with _open_sides(servers) as sides:
        took: dict[str, list[float]] = {name: [] for name in sides}
        for _ in range(ROUNDS):
            for name, side in sides.items():
                took[name].append(await side.tell())
        kilobytes = {name: side.weigh_subscriber() for name, side in sides.items()}
        assert '"portRequest":{"id":"pr_1"}' in sides["ours"].audience.first_text
    to_stock = median(_divide(took["ours"], took["stock"]))
    to_bare = median(_divide(took["bare"], took["ours"]))
    figures = ", ".join(f"{name} {median(each):.0f}" for name, each in took.items())
    detail = f"ms: {figures}; {to_stock:.2f} of stock, {to_bare:.2f} of bare"
    # One of the two is asked for.
    name = "one event to 2,000 subscribers"
    by_stock = Result(name=name, value=to_stock, goal=0.3, more_is_better=False, detail=detail)
    by_bare = Result(name=name, value=to_bare, goal=0.5, more_is_better=True, detail=detail)
    return [
        by_bare if by_stock.is_short else by_stock,
        Result(
            name="memory of a subscriber",
            value=kilobytes["ours"],
            goal=60,
            more_is_better=False,
            unit="kB",
            detail=f"stock {kilobytes['stock']:.0f}, bare {kilobytes['bare']:.0f}",
        ),
    ]


def _divide(some: Sequence[float], others: Sequence[float]) -> list[float]:
    return [one / other for one, other in zip(some, others, strict=True)]


def _change(log_id: int) -> LoggedChange:
    return LoggedChange(
        log_id=log_id,
        event_id=uuid4(),
        type="porting.port_approved.v1",
        subject="pr_1",
        subject_kind=SubjectKind.PORT_REQUEST,
        sequence=log_id,
        account_id="acc_1",
        company_ids=("co_1",),
        requester_id="mem_1",
        status="APPROVED",
        occurred_at=datetime.now(UTC),
        traceparent=None,
        is_late=False,
    )


@asynccontextmanager
async def _open_sides(servers: Servers) -> AsyncIterator[dict[str, Side]]:
    async with AsyncExitStack() as leaving:
        urls = await leaving.enter_async_context(service_database(servers, "notifications"))
        guard = leaving.enter_context(Guard())
        folder = guard.make_folder(RUNS)
        programs = Programs(guard, folder)
        leaving.callback(programs.stop)
        issuer_port = choose_listen_port()
        env = {
            **os.environ,
            "PROFILE": "development",
            "HOST": LOOPBACK,
            "JWKS_URL": f"http://{LOOPBACK}:{issuer_port}/.well-known/jwks.json",
            "JWT_ISSUER": DEVELOPMENT_ISSUER,
            "JWT_AUDIENCE": DEVELOPMENT_AUDIENCE,
            "DATABASE_URL": urls.database_url,
            "MIGRATIONS_URL": urls.migrations_url,
            "WEBHOOK_KEYS": secrets.token_hex(32),
        }
        issuer = Program(
            name="issuer",
            command=[
                *(sys.executable, "-m", "libs.common.dev_issuer"),
                *("--listen-port", str(issuer_port), "--key-folder", folder / "keys"),
            ],
            env=env,
            ready_url=env["JWKS_URL"],
        )
        await asyncio.to_thread(programs.start, [issuer], stay_silent)
        token = sign_token(
            load_key(folder / "keys"), subject="desk", scopes=["support"], lifetime_s=3_600
        )
        yield {
            name: await leaving.enter_async_context(
                _open_side(servers, programs, name, env, token)
            )
            for name in _SERVED
        }


@asynccontextmanager
async def _open_side(
    servers: Servers, programs: Programs, name: str, env: Mapping[str, str], token: str
) -> AsyncIterator[Side]:
    """A broker's room of its own: nobody else works while one is told."""
    listen_port = choose_listen_port()
    with create_vhost(servers) as amqp_url:
        program = Program(
            name=name,
            command=[sys.executable, *_SERVED[name], *_port_option(name, listen_port)],
            env={**env, "AMQP_URL": amqp_url, "LISTEN_PORT": str(listen_port)},
            ready_url=f"http://{LOOPBACK}:{listen_port}/readyz",
        )
        await asyncio.to_thread(programs.start, [program], stay_silent)
        pid = programs.get_process(name).pid
        exchange = LiveExchange()
        broker = Broker(url=amqp_url, topology=TOPOLOGY, name="bench")
        telling = asyncio.create_task(exchange.run(broker))
        empty_kilobytes = _read_rss_kilobytes(pid)
        try:
            async with open_audience(
                listen_port, SUBSCRIBERS, token=token, query=_QUERY
            ) as audience:
                # The last operations begin after their messages were read.
                await asyncio.sleep(_SETTLING_S)
                side = Side(
                    exchange=exchange,
                    audience=audience,
                    pid=pid,
                    empty_kilobytes=empty_kilobytes,
                )
                await side.tell()
                yield side
        finally:
            telling.cancel()
            with suppress(asyncio.CancelledError):
                await telling


def _port_option(name: str, listen_port: int) -> list[str]:
    return [] if name == "ours" else ["--port", str(listen_port)]


def _read_rss_kilobytes(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return next(
        int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS:")
    )
