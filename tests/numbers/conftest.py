"""A migrated database of numbers, and its graph's door."""

from collections.abc import AsyncIterator

import pytest

from deploy.local.servers import Servers
from libs.common.database import Database
from libs.common.dev_issuer import IssuerKey
from services.numbers.app import MIGRATIONS
from tests.databases import migrated_database
from tests.numbers.door import Door, open_door


@pytest.fixture(scope="session")
async def migrated(servers: Servers) -> AsyncIterator[str]:
    async with migrated_database(servers, "numbers", MIGRATIONS) as name:
        yield name


@pytest.fixture
async def door(database: Database, issuer_key: IssuerKey) -> AsyncIterator[Door]:
    opened = open_door(database, issuer_key)
    yield opened
    await opened.client.aclose()
