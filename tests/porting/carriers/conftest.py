"""The adapters, each with whoever stands at its other end."""

from collections.abc import AsyncIterator

import pytest

from libs.common.database import Database
from services.porting.workers import CarrierWorker
from tests.porting.builders import VAULT
from tests.porting.carriers.counterparts import BRISK, Counterpart, Emulated, Person

# A new adapter joins here, and passes what these tests ask of all.
COUNTERPARTS = {"desk": Person, "emulator": Emulated}


@pytest.fixture(params=COUNTERPARTS)
async def counterpart(
    request: pytest.FixtureRequest, database: Database
) -> AsyncIterator[Counterpart]:
    made: Counterpart = COUNTERPARTS[request.param](database)
    yield made
    await made.close()


@pytest.fixture
async def emulated(database: Database) -> AsyncIterator[Emulated]:
    made = Emulated(database)
    yield made
    await made.close()


@pytest.fixture
def worker(database: Database, counterpart: Counterpart) -> CarrierWorker:
    return CarrierWorker(
        database=database, carrier=counterpart.adapter, pace=BRISK, vault=VAULT
    )
