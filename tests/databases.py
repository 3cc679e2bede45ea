"""Migrated databases that tests copy: each folder of tests has its service's."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Self
from uuid import uuid4

import asyncpg

from deploy.local.databases import (
    DatabaseUrls,
    copy_service_database,
    create_service_database,
    drop_database,
)
from deploy.local.servers import Servers
from libs.common.database import Connection, Database
from libs.common.migrations import COMMON_MIGRATIONS, migrate

_RIGHTS = """
    SELECT grantee::regrole::text AS role, relname, privilege_type
    FROM pg_class, aclexplode(relacl)
    WHERE relnamespace = 'public'::regnamespace
      AND grantee::regrole::text = ANY($1)
    UNION
    SELECT grantee::regrole::text, relname, privilege_type
    FROM pg_class
    JOIN pg_attribute ON attrelid = pg_class.oid, aclexplode(attacl)
    WHERE relnamespace = 'public'::regnamespace
      AND grantee::regrole::text = ANY($1)
"""

_END_OTHERS = """
    SELECT pg_terminate_backend(pid)
    FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
# What a test left is little as a rule, and deleted sooner than a file is replaced. No key holds
# the order of the tables here, and no trigger fires.
_EMPTY = """
    DO $$
    DECLARE
      each record;
    BEGIN
      SET LOCAL session_replication_role = replica;
      FOR each IN
        SELECT oid::regclass AS name, pg_relation_size(oid) > 65536 AS is_large
        FROM pg_class
        WHERE relnamespace = 'public'::regnamespace
          AND relkind = 'r'
          AND relname <> 'schema_migrations'
      LOOP
        IF each.is_large THEN
          EXECUTE format('TRUNCATE %s CASCADE', each.name);
        ELSE
          EXECUTE format('DELETE FROM %s', each.name);
        END IF;
      END LOOP;
      PERFORM setval(oid::regclass, 1, false) FROM pg_class
      WHERE relnamespace = 'public'::regnamespace AND relkind = 'S';
      FOR each IN
        SELECT relname AS name
        FROM pg_class
        WHERE relnamespace = 'as_migrated'::regnamespace
      LOOP
        EXECUTE format('INSERT INTO public.%1$I SELECT * FROM as_migrated.%1$I', each.name);
      END LOOP;
    END
    $$
"""
# The few rows that migrations make are kept beside.
_KEEP_ROWS = """
    CREATE SCHEMA as_migrated;
    DO $$
    DECLARE
      each record;
      has_rows boolean;
    BEGIN
      FOR each IN
        SELECT relname AS name
        FROM pg_class
        WHERE relnamespace = 'public'::regnamespace
          AND relkind = 'r'
          AND relname <> 'schema_migrations'
      LOOP
        EXECUTE format('SELECT EXISTS (SELECT FROM public.%I)', each.name) INTO has_rows;
        IF has_rows THEN
          EXECUTE format('CREATE TABLE as_migrated.%1$I AS TABLE public.%1$I', each.name);
        END IF;
      END LOOP;
    END
    $$
"""


@asynccontextmanager
async def migrated_database(
    servers: Servers, service: str, *migrations: Path
) -> AsyncIterator[str]:
    """Its name, which begins with the service's."""
    name = f"{service}_{uuid4().hex[:8]}"
    urls = await create_service_database(servers.postgres_url, service, name)
    await migrate(urls.migrations_url, COMMON_MIGRATIONS, *migrations)
    yield name
    await drop_database(servers.postgres_url, name)


class ReusedDatabases:
    """Of each migrated database one copy that tests have one after the other: a copy each is dear."""

    def __init__(self, servers: Servers) -> None:
        self._servers = servers
        self._by_migrated: dict[str, ReusedDatabase] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        for reused in self._by_migrated.values():
            await reused.close()
            await drop_database(self._servers.postgres_url, reused.name)

    async def of(self, migrated: str) -> "ReusedDatabase":
        if migrated not in self._by_migrated:
            self._by_migrated[migrated] = await self._copy(migrated)
        return self._by_migrated[migrated]

    async def _copy(self, migrated: str) -> "ReusedDatabase":
        url, name = self._servers.postgres_url, f"{migrated}_reused"
        urls = await copy_service_database(url, service_of(migrated), migrated, name)
        reused = ReusedDatabase(name, url, urls)
        await reused.keep_rows()
        return reused


class ReusedDatabase:
    """`empty` leaves what migrations make, and ids that begin anew."""

    def __init__(self, name: str, server_url: str, urls: DatabaseUrls) -> None:
        self.name = name
        self.urls = urls
        self._server_url = server_url
        self._connection: asyncpg.Connection | None = None

    async def keep_rows(self) -> None:
        await (await self._connected()).execute(_KEEP_ROWS)

    async def empty(self) -> None:
        connection = await self._connected()
        await connection.execute(_END_OTHERS)
        await connection.execute(_EMPTY)

    async def close(self) -> None:
        if self._connection is not None:
            await self._connection.close()

    async def _connected(self) -> asyncpg.Connection:
        """Anew where a test that ends sessions ended this one."""
        if self._connection is None or self._connection.is_closed():
            self._connection = await asyncpg.connect(self._server_url, database=self.name)
        return self._connection


def service_of(database_name: str) -> str:
    return database_name.partition("_")[0]


async def find_rights(connection: Connection, service: str) -> dict[str, dict[str, set[str]]]:
    """What tenants and support may do: by role, by table; UPDATE of columns counts as UPDATE."""
    rows = await connection.fetch(_RIGHTS, [f"{service}_tenant", f"{service}_support"])
    rights: dict[str, dict[str, set[str]]] = {}
    for role, table, right in rows:
        rights.setdefault(role.removeprefix(f"{service}_"), {}).setdefault(table, set()).add(
            right
        )
    return rights


async def find_careless_functions(connection: Connection) -> list[str]:
    """What runs as the owner and could be led to a caller's table, or do more than read."""
    functions = await connection.fetch(
        """
        SELECT proname
        FROM pg_proc
        WHERE prosecdef
          AND pronamespace = 'public'::regnamespace
          AND NOT EXISTS (
            SELECT 1
            FROM unnest(proconfig) AS setting
            WHERE setting LIKE 'search_path=%pg_temp'
          )
        """
    )
    policies = await connection.fetch(
        r"""
        SELECT tablename || ': ' || policyname
        FROM pg_policies
        WHERE array_to_string(roles, ' ') LIKE '%\_owner'
          AND cmd <> 'SELECT'
        """
    )
    return [row[0] for row in (*functions, *policies)]


async def read_rows(database: Database, query: str, *arguments: object) -> list[tuple]:
    async with database.working() as connection:
        return [tuple(row) for row in await connection.fetch(query, *arguments)]
