"""Migrated databases that tests copy: each folder of tests has its service's."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

import asyncpg

from deploy.local.databases import (
    DatabaseUrls,
    copy_service_database,
    create_service_database,
    drop_database,
)
from deploy.local.servers import Servers
from libs.common.database import Connection
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


@asynccontextmanager
async def reused_database(servers: Servers, migrated: str) -> AsyncIterator["ReusedDatabase"]:
    """A copy of `migrated` that one test after the other has to itself: a copy each is dear."""
    service, name = service_of(migrated), f"{migrated}_reused"
    urls = await copy_service_database(servers.postgres_url, service, migrated, name)
    connection = await asyncpg.connect(servers.postgres_url, database=name)
    reused = ReusedDatabase(urls, connection)
    await reused.empty()
    yield reused
    await connection.close()
    await drop_database(servers.postgres_url, name)


class ReusedDatabase:
    """`empty` leaves what migrations make: no rows, and ids that begin anew."""

    def __init__(self, urls: DatabaseUrls, connection: asyncpg.Connection) -> None:
        self.urls = urls
        self._connection = connection

    async def empty(self) -> None:
        await self._connection.execute(_END_OTHERS)
        await self._connection.execute(_EMPTY)


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
