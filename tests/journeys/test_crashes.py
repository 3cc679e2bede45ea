"""What `kill -9` of everything that carries events leaves behind."""

import pytest

from deploy.local.guard import Guard
from deploy.local.servers import Servers
from tests.journeys.crashes import crashed_run
from tests.journeys.judgement import judge

REQUESTS = 2_000


@pytest.mark.journey
async def test_kills_lose_nothing_double_nothing_and_keep_the_order(
    servers: Servers, session_guard: Guard
):
    async with crashed_run(servers, session_guard, REQUESTS) as run:
        await judge(run, REQUESTS)
    assert run.kills >= 15
