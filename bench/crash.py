"""`python -m bench.crash N`: the suite's crash test with N port requests, on durable servers."""

import asyncio
import logging
import sys

from bench.measuring import Stopwatch
from deploy.local.guard import Guard
from deploy.local.servers import Servers, provide_servers
from tests.journeys.crashes import KILLS, crashed_run
from tests.journeys.judgement import EVENTS_PER_REQUEST, judge

REQUESTS_PER_KILL = 300


async def crash(servers: Servers, guard: Guard, how_many: int) -> None:
    watch = Stopwatch()
    kills = max(KILLS, how_many // REQUESTS_PER_KILL)
    async with crashed_run(servers, guard, how_many, kills=kills) as run:
        await judge(run, how_many)
    print(
        f"{how_many * EVENTS_PER_REQUEST:,} events of {how_many:,} port requests, {run.kills} "
        f"kills of services, {run.broker_kills} of the broker: none lost, none applied twice, "
        f"order kept; {watch.seconds:.0f} s"
    )


if __name__ == "__main__":
    logging.disable(logging.INFO)
    with Guard() as guard, provide_servers(guard, durable=True) as servers:
        asyncio.run(crash(servers, guard, int(sys.argv[1])))
