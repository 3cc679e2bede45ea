"""Estimates as customers see them, from papers and lines that are really there."""

from datetime import datetime, timedelta

import pytest

from libs.common.ids import made_at, new_id
from libs.contracts.porting_events.lines import LinesApproved
from libs.contracts.porting_events.requests import (
    LinesPreconfigured,
    PortApproved,
    PortResubmitted,
    PortSentToCarrier,
)
from services.porting.domain.calendars import day_in, start_of
from services.porting.use_cases import resubmitting
from tests.porting.builders import (
    SUPPORT,
    a_full_draft,
    a_line,
    a_port_out,
    a_request_with_the_carrier,
    add_inventory,
    business_day,
    found_house,
    now,
    phone,
    request_of,
    submit,
    told,
)
from tests.porting.test_document_reviews import review
from tests.porting.test_documents import attached

ESTIMATE = """
fragment Shown on Estimate { from until zone startedAt isEstimate firmDate reason explanation }
query($id: ID!) { portRequest(id: $id) { estimate { ...Shown } } }
"""


async def estimate_of(door, caller, request_id):
    seen = await door.see(caller, ESTIMATE, id=request_id)
    return seen["portRequest"]["estimate"]


def weeks_after(instant, weeks):
    return str(day_in("America/New_York", instant) + timedelta(weeks=weeks))


@pytest.mark.requirement("S14")
@pytest.mark.requirement("S16")
@pytest.mark.requirement("S17")
async def test_a_submitted_request_shows_four_to_six_weeks(door, database):
    house = await found_house(database)
    request_id = await a_full_draft(
        database, house.administrator, house.dental, [a_line(house.dental, phone(100))]
    )
    assert await estimate_of(door, house.viewer, request_id) is None

    await submit(database, house.administrator, request_id)

    submitted_at = (await request_of(database, request_id)).submitted_at
    shown = await estimate_of(door, house.viewer, request_id)
    assert datetime.fromisoformat(shown["startedAt"]) == submitted_at
    assert (shown["from"], shown["until"]) == (
        weeks_after(submitted_at, 4),
        weeks_after(submitted_at, 6),
    )
    assert (shown["isEstimate"], shown["firmDate"]) == (True, None)
    assert shown["reason"] == "USUAL"
    assert "4 to 6 weeks" in shown["explanation"]


@pytest.mark.requirement("S15")
async def test_fifty_numbers_show_six_to_eight_weeks(door, database):
    house = await found_house(database)
    added = [a_line(house.dental, phone(1000 + place)) for place in range(50)]
    request_id = await a_full_draft(database, house.administrator, house.dental, added)
    await submit(database, house.administrator, request_id)
    shown = await estimate_of(door, house.administrator, request_id)
    assert (shown["until"], shown["reason"]) == (weeks_after(now(), 8), "BULK")


@pytest.mark.requirement("S17")
async def test_firm_dates_replace_the_window_once_every_number_has_one(door, database):
    house = await found_house(database)
    numbers = [phone(100), phone(101)]
    request_id = await a_request_with_the_carrier(database, house, numbers)
    first, last = business_day(5), business_day(12)
    for day, number in ((last, numbers[0]), (first, numbers[1])):
        shown = await estimate_of(door, house.viewer, request_id)
        assert shown["isEstimate"]
        done = await door.act(
            "support",
            "recordFirmDate",
            portRequestId=request_id,
            firmDate=str(day),
            trackingNumbers=[number],
        )
        assert done["userErrors"] == []

    shown = await estimate_of(door, house.viewer, request_id)

    assert not shown["isEstimate"]
    assert (shown["from"], shown["until"], shown["firmDate"]) == (
        str(first),
        str(last),
        str(last),
    )
    assert shown["reason"] == "FIRM_DATE"
    facts = [event.fact for event in await told(database, request_id)]
    given = [fact for fact in facts if isinstance(fact, LinesApproved | PortApproved)]
    assert [(fact.firm_date, fact.activates_at) for fact in given] == [
        (day, start_of(day, "America/New_York")) for day in (last, first, last)
    ]


@pytest.mark.requirement("S18")
async def test_others_are_told_the_windows_last_day_with_what_begins_or_restarts_it(
    door, database
):
    house = await found_house(database)
    request_id = await a_request_with_the_carrier(database, house, [phone(100)])
    rejection = {"portRequestId": request_id, "code": "NUMBER_INACTIVE"}
    rejected = await door.act("support", "recordRejection", **rejection)
    assert rejected["userErrors"] == []
    async with database.working() as connection:
        await connection.execute("UPDATE faults SET corrected_at = now()")
        await connection.execute(
            "UPDATE documents SET attached_at = now() + interval '7 days'"
        )
        await resubmitting.resubmit_request(connection, SUPPORT, request_id, None)

    facts = [event.fact for event in await told(database, request_id)]
    days = [
        fact.estimated_by
        for fact in facts
        if isinstance(fact, LinesPreconfigured | PortSentToCarrier | PortResubmitted)
    ]

    assert [str(day) for day in days] == [
        weeks_after(now(), 6), weeks_after(now(), 6), weeks_after(now(), 7),
    ]  # fmt: skip


@pytest.mark.requirement("S18")
async def test_a_letter_signed_again_restarts_the_clock(door, database):
    house = await found_house(database)
    request_id = await a_request_with_the_carrier(database, house, [phone(100)])
    async with database.working() as connection:
        await connection.execute(
            "UPDATE port_requests SET submitted_at = now() - interval '5 days' WHERE id = $1",
            request_id,
        )
        await connection.execute("UPDATE letters SET state = 'SUPERSEDED'")
        await connection.execute(
            """
            INSERT INTO letters (id, port_request_id, account_id, state, subscriber, signed_at)
            SELECT $2, port_request_id, account_id, 'SIGNED', subscriber, now() FROM letters
            WHERE port_request_id = $1
            """,
            request_id,
            new_id("ltr"),
        )
    shown = await estimate_of(door, house.viewer, request_id)
    assert (shown["reason"], shown["from"]) == ("LETTER_REPLACED", weeks_after(now(), 4))


@pytest.mark.requirement("S18")
async def test_a_refused_document_stops_the_clock_and_its_replacement_restarts_it(
    door, database
):
    house = await found_house(database)
    request_id = await a_full_draft(
        database, house.administrator, house.dental, [a_line(house.dental, phone(100))]
    )
    await submit(database, house.administrator, request_id)
    payload = await review(door, request_id, "REFUSE", code="DOCUMENT_OUTDATED")
    assert payload["userErrors"] == []
    assert await estimate_of(door, house.viewer, request_id) is None

    await attached(door, house.administrator, request_id)

    shown = await estimate_of(door, house.viewer, request_id)
    assert shown["reason"] == "DOCUMENT_REPLACED"
    assert "replaced" in shown["explanation"]
    assert datetime.fromisoformat(shown["startedAt"]) > (
        (await request_of(database, request_id)).submitted_at
    )


async def test_a_letter_replaced_in_the_draft_is_no_restart(door, database):
    house = await found_house(database)
    request_id = await a_full_draft(
        database, house.administrator, house.dental, [a_line(house.dental, phone(100))]
    )
    for mutation, given in (
        ("prepareLetter", {"authorizedPerson": "Grace Hopper"}),
        ("signLetter", {"signerName": "Ada", "consent": True}),
    ):
        done = await door.act(house.administrator, mutation, portRequestId=request_id, **given)
        assert done["userErrors"] == []
    await submit(database, house.administrator, request_id)
    assert (await estimate_of(door, house.viewer, request_id))["reason"] == "USUAL"


async def test_a_finished_request_has_no_estimate(door, database):
    house = await found_house(database)
    request_id = await a_request_with_the_carrier(database, house, [phone(100)])
    await door.act(
        "support", "recordPorted", portRequestId=request_id, portedAt=now().isoformat()
    )
    assert await estimate_of(door, house.viewer, request_id) is None


@pytest.mark.requirement("S75")
async def test_a_port_out_shows_four_to_six_weeks_until_its_day_is_known(door, database):
    house = await found_house(database)
    await add_inventory(database, house, phone(1))
    port_out_id = await a_port_out(database, house, phone(1))
    query = ESTIMATE.replace("portRequest(", "portOut(")
    shown = (await door.see(house.viewer, query, id=port_out_id))["portOut"]["estimate"]
    assert (shown["from"], shown["until"]) == (weeks_after(now(), 4), weeks_after(now(), 6))
    assert shown["isEstimate"]

    await door.act(house.administrator, "authorizePortOut", portOutId=port_out_id)
    day = str(business_day(3))
    await door.act("support", "schedulePortOut", portOutId=port_out_id, firmDate=day)
    shown = (await door.see(house.viewer, query, id=port_out_id))["portOut"]["estimate"]
    assert (shown["firmDate"], shown["isEstimate"]) == (day, False)

    at = now().isoformat()
    await door.act("support", "recordPortedOut", portOutId=port_out_id, portedOutAt=at)
    shown = (await door.see(house.viewer, query, id=port_out_id))["portOut"]["estimate"]
    assert shown is None


def test_an_id_says_when_it_was_made():
    assert abs(made_at(new_id("ltr")) - now()) < timedelta(seconds=1)
