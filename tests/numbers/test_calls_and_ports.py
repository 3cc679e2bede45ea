"""Numbers on their way: ported in, rung, leaving, disabled; each change told once."""

import asyncio
from datetime import timedelta
from itertools import permutations

import pytest

from libs.common.caller import Role
from libs.common.sight import EVERYTHING, sight_of
from libs.contracts.number_events import (
    FirstCallReceived,
    NumberDisabled,
    NumberPortedIn,
    NumberPortedOut,
    NumberPortingOut,
    NumberReleased,
)
from services.numbers.domain.refusals import (
    NumberCannotBeDisabled,
    NumberNotFound,
    VersionConflict,
)
from services.numbers.domain.tracking_numbers import NumberState
from services.numbers.use_cases.calls import receive_calls
from services.numbers.use_cases.tracking_numbers import (
    disable_number,
    finish_port_out,
    port_in_numbers,
    release_numbers,
    start_port_out,
)
from tests.numbers.builders import (
    NOON,
    add_number,
    found_account,
    numbers_by_phone,
    phone,
    told,
)

EARLIER = NOON - timedelta(minutes=5)
UNKNOWN = "SELECT phone_number, call_count, last_called_at FROM unknown_calls ORDER BY 1"


async def ring(database, *numbers, at=NOON):
    async with database.working() as connection:
        await receive_calls(connection, numbers, [at] * len(numbers))


async def port_in(database, house, number, at=NOON):
    async with database.working() as connection:
        await port_in_numbers(connection, house.id, {number.line_id: at})


async def kinds(database, number):
    return [type(event.fact) for event in await told(database, number.id)]


@pytest.mark.requirement("S12", "S64")
async def test_a_ported_number_is_pending_until_it_is_called(database):
    house = await found_account(database)
    number = await add_number(database, house, phone(1))
    await port_in(database, house, number)
    ported = (await numbers_by_phone(database))[phone(1)]
    assert (ported.state, ported.ported_at) == (NumberState.AWAITING_FIRST_CALL, NOON)
    (event,) = await told(database, number.id)
    assert isinstance(event.fact, NumberPortedIn)
    assert (event.sequence, event.fact.state) == (1, "AWAITING_FIRST_CALL")


async def test_a_notice_that_changes_no_row_tells_nothing(database):
    house = await found_account(database)
    number = await add_number(database, house, phone(1))
    for at in (NOON, NOON, NOON + timedelta(days=1)):
        await port_in(database, house, number, at)
    assert await kinds(database, number) == [NumberPortedIn]
    await port_in(database, house, number, EARLIER)
    assert await kinds(database, number) == [NumberPortedIn] * 2


@pytest.mark.requirement("S20", "S66")
async def test_port_and_first_call_end_the_same_in_every_order_and_doubled(database):
    house = await found_account(database)
    ends = set()
    steps = ("port", "port", "call", "call")
    for place, order in enumerate(sorted(set(permutations(steps)))):
        number = await add_number(database, house, phone(place))
        for step in order:
            if step == "port":
                await port_in(database, house, number)
            else:
                await ring(database, phone(place), at=EARLIER)
        end = (await numbers_by_phone(database))[phone(place)]
        ends.add((end.state, end.ported_at, end.first_called_at, end.version))
        assert sorted(kind.__name__ for kind in await kinds(database, number)) == [
            "FirstCallReceived",
            "NumberPortedIn",
        ]
    assert ends == {(NumberState.ACTIVE, NOON, EARLIER, 2)}


@pytest.mark.requirement("S22")
async def test_a_number_whose_line_is_cancelled_is_released_once_and_told(database):
    house = await found_account(database)
    silent = await add_number(database, house, phone(1))
    rung = await add_number(database, house, phone(2))
    await ring(database, phone(2))
    for _ in range(2):
        async with database.working() as connection:
            await release_numbers(
                connection, house.id, [silent.line_id, rung.line_id, "ln_x"], NOON
            )
    assert await states_by_phone(database) == {
        phone(1): NumberState.RELEASED,
        phone(2): NumberState.ACTIVE,
    }
    (event,) = await told(database, silent.id)
    assert isinstance(event.fact, NumberReleased)
    assert (event.sequence, event.fact.state) == (1, "RELEASED")
    await ring(database, phone(1))
    assert await kinds(database, silent) == [NumberReleased]


async def states_by_phone(database):
    found = await numbers_by_phone(database)
    return {number: row.state for number, row in found.items()}


async def test_a_cancelled_line_of_another_account_releases_nothing(database):
    house, other = await found_account(database), await found_account(database)
    number = await add_number(database, house, phone(1))
    async with database.working() as connection:
        await release_numbers(connection, other.id, [number.line_id], NOON)
    assert (await numbers_by_phone(database))[phone(1)] == number


@pytest.mark.requirement("S22")
async def test_a_number_that_rang_rings_on_when_its_line_ends_and_can_then_be_disabled(
    database,
):
    house = await found_account(database)
    number = await add_number(database, house, phone(1))
    await ring(database, phone(1))
    async with database.working() as connection:
        await release_numbers(connection, house.id, [number.line_id], NOON)
    rung = (await numbers_by_phone(database))[phone(1)]
    assert (rung.state, rung.line_ended_at) == (NumberState.ACTIVE, NOON)
    async with database.working() as connection:
        await disable_number(
            connection,
            number.id,
            sight=EVERYTHING,
            disabled_by="support",
            expected_version=rung.version,
        )
    assert await kinds(database, number) == [FirstCallReceived, NumberDisabled]


@pytest.mark.requirement("S66")
async def test_a_hundred_calls_at_once_make_it_active_once(database):
    house = await found_account(database)
    number = await add_number(database, house, phone(1))
    await asyncio.gather(*(ring(database, phone(1), phone(1)) for _ in range(100)))
    assert await kinds(database, number) == [FirstCallReceived]


async def test_batches_that_hold_the_same_numbers_in_other_orders_do_not_block(database):
    house = await found_account(database)
    phones = [phone(place) for place in range(20)]
    for each in phones:
        await add_number(database, house, each)
    await asyncio.gather(
        *(ring(database, *(phones if turn % 2 else phones[::-1])) for turn in range(20))
    )
    first_calls = [
        event for event in await told(database) if isinstance(event.fact, FirstCallReceived)
    ]
    assert len(first_calls) == 20


async def test_the_earliest_call_of_a_batch_is_the_first(database):
    house = await found_account(database)
    await add_number(database, house, phone(1))
    async with database.working() as connection:
        await receive_calls(connection, [phone(1), phone(1)], [NOON, EARLIER])
    assert (await numbers_by_phone(database))[phone(1)].first_called_at == EARLIER


@pytest.mark.requirement("S66")
async def test_a_call_to_an_active_number_writes_nothing(database):
    house = await found_account(database)
    await add_number(database, house, phone(1), state=NumberState.ACTIVE)
    before = len(await told(database))
    async with database.working() as connection:
        await receive_calls(connection, [phone(1)] * 50, [NOON] * 50)
        # Only a transaction that has written has an id.
        assert await connection.fetchval("SELECT pg_current_xact_id_if_assigned()") is None
    assert len(await told(database)) == before


@pytest.mark.parametrize("state", [NumberState.PORTING_OUT, NumberState.PORTED_OUT])
async def test_a_number_that_leaves_rings_and_keeps_its_state(database, state):
    house = await found_account(database)
    number = await add_number(database, house, phone(1), state=state)
    await ring(database, phone(1))
    assert (await numbers_by_phone(database))[phone(1)] == number


async def test_calls_for_unknown_and_disabled_numbers_are_counted(database):
    house = await found_account(database)
    number = await add_number(database, house, phone(1), state=NumberState.ACTIVE)
    async with database.working() as connection:
        await disable_number(
            connection,
            number.id,
            sight=EVERYTHING,
            disabled_by="support",
            expected_version=None,
        )
    await ring(database, phone(1), phone(2), phone(2))
    await ring(database, phone(2), at=NOON + timedelta(hours=1))
    async with database.working() as connection:
        rows = await connection.fetch(UNKNOWN)
    assert [tuple(row) for row in rows] == [
        (phone(1), 1, NOON),
        (phone(2), 3, NOON + timedelta(hours=1)),
    ]


async def test_a_call_for_an_unknown_number_that_is_told_again_is_not_counted_again(database):
    later = NOON + timedelta(minutes=1)
    await ring(database, phone(1), phone(1), phone(2))
    async with database.working() as connection:
        for _ in range(2):
            await receive_calls(
                connection, [phone(1), phone(1), phone(2), phone(1)], [NOON, NOON, NOON, later]
            )
        rows = await connection.fetch(UNKNOWN)
    assert [tuple(row) for row in rows] == [(phone(1), 3, later), (phone(2), 1, NOON)]


async def test_a_port_out_is_told_at_each_step(database):
    house = await found_account(database)
    number = await add_number(database, house, phone(1), state=NumberState.ACTIVE)
    other = await add_number(database, house, phone(2), state=NumberState.ACTIVE)
    async with database.working() as connection:
        for _ in range(2):
            await start_port_out(connection, house.id, "po_1", [phone(1)])
        for _ in range(2):
            await finish_port_out(connection, house.id, "po_1", [phone(1)], NOON)
    left = (await numbers_by_phone(database))[phone(1)]
    assert (left.state, left.port_out_id, left.ported_out_at) == (
        NumberState.PORTED_OUT,
        "po_1",
        NOON,
    )
    assert (await kinds(database, number))[-2:] == [NumberPortingOut, NumberPortedOut]
    assert (await numbers_by_phone(database))[phone(2)] == other


async def test_a_port_out_touches_no_other_account(database):
    house, other = await found_account(database), await found_account(database)
    number = await add_number(database, house, phone(1), state=NumberState.ACTIVE)
    async with database.working() as connection:
        await start_port_out(connection, other.id, "po_1", [phone(1)])
    assert (await numbers_by_phone(database))[phone(1)] == number


async def test_a_number_is_disabled_once_and_by_somebody(database):
    house = await found_account(database)
    number = await add_number(database, house, phone(1), state=NumberState.PORTED_OUT)
    caller = house.administrator
    async with database.transaction(caller) as connection:
        disabled = await disable_number(
            connection,
            number.id,
            sight=sight_of(caller),
            disabled_by=caller.member_id,
            expected_version=number.version,
        )
    assert disabled.version == number.version + 1
    event = (await told(database, number.id))[-1]
    assert isinstance(event.fact, NumberDisabled)
    assert (event.fact.disabled_by, event.sequence) == (caller.member_id, disabled.version)
    with pytest.raises(NumberCannotBeDisabled):
        async with database.transaction(caller) as connection:
            await disable_number(
                connection,
                number.id,
                sight=sight_of(caller),
                disabled_by=caller.member_id,
                expected_version=None,
            )


async def test_an_old_version_and_a_number_out_of_sight_are_refused(database):
    house = await found_account(database)
    number = await add_number(
        database, house, phone(1), company="Garage", state=NumberState.ACTIVE
    )
    manager = house.callers[Role.MANAGER]
    for caller, version, refusal in (
        (house.administrator, number.version - 1, VersionConflict),
        (manager, None, NumberNotFound),
    ):
        with pytest.raises(refusal):
            async with database.transaction(caller) as connection:
                await disable_number(
                    connection,
                    number.id,
                    sight=sight_of(caller),
                    disabled_by="mem_1",
                    expected_version=version,
                )
    assert (await numbers_by_phone(database))[phone(1)] == number
