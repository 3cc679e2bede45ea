"""Whole journeys with each of the emulated carrier's characters, at a thousand times its pace."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from deploy.emulator.characters import CHARACTERS
from deploy.emulator.orders import OrderBook
from services.porting.domain.requests import PortRequestStatus
from services.porting.use_cases.resubmitting import (
    Correction,
    correct_lines,
    resubmit_request,
)
from services.porting.workers import CarrierWorker
from tests.porting.builders import (
    SUPPORT,
    VAULT,
    a_request_with_the_carrier,
    found_house,
    lines_of,
    now,
    phone,
    request_of,
    types_told,
)
from tests.porting.carriers.counterparts import BRISK, Emulated, messages_of, set_pin

NUMBERS = [phone(100), phone(101)]
COMPLETES = (
    "prompt", "slow", "changes_date", "answers_twice_and_out_of_order", "date_in_two_hours",
)  # fmt: skip


@asynccontextmanager
async def a_journey(database, character, **chances):
    """The request's id, while the worker is at work."""
    counterpart = Emulated(database, character, hour_s=0.02, **chances)
    worker = CarrierWorker(
        database=database, carrier=counterpart.adapter, pace=BRISK, vault=VAULT
    )

    async def stay_at_work() -> None:
        while True:
            if not await worker.tell_one() and not await worker.hear_one():
                await asyncio.sleep(0.005)

    house = await found_house(database)
    request_id = await a_request_with_the_carrier(database, house, NUMBERS)
    working = asyncio.create_task(stay_at_work())
    try:
        yield request_id, counterpart
    finally:
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
        await counterpart.close()


async def wait_until(condition, seconds=10) -> None:
    async with asyncio.timeout(seconds):
        while not await condition():  # noqa: ASYNC110 - the worker's rows decide
            await asyncio.sleep(0.01)


async def said(database, request_id) -> list[tuple[str, str]]:
    return [
        (row["kind"], row["state"])
        for row in await messages_of(database, request_id)
        if row["direction"] == "IN"
    ]


def test_every_character_has_a_journey_here():
    assert set(CHARACTERS) == {*COMPLETES, "silent", "rejects_pin", "says_200_then_rejects"}


@pytest.mark.parametrize("character", COMPLETES)
async def test_a_request_is_completed_by_a_carrier_that_is(database, character):
    async with a_journey(database, character) as (request_id, counterpart):

        async def is_complete() -> bool:
            request = await request_of(database, request_id)
            return request.status is PortRequestStatus.COMPLETED

        await wait_until(is_complete)

        assert len(await counterpart.told(request_id)) == 1
    types = await types_told(database, request_id)
    assert types.count("port_completed") == types.count("lines_ported") == 1


@pytest.mark.parametrize("seed", range(4))
async def test_doubled_and_reordered_words_end_as_they_were_meant(database, seed):
    character = "answers_twice_and_out_of_order"
    async with a_journey(database, character, seed=seed) as (request_id, _):

        async def has_heard_all_twice() -> bool:
            rows = await messages_of(database, request_id)
            heard = [row for row in rows if row["direction"] == "IN"]
            return len(heard) == 4 and all(
                row["times"] >= 2 and row["state"] != "waiting" for row in heard
            )

        await wait_until(has_heard_all_twice)

    for line in await lines_of(database, request_id):
        assert (line.state, line.firm_date) == ("PORTED", now().date())
    states = dict(await said(database, request_id))
    assert states["PORTED"] == "applied"
    assert set(states.values()) <= {"applied", "noted", "ignored"}


async def test_a_silent_carrier_leaves_the_request_with_it_and_the_desk_is_told(database):
    async with a_journey(database, "silent") as (request_id, _):

        async def is_in_doubt() -> bool:
            (row,) = await messages_of(database, request_id)
            return row["reason"] == "NOT_CONFIRMED"

        await wait_until(is_in_doubt)

    request = await request_of(database, request_id)
    assert request.status is PortRequestStatus.WITH_CARRIER


@pytest.mark.parametrize("character", ["rejects_pin", "says_200_then_rejects"])
async def test_a_rejected_request_completes_once_it_was_corrected_and_sent_again(
    database, character
):
    async with a_journey(database, character) as (request_id, counterpart):

        async def is_stopped() -> bool:
            request = await request_of(database, request_id)
            return request.status is PortRequestStatus.ACTION_REQUIRED

        await wait_until(is_stopped)
        stopped = await request_of(database, request_id)
        assert (stopped.fault_code, stopped.turn[0]) == ("PIN_INVALID", "REQUESTER")
        await set_pin(database, "481516")
        await send_again(database, request_id)

        async def is_complete() -> bool:
            request = await request_of(database, request_id)
            return request.status is PortRequestStatus.COMPLETED

        await wait_until(is_complete)

        assert len(await counterpart.told(request_id)) == 2
    assert {"carrier:emulator", "support:desk"} <= set(await actors_of(database, request_id))


async def send_again(database, request_id) -> None:
    async with database.transaction(SUPPORT) as connection:
        corrections = [
            Correction(number=number, note="A fresh PIN is on the letter.")
            for number in NUMBERS
        ]
        await correct_lines(connection, SUPPORT, request_id, corrections)
        await resubmit_request(connection, SUPPORT, request_id, None)


async def actors_of(database, request_id) -> list[str]:
    async with database.working() as connection:
        rows = await connection.fetch(
            "SELECT actor FROM history WHERE port_request_id = $1", request_id
        )
    return [row["actor"] for row in rows]


async def test_a_date_that_the_carrier_changed_is_the_one_that_stands(database):
    async with a_journey(database, "changes_date") as (request_id, _):

        async def has_ported() -> bool:
            return ("PORTED", "applied") in await said(database, request_id)

        await wait_until(has_ported)

    assert {line.firm_date for line in await lines_of(database, request_id)} == {now().date()}
    dates = [state for kind, state in await said(database, request_id) if kind == "FIRM_DATE"]
    assert "applied" in dates
    assert set(dates) <= {"applied", "ignored"}


async def test_a_number_that_is_given_up_leaves_the_rest_of_its_order_at_work():
    async def call_back(_message_id: str, _body: bytes) -> None:
        pass

    book = OrderBook(CHARACTERS["prompt"], seed=1, hour_s=0.001, call_back=call_back)
    order = {"order": "ord_1", "version": 1, "numbers": [*NUMBERS], "pin": None}
    book.take("k-1", order, is_supplement=False)
    taken = book.orders["ord_1"]
    given_up = {"order": "ord_1", "version": 2, "numbers": NUMBERS[:1]}
    book.cancel("k-2", taken, given_up)

    async def is_over() -> bool:
        return taken.is_over

    await wait_until(is_over)
    await book.close()
    last = {number: said["type"] for said in taken.said for number in said["numbers"]}
    assert last == {NUMBERS[0]: "cancelled", NUMBERS[1]: "ported"}
