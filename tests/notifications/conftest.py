"""What the tests of notifications share."""

from collections.abc import AsyncIterator, Iterator
from uuid import uuid4

import pytest

from deploy.local.databases import (
    DatabaseUrls,
    copy_service_database,
    create_service_database,
    drop_database,
)
from deploy.local.guard import Guard
from deploy.local.servers import Servers, provide_servers
from deploy.local.vhosts import create_vhost
from libs.common.database import Database, open_database
from libs.common.migrations import COMMON_MIGRATIONS, migrate
from services.notifications.app import MIGRATIONS
from tests.notifications.accounts import Names
from tests.notifications.processes import RunningService, running_service


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def guard() -> Iterator[Guard]:
    with Guard() as guard:
        yield guard


@pytest.fixture(scope="session")
def servers(guard: Guard) -> Iterator[Servers]:
    with provide_servers(guard) as provided:
        yield provided


@pytest.fixture(scope="session")
async def migrated(servers: Servers) -> AsyncIterator[str]:
    """The name of a migrated, empty database that each test copies."""
    name = f"notifications_{uuid4().hex[:8]}"
    urls = await create_service_database(servers.postgres_url, "notifications", name)
    await migrate(urls.migrations_url, COMMON_MIGRATIONS, MIGRATIONS)
    yield name
    await drop_database(servers.postgres_url, name)


@pytest.fixture
async def urls(servers: Servers, migrated: str) -> AsyncIterator[DatabaseUrls]:
    name = f"{migrated}_{uuid4().hex[:8]}"
    yield await copy_service_database(servers.postgres_url, "notifications", migrated, name)
    await drop_database(servers.postgres_url, name)


@pytest.fixture
async def database(urls: DatabaseUrls) -> AsyncIterator[Database]:
    database = await open_database(urls.database_url, "notifications")
    yield database
    await database.close()


@pytest.fixture
def amqp_url(servers: Servers) -> Iterator[str]:
    with create_vhost(servers) as url:
        yield url


@pytest.fixture(scope="module")
async def service(
    guard: Guard, servers: Servers, migrated: str
) -> AsyncIterator[RunningService]:
    """One process for a module's tests: each names accounts of its own."""
    name = f"{migrated}_{uuid4().hex[:8]}"
    urls = await copy_service_database(servers.postgres_url, "notifications", migrated, name)
    with create_vhost(servers) as amqp_url:
        async with running_service(guard, urls, amqp_url) as running:
            yield running
    await drop_database(servers.postgres_url, name)


@pytest.fixture
def names() -> Names:
    return Names()
