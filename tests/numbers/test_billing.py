"""Charges in the database: opened by a port, closed by disabling, and what an invoice run reads."""

from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from libs.common.paging import Page
from libs.contracts.billing_events import (
    BillingPeriodClosed,
    BillingPeriodFact,
    BillingPeriodMovedBack,
    BillingPeriodOpened,
)
from libs.contracts.number_events import (
    NumberDisabled,
    NumberPortedOut,
    NumberReleased,
    PortOutDisablingChanged,
)
from services.numbers.domain.account_refusals import AccountNotFound
from services.numbers.domain.billing_periods import Month
from services.numbers.domain.refusals import VersionConflict
from services.numbers.domain.tracking_numbers import NumberState
from services.numbers.store.billing_periods import (
    count_month,
    find_page_of_month,
    find_periods,
)
from services.numbers.use_cases.account_access import By
from services.numbers.use_cases.calls import receive_calls
from services.numbers.use_cases.port_out_disabling import change_port_out_disabling
from services.numbers.use_cases.tracking_numbers import (
    finish_port_out,
    port_in_numbers,
    release_numbers,
    revert_numbers,
)
from tests.numbers.builders import (
    NOON,
    SUPPORT,
    a_line,
    add_number,
    disable,
    found_account,
    numbers_by_phone,
    phone,
    review,
    told,
)

HOUR = timedelta(hours=1)
MARCH = Month.of(2026, 3)
PAGE = Page()


async def spans(database, number):
    """The number's periods, each as its start and end."""
    async with database.working() as connection:
        found = await find_periods(connection, [number])
    return [(each.started_at, each.ended_at) for each in found.get(number.id, [])]


async def told_charges(database):
    events = [
        event for event in await told(database) if isinstance(event.fact, BillingPeriodFact)
    ]
    return [(type(event.fact), event.sequence) for event in events]


async def port_in(database, house, number, at=NOON):
    async with database.working() as connection:
        await port_in_numbers(connection, house.id, {number.line_id: at})


async def port_out(database, house, number, at=NOON):
    async with database.working() as connection:
        await finish_port_out(connection, house.id, "po_1", [number.phone_number], at)


@pytest.mark.requirement("S4", "S12", "S19")
async def test_nothing_before_the_port_is_charged_and_the_port_is(database):
    house = await found_account(database)
    line, other = (a_line(house.companies["Dental"], phone(place)) for place in (1, 2))
    await review(database, house, [line, other])
    await review(database, house, [line, other], sequence=9)
    async with database.working() as connection:
        await receive_calls(connection, [phone(1)], [NOON - HOUR])
        await release_numbers(connection, house.id, [other.line_id], NOON)
    number = (await numbers_by_phone(database))[phone(1)]
    assert number.state is NumberState.ACTIVE
    assert await told_charges(database) == []
    assert await spans(database, number) == []
    await port_in(database, house, number)
    assert await spans(database, number) == [(NOON, None)]
    assert await told_charges(database) == [(BillingPeriodOpened, 1)]


@pytest.mark.requirement("S12")
async def test_a_later_notice_moves_the_start_back_and_never_forward(database):
    house = await found_account(database)
    number = await add_number(database, house, phone(1))
    for at in (NOON, NOON + HOUR, NOON - HOUR, NOON - HOUR, NOON):
        await port_in(database, house, number, at)
    assert await spans(database, number) == [(NOON - HOUR, None)]
    await disable(database, number)
    await port_in(database, house, number, NOON - 2 * HOUR)
    ((start, end),) = await spans(database, number)
    assert (start, end is not None) == (NOON - 2 * HOUR, True)
    assert await told_charges(database) == [
        (BillingPeriodOpened, 1),
        (BillingPeriodMovedBack, 2),
        (BillingPeriodClosed, 3),
        (BillingPeriodMovedBack, 4),
    ]


@pytest.mark.requirement("S79", "S80")
async def test_what_left_is_charged_until_it_is_disabled(database):
    house = await found_account(database)
    number = await add_number(database, house, phone(1), state=NumberState.PORTED_OUT)
    assert await spans(database, number) == [(NOON, None)]
    disabled = await disable(database, number)
    assert await spans(database, number) == [(NOON, disabled.disabled_at)]
    event = (await told(database))[-1]
    assert isinstance(event.fact, BillingPeriodClosed)
    assert event.fact.ended_at == disabled.disabled_at
    assert event.fact.number_id == number.id


@pytest.mark.requirement("S79")
async def test_an_account_may_have_its_numbers_disabled_when_they_leave(database):
    house, other = await found_account(database), await found_account(database)
    for _ in range(2):
        async with database.transaction(SUPPORT) as connection:
            await change_port_out_disabling(
                connection,
                house.id,
                disables_ported_out=True,
                by=By(caller=SUPPORT),
            )
    changes = [
        event.fact
        for event in await told(database, house.id)
        if isinstance(event.fact, PortOutDisablingChanged)
    ]
    assert [fact.disables_ported_out for fact in changes] == [True]
    ours = await add_number(database, house, phone(1), state=NumberState.ACTIVE)
    theirs = await add_number(database, other, phone(2), state=NumberState.ACTIVE)
    await port_out(database, house, ours, NOON + HOUR)
    await port_out(database, other, theirs, NOON + HOUR)
    found = await numbers_by_phone(database)
    assert found[phone(1)].state is NumberState.DISABLED
    assert found[phone(2)].state is NumberState.PORTED_OUT
    assert await spans(database, ours) == [(NOON, NOON + HOUR)]
    assert await spans(database, theirs) == [(NOON, None)]
    kinds = [type(event.fact) for event in await told(database, ours.id)]
    assert kinds[-2:] == [NumberPortedOut, NumberDisabled]


async def test_the_setting_of_an_account_is_changed_by_its_version(database):
    house = await found_account(database)

    async def change(account_id, version):
        async with database.transaction(SUPPORT) as connection:
            await change_port_out_disabling(
                connection,
                account_id,
                disables_ported_out=True,
                by=By(caller=SUPPORT, expected_version=version),
            )

    with pytest.raises(AccountNotFound):
        await change("acc_x", None)
    with pytest.raises(VersionConflict):
        await change(house.id, 1)
    version = (await told(database, house.id))[-1].sequence
    await change(house.id, version)
    assert (await told(database, house.id))[-1].sequence == version + 1


@pytest.mark.parametrize("state", [NumberState.AWAITING_FIRST_CALL, NumberState.ACTIVE])
async def test_a_snapback_ends_the_charges_and_releases_the_number(database, state):
    house = await found_account(database)
    number = await add_number(database, house, phone(1), state=state)
    for _ in range(2):
        async with database.working() as connection:
            await revert_numbers(connection, house.id, [number.line_id], NOON + HOUR)
    assert (await numbers_by_phone(database))[phone(1)].state is NumberState.RELEASED
    assert await spans(database, number) == [(NOON, NOON + HOUR)]
    kinds = [type(event.fact) for event in await told(database, number.id)]
    assert kinds.count(NumberReleased) == 1
    await review(database, house, [a_line(house.companies["Dental"], phone(1))])
    assert (await told(database, "pr_1"))[-1].type == "numbers.numbers_preconfigured.v1"


async def test_the_table_itself_refuses_periods_that_overlap(database):
    house = await found_account(database)
    number = await add_number(database, house, phone(1), state=NumberState.ACTIVE)
    with pytest.raises(asyncpg.ExclusionViolationError, match="never_overlap"):
        async with database.working() as connection:
            await connection.execute(
                """
                INSERT INTO billing_periods (account_id, number_id, id, version, started_at)
                VALUES ($1, $2, 'bp_2', 1, $3)
                """,
                house.id,
                number.id,
                NOON + HOUR,
            )


async def bill(database, house, *spans):
    """A number with these periods, whatever it did."""
    number = await add_number(database, house, phone(1))
    async with database.working() as connection:
        for place, (start, end) in enumerate(spans):
            await connection.execute(
                "INSERT INTO billing_periods VALUES ($1, $2, $3, 1, $4, $5)",
                house.id,
                number.id,
                f"bp_{place}",
                start,
                end,
            )
    return number


def march(day, hour=0):
    return datetime(2026, 3, day, hour, tzinfo=UTC)


FEBRUARY, APRIL = datetime(2026, 2, 20, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC)


@pytest.mark.requirement("S80")
@pytest.mark.parametrize(
    ("periods", "parts", "days"),
    [
        ([(march(1), march(2))], [(march(1), march(2))], 1),
        ([(march(31, 23), None)], [(march(31, 23), APRIL)], 1),
        ([(march(30, 23), APRIL + HOUR)], [(march(30, 23), APRIL)], 2),
        ([(FEBRUARY, None)], [(march(1), APRIL)], 31),
        ([(march(5, 10), march(5, 11))], [(march(5, 10), march(5, 11))], 1),
        ([(march(5), march(6, 1))], [(march(5), march(6, 1))], 2),
        (
            [(march(5), march(6, 1)), (march(6, 2), march(8))],
            [(march(5), march(6, 1)), (march(6, 2), march(8))],
            3,
        ),
        ([(FEBRUARY, march(1))], None, 0),
        ([(APRIL, None)], None, 0),
        ([(march(9), march(9))], None, 0),
    ],
)
async def test_a_day_is_billable_once_where_any_part_of_it_was(database, periods, parts, days):
    house = await found_account(database)
    number = await bill(database, house, *periods)
    async with database.working() as connection:
        page = await find_page_of_month(connection, house.id, MARCH, PAGE)
        totals = await count_month(connection, house.id, MARCH)
    found = [
        (each.number_id, [(part.started_at, part.ended_at) for part in each.parts])
        for each in page.rows
    ]
    assert found == ([(number.id, parts)] if parts else [])
    assert (totals.number_count, totals.day_count) == (1 if parts else 0, days)
    assert [each.day_count for each in page.rows] == ([days] if parts else [])
