"""How much memory the whole system takes while nothing happens."""

import asyncio

from bench.measuring import Result, find_descendants, read_pss_megabytes
from deploy.local.guard import Guard
from deploy.local.servers import Servers
from deploy.local.stack import SERVICES, Stack, run_stack
from libs.common.dev_issuer import DEVELOPMENT_AUDIENCE
from libs.common.tokens import DEVELOPMENT_ISSUER

SETTLING_S = 5


async def measure_idle(_servers: Servers) -> list[Result]:
    """The stack brings servers of its own, as `make up` has them."""
    return await asyncio.to_thread(_measure)


def _measure() -> list[Result]:
    with (
        Guard() as guard,
        run_stack(guard, issuer=DEVELOPMENT_ISSUER, audience=DEVELOPMENT_AUDIENCE) as stack,
    ):
        asyncio.run(asyncio.sleep(SETTLING_S))
        parts = {
            name: read_pss_megabytes(find_descendants([pid]))
            for name, pid in _find_roots(stack).items()
        }
    figures = ", ".join(f"{name} {megabytes:.0f}" for name, megabytes in parts.items())
    return [
        Result(
            name="idle stack, memory",
            value=sum(parts.values()),
            goal=900,
            more_is_better=False,
            unit="MB",
            detail=figures,
        ),
        Result(
            name="idle service, memory of the largest",
            value=max(parts[service] for service in SERVICES),
            goal=95,
            more_is_better=False,
            unit="MB",
        ),
    ]


def _find_roots(stack: Stack) -> dict[str, int]:
    roots = {
        name: stack.programs.get_process(name).pid for name in ("issuer", *SERVICES, "gateway")
    }
    servers = {"postgres": stack.servers.postgres, "rabbitmq": stack.servers.rabbitmq}
    for name, server in servers.items():
        if server is not None and server.process is not None:
            roots[name] = server.process.pid
    return roots
