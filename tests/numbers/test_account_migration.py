"""Accounts of before keep what they are when the database learns to change them."""

import shutil
from uuid import uuid4

import asyncpg

from deploy.local.databases import create_service_database, drop_database
from libs.common.migrations import COMMON_MIGRATIONS, migrate
from services.numbers.app import MIGRATIONS


async def test_accounts_of_before_are_active_and_found_by_name(servers, tmp_path):
    before = tmp_path / "numbers" / "migrations"
    before.mkdir(parents=True)
    for file in MIGRATIONS.glob("*.sql"):
        if file.name < "0004":
            shutil.copy(file, before)
    name = f"numbers_{uuid4().hex[:8]}"
    urls = await create_service_database(servers.postgres_url, "numbers", name)
    await migrate(urls.migrations_url, COMMON_MIGRATIONS, before)
    connection = await asyncpg.connect(servers.postgres_url, database=name)
    try:
        await connection.execute(
            """
            INSERT INTO accounts
              (id, version, name, card_on_file, balance_current, in_good_standing, in_trial)
            VALUES ('acc_a', 3, 'ÄRZTE Süd', true, true, true, false)
            """
        )
        await migrate(urls.migrations_url, COMMON_MIGRATIONS, MIGRATIONS)
        row = await connection.fetchrow(
            """
            SELECT name_key, standing_changed_at = created_at AS is_dated, disabled_at,
              (SELECT relforcerowsecurity FROM pg_class WHERE relname = 'accounts') AS is_forced
            FROM accounts
            """
        )
    finally:
        await connection.close()
        await drop_database(servers.postgres_url, name)
    assert dict(row) == {
        "name_key": "ärzte süd",
        "is_dated": True,
        "disabled_at": None,
        "is_forced": True,
    }
