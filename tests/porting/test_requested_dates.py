"""The day that the desk or the customer asks for, and the day that the carrier grants."""

from datetime import UTC, datetime, timedelta

import pytest

from services.porting.domain.calendars import is_business_day
from services.porting.domain.judgements import earliest_to_ask
from services.porting.domain.losing_carriers import find_losing_carrier
from tests.porting.builders import (
    a_draft,
    a_full_draft,
    a_line,
    a_request_with_the_carrier,
    business_day,
    found_house,
    now,
    phone,
    preconfigure,
    request_of,
    submit,
    told,
)

SEEN = """
query($id: ID!) {
  portRequest(id: $id) {
    requestedFirmDate
    carrierOrders { id requestedFirmDate firmDate firmDateWarnings }
  }
}
"""


def earliest():
    return earliest_to_ask(find_losing_carrier("Old Telecom"), "US", datetime.now(UTC))


def a_weekend_day():
    day = now().date() + timedelta(days=8)
    while is_business_day(day, "GB"):
        day += timedelta(days=1)
    return day


async def ask(door, caller, request_id, day, **given):
    payload = await door.act(
        caller, "requestFirmDate", portRequestId=request_id, firmDate=str(day), **given
    )
    return [(error["code"], error["path"]) for error in payload["userErrors"]]


async def seen(door, request_id):
    return (await door.see("support", SEEN, id=request_id))["portRequest"]


async def test_a_day_wished_in_the_draft_is_asked_of_every_carrier_order(door, database):
    house = await found_house(database)
    request_id = await a_full_draft(
        database, house.administrator, house.dental, [a_line(house.dental, phone(100))]
    )
    day = earliest() + timedelta(days=7)
    day = day if is_business_day(day, "US") else business_day(14)
    assert await ask(door, house.administrator, request_id, day) == []
    await submit(database, house.administrator, request_id)
    await preconfigure(database, request_id)

    shown = await seen(door, request_id)
    assert shown["requestedFirmDate"] == str(day)
    assert [order["requestedFirmDate"] for order in shown["carrierOrders"]] == [str(day)]


@pytest.mark.requirement("S45")
async def test_once_submitted_only_whoever_made_it_asks_for_a_day(door, database):
    house = await found_house(database)
    request_id = await a_full_draft(
        database, house.administrator, house.dental, [a_line(house.dental, phone(100))]
    )
    assert await ask(door, house.manager, request_id, earliest()) == []
    await submit(database, house.administrator, request_id)

    assert await ask(door, house.manager, request_id, business_day(14)) == [
        ("NOT_THE_REQUESTER", ["input", "portRequestId"])
    ]
    query = "query ($id: ID!) { portRequest(id: $id) { availableActions } }"
    for who, has in ((house.manager, False), (house.administrator, True), ("support", True)):
        shown = (await door.see(who, query, id=request_id))["portRequest"]
        assert ("REQUEST_FIRM_DATE" in shown["availableActions"]) is has


async def test_no_day_is_asked_for_once_the_request_is_over(door, database):
    house = await found_house(database)
    request_id = await a_full_draft(
        database, house.administrator, house.dental, [a_line(house.dental, phone(100))]
    )
    await submit(database, house.administrator, request_id)
    await preconfigure(database, request_id)
    given = {"portRequestId": request_id, "trackingNumbers": [phone(100)]}
    await door.act("support", "createCarrierOrder", losingCarrier="Bell", **given)
    [order] = (await seen(door, request_id))["carrierOrders"]
    await door.act(house.administrator, "cancelPortRequest", portRequestId=request_id)
    over = await request_of(database, request_id)

    named = {"carrierOrderIds": [order["id"]]}
    assert await ask(door, house.administrator, request_id, earliest(), **named) == [
        ("INVALID_STATE", ["input", "portRequestId"])
    ]
    assert await request_of(database, request_id) == over


async def test_a_draft_without_a_letter_is_judged_by_the_usual_carrier(door, database):
    house = await found_house(database)
    request_id = await a_draft(database, house.administrator, house.dental)
    assert await ask(door, house.administrator, request_id, earliest()) == []
    assert (await request_of(database, request_id)).requested_firm_date == earliest()


async def test_days_that_the_carrier_cannot_keep_are_refused(door, database):
    house = await found_house(database)
    request_id = await a_draft(database, house.administrator, house.dental)
    path = ["input", "firmDate"]
    before = earliest() - timedelta(days=1)
    while not is_business_day(before, "US"):
        before -= timedelta(days=1)
    for day, code in (
        (now().date() - timedelta(days=2), "FIRM_DATE_NOT_ALLOWED"),
        (now().date() + timedelta(days=32), "FIRM_DATE_NOT_ALLOWED"),
        (a_weekend_day(), "FIRM_DATE_NOT_A_BUSINESS_DAY"),
        (before, "FIRM_DATE_TOO_SOON"),
    ):
        assert await ask(door, house.administrator, request_id, day) == [(code, path)]


async def test_the_desk_asks_for_single_orders_until_they_are_sent(door, database):
    house = await found_house(database)
    request_id = await a_request_with_the_carrier(database, house, [phone(100)])
    (order,) = (await seen(door, request_id))["carrierOrders"]
    path = ["input", "carrierOrderIds"]
    for ids, fault in (
        ([], ("REQUIRED", path)),
        (["ord_x"], ("NOT_FOUND", [*path, "0"])),
        ([order["id"]], ("CARRIER_ORDER_SENT", [*path, "0"])),
    ):
        assert await ask(door, "support", request_id, earliest(), carrierOrderIds=ids) == [
            fault
        ]
    assert await ask(door, "support", request_id, earliest()) == [
        ("INVALID_STATE", ["input", "portRequestId"])
    ]


async def test_one_order_can_have_another_day_than_the_rest(door, database):
    house = await found_house(database)
    added = [a_line(house.dental, phone(100)), a_line(house.dental, phone(101))]
    request_id = await a_full_draft(database, house.administrator, house.dental, added)
    await submit(database, house.administrator, request_id)
    await preconfigure(database, request_id)
    await door.act(
        "support",
        "createCarrierOrder",
        portRequestId=request_id,
        trackingNumbers=[phone(101)],
    )
    _, second = (await seen(door, request_id))["carrierOrders"]

    assert (
        await ask(door, "support", request_id, earliest(), carrierOrderIds=[second["id"]])
        == []
    )

    shown = await seen(door, request_id)
    assert shown["requestedFirmDate"] is None
    assert [order["requestedFirmDate"] for order in shown["carrierOrders"]] == [
        None,
        str(earliest()),
    ]
    *_, event = await told(database, request_id)
    assert event.fact.carrier_order_ids == [second["id"]]


@pytest.mark.requirement("S17")
async def test_the_granted_day_may_differ_from_the_asked_one(door, database):
    house = await found_house(database)
    request_id = await a_request_with_the_carrier(database, house, [phone(100)])
    granted = business_day(20)
    done = await door.act(
        "support", "recordFirmDate", portRequestId=request_id, firmDate=str(granted)
    )
    assert done["userErrors"] == []
    (order,) = (await seen(door, request_id))["carrierOrders"]
    assert (order["requestedFirmDate"], order["firmDate"]) == (None, str(granted))
    assert order["firmDateWarnings"] == []


async def test_a_granted_weekend_needs_a_reason_and_is_a_warning_then(door, database):
    house = await found_house(database)
    request_id = await a_request_with_the_carrier(database, house, [phone(100)])
    given = {"portRequestId": request_id, "firmDate": str(a_weekend_day())}
    for extra, code in (
        ({}, "FIRM_DATE_NOT_A_BUSINESS_DAY"),
        ({"overrideReason": " "}, "REQUIRED"),
    ):
        done = await door.act("support", "recordFirmDate", **given, **extra)
        assert [error["code"] for error in done["userErrors"]] == [code]

    done = await door.act(
        "support", "recordFirmDate", **given, overrideReason="They work on Saturdays"
    )

    assert done["userErrors"] == []
    (order,) = (await seen(door, request_id))["carrierOrders"]
    assert order["firmDateWarnings"] == ["NOT_A_BUSINESS_DAY"]
    approved = [e for e in await told(database, request_id) if "lines_approved" in e.type]
    assert approved[0].fact.warnings == ["NOT_A_BUSINESS_DAY"]
    assert approved[0].fact.override_reason == "They work on Saturdays"


async def test_a_day_in_less_than_48_hours_is_taken_with_a_warning(door, database):
    house = await found_house(database)
    request_id = await a_request_with_the_carrier(database, house, [phone(100)])
    done = await door.act(
        "support",
        "recordFirmDate",
        portRequestId=request_id,
        firmDate=str(now().date()),
        overrideReason="Today",
    )
    assert done["userErrors"] == []
    (order,) = (await seen(door, request_id))["carrierOrders"]
    assert "SOON" in order["firmDateWarnings"]
    await door.act(
        "support", "recordPorted", portRequestId=request_id, portedAt=now().isoformat()
    )
    (order,) = (await seen(door, request_id))["carrierOrders"]
    assert order["firmDateWarnings"] == []
