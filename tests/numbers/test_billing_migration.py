"""Numbers of before there were billing periods get theirs, and the migration can be undone."""

import shutil
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import asyncpg

from deploy.local.databases import create_service_database, drop_database
from deploy.local.servers import Servers
from libs.common.migrations import COMMON_MIGRATIONS, migrate
from services.numbers.app import MIGRATIONS
from tests.numbers.builders import NOON

HOUR = timedelta(hours=1)
FILE = "0007_billing_periods.sql"


async def test_numbers_of_before_are_charged_from_their_port(servers: Servers, tmp_path: Path):
    before = tmp_path / "numbers" / "migrations"
    before.mkdir(parents=True)
    for file in MIGRATIONS.glob("*.sql"):
        if file.name < FILE:
            shutil.copy(file, before)
    name = f"numbers_{uuid4().hex[:8]}"
    urls = await create_service_database(servers.postgres_url, "numbers", name)
    await migrate(urls.migrations_url, COMMON_MIGRATIONS, before)
    everything = await asyncpg.connect(servers.postgres_url, database=name)
    owner = await asyncpg.connect(urls.migrations_url)
    try:
        await everything.execute(
            """
            INSERT INTO accounts
              (id, version, name, name_key, card_on_file, balance_current, in_good_standing,
              in_trial, standing_changed_at)
            VALUES ('acc_1', 1, 'Acme', 'acme', true, true, true, false, now());
            INSERT INTO companies (id, account_id, name, name_key)
            VALUES ('co_1', 'acc_1', 'Dental', 'dental');
            """
        )
        await everything.executemany(
            """
            INSERT INTO tracking_numbers
              (id, account_id, company_id, state, phone_number, forwarding_number, name, source,
              ported_at, disabled_at, disabled_by)
            VALUES ($1, 'acc_1', 'co_1', $2, $3, '+13125550100', '', '', $4, $5, 'support')
            """,
            [
                ("num_1", "PRECONFIGURED", "+12125550101", None, None),
                ("num_2", "ACTIVE", "+12125550102", None, None),
                ("num_3", "ACTIVE", "+12125550103", NOON, None),
                ("num_4", "DISABLED", "+12125550104", NOON, NOON + HOUR),
                ("num_5", "DISABLED", "+12125550105", NOON, NOON - HOUR),
            ],
        )
        await migrate(urls.migrations_url, COMMON_MIGRATIONS, MIGRATIONS)
        periods = await everything.fetch("SELECT * FROM billing_periods ORDER BY number_id")
        forced = "SELECT relforcerowsecurity FROM pg_class WHERE relname = 'tracking_numbers'"
        is_forced = await everything.fetchval(forced)
        await owner.execute((MIGRATIONS / FILE).read_text().partition("-- migrate:down")[2])
        is_there = await everything.fetchval("SELECT to_regclass('billing_periods')")
        is_forced_after = await everything.fetchval(forced)
    finally:
        await owner.close()
        await everything.close()
        await drop_database(servers.postgres_url, name)
    assert [
        (each["number_id"], each["id"], each["version"], each["started_at"], each["ended_at"])
        for each in periods
    ] == [
        ("num_3", "bp_3", 1, NOON, None),
        ("num_4", "bp_4", 1, NOON, NOON + HOUR),
        ("num_5", "bp_5", 1, NOON, NOON),
    ]
    assert (is_forced, is_there, is_forced_after) == (True, None, True)
