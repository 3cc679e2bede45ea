"""Requests of before support cases and named warnings get theirs when the database is migrated."""

import re
import shutil
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest

from deploy.local.databases import create_service_database, drop_database
from deploy.local.servers import Servers
from libs.common.migrations import COMMON_MIGRATIONS, migrate
from services.porting.app import MIGRATIONS
from services.porting.domain.warnings import ALL_WARNINGS


@pytest.mark.requirement("S27", "S69")
async def test_requests_of_before_get_a_case_and_keep_what_they_acknowledged(
    servers: Servers, tmp_path: Path
):
    before = tmp_path / "porting" / "migrations"
    before.mkdir(parents=True)
    for file in MIGRATIONS.glob("*.sql"):
        if file.name < "0007":
            shutil.copy(file, before)
    name = f"porting_{uuid4().hex[:8]}"
    urls = await create_service_database(servers.postgres_url, "porting", name)
    await migrate(urls.migrations_url, COMMON_MIGRATIONS, before)
    connection = await asyncpg.connect(servers.postgres_url, database=name)
    try:
        await connection.execute(
            """
            INSERT INTO port_requests
              (id, account_id, company_id, requester_id, requester_name, name, status,
               status_since, created_at, version, warnings_acknowledged_at)
            VALUES
              ('pr_a', 'acc_1', 'co_1', 'mem_1', 'Ada', 'Old', 'DRAFT', now(), now(), 3, NULL),
              ('pr_b', 'acc_1', 'co_1', 'mem_1', 'Ada', 'Older', 'DRAFT', now(), now(), 4, now())
            """
        )
        await migrate(urls.migrations_url, COMMON_MIGRATIONS, MIGRATIONS)
        cases = await connection.fetch("SELECT * FROM support_cases ORDER BY id")
        warned = await connection.fetch(
            "SELECT warnings_acknowledged FROM port_requests ORDER BY id"
        )
        forced = await connection.fetchval(
            "SELECT relforcerowsecurity FROM pg_class WHERE relname = 'port_requests'"
        )
    finally:
        await connection.close()
        await drop_database(servers.postgres_url, name)
    assert [(case["id"], case["port_request_id"], case["subject"]) for case in cases] == [
        ("case_a", "pr_a", "Old"),
        ("case_b", "pr_b", "Older"),
    ]
    assert all(re.fullmatch(r"PL-20\d\d-\d{6}", case["reference"]) for case in cases)
    assert [row[0] for row in warned] == [[], list(ALL_WARNINGS)]
    assert forced
