"""Numbers that stay disabled, are let go, or come back: each step once and told."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from libs.common.sight import EVERYTHING
from libs.common.timers import TimerWorker
from libs.contracts.number_events import (
    NumberPortOutCancelled,
    NumberQuarantined,
    NumberReleased,
    NumberRestored,
    NumberReturned,
    NumbersPreconfigured,
    PreconfigurationRefused,
)
from libs.contracts.phone_number import PhoneNumber
from services.numbers.domain.ports_under_way import LeavingNews, LeavingState
from services.numbers.domain.refusals import (
    AccountOfNumberDisabled,
    ForwardingLoop,
    NumberCannotBeRestored,
    NumberNotFound,
    VersionConflict,
)
from services.numbers.domain.tracking_numbers import NumberState
from services.numbers.store.billing_periods import find_periods
from services.numbers.store.ports_under_way import keep_leaving_numbers
from services.numbers.timers import set_timers, timers_of
from services.numbers.use_cases import quarantines
from services.numbers.use_cases.quarantines import (
    Retention,
    quarantine_numbers,
    release_quarantined_numbers,
)
from services.numbers.use_cases.returns import (
    cancel_port_out,
    restore_number,
    take_back_numbers,
)
from services.numbers.use_cases.tracking_numbers import finish_port_out
from tests.numbers.builders import (
    NOON,
    a_line,
    add_number,
    disable,
    found_account,
    numbers_by_phone,
    phone,
    review,
    told,
)

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
RETENTION = Retention(disabled=10 * DAY, quarantined=30 * DAY)


async def restore(database, number, version=None):
    async with database.working() as connection:
        return await restore_number(
            connection,
            number.id,
            sight=EVERYTHING,
            restored_by="support",
            expected_version=version,
        )


async def pass_time(database, at):
    async with database.working() as connection:
        await quarantine_numbers(connection, RETENTION, at=at)
        await release_quarantined_numbers(connection, RETENTION, at=at)


async def take_back(database, house, *numbers, port_out_id="po_1"):
    async with database.working() as connection:
        phones = [number.phone_number for number in numbers]
        await take_back_numbers(connection, house.id, port_out_id, phones, NOON + HOUR)


async def now(database, number):
    return (await numbers_by_phone(database))[number.phone_number]


async def kinds(database, number):
    return [type(event.fact) for event in await told(database, number.id)]


async def test_a_disabled_number_is_quarantined_then_released_and_told_once(database):
    house = await found_account(database)
    number = await add_number(database, house, phone(1), state=NumberState.ACTIVE)
    kept = await add_number(database, house, phone(2), state=NumberState.ACTIVE)
    disabled = await disable(database, number)
    due = disabled.disabled_at + 10 * DAY
    await pass_time(database, due - HOUR)
    assert (await now(database, number)).state is NumberState.DISABLED
    await asyncio.gather(*(pass_time(database, due) for _ in range(4)))
    quarantined = await now(database, number)
    assert (quarantined.state, quarantined.quarantined_at) == (NumberState.QUARANTINED, due)
    await pass_time(database, due + 29 * DAY)
    assert (await now(database, number)).state is NumberState.QUARANTINED
    await asyncio.gather(*(pass_time(database, due + 30 * DAY) for _ in range(4)))
    assert (await now(database, number)).state is NumberState.RELEASED
    assert (await kinds(database, number))[-2:] == [NumberQuarantined, NumberReleased]
    assert (await kinds(database, number)).count(NumberReleased) == 1
    assert await now(database, kept) == kept


async def test_a_number_that_left_stays_disabled(database):
    house = await found_account(database)
    number = await add_number(database, house, phone(1), state=NumberState.PORTED_OUT)
    disabled = await disable(database, number)
    await pass_time(database, disabled.disabled_at + 365 * DAY)
    assert await now(database, number) == disabled


async def test_a_clock_that_jumps_ahead_quarantines_and_does_not_release(database):
    house = await found_account(database)
    number = await add_number(database, house, phone(1), state=NumberState.ACTIVE)
    disabled = await disable(database, number)
    await pass_time(database, disabled.disabled_at + 365 * DAY)
    assert (await now(database, number)).state is NumberState.QUARANTINED


async def test_a_timer_ends_what_is_due(database):
    house = await found_account(database)
    number = await add_number(database, house, phone(1), state=NumberState.ACTIVE)
    await disable(database, number)
    worker = TimerWorker(database=database, kinds=timers_of(RETENTION))
    await set_timers(database)
    assert await worker.fire_one()
    assert not await worker.fire_one()
    assert (await now(database, number)).state is NumberState.DISABLED
    for column, state in (
        ("disabled_at", NumberState.QUARANTINED),
        ("quarantined_at", NumberState.RELEASED),
    ):
        async with database.working() as connection:
            await connection.execute(
                f"UPDATE tracking_numbers SET {column} = now() - interval '31 days'"
            )
        await set_timers(database)
        assert await worker.fire_one()
        assert not await worker.fire_one()
        assert (await now(database, number)).state is state


async def test_many_that_are_due_at_once_take_several_turns(database, monkeypatch):
    monkeypatch.setattr(quarantines, "NUMBERS_AT_ONCE", 2)
    house = await found_account(database)
    for place in range(5):
        number = await add_number(database, house, phone(place), state=NumberState.ACTIVE)
        await disable(database, number)
    async with database.working() as connection:
        await connection.execute(
            "UPDATE tracking_numbers SET disabled_at = now() - interval '31 days'"
        )
    worker = TimerWorker(database=database, kinds=timers_of(RETENTION))
    await set_timers(database)
    turns = 0
    while await worker.fire_one():
        turns += 1
    assert turns == 3
    states = {number.state for number in (await numbers_by_phone(database)).values()}
    assert states == {NumberState.QUARANTINED}


async def test_a_disabled_number_of_ours_is_not_ported_in_until_it_is_released(database):
    house, other = await found_account(database), await found_account(database)
    number = await add_number(database, house, phone(1), state=NumberState.ACTIVE)
    disabled = await disable(database, number)
    dental = other.companies["Dental"]
    for sequence, at in enumerate(
        (disabled.disabled_at, disabled.disabled_at + 10 * DAY), start=1
    ):
        await pass_time(database, at)
        lines = [
            a_line(dental, phone(1)),
            a_line(dental, phone(2), forwarding_number=phone(1)),
        ]
        await review(database, other, lines, sequence=10 * sequence)
        fact = (await told(database, "pr_1"))[-1].fact
        assert isinstance(fact, PreconfigurationRefused)
        assert {line.line_id: line.code for line in fact.lines} == {
            lines[0].line_id: "INTERNAL_PORT",
            lines[1].line_id: "FORWARDING_LOOP",
        }
    await pass_time(database, disabled.disabled_at + 40 * DAY)
    await review(database, other, [a_line(dental, phone(1))], sequence=90)
    assert isinstance((await told(database, "pr_1"))[-1].fact, NumbersPreconfigured)


@pytest.mark.parametrize("state", [NumberState.AWAITING_FIRST_CALL, NumberState.ACTIVE])
async def test_a_restored_number_is_where_it_was_and_charged_anew(database, state):
    house = await found_account(database)
    number = await add_number(database, house, phone(1), state=state)
    disabled = await disable(database, number)
    restored = await restore(database, number)
    assert (restored.state, restored.disabled_at) == (state, None)
    assert restored == await now(database, number)
    event = (await told(database, number.id))[-1]
    assert isinstance(event.fact, NumberRestored)
    assert (event.sequence, event.fact.restored_by) == (restored.version, "support")
    async with database.working() as connection:
        periods = (await find_periods(connection, [number]))[number.id]
    assert [(each.started_at, each.ended_at) for each in periods] == [
        (NOON, disabled.disabled_at),
        (event.fact.restored_at, None),
    ]
    await pass_time(database, datetime.now(UTC) + 365 * DAY)
    assert await now(database, number) == restored


async def test_what_cannot_be_restored_is_refused(database):
    house = await found_account(database)
    number = await add_number(database, house, phone(1), state=NumberState.ACTIVE)
    left = await add_number(database, house, phone(2), state=NumberState.PORTED_OUT)
    for each in (number, await disable(database, left)):
        with pytest.raises(NumberCannotBeRestored):
            await restore(database, each)
    disabled = await disable(database, number)
    with pytest.raises(VersionConflict):
        await restore(database, number, version=disabled.version - 1)
    with pytest.raises(NumberNotFound):
        await restore(database, replace(left, id="num_x"))
    await pass_time(database, disabled.disabled_at + 10 * DAY)
    with pytest.raises(NumberCannotBeRestored):
        await restore(database, number)


@pytest.mark.requirement("S24", "S25")
async def test_a_number_is_not_restored_to_ring_at_one_that_came_meanwhile(database):
    house, other = await found_account(database), await found_account(database)
    number = await add_number(database, house, phone(1), state=NumberState.ACTIVE)
    await disable(database, number)
    line = a_line(
        other.companies["Dental"], number.forwarding_number, forwarding_number="+13125550177"
    )
    await review(database, other, [line])
    with pytest.raises(ForwardingLoop):
        await restore(database, number)


async def test_a_cancelled_port_out_leaves_the_number_as_it_was(database):
    house = await found_account(database)
    number = await add_number(database, house, phone(1), state=NumberState.PORTING_OUT)
    for port_out_id in ("po_2", "po_1", "po_1"):
        async with database.working() as connection:
            await cancel_port_out(connection, house.id, port_out_id, [phone(1)])
    kept = await now(database, number)
    assert (kept.state, kept.port_out_id) == (NumberState.ACTIVE, None)
    assert (await kinds(database, number)).count(NumberPortOutCancelled) == 1


@pytest.mark.parametrize("is_disabled", [False, True])
async def test_a_returned_number_is_in_use_again_and_charged_once(database, is_disabled):
    house = await found_account(database)
    number = await add_number(database, house, phone(1), state=NumberState.PORTED_OUT)
    disabled = await disable(database, number) if is_disabled else None
    for _ in range(2):
        await take_back(database, house, number)
    returned = await now(database, number)
    assert (returned.state, returned.ported_out_at) == (NumberState.ACTIVE, None)
    assert (await kinds(database, number)).count(NumberReturned) == 1
    async with database.working() as connection:
        periods = (await find_periods(connection, [number]))[number.id]
    spans = [(each.started_at, each.ended_at) for each in periods]
    # It was disabled after it had come back, so the second period begins where the first ended.
    assert spans == (
        [(NOON, disabled.disabled_at), (disabled.disabled_at, None)]
        if disabled
        else [(NOON, None)]
    )


async def test_a_returned_number_that_came_to_us_again_meanwhile_stays_where_it_was(database):
    house, other = await found_account(database), await found_account(database)
    number = await add_number(database, house, phone(1), state=NumberState.PORTED_OUT)
    disabled = await disable(database, number)
    await add_number(database, other, phone(1), state=NumberState.ACTIVE)
    await take_back(database, house, number)
    async with database.working() as connection:
        state = await connection.fetchval(
            "SELECT state FROM tracking_numbers WHERE id = $1", number.id
        )
    assert state == disabled.state


async def gone_and_disabled(database, house, state):
    """One that left, and what has been heard of its port-out."""
    number = await add_number(database, house, phone(1), state=NumberState.PORTED_OUT)
    news = LeavingNews(
        port_out_id="po_1",
        account_id=house.id,
        phone_number=phone(1),
        state=state,
        version=5,
    )
    async with database.working() as connection:
        await keep_leaving_numbers(connection, [news])
    await disable(database, number)
    return number


@pytest.mark.requirement("S24")
@pytest.mark.parametrize("forwards_to_it", [True, False])
@pytest.mark.parametrize("state", LeavingState)
async def test_what_a_number_that_may_be_returned_rings_at_does_not_come_to_ring_at_it(
    database, state, forwards_to_it
):
    house = await found_account(database)
    number = await gone_and_disabled(database, house, state)
    forwarding = number.phone_number if forwards_to_it else PhoneNumber("+13125550177")
    line = a_line(
        house.companies["Dental"], number.forwarding_number, forwarding_number=forwarding
    )
    await review(database, house, [line])
    may_return = state in {LeavingState.LEAVING, LeavingState.LEFT}
    answer = (await told(database, "pr_1"))[-1].fact
    if forwards_to_it and may_return:
        assert isinstance(answer, PreconfigurationRefused)
        assert [each.code for each in answer.lines] == ["FORWARDING_LOOP"]
    else:
        assert isinstance(answer, NumbersPreconfigured)


async def test_a_returned_number_that_rings_at_one_of_ours_is_warned_of(database, caplog):
    house = await found_account(database)
    number = await gone_and_disabled(database, house, LeavingState.CONFIRMED)
    other = await add_number(database, house, phone(2), state=NumberState.PORTED_OUT)
    line = a_line(
        house.companies["Dental"],
        number.forwarding_number,
        forwarding_number=number.phone_number,
    )
    await take_back(database, house, other)
    assert "numbers.chained" not in warned(caplog)
    await disable(database, other)
    await review(database, house, [line])
    await take_back(database, house, number)
    assert (await now(database, number)).state is NumberState.ACTIVE
    assert warned(caplog)["numbers.chained"] == [number.id]


def warned(caplog):
    """The numbers of each warning, by its action."""
    return {
        record.action: record.number_ids
        for record in caplog.records
        if record.levelname == "WARNING"
    }


async def test_a_number_that_was_disabled_and_left_then_is_not_kept_back(database):
    house = await found_account(database)
    number = await add_number(database, house, phone(1), state=NumberState.ACTIVE)
    disabled = await disable(database, number)
    async with database.working() as connection:
        left_at = disabled.disabled_at + HOUR
        await finish_port_out(connection, house.id, "po_1", [phone(1)], left_at)
    await pass_time(database, left_at + 365 * DAY)
    left = await now(database, number)
    assert (left.state, left.ported_out_at) == (NumberState.DISABLED, left_at)


async def test_no_number_is_restored_in_an_account_that_is_disabled(database):
    house = await found_account(database)
    number = await add_number(database, house, phone(1), state=NumberState.ACTIVE)
    await disable(database, number)
    async with database.working() as connection:
        await connection.execute(
            "UPDATE accounts SET disabled_at = now(), disabled_by = 'support'"
        )
    with pytest.raises(AccountOfNumberDisabled):
        await restore(database, number)
