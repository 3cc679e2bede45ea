"""The losing carrier's part, as the real roles on a real PostgreSQL."""

from dataclasses import replace
from datetime import timedelta
from itertools import permutations

import pytest

from libs.contracts.number_events import PreconfigurationRefused, RefusedLine
from libs.contracts.refusals import Refusal, Refused, StateRefusal
from services.porting.domain.lines import WITH_A_CARRIER, LineState
from services.porting.domain.requests import PortRequestStatus, WaitingOn
from services.porting.use_cases import carrier
from tests.porting.builders import (
    SUPPORT,
    a_full_draft,
    a_line,
    a_request_with_the_carrier,
    business_day,
    first_call,
    found_house,
    hear,
    heard,
    lines_of,
    now,
    phone,
    preconfigure,
    request_of,
    submit,
    told,
    types_told,
)

NUMBERS = [phone(100), phone(101)]
STATED = now() - timedelta(minutes=20)


async def in_review(database, house, *numbers) -> str:
    added = [a_line(house.dental, number) for number in numbers or NUMBERS]
    request_id = await a_full_draft(database, house.administrator, house.dental, added)
    await submit(database, house.administrator, request_id)
    return request_id


async def send(database, request_id) -> None:
    async with database.transaction(SUPPORT) as connection:
        await carrier.send_to_carrier(connection, SUPPORT, request_id)


async def firm(database, request_id, numbers=None, *, day=None) -> None:
    day = day or business_day()
    async with database.transaction(SUPPORT) as connection:
        await carrier.record_firm_date(connection, SUPPORT, request_id, day, numbers)


async def ported(database, request_id, numbers=None, *, at=STATED) -> None:
    async with database.transaction(SUPPORT) as connection:
        await carrier.record_ported(connection, SUPPORT, request_id, at, numbers)


async def call(database, house, request_id, number=NUMBERS[0], *, at) -> None:
    await hear(database, first_call(house, request_id, number, at))


STEPS = ("firm date", "ported", "first call")
EARLIER, LATER = STATED - timedelta(minutes=5), STATED + timedelta(minutes=5)


async def tell(database, house, request_id, step, called, called_at) -> None:
    match step:
        case "firm date":
            await firm(database, request_id)
        case "ported":
            await ported(database, request_id)
        case "first call":
            await call(database, house, request_id, called, at=called_at)


@pytest.mark.requirement("S20")
@pytest.mark.parametrize("called_at", [EARLIER, LATER], ids=["call earlier", "call later"])
async def test_every_order_of_firm_date_port_and_first_call_ends_the_same(database, called_at):
    house = await found_house(database)
    ends = set()
    for place, order in enumerate(permutations(STEPS)):
        called, other = phone(100 + 2 * place), phone(101 + 2 * place)
        request_id = await a_request_with_the_carrier(database, house, [called, other])
        for step in (*order, *order, *reversed(order)):
            await tell(database, house, request_id, step, called, called_at)
        ends.add(await end_of(database, request_id))

    async with database.working() as connection:
        undated = await connection.fetchval(
            "SELECT count(*) FROM lines WHERE firm_date IS NULL"
        )
    assert undated == 0
    by_call = "first_call" if called_at is EARLIER else "carrier"
    lines = (
        ("PORTED", min(STATED, called_at), by_call),
        ("PORTED", STATED, "carrier"),
    )
    assert ends == {(PortRequestStatus.COMPLETED, lines, 1)}


async def end_of(database, request_id):
    """Status, lines, and how often it was completed; what was told last of each line is so."""
    async with database.working() as connection:
        rows = await connection.fetch(
            """
            SELECT tracking_number, state, ported_at, evidence
            FROM lines WHERE port_request_id = $1 ORDER BY tracking_number
            """,
            request_id,
        )
    instants = {
        line.tracking_number: line.ported_at
        for event in await told(database, request_id)
        if event.type == "porting.lines_ported.v1"
        for line in event.fact.lines
    }
    assert instants == {row["tracking_number"]: row["ported_at"] for row in rows}
    completions = (await types_told(database, request_id)).count("port_completed")
    status = (await request_of(database, request_id)).status
    return status, tuple(tuple(row)[1:] for row in rows), completions


async def test_what_changes_nothing_tells_nothing(database):
    house = await found_house(database)
    request_id = await a_request_with_the_carrier(database, house, NUMBERS)
    await firm(database, request_id)
    await ported(database, request_id)
    before = await types_told(database, request_id)

    await firm(database, request_id, NUMBERS)
    await ported(database, request_id)
    await ported(database, request_id, at=LATER)
    await call(database, house, request_id, at=LATER)

    assert await types_told(database, request_id) == before


async def test_a_first_call_ports_one_number_and_no_other(database):
    house = await found_house(database)
    request_id = await a_request_with_the_carrier(database, house, NUMBERS)
    await call(database, house, request_id, at=STATED)
    assert [line.state for line in await lines_of(database, request_id)] == [
        "PORTED",
        "WITH_CARRIER",
    ]
    assert (await request_of(database, request_id)).status is PortRequestStatus.PORTING


async def test_a_call_before_the_carrier_was_asked_ports_nothing(database):
    house = await found_house(database)
    request_id = await in_review(database, house)
    before = await types_told(database, request_id)
    await call(database, house, request_id, at=STATED)
    assert {line.state for line in await lines_of(database, request_id)} == {"READY"}
    assert await types_told(database, request_id) == before


async def test_a_call_to_a_number_that_came_by_no_port_or_an_unknown_one_is_fine(database):
    house = await found_house(database)
    await call(database, house, None, at=STATED)
    await call(database, house, "pr_x", at=STATED)


@pytest.mark.parametrize("evidence", ["call", "carrier"])
async def test_a_line_that_a_carrier_has_ports_from_any_state(database, evidence):
    house = await found_house(database)
    for place, state in enumerate(sorted(WITH_A_CARRIER)):
        number = phone(100 + place)
        request_id = await a_request_with_the_carrier(database, house, [number])
        async with database.working() as connection:
            await connection.execute(
                "UPDATE lines SET state = $2 WHERE port_request_id = $1", request_id, state
            )

        if evidence == "call":
            await call(database, house, request_id, number, at=STATED)
        else:
            await ported(database, request_id)

        (line,) = await lines_of(database, request_id)
        assert (state, line.state) == (state, "PORTED")
        assert (await request_of(database, request_id)).status is PortRequestStatus.COMPLETED


async def test_a_request_with_a_cancelled_line_completes_in_part(database):
    house = await found_house(database)
    request_id = await a_request_with_the_carrier(database, house, NUMBERS)
    async with database.working() as connection:
        await connection.execute(
            "UPDATE lines SET state = 'CANCELLED' WHERE tracking_number = $1", NUMBERS[1]
        )
    await ported(database, request_id)
    request = await request_of(database, request_id)
    assert request.status is PortRequestStatus.PARTIALLY_COMPLETED
    *_, completed = await told(database, request_id)
    assert completed.fact.partial is True
    assert completed.fact.line_counts == {"PORTED": 1, "CANCELLED": 1}


async def test_it_is_approved_when_the_last_line_has_its_date(database):
    house = await found_house(database)
    request_id = await a_request_with_the_carrier(database, house, NUMBERS)
    first, last = business_day(3), business_day(9)
    await firm(database, request_id, NUMBERS[:1], day=last)
    assert (await request_of(database, request_id)).status is PortRequestStatus.WITH_CARRIER
    await firm(database, request_id, NUMBERS[1:], day=first)
    assert (await request_of(database, request_id)).status is PortRequestStatus.APPROVED
    *_, approved = await told(database, request_id)
    assert (approved.type, approved.fact.firm_date) == ("porting.port_approved.v1", last)


async def test_a_firm_date_lies_within_thirty_days(database):
    house = await found_house(database)
    request_id = await a_request_with_the_carrier(database, house, NUMBERS)
    for days in (-2, 31):
        with pytest.raises(Refused) as refused:
            await firm(database, request_id, day=now().date() + timedelta(days=days))
        (refusal,) = refused.value.refusals
        assert (refusal.code, refusal.path) == (
            "FIRM_DATE_NOT_ALLOWED",
            ("input", "firmDate"),
        )


async def test_nothing_has_ported_tomorrow(database):
    house = await found_house(database)
    request_id = await a_request_with_the_carrier(database, house, NUMBERS)
    with pytest.raises(Refusal) as refused:
        await ported(database, request_id, at=now() + timedelta(days=1))
    assert refused.value.path == ("input", "portedAt")


async def test_nothing_has_ported_before_the_carrier_was_asked(database):
    house = await found_house(database)
    request_id = await a_request_with_the_carrier(database, house, NUMBERS)
    sent_at = (await request_of(database, request_id)).sent_at
    with pytest.raises(Refusal) as refused:
        await ported(database, request_id, at=sent_at - timedelta(seconds=1))
    assert (refused.value.code, refused.value.path) == ("INVALID", ("input", "portedAt"))
    await ported(database, request_id, at=sent_at)
    assert {line.ported_at for line in await lines_of(database, request_id)} == {sent_at}


async def test_a_first_call_counts_from_when_the_carrier_was_asked(database):
    house = await found_house(database)
    request_id = await a_request_with_the_carrier(database, house, NUMBERS)
    sent_at = (await request_of(database, request_id)).sent_at
    await call(database, house, request_id, at=sent_at - timedelta(hours=1))
    called, _ = await lines_of(database, request_id)
    assert (called.state, called.ported_at) == ("PORTED", sent_at)


async def test_a_second_firm_date_takes_the_place_of_the_first_and_both_are_kept(database):
    house = await found_house(database)
    request_id = await a_request_with_the_carrier(database, house, NUMBERS)
    first, second = business_day(7), business_day(9)
    await firm(database, request_id, day=first)
    await firm(database, request_id, day=second)
    await firm(database, request_id, day=second)
    assert {line.firm_date for line in await lines_of(database, request_id)} == {second}
    assert (await types_told(database, request_id))[-4:] == [
        "lines_approved",
        "port_approved",
        "lines_approved",
        "firm_date_changed",
    ]
    async with database.working() as connection:
        reasons = await connection.fetch(
            """
            SELECT reason FROM history
            WHERE port_request_id = $1 AND event_type = 'porting.lines_approved.v1'
            ORDER BY version
            """,
            request_id,
        )
    assert [row["reason"] for row in reasons] == [
        f"The firm date is {first}.",
        f"The firm date is {second} instead of {first}.",
    ]


async def test_named_numbers_are_all_known_or_all_refused(database):
    house = await found_house(database)
    request_id = await a_request_with_the_carrier(database, house, NUMBERS)
    async with database.working() as connection:
        await connection.execute(
            "UPDATE lines SET state = 'REJECTED' WHERE tracking_number = $1", NUMBERS[1]
        )
    with pytest.raises(Refused) as refused:
        await firm(database, request_id, [phone(109), *NUMBERS])
    assert [(each.code, each.path[-1]) for each in refused.value.refusals] == [
        ("NOT_FOUND", "0"),
        ("INVALID_STATE", "2"),
    ]
    assert {line.state for line in await lines_of(database, request_id)} == {
        "WITH_CARRIER",
        "REJECTED",
    }
    with pytest.raises(Refused) as refused:
        await firm(database, request_id, [])
    assert refused.value.refusals[0].code == "REQUIRED"


@pytest.mark.parametrize("step", [firm, ported])
async def test_before_the_carrier_has_it_no_word_of_the_carrier_is_taken(database, step):
    house = await found_house(database)
    request_id = await in_review(database, house)
    await preconfigure(database, request_id)
    with pytest.raises(StateRefusal) as refused:
        await step(database, request_id)
    assert refused.value.status == "IN_REVIEW"
    assert refused.value.available_actions == (
        "REVIEW_DOCUMENT",
        "SEND_TO_CARRIER",
        "REQUEST_FIRM_DATE",
        "RECORD_NOT_PORTABLE",
        "DROP_LINES",
        "CANCEL",
    )


@pytest.mark.requirement("S21")
async def test_it_goes_to_the_carrier_once_every_number_is_preconfigured(database):
    house = await found_house(database)
    request_id = await in_review(database, house)
    with pytest.raises(Refusal) as refused:
        await send(database, request_id)
    assert refused.value.code == "AWAITING_PRECONFIGURATION"

    numbers = await preconfigure(database, request_id)
    await preconfigure(database, request_id)
    assert (await types_told(database, request_id)).count("lines_preconfigured") == 1
    await send(database, request_id)
    assert (await request_of(database, request_id)).turn[0] is WaitingOn.LOSING_CARRIER
    assert len(numbers) == 2
    with pytest.raises(StateRefusal) as again:
        await send(database, request_id)
    assert "RECORD_FIRM_DATE" in again.value.available_actions
    assert "SEND_TO_CARRIER" not in again.value.available_actions


async def test_a_refusal_lists_the_actions_that_the_request_lists(door, database):
    house = await found_house(database)
    request_id = await in_review(database, house)
    await preconfigure(database, request_id)
    await send(database, request_id)
    await firm(database, request_id)
    query = "query ($id: ID!) { portRequest(id: $id) { availableActions } }"
    for who, impossible in (
        ("support", "sendToCarrier"),
        (house.administrator, "resubmitPortRequest"),
    ):
        shown = (await door.see(who, query, id=request_id))["portRequest"]
        payload = await door.act(who, impossible, portRequestId=request_id)
        [error] = payload["userErrors"]
        assert error["availableActions"] == shown["availableActions"]


@pytest.mark.requirement("S21")
async def test_a_refused_preconfiguration_waits_on_the_requester(database):
    house = await found_house(database)
    request_id = await in_review(database, house)
    refused = PreconfigurationRefused(
        account_id=house.id,
        refused_count=1,
        lines=[RefusedLine(line_id="ln_1", tracking_number=phone(100), code="INTERNAL_PORT")],
    )
    for sequence in (1, 2):
        await hear(database, heard(refused, subject=request_id, sequence=sequence))

    request = await request_of(database, request_id)
    assert request.status is PortRequestStatus.ACTION_REQUIRED
    assert (request.fault_code, request.turn[0]) == ("INTERNAL_PORT", WaitingOn.REQUESTER)
    assert (await types_told(database, request_id)).count("action_required") == 1
    with pytest.raises(StateRefusal):
        await ported(database, request_id)


@pytest.mark.requirement("S20")
async def test_a_number_that_rang_here_during_the_review_ports_when_it_is_sent(database):
    house = await found_house(database)
    called, silent = phone(100), phone(101)
    added = [a_line(house.dental, number) for number in (called, silent)]
    request_id = await a_full_draft(database, house.administrator, house.dental, added)
    await submit(database, house.administrator, request_id)
    number_ids = await preconfigure(database, request_id)
    call = first_call(house, request_id, called, now())
    await hear(database, replace(call, subject=number_ids[called]))

    async with database.transaction(SUPPORT) as connection:
        await carrier.send_to_carrier(connection, SUPPORT, request_id)

    states = {
        line.tracking_number: line.state for line in await lines_of(database, request_id)
    }
    assert states == {called: LineState.PORTED, silent: LineState.WITH_CARRIER}
    assert (await request_of(database, request_id)).status is PortRequestStatus.PORTING
