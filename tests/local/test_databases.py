"""A service's roles: the login may do nothing, the owner everything, PUBLIC nothing."""

import asyncio
import secrets
from contextlib import asynccontextmanager

import asyncpg
import pytest

from deploy.local.databases import (
    copy_service_database,
    create_service_database,
    drop_database,
)


@asynccontextmanager
async def connected(url):
    connection = await asyncpg.connect(url)
    try:
        yield connection
    finally:
        await connection.close()


@asynccontextmanager
async def a_database(servers, service="porting"):
    name = f"{service}_{secrets.token_hex(4)}"
    try:
        yield name, await create_service_database(servers.postgres_url, service, name)
    finally:
        await drop_database(servers.postgres_url, name)


async def test_the_login_sees_nothing_until_it_takes_a_role(servers):
    async with a_database(servers) as (_, urls):
        async with connected(urls.migrations_url) as owner:
            await owner.execute("CREATE TABLE lines (digits text)")
            await owner.execute("GRANT SELECT ON lines TO porting_tenant")
        async with connected(urls.database_url) as login:
            with pytest.raises(asyncpg.UndefinedTableError):
                await login.fetch("SELECT digits FROM lines")
            await login.execute("SET ROLE porting_tenant")
            assert await login.fetch("SELECT digits FROM lines") == []


@pytest.mark.parametrize(
    ("role", "seen"), [("porting_tenant", 0), ("porting_support", 0), ("porting_worker", 1)]
)
async def test_only_the_worker_passes_row_level_security(servers, role, seen):
    async with a_database(servers) as (_, urls):
        async with connected(urls.migrations_url) as owner:
            await owner.execute("CREATE TABLE lines (digits text)")
            await owner.execute("INSERT INTO lines VALUES ('+18055550100')")
            await owner.execute("ALTER TABLE lines ENABLE ROW LEVEL SECURITY")
            await owner.execute(f"GRANT SELECT ON lines TO {role}")
        async with connected(urls.database_url) as login:
            await login.execute(f"SET ROLE {role}")
            assert await login.fetchval("SELECT count(*) FROM lines") == seen


async def test_the_login_cannot_become_the_owner_or_make_tables(servers):
    async with a_database(servers) as (_, urls), connected(urls.database_url) as login:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await login.execute("SET ROLE porting_owner")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await login.execute("CREATE TEMPORARY TABLE mine (digits text)")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await login.execute("CREATE TABLE public.mine (digits text)")


async def test_another_service_cannot_connect(servers):
    async with a_database(servers) as (name, _), a_database(servers, "numbers") as (_, urls):
        for url in (urls.database_url, urls.migrations_url):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await asyncpg.connect(url, database=name)


async def test_many_sessions_may_create_databases_at_once(servers):
    names = [f"porting_{secrets.token_hex(4)}" for _ in range(6)]

    each = await asyncio.gather(
        *(create_service_database(servers.postgres_url, "porting", name) for name in names)
    )

    for urls in each:
        async with connected(urls.database_url) as login:
            assert await login.fetchval("SELECT current_user") == "porting"
    await asyncio.gather(*(drop_database(servers.postgres_url, name) for name in names))


async def test_a_copy_has_its_templates_tables_and_rights(servers):
    async with a_database(servers) as (template, urls):
        async with connected(urls.migrations_url) as owner:
            await owner.execute("CREATE TABLE lines (digits text)")
            await owner.execute("GRANT SELECT ON lines TO porting_worker")
        name = f"porting_{secrets.token_hex(4)}"
        copy = await copy_service_database(servers.postgres_url, "porting", template, name)

        async with connected(copy.database_url) as login:
            await login.execute("SET ROLE porting_worker")
            assert await login.fetch("SELECT digits FROM lines") == []
        async with connected(copy.migrations_url) as owner:
            await owner.execute("DROP TABLE lines")
        async with a_database(servers, "numbers") as (_, others):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await asyncpg.connect(others.database_url, database=name)
        await drop_database(servers.postgres_url, name)
