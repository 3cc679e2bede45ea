"""A migrated database of porting, and its graph's door."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from deploy.local.servers import Servers
from libs.common.database import Database
from libs.common.dev_issuer import IssuerKey
from services.porting.app import MIGRATIONS
from tests.databases import migrated_database
from tests.porting.builders import House, found_house
from tests.porting.door import Door, open_door


@pytest.fixture(scope="session")
async def migrated(servers: Servers) -> AsyncIterator[str]:
    async with migrated_database(servers, "porting", MIGRATIONS) as name:
        yield name


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
