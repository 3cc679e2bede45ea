"""What every carrier's adapter must pass, on a real PostgreSQL."""

import asyncio
from itertools import permutations

import pytest

from services.porting.domain.lines import LineState
from services.porting.domain.requests import PortRequestStatus
from services.porting.workers import CarrierWorker
from tests.porting.builders import (
    VAULT,
    a_request_with_the_carrier,
    business_day,
    found_house,
    lines_of,
    now,
    phone,
    request_of,
    told,
    types_told,
)
from tests.porting.carriers.counterparts import BRISK, messages_of, open_callbacks, work

NUMBERS = [phone(100), phone(101)]
ORDERS = sorted(set(permutations(("firm date", "ported", "ported"))))
DAY = business_day()


async def sent(database) -> str:
    house = await found_house(database)
    return await a_request_with_the_carrier(database, house, NUMBERS)


async def test_an_order_is_told_once_however_many_workers_there_are(
    database, counterpart, worker
):
    request_id = await sent(database)
    others = [
        CarrierWorker(database=database, carrier=counterpart.adapter, pace=BRISK, vault=VAULT)
        for _ in range(3)
    ]

    await asyncio.gather(*(work(each) for each in (worker, *others)))
    await work(worker)

    assert len(await counterpart.told(request_id)) == 1


async def test_sending_to_the_carrier_waits_for_no_carrier(database, counterpart):
    counterpart.breaks_down = True

    request_id = await sent(database)

    assert (await request_of(database, request_id)).status is PortRequestStatus.WITH_CARRIER
    (row,) = await messages_of(database, request_id)
    assert (row["direction"], row["kind"], row["state"]) == ("OUT", "ORDER", "waiting")


async def test_a_carrier_that_does_not_answer_is_told_again_and_takes_it_once(
    database, counterpart, worker
):
    request_id = await sent(database)
    counterpart.breaks_down = True
    await work(worker, rounds=3)

    counterpart.breaks_down = False
    await work(worker)

    assert len(await counterpart.told(request_id)) == 1
    (row,) = await messages_of(database, request_id)
    assert row["reason"] is None


async def test_the_same_word_a_hundred_times_has_one_effect(database, counterpart, worker):
    request_id = await sent(database)
    await work(worker)

    await counterpart.say_firm_date(request_id, DAY, again=100)
    await counterpart.say_ported(request_id, now(), again=100)

    types = await types_told(database, request_id)
    assert types.count("lines_approved") == types.count("port_approved") == 1
    assert types.count("lines_ported") == types.count("port_completed") == 1


@pytest.mark.parametrize("order", ORDERS)
async def test_every_order_of_its_words_ends_the_same(database, counterpart, worker, order):
    request_id = await sent(database)
    await work(worker)
    at = now()

    for word in order:
        if word == "ported":
            await counterpart.say_ported(request_id, at)
        else:
            await counterpart.say_firm_date(request_id, DAY)

    assert (await request_of(database, request_id)).status is PortRequestStatus.COMPLETED
    assert {
        (line.state, line.firm_date, line.ported_at)
        for line in await lines_of(database, request_id)
    } == {(LineState.PORTED, DAY, at)}


async def test_nothing_more_is_told_of_a_request_that_is_complete(
    database, counterpart, worker
):
    request_id = await sent(database)
    await work(worker)

    await counterpart.say_ported(request_id, now())
    await asyncio.sleep(0.05)
    await work(worker)

    states = [
        row["state"]
        for row in await messages_of(database, request_id)
        if row["direction"] == "OUT"
    ]
    assert states in (["done"], ["by_hand"])


async def test_the_facts_do_not_tell_who_the_carrier_was(database, counterpart, worker):
    request_id = await sent(database)
    await work(worker)
    await counterpart.say_ported(request_id, now())

    (ported,) = [
        event.fact
        for event in await told(database, request_id)
        if event.type == "porting.lines_ported.v1"
    ]

    assert {line.evidence for line in ported.lines} == {"carrier"}


async def test_an_unsigned_callback_is_nobodys_word(database, counterpart, worker):
    request_id = await sent(database)
    await work(worker)
    before = await types_told(database, request_id)
    name = counterpart.adapter.name

    async with open_callbacks(database, name) as door:
        answer = await door.post(f"/carriers/{name}/callbacks", content=b"{}")

    assert answer.status_code == 401
    assert await types_told(database, request_id) == before
