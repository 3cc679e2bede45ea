"""Migrated databases that tests copy: each folder of tests has its service's."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

from deploy.local.databases import create_service_database, drop_database
from deploy.local.servers import Servers
from libs.common.migrations import COMMON_MIGRATIONS, migrate


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
