"""Migrations are applied once, in order, by one of many."""

import asyncio
from uuid import uuid4

import asyncpg
import pytest

from deploy.local.databases import create_service_database, drop_database
from libs.common.migrations import (
    COMMON_MIGRATIONS,
    MigrationChangedError,
    MigrationUnreadableError,
    migrate,
)


@pytest.fixture
async def url(servers):
    """An empty database, its owner's URL."""
    name = f"sample_{uuid4().hex[:8]}"
    urls = await create_service_database(servers.postgres_url, "sample", name)
    yield urls.migrations_url
    await drop_database(servers.postgres_url, name)


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "sample/migrations"
    made.mkdir(parents=True)
    write(made, "0001_first", "CREATE TABLE first (id integer);")
    return made


def write(folder, name, up, down="SELECT 1;"):
    text = f"-- migrate:up\n{up}\n-- migrate:down\n{down}\n"
    (folder / f"{name}.sql").write_text(text)


async def ask(url, query):
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


async def test_each_file_is_applied_once_and_in_order(url, folder):
    write(
        folder, "0002_second", "ALTER TABLE first ADD COLUMN name text;", "DROP TABLE first;"
    )
    await migrate(url, folder)
    write(folder, "0003_third", "ALTER TABLE first DROP COLUMN name;")

    await migrate(url, folder)
    await migrate(url, folder)

    assert await ask(url, "SELECT string_agg(version, ' ') FROM schema_migrations") == (
        "sample/0001_first sample/0002_second sample/0003_third"
    )
    assert await ask(url, "SELECT count(*) FROM first") == 0


async def test_a_file_may_ask_to_be_applied_without_a_transaction(url, folder):
    text = (
        "-- migrate:up transaction:false\n"
        "CREATE INDEX CONCURRENTLY first_by_id ON first (id);\n"
        "-- migrate:down transaction:false\nDROP INDEX CONCURRENTLY first_by_id;\n"
    )
    (folder / "0002_index.sql").write_text(text)

    await asyncio.gather(*(migrate(url, folder) for _ in range(3)))

    assert await ask(url, "SELECT to_regclass('first_by_id')") is not None
    assert await ask(url, "SELECT count(*) FROM schema_migrations") == 2


async def test_what_a_file_asks_for_and_nobody_knows_is_refused(url, folder):
    (folder / "0002_odd.sql").write_text("-- migrate:up transaction:maybe\nSELECT 1;\n")

    with pytest.raises(MigrationUnreadableError, match="sample/0002_odd: transaction:maybe"):
        await migrate(url, folder)


async def test_a_file_that_was_applied_may_not_read_differently(url, folder):
    await migrate(url, folder)
    write(folder, "0001_first", "CREATE TABLE first (id bigint);")
    write(folder, "0002_second", "CREATE TABLE second (id integer);")

    with pytest.raises(MigrationChangedError, match="sample/0001_first"):
        await migrate(url, folder)

    assert await ask(url, "SELECT to_regclass('second')") is None


async def test_services_that_start_at_once_do_not_trip_over_each_other(url, folder):
    write(folder, "0002_slow", "SELECT pg_sleep(0.2); CREATE TABLE second (id integer);")

    await asyncio.gather(*(migrate(url, COMMON_MIGRATIONS, folder) for _ in range(4)))

    assert await ask(url, "SELECT count(*) FROM schema_migrations") == 2 + len(
        list(COMMON_MIGRATIONS.glob("*.sql"))
    )


async def test_a_file_that_fails_leaves_nothing_of_itself_and_can_be_mended(url, folder):
    write(folder, "0002_second", "CREATE TABLE second (id integer); SELECT 1 / 0;")

    with pytest.raises(asyncpg.DivisionByZeroError):
        await migrate(url, folder)

    assert await ask(url, "SELECT to_regclass('first')") is not None
    assert await ask(url, "SELECT to_regclass('second')") is None
    write(folder, "0002_second", "CREATE TABLE second (id integer);")
    await migrate(url, folder)
    assert await ask(url, "SELECT to_regclass('second')") is not None
