"""Lines of a draft one by one, over the graph, held to the rules of a file."""

import asyncio
from typing import Any

import pytest

from tests.porting.builders import (
    OUTSIDE,
    a_draft,
    a_full_draft,
    a_line,
    add_inventory,
    fill_lines,
    found_house,
    lines_of,
    phone,
    request_of,
    sign,
    submit,
    types_told,
)

GIVEN = {
    "phoneNumber": "(212) 555-0100",
    "forwardingNumber": OUTSIDE,
    "name": "Spring flyer",
    "source": "Flyer",
}


async def errors_of(door, caller, mutation, **given: Any) -> list[tuple[str, ...]]:
    payload = await door.act(caller, mutation, **given)
    return [(error["code"], *error["path"][1:]) for error in payload["userErrors"]]


async def add(door, house, request_id, **changes: Any) -> list[tuple[str, ...]]:
    given = {"portRequestId": request_id, "companyId": house.dental, **GIVEN, **changes}
    return await errors_of(
        door, changes.pop("caller", house.administrator), "addLine", **given
    )


async def numbers_of(database, request_id) -> list[str]:
    return [line.tracking_number for line in await lines_of(database, request_id)]


async def test_a_line_is_added_corrected_and_dropped(door, database):
    house = await found_house(database)
    request_id = await a_draft(database, house.administrator, house.dental)
    assert await add(door, house, request_id, name="\u00a0 Frühling 🌷 \u200b") == []
    assert await add(
        door, house, request_id, phoneNumber="212-555-0101", accountNumber="007",
        billingNumber="212 555 0177", pin="n/a",
    ) == []  # fmt: skip
    first, second = await lines_of(database, request_id)
    assert (first.name, first.tracking_number) == ("Frühling 🌷", phone(100))
    assert (second.account_number, second.billing_number) == ("007", phone(177))

    changes = {"phoneNumber": "+12125550102", "companyId": house.garage, "accountNumber": ""}
    given = {"portRequestId": request_id, "lineId": second.id}
    assert await errors_of(door, house.administrator, "correctLine", **given, **changes) == []
    _, corrected = await lines_of(database, request_id)
    assert (corrected.id, corrected.tracking_number) == (second.id, phone(102))
    assert (corrected.company_id, corrected.account_number) == (house.garage, None)
    assert (corrected.name, corrected.billing_number) == (second.name, phone(177))

    given = {"portRequestId": request_id, "trackingNumbers": [first.tracking_number]}
    assert await errors_of(door, house.administrator, "dropLines", **given) == []
    assert await numbers_of(database, request_id) == [phone(102)]
    assert await types_told(database, request_id) == ["draft_changed"] * 5


@pytest.mark.requirement("S23", "S41", "S42")
async def test_every_fault_of_a_line_comes_in_one_answer(door, database):
    house = await found_house(database)
    request_id = await a_draft(database, house.administrator, house.dental)
    errors = await add(
        door, house, request_id, phoneNumber="1.8E+10", forwardingNumber=" ", name="",
        source="x" * 201, companyId="co_x", accountNumber="1.2E+15", pin="1" * 33,
        billingNumber="12",
    )  # fmt: skip
    assert sorted(errors) == [
        ("CSV_SCIENTIFIC_NUMBER", "accountNumber"),
        ("CSV_SCIENTIFIC_NUMBER", "phoneNumber"),
        ("INVALID", "pin"),
        ("INVALID_PHONE_NUMBER", "billingNumber"),
        ("REQUIRED", "forwardingNumber"),
        ("REQUIRED", "name"),
        ("TOO_LONG", "source"),
        ("UNKNOWN_COMPANY", "companyId"),
    ]
    assert await types_told(database, request_id) == ["draft_changed"]


@pytest.mark.requirement("S24", "S25", "S40")
async def test_a_line_is_compared_with_the_drafts_others_and_with_everybodys(door, database):
    house, other = await found_house(database), await found_house(database)
    request_id = await a_draft(database, house.administrator, house.dental)
    assert await add(door, house, request_id) == []
    assert await add(door, house, request_id) == [("DUPLICATE_NUMBER", "phoneNumber")]
    looping = {"phoneNumber": phone(101), "forwardingNumber": phone(100)}
    assert await add(door, house, request_id, **looping) == [
        ("FORWARDING_LOOP", "forwardingNumber")
    ]
    itself = {"phoneNumber": phone(101), "forwardingNumber": phone(101)}
    assert await add(door, house, request_id, **itself) == [
        ("FORWARDING_LOOP", "forwardingNumber")
    ]
    assert await add(
        door, house, request_id, phoneNumber=OUTSIDE, forwardingNumber="2125550199"
    ) == [("FORWARDING_LOOP", "phoneNumber")]
    await add_inventory(database, other, phone(200))
    taken = await a_full_draft(
        database, other.administrator, other.dental,
        [a_line(other.dental, phone(300), forwarding_number=phone(301))],
    )  # fmt: skip
    await submit(database, other.administrator, taken)
    for number, forwarding, error in (
        (phone(200), OUTSIDE, ("INTERNAL_PORT", "phoneNumber")),
        (phone(101), phone(200), ("FORWARDING_LOOP", "forwardingNumber")),
        (phone(300), OUTSIDE, ("NUMBER_ALREADY_CLAIMED", "phoneNumber")),
        (phone(101), phone(300), ("FORWARDING_LOOP", "forwardingNumber")),
        (phone(301), OUTSIDE, ("FORWARDING_LOOP", "phoneNumber")),
    ):
        given = {"phoneNumber": number, "forwardingNumber": forwarding}
        assert await add(door, house, request_id, **given) == [error]
    (line,) = await lines_of(database, request_id)
    given = {"portRequestId": request_id, "lineId": line.id, "phoneNumber": phone(300)}
    assert await errors_of(door, house.administrator, "correctLine", **given) == [
        ("NUMBER_ALREADY_CLAIMED", "phoneNumber")
    ]
    assert await numbers_of(database, request_id) == [phone(100)]


async def test_a_changed_line_supersedes_the_letter(door, database):
    house = await found_house(database)
    added = [a_line(house.dental, phone(100)), a_line(house.dental, phone(101))]
    request_id = await a_full_draft(database, house.administrator, house.dental, added)
    last = added[1]
    for mutation, given in (
        ("addLine", {**GIVEN, "phoneNumber": phone(102), "companyId": house.dental}),
        ("correctLine", {"lineId": last.id, "phoneNumber": phone(103)}),
        ("dropLines", {"trackingNumbers": [phone(103)]}),
    ):
        given["portRequestId"] = request_id
        assert await errors_of(door, house.administrator, mutation, **given) == []
        async with database.working() as connection:
            signed = await connection.fetchval(
                "SELECT count(*) FROM letters WHERE state = 'SIGNED'"
            )
        assert signed == 0
        await sign(database, house.administrator, request_id)


async def test_lines_of_others_are_unknown_and_nothing_is_dropped_by_halves(door, database):
    house = await found_house(database)
    request_id = await a_draft(database, house.manager, house.dental)
    other_id = await a_draft(database, house.administrator, house.dental)
    mine, garages = a_line(house.dental, phone(100)), a_line(house.garage, phone(101))
    others = a_line(house.dental, phone(102))
    await fill_lines(database, house.administrator, request_id, [mine, garages])
    await fill_lines(database, house.administrator, other_id, [others])
    numbers = [phone(100), phone(101), phone(102)]
    named = {"portRequestId": request_id, "trackingNumbers": numbers}
    assert await errors_of(door, house.manager, "dropLines", **named) == [
        ("NOT_FOUND", "trackingNumbers", "1"),
        ("NOT_FOUND", "trackingNumbers", "2"),
    ]
    assert len(await lines_of(database, request_id)) == 2
    for line in (garages, others):
        given = {"portRequestId": request_id, "lineId": line.id, "name": "x"}
        errors = await errors_of(door, house.manager, "correctLine", **given)
        assert errors == [("NOT_FOUND", "lineId")]
    given = {"portRequestId": request_id, "companyId": house.garage, **GIVEN}
    assert await errors_of(door, house.manager, "addLine", **given) == [
        ("UNKNOWN_COMPANY", "companyId"),
        ("DUPLICATE_NUMBER", "phoneNumber"),
    ]
    for stranger in (house.client_manager, house.garage_manager):
        errors = await errors_of(door, stranger, "dropLines", **named)
        assert errors == [("NOT_FOUND", "portRequestId")]


async def test_after_submission_no_line_is_changed(door, database):
    house = await found_house(database)
    line = a_line(house.dental, phone(100))
    request_id = await a_full_draft(database, house.administrator, house.dental, [line])
    await submit(database, house.administrator, request_id)
    for mutation, given in (
        ("addLine", {**GIVEN, "phoneNumber": phone(102), "companyId": house.dental}),
        ("correctLine", {"lineId": line.id, "name": "x"}),
    ):
        given["portRequestId"] = request_id
        assert await errors_of(door, house.administrator, mutation, **given) == [
            ("INVALID_STATE", "portRequestId")
        ]


async def test_a_request_has_no_more_lines_than_a_file_may_have(door, database):
    house = await found_house(database)
    request_id = await a_draft(database, house.administrator, house.dental)
    most = door.room.intake_limits.most_rows
    full = [a_line(house.dental, phone(place)) for place in range(1_000, 1_000 + most)]
    await fill_lines(database, house.administrator, request_id, full)
    assert await add(door, house, request_id) == [("TOO_MANY_LINES",)]


async def test_a_key_sent_a_hundred_times_at_once_adds_one_line(door, database):
    house = await found_house(database)
    request_id = await a_draft(database, house.administrator, house.dental)
    given = {"portRequestId": request_id, "companyId": house.dental, **GIVEN}
    query = door.mutation("addLine")
    answers = await asyncio.gather(
        *(
            door.ask(house.administrator, query, input={**given, "idempotencyKey": "once"})
            for _ in range(100)
        )
    )
    done = [answer["data"]["addLine"] for answer in answers if "errors" not in answer]
    codes = {
        error["extensions"]["code"] for answer in answers for error in answer.get("errors", [])
    }
    assert done
    assert all(payload == done[0] for payload in done)
    assert done[0]["userErrors"] == []
    assert codes <= {"IDEMPOTENCY_IN_PROGRESS"}
    assert len(await lines_of(database, request_id)) == 1
    assert (await request_of(database, request_id)).version == 2


@pytest.mark.requirement("S56", "S57")
async def test_a_line_brings_its_own_pin_and_the_record_of_its_key_cannot_be_read(
    door, database
):
    house = await found_house(database)
    request_id = await a_draft(database, house.administrator, house.dental)
    twice = [
        await add(door, house, request_id, pin="90210424242", idempotencyKey="once")
        for _ in range(2)
    ]
    assert twice == [[], []]
    [line] = await lines_of(database, request_id)
    async with database.working() as connection:
        kept = await connection.fetch("SELECT line_id, answer, sealed FROM pins")
        remembered = await connection.fetch(
            "SELECT idempotency_keys::text FROM idempotency_keys"
        )
    assert [(pin["line_id"], pin["answer"]) for pin in kept] == [(line.id, "GIVEN")]
    assert b"90210424242" not in kept[0]["sealed"]
    assert "90210424242" not in str(remembered)

    changes = {"portRequestId": request_id, "lineId": line.id}
    assert await errors_of(
        door, house.administrator, "correctLine", **changes, name="Still sealed"
    ) == []  # fmt: skip
    async with database.working() as connection:
        assert await connection.fetchval("SELECT answer FROM pins") == "GIVEN"
    assert await errors_of(
        door, house.administrator, "correctLine", **changes, pin="n/a"
    ) == []  # fmt: skip
    async with database.working() as connection:
        assert await connection.fetchval("SELECT answer FROM pins") == "NOT_NEEDED"
