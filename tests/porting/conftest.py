"""A migrated database of porting, and its graph's door."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from deploy.local.databases import DatabaseUrls
from deploy.local.servers import Servers
from libs.common.database import Database
from libs.common.dev_issuer import IssuerKey
from services.porting.app import MIGRATIONS
from tests.databases import ReusedDatabase, migrated_database, reused_database
from tests.porting.builders import House, found_house
from tests.porting.door import Door, open_door


@pytest.fixture(scope="session")
async def migrated(servers: Servers) -> AsyncIterator[str]:
    async with migrated_database(servers, "porting", MIGRATIONS) as name:
        yield name


@pytest.fixture(scope="session")
async def reused(servers: Servers, migrated: str) -> AsyncIterator[ReusedDatabase]:
    async with reused_database(servers, migrated) as one:
        yield one


@pytest.fixture
async def urls(reused: ReusedDatabase) -> AsyncIterator[DatabaseUrls]:
    yield reused.urls
    await reused.empty()


@pytest.fixture
async def house(database: Database) -> House:
    return await found_house(database)


@pytest.fixture
async def door(
    database: Database, issuer_key: IssuerKey, tmp_path: Path
) -> AsyncIterator[Door]:
    opened = open_door(database, issuer_key, tmp_path / "files")
    yield opened
    await opened.client.aclose()
