"""Gaining carriers' reports on a real PostgreSQL: each number gets its answer."""

import asyncio
from datetime import timedelta

import pytest

from libs.contracts.number_events import (
    FirstCallReceived,
    NumbersPreconfigured,
    PreconfiguredNumber,
)
from services.porting.domain.port_out_reports import MOST_NUMBERS, Report
from services.porting.domain.port_outs import PortOutStatus
from services.porting.use_cases import (
    port_out_answers,
    port_out_locks,
    port_out_pins,
    port_out_reports,
    port_outs,
)
from tests.porting import builders
from tests.porting.builders import (
    SUPPORT,
    a_full_draft,
    a_line,
    add_inventory,
    disable_number,
    found_house,
    hear,
    heard,
    now,
    phone,
    port_out_of,
    submit,
    told,
    types_told,
)

A_DAY = timedelta(days=1)


def a_report(*numbers, reference="R-1", version=1, **changes) -> Report:
    return Report.of(
        **{
            "gaining_carrier": "New Telecom",
            "reference": reference,
            "version": version,
            "numbers": numbers,
            "answer_by": now() + A_DAY,
            **changes,
        }
    )


async def report(database, *numbers, **changes) -> dict[str, tuple[str, str | None]]:
    """Each number's code and port-out."""
    async with database.working() as connection:
        _, answers = await port_out_reports.receive_report(
            connection, a_report(*numbers, **changes)
        )
    return {each.tracking_number: (each.code, each.port_out_id) for each in answers}


async def codes(database, *numbers, **changes) -> dict[str, str]:
    answers = await report(database, *numbers, **changes)
    return {number: code for number, (code, _) in answers.items()}


async def opened(database, *numbers, **changes) -> str:
    """The one port-out that the report made."""
    [port_out_id] = {
        made for _, made in (await report(database, *numbers, **changes)).values()
    }
    return port_out_id


async def withdraw(database, reference="R-1") -> bool:
    async with database.working() as connection:
        return await port_out_reports.withdraw_reference(connection, "New Telecom", reference)


async def alerts(database) -> set[tuple[str, str | None, int]]:
    async with database.working() as connection:
        rows = await connection.fetch(
            "SELECT kind, finding, number_count FROM port_out_alerts"
        )
    return {tuple(row) for row in rows}


async def status_of(database, port_out_id) -> PortOutStatus:
    return (await port_out_of(database, port_out_id)).status


async def as_administrator(database, house, use_case, *arguments) -> None:
    async with database.transaction(house.administrator) as connection:
        await use_case(connection, house.administrator, *arguments)


async def as_support(database, use_case, *arguments) -> None:
    async with database.transaction(SUPPORT) as connection:
        await use_case(connection, SUPPORT, *arguments)


async def preconfigure(database, house, number) -> None:
    fact = NumbersPreconfigured(
        account_id=house.id,
        batch=1,
        of=1,
        numbers=[
            PreconfiguredNumber(
                number_id="num_x",
                line_id="ln_x",
                tracking_number=number,
                company_id=house.dental,
            )
        ],
    )
    await hear(database, heard(fact, subject="pr_x"))


@pytest.mark.requirement("S73", "S74")
async def test_each_number_is_answered_and_what_can_leave_goes_on(database):
    ours, theirs = await found_house(database), await found_house(database)
    await add_inventory(database, ours, phone(1))
    await add_inventory(database, theirs, phone(2))
    await preconfigure(database, ours, phone(3))
    number_id = await add_inventory(database, ours, phone(4))
    await disable_number(database, ours, number_id, phone(4))
    await add_inventory(database, ours, phone(5))
    await report(database, phone(5), reference="R-0")

    answers = await report(
        database, "(212) 555-0001", *(phone(place) for place in (1, 2, 3, 4, 5, 6)), "1.8E+10"
    )

    assert {number: code for number, (code, _) in answers.items()} == {
        phone(1): "ACCEPTED",
        phone(2): "ACCEPTED",
        phone(3): "7516",
        phone(4): "7518",
        phone(5): "7598",
        phone(6): "7516",
        "1.8E+10": "7598",
    }
    first, second = answers[phone(1)][1], answers[phone(2)][1]
    assert (await port_out_of(database, first)).account_id == ours.id
    assert (await port_out_of(database, second)).account_id == theirs.id
    assert await alerts(database) == {
        ("ODD_NUMBERS", "STILL_PORTING_IN", 1),
        ("ODD_NUMBERS", "DISABLED", 1),
        ("ODD_NUMBERS", "IN_ANOTHER_PORT_OUT", 1),
        ("ODD_NUMBERS", "UNKNOWN", 1),
        ("ODD_NUMBERS", "UNREADABLE", 1),
    }


async def test_a_number_that_was_called_before_its_port_cannot_leave_yet(database):
    house = await found_house(database)
    added = [a_line(house.dental, phone(1))]
    request_id = await a_full_draft(database, house.administrator, house.dental, added)
    await submit(database, house.administrator, request_id)
    number_id = (await builders.preconfigure(database, request_id))[phone(1)]
    called = FirstCallReceived(
        account_id=house.id,
        company_id=house.dental,
        tracking_number=phone(1),
        state="ACTIVE",
        port_request_id=request_id,
        called_at=now(),
    )
    await hear(database, heard(called, subject=number_id, sequence=2))
    assert await report(database, phone(1)) == {phone(1): ("7516", None)}
    assert await alerts(database) == {("ODD_NUMBERS", "STILL_PORTING_IN", 1)}


async def test_the_carrier_is_told_by_an_event_that_names_no_account(database):
    house = await found_house(database)
    await add_inventory(database, house, phone(1))
    await report(database, phone(1), phone(2))
    async with database.working() as connection:
        report_id = await connection.fetchval("SELECT id FROM port_out_reports")
        body = await connection.fetchval(
            "SELECT body FROM outbox WHERE subject = $1", report_id
        )
    [event] = await told(database, report_id)
    assert {each.tracking_number: each.code for each in event.fact.answers} == {
        phone(1): "ACCEPTED",
        phone(2): "7516",
    }
    assert not [secret for secret in ("acc_", "co_", "po_") if secret in body]


@pytest.mark.requirement("S74")
async def test_the_same_report_again_answers_the_same_and_makes_nothing(database):
    house = await found_house(database)
    await add_inventory(database, house, phone(1))
    answers = await asyncio.gather(*(report(database, phone(1), phone(2)) for _ in range(4)))
    assert all(answer == answers[0] for answer in answers)
    async with database.working() as connection:
        made = await connection.fetch("SELECT id FROM port_outs")
    assert len(made) == 1
    assert len(await alerts(database)) == 1


async def test_other_numbers_under_the_same_reference_are_a_mistake(database):
    house = await found_house(database)
    for place in (1, 2):
        await add_inventory(database, house, phone(place))
    await report(database, phone(1))
    answers = await codes(database, phone(1), phone(2))
    assert answers == {phone(1): "ACCEPTED", phone(2): "7598"}
    assert await alerts(database) == {("ODD_NUMBERS", "REFERENCE_REUSED", 1)}
    async with database.working() as connection:
        report_id = await connection.fetchval("SELECT id FROM port_out_reports")
    assert await types_told(database, report_id) == ["port_out_report_answered"] * 2


async def test_two_references_at_once_open_one_port_out(database):
    house = await found_house(database)
    await add_inventory(database, house, phone(1))
    answers = await asyncio.gather(
        *(codes(database, phone(1), reference=f"R-{place}") for place in range(4))
    )
    assert sorted(answer[phone(1)] for answer in answers) == ["7598"] * 3 + ["ACCEPTED"]


async def test_a_later_version_takes_the_place_of_one_that_still_asks(database):
    house = await found_house(database)
    for place in (1, 2):
        await add_inventory(database, house, phone(place))
    first = await opened(database, phone(1), phone(2))
    second = await opened(database, phone(1), version=2)
    assert await status_of(database, first) is PortOutStatus.CANCELLED
    assert (await port_out_of(database, second)).report_version == 2
    assert await codes(database, phone(2), reference="R-9") == {phone(2): "ACCEPTED"}
    assert await codes(database, phone(1), version=0) == {phone(1): "ACCEPTED"}


async def test_an_earlier_version_that_comes_late_changes_nothing(database):
    house = await found_house(database)
    await add_inventory(database, house, phone(1))
    second = await opened(database, phone(1), version=2)
    assert await codes(database, phone(1)) == {phone(1): "7598"}
    assert await types_told(database, second) == ["port_out_received"]


async def test_a_later_version_of_what_is_authorized_changes_nothing(database):
    house = await found_house(database)
    await add_inventory(database, house, phone(1))
    port_out_id = await opened(database, phone(1))
    await as_administrator(database, house, port_out_answers.authorize_port_out, port_out_id)
    assert await report(database, phone(1), version=2) == {phone(1): ("ACCEPTED", port_out_id)}
    assert await status_of(database, port_out_id) is PortOutStatus.AUTHORIZED


async def test_what_still_leaves_is_told_so_also_when_its_sister_has_left(database):
    house = await found_house(database)
    for place in (1, 2):
        await add_inventory(database, house, phone(place))
    port_out_id = await opened(database, phone(1), phone(2))
    await as_administrator(database, house, port_out_answers.authorize_port_out, port_out_id)
    await as_support(database, port_outs.record_ported_out, port_out_id, now(), [phone(1)])
    assert await report(database, phone(2), version=2) == {phone(2): ("ACCEPTED", port_out_id)}


async def test_a_correctable_refusal_is_supplemented_by_the_next_version(database):
    house = await found_house(database)
    await add_inventory(database, house, phone(1))
    await add_inventory(database, house, phone(2))
    first = await opened(database, phone(1), phone(2))
    reject = port_out_answers.reject_port_out
    await as_administrator(database, house, reject, first, "7519", None)
    await as_support(database, port_out_answers.confirm_rejection, first, None)
    assert await status_of(database, first) is PortOutStatus.REJECTED
    second = await opened(database, phone(1), version=2)
    port_out = await port_out_of(database, second)
    assert (port_out.status, port_out.supplements) == (PortOutStatus.RECEIVED, first)


async def test_a_refusal_for_good_needs_another_reference(database):
    house = await found_house(database)
    await add_inventory(database, house, phone(1))
    first = await opened(database, phone(1))
    reject = port_out_answers.reject_port_out
    await as_administrator(database, house, reject, first, "7516", None)
    await as_support(database, port_out_answers.confirm_rejection, first, None)
    assert await codes(database, phone(1), version=2) == {phone(1): "7598"}
    assert await codes(database, phone(1), reference="R-2") == {phone(1): "ACCEPTED"}


@pytest.mark.requirement("S73")
async def test_the_gates_stand_in_their_order_and_stop_only_what_they_must(database):
    house = await found_house(database)
    for place in (1, 2):
        await add_inventory(database, house, phone(place))
    async with database.transaction(house.administrator) as connection:
        await port_out_locks.lock_port_out(
            connection,
            house.administrator,
            None,
            [phone(1)],
            reason=None,
            expected_version=None,
        )
        await port_out_pins.set_port_out_pin(
            connection, house.administrator, "482190", expected_version=None
        )
    assert await codes(database, phone(1), phone(2)) == {phone(1): "7598", phone(2): "7512"}
    wrong = await codes(database, phone(1), phone(2), version=2, pin="482191")
    assert wrong == {phone(1): "7598", phone(2): "7513"}
    right = await report(database, phone(1), phone(2), version=3, pin="482190")
    assert {number: code for number, (code, _) in right.items()} == {
        phone(1): "7598",
        phone(2): "ACCEPTED",
    }
    locked = right[phone(1)][1]
    assert await types_told(database, locked) == ["port_out_received", "port_out_rejected"]
    port_out = await port_out_of(database, locked)
    assert (port_out.status, port_out.rejection_code) == (PortOutStatus.REJECTED, "7598")
    async with database.working() as connection:
        kept = await connection.fetch("SELECT body FROM outbox")
    assert not [row for row in kept if "48219" in row["body"]]


async def test_a_report_of_too_many_numbers_is_answered_and_seen(database):
    numbers = [phone(place) for place in range(MOST_NUMBERS + 1)]
    assert set((await codes(database, *numbers)).values()) == {"7517"}
    assert await alerts(database) == {("ODD_NUMBERS", "TOO_MANY_NUMBERS", len(numbers))}


async def test_a_report_of_no_numbers_is_for_a_person(database):
    assert await codes(database) == {}
    assert await alerts(database) == {("NO_NUMBERS", None, 0)}


async def test_many_numbers_travel_in_batches_of_five_hundred(database):
    house = await found_house(database)
    async with database.working() as connection:
        await connection.execute(
            """
            INSERT INTO inventory_numbers
              (number_id, account_id, company_id, tracking_number, state, version)
            SELECT 'num_' || place, $1, $2, '+1212555' || lpad(place::text, 4, '0'), 'ACTIVE', 1
            FROM generate_series(1, 1200) AS place
            """,
            house.id,
            house.dental,
        )
    port_out_id = await opened(database, *(phone(place) for place in range(1, 1201)))
    facts = [event.fact for event in await told(database, port_out_id)]
    assert [(fact.batch, fact.of, len(fact.tracking_numbers)) for fact in facts] == [
        (1, 3, 500),
        (2, 3, 500),
        (3, 3, 200),
    ]
    async with database.working() as connection:
        [entry] = await connection.fetch("SELECT version, number_count FROM port_out_history")
    assert tuple(entry) == (3, 1200)


@pytest.mark.parametrize(
    ("asked", "kept", "is_odd"),
    [(None, 48, False), (-5.0, 4, True), (72.0, 72, False), (24.0 * 365, 720, True)],
)
async def test_the_answer_time_is_fair_and_ends(database, asked, kept, is_odd):
    house = await found_house(database)
    await add_inventory(database, house, phone(1))
    answer_by = None if asked is None else now() + timedelta(hours=asked)
    port_out = await port_out_of(
        database, await opened(database, phone(1), answer_by=answer_by)
    )
    hours = (port_out.answer_by - port_out.received_at) / timedelta(hours=1)
    assert hours == pytest.approx(kept, abs=0.1)
    assert (await alerts(database) == {("ANSWER_TIME_CHANGED", None, 0)}) is is_odd


async def test_what_is_withdrawn_stays_and_may_be_asked_for_again(database):
    house = await found_house(database)
    await add_inventory(database, house, phone(1))
    port_out_id = await opened(database, phone(1))
    assert await withdraw(database)
    assert await withdraw(database)
    assert await types_told(database, port_out_id) == [
        "port_out_received",
        "port_out_cancelled",
    ]
    assert await codes(database, phone(1), reference="R-2") == {phone(1): "ACCEPTED"}
    assert await withdraw(database, "R-9") is False


async def test_of_a_port_out_that_has_begun_only_the_rest_is_withdrawn(database):
    house = await found_house(database)
    for place in (1, 2):
        await add_inventory(database, house, phone(place))
    port_out_id = await opened(database, phone(1), phone(2))
    await as_administrator(database, house, port_out_answers.authorize_port_out, port_out_id)
    await as_support(database, port_outs.record_ported_out, port_out_id, now(), [phone(1)])
    await withdraw(database)
    *_, cancelled = await told(database, port_out_id)
    assert (cancelled.fact.status, cancelled.fact.tracking_numbers) == (
        "PORTED_OUT",
        [phone(2)],
    )
    await withdraw(database)
    assert await alerts(database) == {("WITHDRAWN_TOO_LATE", None, 0)}


async def test_a_number_that_has_left_and_come_back_may_leave_again(database):
    house = await found_house(database)
    await add_inventory(database, house, phone(1))
    port_out_id = await opened(database, phone(1))
    await as_administrator(database, house, port_out_answers.authorize_port_out, port_out_id)
    await as_support(database, port_outs.record_ported_out, port_out_id, now())
    assert await codes(database, phone(1), reference="R-2") == {phone(1): "ACCEPTED"}
