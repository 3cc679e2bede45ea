"""Port-outs from the report to the last confirmation, on a real PostgreSQL."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from libs.common.timers import TimerWorker
from libs.contracts.number_events import NumberReleased, NumberRestored
from libs.contracts.refusals import Refusal, StateRefusal
from services.porting.domain.port_outs import PortOutStatus
from services.porting.store import port_out_numbers as number_store
from services.porting.store import port_outs as store
from services.porting.use_cases import port_out_answers, port_out_checklists, port_outs
from tests.porting.builders import (
    OUTSIDE,
    SUPPORT,
    TIMERS,
    a_port_out,
    add_inventory,
    disable_number,
    found_house,
    hear,
    heard,
    now,
    phone,
    port_out_of,
    port_out_reported,
    told,
    types_told,
)


async def leaving(database, house, *numbers) -> tuple[str, dict[str, str]]:
    """A port-out of these numbers, and their ids in inventory."""
    ids = {number: await add_inventory(database, house, number) for number in numbers}
    return await a_port_out(database, house, *numbers), ids


def number_restored(house, number) -> NumberRestored:
    return NumberRestored(
        account_id=house.id,
        company_id=house.dental,
        tracking_number=number,
        state="ACTIVE",
        port_request_id=None,
        restored_at=now(),
        restored_by=house.administrator.member_id,
    )


async def run(database, caller, use_case, *arguments, **named) -> None:
    async with database.transaction(caller) as connection:
        await use_case(connection, caller, *arguments, **named)


async def gone(database, house, port_out_id) -> None:
    await run(database, house.administrator, port_out_answers.authorize_port_out, port_out_id)
    await run(database, SUPPORT, port_outs.record_ported_out, port_out_id, now())


async def call_test(database, house, port_out_id, number, calling=OUTSIDE, at=None) -> None:
    await run(
        database,
        house.administrator,
        port_out_checklists.record_test_call,
        port_out_id,
        number,
        calling_number=calling,
        called_at=at or now(),
    )


async def confirm(database, house, port_out_id, number) -> None:
    await run(
        database,
        house.administrator,
        port_out_checklists.confirm_gaining_carrier,
        port_out_id,
        number,
    )


async def status_of(database, port_out_id) -> PortOutStatus:
    return (await port_out_of(database, port_out_id)).status


async def count_timers(database) -> int:
    """Of answers that are waited for."""
    async with database.working() as connection:
        return await connection.fetchval(
            "SELECT count(*) FROM timers WHERE kind = 'port_out_answer_due'"
        )


@pytest.mark.requirement("S73", "S74", "S77", "S82")
async def test_a_port_out_goes_from_report_to_confirmed(database):
    house = await found_house(database)
    port_out_id, ids = await leaving(database, house, phone(1), phone(2))

    await run(database, house.administrator, port_out_answers.authorize_port_out, port_out_id)
    day = now().date() + timedelta(days=2)
    await run(database, SUPPORT, port_outs.schedule_port_out, port_out_id, day)
    await run(database, SUPPORT, port_outs.record_ported_out, port_out_id, now())
    for number in (phone(1), phone(2)):
        assert await status_of(database, port_out_id) is PortOutStatus.PORTED_OUT
        await confirm(database, house, port_out_id, number)
        await call_test(database, house, port_out_id, number)
        await disable_number(database, house, ids[number], number)

    assert await status_of(database, port_out_id) is PortOutStatus.CONFIRMED
    steps = ["port_out_checklist_changed"] * 3 + ["port_out_confirmed"]
    assert await types_told(database, port_out_id) == [
        "port_out_received",
        "port_out_authorized",
        "port_out_scheduled",
        "port_out_ported",
        *steps,
        *steps,
    ]
    first, last = [
        event.fact
        for event in await told(database, port_out_id)
        if event.type == "porting.port_out_confirmed.v1"
    ]
    assert (first.tracking_number, first.status) == (phone(1), "PORTED_OUT")
    assert (last.tracking_number, last.status) == (phone(2), "CONFIRMED")


@pytest.mark.requirement("S77")
async def test_the_checklist_may_be_worked_in_any_order(database):
    house = await found_house(database)
    port_out_id, ids = await leaving(database, house, phone(1))
    await disable_number(database, house, ids[phone(1)], phone(1))
    await gone(database, house, port_out_id)
    await call_test(database, house, port_out_id, phone(1))
    assert await status_of(database, port_out_id) is PortOutStatus.PORTED_OUT
    await confirm(database, house, port_out_id, phone(1))
    assert await status_of(database, port_out_id) is PortOutStatus.CONFIRMED


async def test_a_step_done_twice_is_done_once(database):
    house = await found_house(database)
    port_out_id, ids = await leaving(database, house, phone(1))
    await gone(database, house, port_out_id)
    for _ in range(2):
        await confirm(database, house, port_out_id, phone(1))
        await call_test(database, house, port_out_id, phone(1))
        await disable_number(database, house, ids[phone(1)], phone(1))
    types = await types_told(database, port_out_id)
    assert types.count("port_out_checklist_changed") == 3
    assert types.count("port_out_confirmed") == 1


@pytest.mark.requirement("S74")
async def test_the_same_report_twice_makes_one_port_out(database):
    house = await found_house(database)
    await add_inventory(database, house, phone(1))
    await asyncio.gather(*(hear(database, port_out_reported(phone(1))) for _ in range(5)))
    async with database.working() as connection:
        [row] = await connection.fetch("SELECT id FROM port_outs")
    assert await types_told(database, row["id"]) == ["port_out_received"]
    assert await count_timers(database) == 1


async def test_a_report_over_two_accounts_is_one_port_out_for_each(database):
    ours, theirs = await found_house(database), await found_house(database)
    await add_inventory(database, ours, phone(1))
    await add_inventory(database, theirs, phone(2))
    await hear(database, port_out_reported(phone(1), phone(2)))
    async with database.working() as connection:
        rows = await connection.fetch(
            "SELECT account_id, tracking_number FROM port_out_numbers"
        )
    assert {tuple(row) for row in rows} == {(ours.id, phone(1)), (theirs.id, phone(2))}


@pytest.mark.requirement("S73")
async def test_silence_authorizes_when_the_time_has_passed(database):
    house = await found_house(database)
    port_out_id, _ = await leaving(database, house, phone(1))
    timers = TimerWorker(database=database, kinds=TIMERS)
    assert await timers.fire_one() is False

    async with database.working() as connection:
        await connection.execute("UPDATE timers SET due_at = now()")
    assert await timers.fire_one() is True

    port_out = await port_out_of(database, port_out_id)
    assert (port_out.status, port_out.authorized_by) == (PortOutStatus.AUTHORIZED, None)
    *_, authorized = await told(database, port_out_id)
    assert authorized.fact.by_silence is True
    assert await count_timers(database) == 0


async def test_an_answer_ends_the_wait(database):
    house = await found_house(database)
    port_out_id, _ = await leaving(database, house, phone(1))
    await run(database, house.administrator, port_out_answers.authorize_port_out, port_out_id)
    *_, authorized = await told(database, port_out_id)
    assert authorized.fact.by_silence is False
    assert await count_timers(database) == 0


async def test_answer_and_silence_at_once_authorize_once(database):
    house = await found_house(database)
    port_out_id, _ = await leaving(database, house, phone(1))
    async with database.working() as connection:
        await connection.execute("UPDATE timers SET due_at = now()")
    timers = TimerWorker(database=database, kinds=TIMERS)
    await asyncio.gather(
        timers.fire_one(),
        run(database, house.administrator, port_out_answers.authorize_port_out, port_out_id),
        run(
            database,
            house.second_administrator,
            port_out_answers.authorize_port_out,
            port_out_id,
        ),
    )
    assert (await types_told(database, port_out_id)).count("port_out_authorized") == 1


async def test_an_answer_does_not_wait_for_a_silence_that_waits_for_it(database):
    house = await found_house(database)
    port_out_id, _ = await leaving(database, house, phone(1))
    async with database.working() as connection:
        await connection.execute("UPDATE timers SET due_at = now()")
    timers = TimerWorker(database=database, kinds=TIMERS)

    async with database.transaction(house.administrator) as connection:
        await store.lock_port_out(connection, port_out_id)
        firing = asyncio.create_task(fire(timers))
        async with asyncio.timeout(5):
            while await count_free_timers(database):  # noqa: ASYNC110 - a lock tells nobody
                await asyncio.sleep(0.01)
        await port_out_answers.authorize_port_out(connection, house.administrator, port_out_id)
    await firing

    assert await count_timers(database) == 0
    assert (await types_told(database, port_out_id)).count("port_out_authorized") == 1


async def fire(timers) -> None:
    """Again where the counting below held the row just then."""
    while not await timers.fire_one():  # noqa: ASYNC110 - a lock tells nobody
        await asyncio.sleep(0.01)


async def count_free_timers(database) -> int:
    async with database.working() as connection:
        return len(await connection.fetch("SELECT FROM timers FOR UPDATE SKIP LOCKED"))


async def test_silence_after_the_end_changes_nothing(database):
    house = await found_house(database)
    port_out_id, _ = await leaving(database, house, phone(1))
    await gone(database, house, port_out_id)
    before = await types_told(database, port_out_id)
    async with database.working() as connection:
        await port_out_answers.authorize_by_silence(connection, port_out_id)
        await port_out_answers.authorize_by_silence(connection, "po_x")
    assert await types_told(database, port_out_id) == before


@pytest.mark.requirement("S78")
async def test_a_test_call_from_the_port_out_or_the_inventory_proves_nothing(database):
    house = await found_house(database)
    await add_inventory(database, house, phone(9))
    port_out_id, ids = await leaving(database, house, phone(1), phone(2))
    await gone(database, house, port_out_id)
    await disable_number(database, house, ids[phone(2)], phone(2))
    disabled = await add_inventory(database, house, phone(8))
    await disable_number(database, house, disabled, phone(8))
    for calling in (phone(1), phone(2), phone(8), phone(9)):
        with pytest.raises(Refusal) as refused:
            await call_test(database, house, port_out_id, phone(1), calling)
        assert (refused.value.code, refused.value.path) == (
            "TEST_CALL_NOT_VALID",
            ("input", "callingNumber"),
        )


@pytest.mark.requirement("S78")
async def test_a_test_call_from_another_accounts_number_is_fine(database):
    house, other = await found_house(database), await found_house(database)
    await add_inventory(database, other, phone(9))
    port_out_id, _ = await leaving(database, house, phone(1))
    await gone(database, house, port_out_id)
    await call_test(database, house, port_out_id, phone(1), phone(9))
    async with database.working() as connection:
        (number,) = await number_store.find_port_out_numbers(connection, port_out_id)
    assert number.test_call_from == phone(9)


async def test_times_and_days_are_checked(database):
    house = await found_house(database)
    port_out_id, _ = await leaving(database, house, phone(1))
    await run(database, house.administrator, port_out_answers.authorize_port_out, port_out_id)
    tomorrow = now() + timedelta(days=1)
    with pytest.raises(Refusal) as refused:
        await run(database, SUPPORT, port_outs.record_ported_out, port_out_id, tomorrow)
    assert refused.value.path == ("input", "portedOutAt")
    for days in (-2, 31):
        day = now().date() + timedelta(days=days)
        with pytest.raises(Refusal) as refused:
            await run(database, SUPPORT, port_outs.schedule_port_out, port_out_id, day)
        assert refused.value.path == ("input", "firmDate")
    await run(database, SUPPORT, port_outs.record_ported_out, port_out_id, now())
    with pytest.raises(Refusal) as refused:
        await call_test(database, house, port_out_id, phone(1), at=tomorrow)
    assert refused.value.path == ("input", "calledAt")


async def test_what_is_not_possible_now_says_what_is(database):
    house = await found_house(database)
    port_out_id, _ = await leaving(database, house, phone(1))
    with pytest.raises(StateRefusal) as refused:
        await run(database, SUPPORT, port_outs.record_ported_out, port_out_id, now())
    assert (refused.value.status, refused.value.available_actions) == ("RECEIVED", ("CANCEL",))
    with pytest.raises(StateRefusal) as refused:
        await confirm(database, house, port_out_id, phone(1))
    assert refused.value.available_actions == ("AUTHORIZE", "REJECT")
    await gone(database, house, port_out_id)
    with pytest.raises(StateRefusal) as refused:
        await run(
            database, house.administrator, port_out_answers.authorize_port_out, port_out_id
        )
    assert (refused.value.status, refused.value.available_actions) == (
        "PORTED_OUT",
        ("CONFIRM", "DISPUTE"),
    )
    with pytest.raises(Refusal) as refused:
        await confirm(database, house, port_out_id, phone(2))
    assert (refused.value.code, refused.value.path) == (
        "NOT_FOUND",
        ("input", "trackingNumber"),
    )


async def test_what_a_carrier_says_twice_or_late_is_no_error(database):
    house = await found_house(database)
    port_out_id, _ = await leaving(database, house, phone(1))
    day = now().date()
    await run(database, house.administrator, port_out_answers.authorize_port_out, port_out_id)
    await run(database, SUPPORT, port_outs.schedule_port_out, port_out_id, day)
    await run(database, SUPPORT, port_outs.schedule_port_out, port_out_id, day)
    await run(database, SUPPORT, port_outs.record_ported_out, port_out_id, now())
    before = await types_told(database, port_out_id)
    await run(database, SUPPORT, port_outs.schedule_port_out, port_out_id, day)
    await run(database, SUPPORT, port_outs.record_ported_out, port_out_id, now())
    assert await types_told(database, port_out_id) == before


async def test_a_number_that_is_disabled_twice_is_ticked_once(database):
    house = await found_house(database)
    port_out_id, number_ids = await leaving(database, house, phone(1), phone(2))
    await gone(database, house, port_out_id)
    async with database.working() as connection:
        for _ in range(2):
            await port_out_checklists.note_number_disabled(
                connection, number_ids[phone(1)], now(), "mem_x"
            )
    told = await types_told(database, port_out_id)
    assert told.count("port_out_checklist_changed") == 1


@pytest.mark.requirement("S79")
async def test_a_number_that_snapped_back_while_it_was_leaving_needs_no_disabling(database):
    house = await found_house(database)
    port_out_id, number_ids = await leaving(database, house, phone(1))
    released = NumberReleased(
        account_id=house.id,
        company_id=house.dental,
        tracking_number=phone(1),
        state="RELEASED",
        port_request_id=None,
    )
    for sequence in (10, 10):
        await hear(database, heard(released, subject=number_ids[phone(1)], sequence=sequence))
    await gone(database, house, port_out_id)
    await confirm(database, house, port_out_id, phone(1))
    await call_test(database, house, port_out_id, phone(1))
    assert await status_of(database, port_out_id) is PortOutStatus.CONFIRMED
    async with database.working() as connection:
        [number] = await number_store.find_port_out_numbers(connection, port_out_id)
    assert number.disabled_by == "support"
    assert (await types_told(database, port_out_id)).count("port_out_checklist_changed") == 3


async def test_an_old_disabling_that_is_told_again_does_not_tick_off_a_later_port_out(
    database,
):
    house = await found_house(database)
    number_id = await add_inventory(database, house, phone(1))
    disabled = await disable_number(database, house, number_id, phone(1))
    restored = heard(
        number_restored(house, phone(1)), subject=number_id, sequence=disabled.sequence + 1
    )
    await hear(database, restored)
    port_out_id = await a_port_out(database, house, phone(1))
    await gone(database, house, port_out_id)
    await confirm(database, house, port_out_id, phone(1))
    await call_test(database, house, port_out_id, phone(1))
    before = await types_told(database, port_out_id)

    await hear(
        database,
        *(replace(said, id=uuid4(), replay_of=said.id) for said in (disabled, restored)),
    )

    assert await status_of(database, port_out_id) is PortOutStatus.PORTED_OUT
    assert await types_told(database, port_out_id) == before


@pytest.mark.requirement("S79")
async def test_a_number_that_is_restored_before_it_leaves_has_to_be_disabled_again(database):
    house = await found_house(database)
    port_out_id, number_ids = await leaving(database, house, phone(1))
    number_id = number_ids[phone(1)]
    await disable_number(database, house, number_id, phone(1))
    restored = number_restored(house, phone(1))
    for sequence in (10, 10):
        await hear(database, heard(restored, subject=number_id, sequence=sequence))
    await gone(database, house, port_out_id)
    await run(
        database,
        house.administrator,
        port_out_checklists.confirm_gaining_carrier,
        port_out_id,
        phone(1),
    )
    await call_test(database, house, port_out_id, phone(1))
    assert (await port_out_of(database, port_out_id)).status is PortOutStatus.PORTED_OUT
    async with database.working() as connection:
        await port_out_checklists.note_number_disabled(connection, number_id, now(), "mem_x")
    assert (await port_out_of(database, port_out_id)).status is PortOutStatus.CONFIRMED
    steps = [
        event.fact.step
        for event in await told(database, port_out_id)
        if event.type == "porting.port_out_checklist_changed.v1"
    ]
    assert steps == [
        "number_disabled",
        "number_restored",
        "gaining_carrier_confirmed",
        "test_call_recorded",
        "number_disabled",
    ]
