"""Calls: the first, once, whatever comes with it; those after a number left; those for nobody."""

import asyncio
from datetime import UTC, datetime, timedelta, timezone

import pytest

from libs.common.sight import EVERYTHING
from libs.contracts.number_events import CallAfterPortOut, FirstCallReceived
from services.numbers.domain.calls import CalledNumber, judge_time
from services.numbers.domain.tracking_numbers import NumberState
from services.numbers.store.tracking_numbers import find_numbers
from services.numbers.use_cases.calls import receive_calls
from services.numbers.use_cases.tracking_numbers import start_port_out
from tests.numbers.builders import (
    NOON,
    a_number,
    add_number,
    disable,
    found_account,
    numbers_by_phone,
    phone,
    told,
)

ADDED, MINUTE = NOON - timedelta(days=30), timedelta(minutes=1)
ODD_TIMES = (
    datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14))),
    datetime(9999, 12, 31, 23, 59, tzinfo=timezone(-timedelta(hours=12))),
)
UNKNOWN = """
    SELECT phone_number, call_count, first_called_at, last_called_at
    FROM unknown_calls ORDER BY phone_number
"""


def called(number, *, silent_until=None):
    return CalledNumber(number=number, added_at=ADDED, silent_until=silent_until)


async def ring(database, *numbers, at=NOON):
    async with database.working() as connection:
        await receive_calls(connection, numbers, [at] * len(numbers))


async def facts(database, number, kind):
    events = await told(database, number.id)
    return [event.fact for event in events if isinstance(event.fact, kind)]


async def number_of(database, house):
    """The one that it has; another account may have had the same."""
    async with database.working() as connection:
        number_id = await connection.fetchval(
            "SELECT id FROM tracking_numbers WHERE account_id = $1", house.id
        )
        return (await find_numbers(connection, [number_id], EVERYTHING))[number_id]


async def unknown(database):
    async with database.working() as connection:
        return [tuple(row) for row in await connection.fetch(UNKNOWN)]


@pytest.mark.parametrize(
    ("called_at", "judged"),
    [
        (NOON, NOON),
        (NOON + MINUTE, NOON),
        (NOON + timedelta(days=9_000), NOON),
        (NOON - timedelta(days=9_000), NOON - timedelta(days=9_000)),
        (ODD_TIMES[0], datetime(1970, 1, 1, tzinfo=UTC)),
        (ODD_TIMES[1], NOON),
    ],
)
def test_a_call_was_made_before_it_is_told(called_at, judged):
    assert judge_time(called_at, told_at=NOON) == judged


def test_a_first_call_is_no_older_than_its_number():
    number = called(a_number()).receive([ADDED - timedelta(days=9_000)])
    assert (number.state, number.first_called_at) == (NumberState.ACTIVE, ADDED)


def test_a_late_word_of_a_call_to_who_had_the_number_before_changes_nothing():
    number = a_number()
    assert called(number, silent_until=NOON).receive([NOON - MINUTE, NOON]) is number
    rung = called(number, silent_until=NOON).receive([NOON + MINUTE, NOON - MINUTE])
    assert rung.first_called_at == NOON + MINUTE


@pytest.mark.requirement("S78")
def test_the_first_call_after_a_number_left_is_kept_and_the_second_changes_nothing():
    left = a_number(
        state=NumberState.PORTED_OUT,
        port_out_id="po_1",
        ported_out_at=NOON,
        first_called_at=ADDED,
    )
    assert called(left).receive([NOON - MINUTE, NOON]) is left
    rung = called(left).receive([NOON - MINUTE, NOON + 2 * MINUTE, NOON + MINUTE])
    assert (rung.state, rung.called_after_port_out_at) == (left.state, NOON + MINUTE)
    assert rung.version == left.version + 1
    assert called(rung).receive([NOON + 3 * MINUTE]) is rung


@pytest.mark.requirement("S78")
def test_a_number_that_came_back_and_left_again_tells_again():
    again = a_number(
        state=NumberState.PORTED_OUT,
        port_out_id="po_2",
        ported_out_at=NOON,
        called_after_port_out_at=NOON - timedelta(days=9),
    )
    assert called(again).receive([NOON + MINUTE]).called_after_port_out_at == NOON + MINUTE


def test_a_number_that_leaves_before_anybody_called_it_has_its_first_call_all_the_same():
    leaving = a_number().port_in(ADDED).authorize_port_out("po_1")
    rung = called(leaving).receive([NOON])
    assert (rung.state, rung.first_called_at) == (NumberState.PORTING_OUT, NOON)
    assert rung.version == leaving.version + 1
    assert called(rung).receive([NOON - MINUTE]) is rung

    left = leaving.port_out("po_1", NOON)
    late = called(left).receive([NOON - MINUTE])
    assert (late.state, late.first_called_at) == (NumberState.PORTED_OUT, NOON - MINUTE)
    assert late.called_after_port_out_at is None
    after = called(left).receive([NOON + MINUTE])
    assert after.first_called_at == after.called_after_port_out_at == NOON + MINUTE


@pytest.mark.requirement("S66")
async def test_a_number_that_is_about_to_leave_tells_its_first_call_once(database):
    house = await found_account(database)
    number = await add_number(database, house, phone(1), state=NumberState.AWAITING_FIRST_CALL)
    async with database.working() as connection:
        await start_port_out(connection, house.id, "po_1", [phone(1)])
    for minutes in range(3):
        await ring(database, phone(1), at=NOON + minutes * MINUTE)
    (fact,) = await facts(database, number, FirstCallReceived)
    assert (fact.state, fact.called_at) == ("PORTING_OUT", NOON)
    async with database.working() as connection:
        await receive_calls(connection, [phone(1)], [NOON])
        assert await connection.fetchval("SELECT pg_current_xact_id_if_assigned()") is None


@pytest.mark.requirement("S66")
async def test_a_hundred_calls_at_once_are_one_first_call(database):
    house = await found_account(database)
    numbers = [await add_number(database, house, phone(place)) for place in range(3)]
    named = [number.phone_number for number in numbers]
    await asyncio.gather(
        *(
            ring(
                database, *(named if place % 2 else reversed(named)), at=NOON + place * MINUTE
            )
            for place in range(100)
        )
    )
    after = await numbers_by_phone(database)
    assert {number.state for number in after.values()} == {NumberState.ACTIVE}
    assert {number.version for number in after.values()} == {1}
    for number in numbers:
        assert len(await facts(database, number, FirstCallReceived)) == 1


@pytest.mark.requirement("S78")
async def test_the_call_after_a_port_out_is_told_once_and_then_costs_no_write(database):
    house = await found_account(database)
    number = await add_number(database, house, phone(1), state=NumberState.PORTED_OUT)
    await asyncio.gather(*(ring(database, phone(1), at=NOON + MINUTE) for _ in range(10)))
    async with database.working() as connection:
        for _ in range(2):
            await receive_calls(connection, [phone(1)] * 9, [NOON + 2 * MINUTE] * 9)
        assert await connection.fetchval("SELECT pg_current_xact_id_if_assigned()") is None
    (fact,) = await facts(database, number, CallAfterPortOut)
    assert (fact.port_out_id, fact.called_at) == ("po_1", NOON + MINUTE)
    assert (fact.account_id, fact.state) == (house.id, "PORTED_OUT")
    after = (await numbers_by_phone(database))[phone(1)]
    assert (after.version, after.called_after_port_out_at) == (
        number.version + 1,
        NOON + MINUTE,
    )


async def test_a_number_moves_between_accounts_while_calls_arrive(database):
    former, present = await found_account(database), await found_account(database)
    old = await add_number(database, former, phone(1), state=NumberState.PORTED_OUT)
    before = datetime.now(UTC)
    ringing = [asyncio.ensure_future(ring(database, phone(1), at=before)) for _ in range(10)]
    await disable(database, old)
    await add_number(database, present, phone(1))
    await asyncio.gather(*ringing)
    new = await number_of(database, present)
    await ring(database, phone(1), at=before)
    assert await facts(database, new, FirstCallReceived) == []

    await asyncio.gather(*(ring(database, phone(1), at=datetime.now(UTC)) for _ in range(10)))
    (first,) = await facts(database, new, FirstCallReceived)
    assert first.account_id == present.id
    assert len(await facts(database, old, FirstCallReceived)) == 1


async def test_a_call_that_reached_nobody_is_not_told_again_as_the_first_of_a_number(database):
    house = await found_account(database)
    await ring(database, phone(1), at=NOON)
    number = await add_number(database, house, phone(1))
    await ring(database, phone(1), at=NOON)
    assert await facts(database, number, FirstCallReceived) == []
    await ring(database, phone(1), at=NOON + MINUTE)
    assert len(await facts(database, number, FirstCallReceived)) == 1


async def test_calls_for_nobody_are_counted_whatever_their_clock_says(database):
    for at in (*ODD_TIMES, NOON, NOON):
        await ring(database, phone(7), phone(8), at=at)
    numbers = await unknown(database)
    assert [(number, count) for number, count, _, _ in numbers] == [
        (phone(7), 2),
        (phone(8), 2),
    ]
    assert all(first.year == 1970 for _, _, first, _ in numbers)
    assert all(last <= datetime.now(UTC) for _, _, _, last in numbers)


@pytest.mark.parametrize("state", [NumberState.DISABLED, NumberState.QUARANTINED])
async def test_calls_for_a_number_that_rings_no_more_are_calls_for_nobody(database, state):
    house = await found_account(database)
    number = await add_number(database, house, phone(1), state=NumberState.ACTIVE)
    await disable(database, number)
    async with database.working() as connection:
        await connection.execute("UPDATE tracking_numbers SET state = $1", state)
    await ring(database, phone(1), phone(1))
    assert await unknown(database) == [(phone(1), 2, NOON, NOON)]


LIST = """
query ($first: Int, $after: String) {
  unknownCalls(first: $first, after: $after) {
    totalCount
    pageInfo { hasNextPage endCursor }
    edges { node { phoneNumber nationalFormat callCount firstCalledAt lastCalledAt } }
  }
}
"""


async def test_support_sees_numbers_that_reach_nobody_the_latest_call_first(database, door):
    for place, minutes in ((1, 5), (2, 9), (3, 5), (2, 1), (1, 0)):
        await ring(database, phone(place), at=NOON + minutes * MINUTE)
    seen, after = [], None
    while True:
        page = (await door.see("support", LIST, first=2, after=after))["unknownCalls"]
        seen += [edge["node"] for edge in page["edges"]]
        assert page["totalCount"] == 3
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert [node["phoneNumber"] for node in seen] == [phone(2), phone(3), phone(1)]
    assert seen[0] == {
        "phoneNumber": phone(2),
        "nationalFormat": "(212) 555-0002",
        "callCount": 1,
        "firstCalledAt": "2026-03-02T12:09:00Z",
        "lastCalledAt": "2026-03-02T12:09:00Z",
    }


async def test_calls_for_nobody_are_shown_to_support_alone(database, door):
    house = await found_account(database)
    for caller in (*house.callers.values(), "calls:report numbers:route", "stranger"):
        assert await door.code(caller, LIST) == "FORBIDDEN"
    assert await door.code(None, LIST) == "UNAUTHENTICATED"
