"""One request of a megabyte holds up nobody else for long, whatever is in it."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.porting.builders import a_draft, found_house
from tests.porting.door import Door

# Several times what was measured.
UNREAD_S = 0.3
READ_S = 1.5


@asynccontextmanager
async def watched_loop(longest_s: float) -> AsyncIterator[None]:
    """Fails where the event loop was held for longer, by this thread's own time."""
    lags = [0.0]

    async def watch() -> None:
        while True:
            before = time.thread_time()
            await asyncio.sleep(0)
            lags.append(time.thread_time() - before)

    watcher = asyncio.create_task(watch())
    try:
        yield
        await asyncio.sleep(0)
    finally:
        watcher.cancel()
    assert max(lags) < longest_s


@pytest.mark.parametrize(
    ("numbers", "longest_s"),
    [
        ([f"+4420718{place:05d}" for place in range(45_000)], UNREAD_S),
        ([f"+44 20 ABC {place:05d}" for place in range(45_000)], UNREAD_S),
        ([*(f"+4420718{place:05d}" for place in range(9_990)), "nobody's"], READ_S),
        (["x"] * 200_000, UNREAD_S),
    ],
    ids=["valid", "letters", "the last is wrong", "short"],
)
async def test_a_body_full_of_numbers_is_refused_and_holds_up_nobody(
    door: Door, database, numbers, longest_s
):
    house = await found_house(database)
    request_id = await a_draft(database, house.administrator, house.dental)
    given = {"portRequestId": request_id, "trackingNumbers": numbers}

    async with watched_loop(longest_s):
        answer = await door.ask(house.administrator, door.mutation("dropLines"), input=given)

    assert {error["extensions"]["code"] for error in answer["errors"]} == {"BAD_USER_INPUT"}
    assert len(answer["errors"]) <= 5


async def test_a_street_of_a_megabyte_is_too_long_and_holds_up_nobody(door: Door, database):
    house = await found_house(database)
    request_id = await a_draft(database, house.administrator, house.dental)
    street = "POB" + " " * 900_000 + "x"

    async with watched_loop(READ_S):
        payload = await door.act(
            house.administrator,
            "prepareLetter",
            portRequestId=request_id,
            serviceAddress={"street": street},
        )

    assert [error["code"] for error in payload["userErrors"]] == ["TOO_LONG"]
