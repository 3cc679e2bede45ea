"""What these tests see of a running stack without asking the code under test."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg

from deploy.local.stack import Stack


async def until(is_true: Callable[[], Awaitable[bool]], seconds: float = 20) -> None:
    """Fails after so many seconds."""
    deadline = time.monotonic() + seconds
    while not await is_true():
        assert time.monotonic() < deadline, "it did not become true"
        await asyncio.sleep(0.05)


async def select(stack: Stack, service: str, query: str, *arguments: Any) -> list[Any]:
    """As the superuser, whom no right holds back."""
    name = stack.databases[service].database_url.rpartition("/")[2].partition("?")[0]
    connection = await asyncpg.connect(stack.servers.postgres_url, database=name)
    try:
        return await connection.fetch(query, *arguments)
    finally:
        await connection.close()


def read_log(stack: Stack, program: str) -> list[dict[str, Any]]:
    """Its lines that are JSON; what a start through another program says is not."""
    lines = stack.programs.get_log(program).read_text().splitlines()
    return [json.loads(line) for line in lines if line.startswith("{")]
