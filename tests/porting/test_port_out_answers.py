"""Port-outs that are refused, reviewed, rescheduled, disputed and returned, on PostgreSQL."""

from datetime import timedelta

import pytest

from libs.common.timers import TimerWorker
from libs.contracts.refusals import Refusal, StateRefusal
from services.porting.domain.port_outs import PortOutStatus
from services.porting.store import port_out_numbers
from services.porting.use_cases import (
    port_out_answers,
    port_out_checklists,
    port_out_disputes,
    port_outs,
)
from tests.porting.builders import (
    OUTSIDE,
    SUPPORT,
    TIMERS,
    a_port_out,
    add_inventory,
    disable_number,
    found_house,
    now,
    phone,
    port_out_of,
    told,
    types_told,
)


async def run(database, caller, use_case, *arguments, **named) -> None:
    async with database.transaction(caller) as connection:
        await use_case(connection, caller, *arguments, **named)


async def leaving(database, *numbers):
    """A house, a port-out of these numbers, and their ids in inventory."""
    house = await found_house(database)
    ids = {number: await add_inventory(database, house, number) for number in numbers}
    return house, await a_port_out(database, house, *numbers), ids


async def gone(database, house, port_out_id, named=None) -> None:
    await run(database, house.administrator, port_out_answers.authorize_port_out, port_out_id)
    await run(database, SUPPORT, port_outs.record_ported_out, port_out_id, now(), named)


async def reject(database, house, port_out_id, code="7519", note=None) -> None:
    await run(
        database,
        house.administrator,
        port_out_answers.reject_port_out,
        port_out_id,
        code,
        note,
    )


async def dispute(database, house, port_out_id) -> None:
    await run(
        database,
        house.administrator,
        port_out_disputes.dispute_port_out,
        port_out_id,
        "Nobody here knows that carrier.",
    )


async def status_of(database, port_out_id) -> PortOutStatus:
    return (await port_out_of(database, port_out_id)).status


async def numbers_of(database, port_out_id):
    async with database.working() as connection:
        return {
            each.tracking_number: each
            for each in await port_out_numbers.find_port_out_numbers(connection, port_out_id)
        }


async def fire(database, kind) -> None:
    """Lets the timer of this kind be due now."""
    async with database.working() as connection:
        await connection.execute("UPDATE timers SET due_at = now() WHERE kind = $1", kind)
    assert await TimerWorker(database=database, kinds={kind: TIMERS[kind]}).fire_one()


async def alerts(database) -> list[str]:
    async with database.working() as connection:
        return [
            row["kind"] for row in await connection.fetch("SELECT kind FROM port_out_alerts")
        ]


async def pass_time(database, port_out_id, hours) -> None:
    async with database.working() as connection:
        await connection.execute(
            """
            UPDATE port_outs
            SET received_at = received_at - $2::interval, answer_by = answer_by - $2::interval,
              ported_out_at = ported_out_at - $2::interval
            WHERE id = $1
            """,
            port_out_id,
            timedelta(hours=hours),
        )


@pytest.mark.requirement("S73")
@pytest.mark.parametrize("code", ["UNPAID_BILLS", "7599", "7416", "", "75 19"])
async def test_only_a_lawful_reason_refuses(database, code):
    house, port_out_id, _ = await leaving(database, phone(1))
    with pytest.raises(Refusal) as refused:
        await reject(database, house, port_out_id, code, "They owe us money.")
    assert (refused.value.code, refused.value.path) == ("REASON_NOT_LAWFUL", ("input", "code"))
    assert await status_of(database, port_out_id) is PortOutStatus.RECEIVED


async def test_a_reason_that_says_little_has_to_be_explained(database):
    house, port_out_id, _ = await leaving(database, phone(1))
    with pytest.raises(Refusal) as refused:
        await reject(database, house, port_out_id, "7598", "  ")
    assert refused.value.path == ("input", "note")
    with pytest.raises(Refusal) as refused:
        await reject(database, house, port_out_id, "7598", "x" * 2001)
    assert refused.value.code == "TOO_LONG"


@pytest.mark.parametrize("code", ["7516", "7519", "7598"])
async def test_a_refusal_counts_once_support_has_confirmed_it(database, code):
    house, port_out_id, _ = await leaving(database, phone(1))
    await reject(database, house, port_out_id, code, "It is not right.")
    assert await status_of(database, port_out_id) is PortOutStatus.REJECTION_REVIEW
    for _ in range(2):
        await run(
            database, SUPPORT, port_out_answers.confirm_rejection, port_out_id, "Looked it up."
        )
    assert await types_told(database, port_out_id) == [
        "port_out_received",
        "port_out_rejection_proposed",
        "port_out_rejected",
    ]
    *_, rejected = await told(database, port_out_id)
    assert (rejected.fact.code, rejected.fact.status) == (code, "REJECTED")
    assert (await numbers_of(database, port_out_id))[phone(1)].stays_since is not None
    assert await alerts(database) == []


@pytest.mark.requirement("S73")
async def test_support_lets_a_refusal_fall_that_does_not_hold(database):
    house, port_out_id, _ = await leaving(database, phone(1))
    await reject(database, house, port_out_id)
    await run(
        database,
        SUPPORT,
        port_out_answers.overturn_rejection,
        port_out_id,
        "The name is right.",
    )
    *_, authorized = await told(database, port_out_id)
    assert (authorized.fact.overturned, authorized.fact.by_silence) == (True, False)
    assert await status_of(database, port_out_id) is PortOutStatus.AUTHORIZED


async def test_another_administrator_may_let_go_what_one_wanted_to_refuse(database):
    house, port_out_id, _ = await leaving(database, phone(1))
    await reject(database, house, port_out_id)
    await run(
        database, house.second_administrator, port_out_answers.authorize_port_out, port_out_id
    )
    assert await status_of(database, port_out_id) is PortOutStatus.AUTHORIZED


@pytest.mark.requirement("S73")
async def test_a_review_that_nobody_decides_ends_in_silence_but_not_unseen(database):
    house, port_out_id, _ = await leaving(database, phone(1))
    await reject(database, house, port_out_id)
    port_out = await port_out_of(database, port_out_id)
    assert now() < port_out.review_by < port_out.answer_by
    await fire(database, port_out_answers.REVIEW_DUE)
    assert await alerts(database) == ["REVIEW_DUE"]
    assert await status_of(database, port_out_id) is PortOutStatus.REJECTION_REVIEW
    await fire(database, port_out_answers.ANSWER_DUE)
    assert await status_of(database, port_out_id) is PortOutStatus.AUTHORIZED
    assert await alerts(database) == ["REVIEW_DUE", "REVIEW_UNDECIDED"]


async def test_a_decided_review_alerts_nobody(database):
    house, port_out_id, _ = await leaving(database, phone(1))
    await reject(database, house, port_out_id)
    await run(database, SUPPORT, port_out_answers.confirm_rejection, port_out_id, None)
    async with database.working() as connection:
        for port_out in (port_out_id, "po_x"):
            await port_out_answers.look_at_review(connection, port_out)
            await port_out_answers.look_at_unported(connection, port_out)
    assert await alerts(database) == []


@pytest.mark.requirement("S73")
async def test_after_the_answer_time_nobody_refuses_though_the_timer_is_late(database):
    house, port_out_id, _ = await leaving(database, phone(1), phone(2))
    await pass_time(database, port_out_id, 25)
    with pytest.raises(Refusal) as refused:
        await reject(database, house, port_out_id)
    assert refused.value.code == "ANSWER_TIME_PASSED"
    await pass_time(database, port_out_id, -25)
    await reject(database, house, port_out_id)
    await pass_time(database, port_out_id, 25)
    with pytest.raises(Refusal) as refused:
        await run(database, SUPPORT, port_out_answers.confirm_rejection, port_out_id, None)
    assert refused.value.code == "ANSWER_TIME_PASSED"


async def test_a_second_day_takes_the_place_of_the_first(database):
    house, port_out_id, _ = await leaving(database, phone(1))
    await run(database, house.administrator, port_out_answers.authorize_port_out, port_out_id)
    first = now().date() + timedelta(days=2)
    for day in (first, first, first + timedelta(days=1)):
        await run(database, SUPPORT, port_outs.schedule_port_out, port_out_id, day)
    types = await types_told(database, port_out_id)
    assert types.count("port_out_scheduled") == 2
    assert (await port_out_of(database, port_out_id)).firm_date == first + timedelta(days=1)


async def test_a_carrier_that_never_takes_its_numbers_is_asked_about(database):
    house, port_out_id, _ = await leaving(database, phone(1))
    await run(database, house.administrator, port_out_answers.authorize_port_out, port_out_id)
    await fire(database, port_out_answers.PORT_DUE)
    assert await alerts(database) == ["NEVER_PORTED"]
    assert await status_of(database, port_out_id) is PortOutStatus.AUTHORIZED


async def test_some_numbers_may_leave_before_the_others(database):
    house, port_out_id, _ = await leaving(database, phone(1), phone(2))
    await gone(database, house, port_out_id, [phone(1)])
    port_out = await port_out_of(database, port_out_id)
    assert (port_out.status, port_out.leaving_count) == (PortOutStatus.PORTED_OUT, 1)
    *_, ported = await told(database, port_out_id)
    assert ported.fact.tracking_numbers == [phone(1)]
    confirm = port_out_checklists.confirm_gaining_carrier
    with pytest.raises(Refusal) as refused:
        await run(database, house.administrator, confirm, port_out_id, phone(2))
    assert refused.value.code == "NUMBER_NOT_GONE_YET"
    for _ in range(2):
        await run(database, SUPPORT, port_outs.record_ported_out, port_out_id, now())
    assert (await types_told(database, port_out_id)).count("port_out_ported") == 2
    assert (await port_out_of(database, port_out_id)).leaving_count == 0


@pytest.mark.parametrize(("named", "code"), [([], "REQUIRED"), ([phone(9)], "NOT_FOUND")])
async def test_only_numbers_of_the_port_out_leave_by_it(database, named, code):
    house, port_out_id, _ = await leaving(database, phone(1))
    await run(database, house.administrator, port_out_answers.authorize_port_out, port_out_id)
    with pytest.raises(Refusal) as refused:
        await run(database, SUPPORT, port_outs.record_ported_out, port_out_id, now(), named)
    assert refused.value.code == code


async def test_support_cancels_for_a_carrier_until_the_last_number_has_left(database):
    house, port_out_id, ids = await leaving(database, phone(1), phone(2))
    await gone(database, house, port_out_id, [phone(1)])
    await disable_number(database, house, ids[phone(1)], phone(1))
    for use_case, given in (
        (port_out_checklists.confirm_gaining_carrier, {}),
        (
            port_out_checklists.record_test_call,
            {"calling_number": OUTSIDE, "called_at": now()},
        ),
    ):
        await run(database, SUPPORT, use_case, port_out_id, phone(1), **given)
    await run(database, SUPPORT, port_outs.cancel_port_out, port_out_id, "They said so.")
    assert await status_of(database, port_out_id) is PortOutStatus.CONFIRMED
    with pytest.raises(StateRefusal):
        await run(database, SUPPORT, port_outs.cancel_port_out, port_out_id, "Again.")
    confirmed = (await numbers_of(database, port_out_id))[phone(1)]
    assert confirmed.gaining_carrier_confirmed_by == "support:desk"
    assert confirmed.disabled_by == house.administrator.member_id


@pytest.mark.requirement("S73")
async def test_what_nobody_wanted_comes_back(database):
    house, port_out_id, _ = await leaving(database, phone(1), phone(2))
    await gone(database, house, port_out_id, [phone(1)])
    for _ in range(2):
        await dispute(database, house, port_out_id)
    assert await status_of(database, port_out_id) is PortOutStatus.DISPUTED
    for _ in range(2):
        await run(database, SUPPORT, port_out_disputes.record_returned, port_out_id, now())
    *_, returned, cancelled = await told(database, port_out_id)
    assert returned.type == "porting.port_out_returned.v1"
    assert (returned.fact.status, returned.fact.tracking_numbers) == ("RETURNED", [phone(1)])
    assert cancelled.fact.tracking_numbers == [phone(2)]
    assert (await types_told(database, port_out_id)).count("port_out_disputed") == 1


async def test_a_dispute_needs_words_and_comes_within_a_day(database):
    house, port_out_id, _ = await leaving(database, phone(1))
    await gone(database, house, port_out_id)
    with pytest.raises(Refusal) as refused:
        await run(
            database, house.administrator, port_out_disputes.dispute_port_out, port_out_id, " "
        )
    assert refused.value.path == ("input", "statement")
    await pass_time(database, port_out_id, 25)
    with pytest.raises(Refusal) as refused:
        await dispute(database, house, port_out_id)
    assert refused.value.code == "DISPUTE_TOO_LATE"


async def test_numbers_come_back_after_they_left(database):
    house, port_out_id, _ = await leaving(database, phone(1))
    await gone(database, house, port_out_id)
    await dispute(database, house, port_out_id)
    for at in (now() + timedelta(days=1), now() - timedelta(days=1)):
        with pytest.raises(Refusal) as refused:
            await run(database, SUPPORT, port_out_disputes.record_returned, port_out_id, at)
        assert refused.value.path == ("input", "returnedAt")


async def test_a_refused_dispute_goes_on_where_the_checklist_was(database):
    house, port_out_id, ids = await leaving(database, phone(1))
    await gone(database, house, port_out_id)
    administrator = house.administrator
    await run(
        database,
        administrator,
        port_out_checklists.confirm_gaining_carrier,
        port_out_id,
        phone(1),
    )
    await run(
        database,
        administrator,
        port_out_checklists.record_test_call,
        port_out_id,
        phone(1),
        calling_number=OUTSIDE,
        called_at=now(),
    )
    await dispute(database, house, port_out_id)
    await disable_number(database, house, ids[phone(1)], phone(1))
    assert await status_of(database, port_out_id) is PortOutStatus.DISPUTED
    for _ in range(2):
        await run(
            database, SUPPORT, port_out_disputes.refuse_dispute, port_out_id, "They signed it."
        )
    assert await status_of(database, port_out_id) is PortOutStatus.CONFIRMED
    assert (await types_told(database, port_out_id))[-2:] == [
        "port_out_dispute_refused",
        "port_out_confirmed",
    ]


async def confirm(database, house, port_out_id, number, number_id) -> None:
    administrator = house.administrator
    for use_case, given in (
        (port_out_checklists.confirm_gaining_carrier, {}),
        (
            port_out_checklists.record_test_call,
            {"calling_number": OUTSIDE, "called_at": now()},
        ),
    ):
        await run(database, administrator, use_case, port_out_id, number, **given)
    await disable_number(database, house, number_id, number)


@pytest.mark.requirement("S82")
async def test_a_dispute_tells_nothing_of_numbers_that_are_confirmed(database):
    house, port_out_id, ids = await leaving(database, phone(1), phone(2))
    await gone(database, house, port_out_id)
    await confirm(database, house, port_out_id, phone(1), ids[phone(1)])
    await dispute(database, house, port_out_id)
    await run(
        database, SUPPORT, port_out_disputes.refuse_dispute, port_out_id, "They signed it."
    )
    *_, disputed, refused = await told(database, port_out_id)
    assert disputed.type == "porting.port_out_disputed.v1"
    for event in (disputed, refused):
        assert event.fact.tracking_numbers == [phone(2)]


async def test_times_that_cannot_be_are_refused(database):
    house, port_out_id, _ = await leaving(database, phone(1))
    await run(database, house.administrator, port_out_answers.authorize_port_out, port_out_id)
    yesterday = now() - timedelta(days=1)
    record = port_outs.record_ported_out
    with pytest.raises(Refusal) as refused:
        await run(database, SUPPORT, record, port_out_id, yesterday)
    assert refused.value.path == ("input", "portedOutAt")
    await run(database, SUPPORT, record, port_out_id, now())
    with pytest.raises(Refusal) as refused:
        await run(
            database,
            house.administrator,
            port_out_checklists.record_test_call,
            port_out_id,
            phone(1),
            calling_number=OUTSIDE,
            called_at=yesterday,
        )
    assert refused.value.code == "TEST_CALL_NOT_VALID"


async def test_a_port_that_is_told_after_the_end_changes_nothing(database):
    house, port_out_id, _ = await leaving(database, phone(1))
    await gone(database, house, port_out_id)
    await dispute(database, house, port_out_id)
    await run(database, SUPPORT, port_out_disputes.record_returned, port_out_id, now())
    before = await types_told(database, port_out_id)
    await run(database, SUPPORT, port_outs.record_ported_out, port_out_id, now())
    assert await types_told(database, port_out_id) == before
