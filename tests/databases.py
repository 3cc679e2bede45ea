"""Migrated databases that tests copy: each folder of tests has its service's."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

from deploy.local.databases import create_service_database, drop_database
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
