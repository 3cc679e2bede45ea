"""What the tests of notifications share."""

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from deploy.local.databases import copy_service_database, drop_database
from deploy.local.guard import Guard
from deploy.local.servers import Servers
from deploy.local.vhosts import create_vhost
from libs.common.database import Database
from services.notifications.app import MIGRATIONS
from tests.databases import migrated_database
from tests.notifications.accounts import Names
from tests.notifications.mailing import Post, open_post
from tests.notifications.processes import RunningService, running_service


@pytest.fixture(scope="session")
async def migrated(servers: Servers) -> AsyncIterator[str]:
    async with migrated_database(servers, "notifications", MIGRATIONS) as name:
        yield name


@pytest.fixture(scope="module")
async def service(
    session_guard: Guard, servers: Servers, migrated: str
) -> AsyncIterator[RunningService]:
    """One process for a module's tests: each names accounts of its own."""
    name = f"{migrated}_{uuid4().hex[:8]}"
    urls = await copy_service_database(servers.postgres_url, "notifications", migrated, name)
    with create_vhost(servers) as amqp_url:
        async with running_service(session_guard, urls, amqp_url) as running:
            yield running
    await drop_database(servers.postgres_url, name)


@pytest.fixture
def names() -> Names:
    return Names()


@pytest.fixture
async def post(database: Database) -> AsyncIterator[Post]:
    async with open_post(database) as post:
        yield post
