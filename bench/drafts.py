"""Drafts of one account in porting's database, made by the builders of the tests."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import product
from urllib.parse import urlsplit

import asyncpg

from bench.rooms import service_database
from deploy.local.databases import DatabaseUrls
from deploy.local.servers import Servers
from libs.common.caller import Member
from libs.common.database import Database, open_database
from libs.contracts.phone_number import PhoneNumber
from services.porting.domain.area_codes import US_OR_CANADA
from services.porting.domain.documents import UploadPurpose
from tests.porting.builders import (
    House,
    a_draft,
    a_full_draft,
    a_line,
    add_upload,
    found_house,
)

COMPANY = "Dental"


def make_numbers(how_many: int, *, exchange: int) -> list[PhoneNumber]:
    """Different ones of all area codes, none of them fictional."""
    places = product(range(how_many // len(US_OR_CANADA) + 1), sorted(US_OR_CANADA))
    numbers = (PhoneNumber(f"+1{area}{exchange}{place:04d}") for place, area in places)
    return [number for number, _ in zip(numbers, range(how_many), strict=False)]


@dataclass(frozen=True, kw_only=True)
class Office:
    """An account, and a connection that may do everything."""

    urls: DatabaseUrls
    database: Database
    owner: asyncpg.Connection
    house: House

    @property
    def member(self) -> Member:
        return self.house.administrator

    async def add_draft(self) -> str:
        return await a_draft(self.database, self.member, self.house.dental)

    async def add_number_list(self) -> str:
        upload = await add_upload(self.database, self.member, UploadPurpose.NUMBER_LIST)
        return upload.id

    async def add_full_draft(self, numbers: Sequence[PhoneNumber]) -> str:
        lines = [a_line(self.house.dental, number) for number in numbers]
        return await a_full_draft(self.database, self.member, self.house.dental, lines)

    async def forget(self) -> None:
        """Everything but the account itself."""
        await self.owner.execute("TRUNCATE port_requests, uploads, outbox CASCADE")
        await self.owner.execute("VACUUM ANALYZE lines")


@asynccontextmanager
async def open_office(servers: Servers) -> AsyncIterator[Office]:
    async with service_database(servers, "porting") as urls:
        name = urlsplit(urls.database_url).path
        everything = urlsplit(servers.postgres_url)._replace(path=name).geturl()
        owner = await asyncpg.connect(everything)
        database = await open_database(urls.database_url, "porting")
        house = await found_house(database)
        try:
            yield Office(urls=urls, database=database, owner=owner, house=house)
        finally:
            await owner.close()
            await database.close()
