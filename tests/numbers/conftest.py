"""What the tests of numbers share."""

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
from libs.common.dev_issuer import IssuerKey, load_key
from libs.common.migrations import COMMON_MIGRATIONS, migrate
from services.numbers.app import MIGRATIONS
from tests.numbers.door import Door, open_door


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    guard = Guard()
    try:
        with provide_servers(guard) as provided:
            yield provided
    finally:
        guard.close()


@pytest.fixture(scope="session")
async def migrated(servers: Servers) -> AsyncIterator[str]:
    """The name of a migrated, empty database that each test copies."""
    name = f"numbers_{uuid4().hex[:8]}"
    urls = await create_service_database(servers.postgres_url, "numbers", name)
    await migrate(urls.migrations_url, COMMON_MIGRATIONS, MIGRATIONS)
    yield name
    await drop_database(servers.postgres_url, name)


@pytest.fixture
async def urls(servers: Servers, migrated: str) -> AsyncIterator[DatabaseUrls]:
    name = f"{migrated}_{uuid4().hex[:8]}"
    yield await copy_service_database(servers.postgres_url, "numbers", migrated, name)
    await drop_database(servers.postgres_url, name)


@pytest.fixture
async def database(urls: DatabaseUrls) -> AsyncIterator[Database]:
    database = await open_database(urls.database_url, "numbers")
    yield database
    await database.close()


@pytest.fixture
def amqp_url(servers: Servers) -> Iterator[str]:
    with create_vhost(servers) as url:
        yield url


@pytest.fixture(scope="session")
def issuer_key(tmp_path_factory: pytest.TempPathFactory) -> IssuerKey:
    return load_key(tmp_path_factory.mktemp("keys"))


@pytest.fixture
async def door(database: Database, issuer_key: IssuerKey) -> AsyncIterator[Door]:
    opened = open_door(database, issuer_key)
    yield opened
    await opened.client.aclose()
