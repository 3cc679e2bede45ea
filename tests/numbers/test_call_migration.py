"""Calls that were counted before they had a first one keep their count when it is told."""

import shutil
from pathlib import Path
from uuid import uuid4

import asyncpg

from deploy.local.databases import create_service_database, drop_database
from deploy.local.servers import Servers
from libs.common.migrations import COMMON_MIGRATIONS, migrate
from services.numbers.app import MIGRATIONS
from tests.numbers.builders import NOON


async def test_calls_for_nobody_of_before_are_kept_with_their_time(
    servers: Servers, tmp_path: Path
):
    before = tmp_path / "numbers" / "migrations"
    before.mkdir(parents=True)
    for file in MIGRATIONS.glob("*.sql"):
        if file.name < "0005":
            shutil.copy(file, before)
    name = f"numbers_{uuid4().hex[:8]}"
    urls = await create_service_database(servers.postgres_url, "numbers", name)
    await migrate(urls.migrations_url, COMMON_MIGRATIONS, before)
    connection = await asyncpg.connect(servers.postgres_url, database=name)
    try:
        await connection.execute(
            """
            INSERT INTO unknown_calls (phone_number, call_count, last_called_at)
            VALUES ('+12125550101', 3, $1)
            """,
            NOON,
        )
        await migrate(urls.migrations_url, COMMON_MIGRATIONS, MIGRATIONS)
        row = await connection.fetchrow(
            """
            SELECT call_count, first_called_at, last_called_at,
              (SELECT relforcerowsecurity FROM pg_class WHERE relname = 'unknown_calls')
                AS is_forced
            FROM unknown_calls
            """
        )
    finally:
        await connection.close()
        await drop_database(servers.postgres_url, name)
    assert dict(row) == {
        "call_count": 3,
        "first_called_at": NOON,
        "last_called_at": NOON,
        "is_forced": True,
    }
