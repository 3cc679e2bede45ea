"""A service with nothing of its own: only the tables that every service has."""

from collections.abc import AsyncIterator

import pytest

from deploy.local.servers import Servers
from tests.databases import migrated_database


@pytest.fixture(scope="session")
async def migrated(servers: Servers) -> AsyncIterator[str]:
    async with migrated_database(servers, "sample") as name:
        yield name
