"""A worker that dies anywhere: the carrier is told once, and every word has one effect."""

import asyncio
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import asyncpg
import pytest

from services.porting.domain.requests import PortRequestStatus
from services.porting.workers import CarrierWorker
from tests.porting.builders import (
    VAULT,
    a_request_with_the_carrier,
    found_house,
    now,
    phone,
    request_of,
    types_told,
)
from tests.porting.carriers.counterparts import (
    BRISK,
    Emulated,
    a_message,
    call_back,
    order_of,
    work,
)

STATEMENTS = ("execute", "fetch", "fetchrow", "fetchval")
MOST_STEPS = 120
# What was told in one round is not looked at in the next.
PACE = replace(BRISK, first_look=timedelta(hours=1))


class Killed(BaseException):
    """Nothing catches it, as nothing catches `kill -9`; PostgreSQL rolls back what is open."""


class Fuse:
    """Burns down with each step before and after a statement or a request to the carrier."""

    def __init__(self, steps: int) -> None:
        self.left = steps

    def burn(self) -> None:
        self.left -= 1
        if self.left == 0:
            raise Killed


@contextmanager
def burning(fuse, counterpart, monkeypatch):
    def through(call):
        async def burn_around(*arguments, **named):
            if "ROLLBACK" not in str(arguments[1:2]):
                fuse.burn()
            answer = await call(*arguments, **named)
            if "ROLLBACK" not in str(arguments[1:2]):
                fuse.burn()
            return answer

        return burn_around

    with monkeypatch.context() as patch:
        for name in STATEMENTS:
            patch.setattr(asyncpg.Connection, name, through(getattr(asyncpg.Connection, name)))
        client = counterpart.adapter._client
        patch.setattr(client, "request", through(client.request))
        yield


@pytest.fixture
async def journey(database):
    counterpart = Emulated(database)
    house = await found_house(database)
    yield counterpart, house
    await counterpart.close()


async def test_a_worker_killed_at_any_step_tells_once_and_hears_once(
    database, journey, monkeypatch
):
    counterpart, house = journey
    steps, finished = 0, False
    while not finished:
        steps += 1
        number = phone(100 + steps)
        request_id = await a_request_with_the_carrier(database, house, [number])
        order_id = await order_of(database, request_id)
        body = a_message(f"m-{steps}", order_id, type="ported", portedAt=now().isoformat())

        finished = await run_until_killed(database, counterpart, monkeypatch, steps, body)

        await work(a_worker(database, counterpart))
        assert (await call_back(counterpart.door, body)).status_code == 200
        await work(a_worker(database, counterpart))
        assert len(await counterpart.told(request_id)) == 1, steps
        request = await request_of(database, request_id)
        assert request.status is PortRequestStatus.COMPLETED, steps
        types = await types_told(database, request_id)
        assert types.count("lines_ported") == types.count("port_completed") == 1, steps

    assert 20 < steps < MOST_STEPS


def a_worker(database, counterpart) -> CarrierWorker:
    return CarrierWorker(
        database=database, carrier=counterpart.adapter, pace=PACE, vault=VAULT
    )


async def run_until_killed(database, counterpart, monkeypatch, steps, body) -> bool:
    """Telling, the callback, and hearing; answers whether it came to the end."""
    worker = a_worker(database, counterpart)
    with burning(Fuse(steps), counterpart, monkeypatch):
        try:
            await worker.tell_one()
            await call_back(counterpart.door, body)
            await worker.hear_one()
        except Killed:
            return False
    await asyncio.sleep(0)
    return True
