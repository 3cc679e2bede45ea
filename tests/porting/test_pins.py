"""PINs: sealed where they lie, seen by the desk alone when it uses one, gone when lines are done."""

import json
import logging
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.common.vault import CannotUnseal, Sealed, Vault, read_keys
from services.porting.domain.pins import Pin, PinAnswer, read_pin_answer
from services.porting.use_cases import carrier
from services.porting.use_cases.letters import AccountChange, prepare_letter
from services.porting.use_cases.pins import keep_pins, reseal_pins
from tests.porting.builders import (
    SUPPORT,
    VAULT,
    a_full_draft,
    a_line,
    a_request_with_the_carrier,
    found_house,
    letter_changes,
    now,
    phone,
    request_of,
    submit,
    told,
    types_told,
)
from tests.porting.test_schema import LETTER

CANARY = "90210424242"
WHY = {"reason": "asked by the carrier's portal"}
OLD, NEW = b"1" * 32, b"9" * 32


@pytest.mark.requirement("S57")
@pytest.mark.parametrize("text", ["NO PIN REQUIRED", " no pin  required ", "n/a", "N/A "])
def test_no_pin_is_said_in_any_case(text):
    assert read_pin_answer(text) == (PinAnswer.NOT_NEEDED, None)


@pytest.mark.requirement("S57")
@pytest.mark.parametrize("text", ["0000", "1234", "NA", "none", " 12 34 "])
def test_anything_else_is_a_pin(text):
    assert read_pin_answer(text) == (PinAnswer.GIVEN, Pin(" ".join(text.split())))


@pytest.mark.requirement("S56")
def test_nothing_is_no_answer():
    assert read_pin_answer("  ") == (PinAnswer.MISSING, None)


def test_a_pin_does_not_show_when_it_is_printed():
    assert CANARY not in repr(Pin(CANARY))
    assert CANARY not in repr(letter_changes(pin_answer=CANARY))
    assert CANARY not in repr(AccountChange(pin_answer=CANARY))


@given(st.text(max_size=40), st.binary(min_size=1, max_size=1), st.integers(min_value=0))
def test_what_is_sealed_opens_at_its_place_only_and_only_unchanged(secret, byte, position):
    vault = Vault([OLD])
    sealed = vault.seal(secret, "pins.sealed:pin_1")
    assert vault.unseal(sealed, "pins.sealed:pin_1") == secret
    with pytest.raises(CannotUnseal):
        vault.unseal(sealed, "pins.sealed:pin_2")
    place = position % len(sealed.box)
    changed = sealed.box[:place] + byte + sealed.box[place + 1 :]
    if changed != sealed.box:
        with pytest.raises(CannotUnseal):
            vault.unseal(replace(sealed, box=changed), "pins.sealed:pin_1")


def test_a_newer_key_seals_and_the_older_still_opens():
    before = Vault([OLD]).seal("1234", "x")
    both = Vault([NEW, OLD])
    assert both.unseal(before, "x") == "1234"
    assert both.seal("1234", "x").key_id != before.key_id
    with pytest.raises(CannotUnseal):
        Vault([NEW]).unseal(before, "x")


@pytest.mark.parametrize("text", ["", "12", "g" * 64, "1" * 62, "1" * 64 + ","])
def test_keys_that_are_none_are_refused(text):
    with pytest.raises(ValueError, match=r"."):
        read_keys(text)


async def a_draft_with_pin(database, house, pin: str = CANARY) -> str:
    request_id = await a_full_draft(
        database, house.administrator, house.dental, [a_line(house.dental, phone(100))]
    )
    async with database.transaction(house.administrator) as connection:
        await prepare_letter(
            connection, house.administrator, request_id, VAULT, letter_changes(pin_answer=pin)
        )
    return request_id


async def in_review(database, house, pin: str = CANARY) -> str:
    request_id = await a_draft_with_pin(database, house, pin)
    await submit(database, house.administrator, request_id)
    return request_id


async def pins_of(database, request_id):
    async with database.working() as connection:
        return await connection.fetch(
            "SELECT * FROM pins WHERE port_request_id = $1 ORDER BY holder", request_id
        )


async def reveal(door, caller, request_id, **given):
    done = await door.act(caller, "revealPin", portRequestId=request_id, **{**WHY, **given})
    return done["pin"] or [(each["code"], *each["path"][1:]) for each in done["userErrors"]]


@pytest.mark.requirement("S57")
@pytest.mark.parametrize("pin", ["0000", "1234", CANARY])
async def test_the_desk_is_shown_a_pin_and_each_time_is_on_record(door, database, pin):
    house = await found_house(database)
    request_id = await in_review(database, house, pin)
    assert await reveal(door, "support", request_id) == pin
    assert await reveal(door, "support", request_id, trackingNumber=phone(100)) == pin
    async with database.working() as connection:
        uses = await connection.fetch("SELECT * FROM pin_uses")
        history = await connection.fetch(
            "SELECT actor, reason FROM history WHERE event_type = 'porting.pin_used.v1'"
        )
    assert [(use["used_by"], use["reason"]) for use in uses] == [
        ("support", WHY["reason"])
    ] * 2
    assert {(each["actor"], each["reason"]) for each in history} == {
        ("support:support", WHY["reason"])
    }


async def test_a_pin_is_shown_to_nobody_else_and_not_without_need(door, database):
    house = await found_house(database)
    draft_id = await a_draft_with_pin(database, house)
    assert await reveal(door, "support", draft_id) == [("INVALID_STATE", "portRequestId")]
    await submit(database, house.administrator, draft_id)
    assert await reveal(door, "support", draft_id, reason=" ") == [("REQUIRED", "reason")]
    assert await reveal(door, "support", draft_id, losingAccountId="la_x") == [
        ("NOT_FOUND", "portRequestId")
    ]
    for caller in (house.administrator, house.viewer, "calls:report", "letters:deliver"):
        code = await door.code(
            caller, door.mutation("revealPin"), input={"portRequestId": draft_id, **WHY}
        )
        assert code == "FORBIDDEN"


async def test_a_customer_may_not_read_what_is_sealed(database):
    house = await found_house(database)
    await a_draft_with_pin(database, house)
    async with database.reading(house.administrator) as connection:
        with pytest.raises(Exception, match="permission denied"):
            await connection.fetch("SELECT sealed FROM pins")


async def test_a_pin_copied_to_another_row_opens_nowhere(door, database):
    house = await found_house(database)
    first = await in_review(database, house)
    other = await a_full_draft(
        database, house.administrator, house.dental, [a_line(house.dental, phone(200))]
    )
    async with database.working() as connection:
        await keep_pins(connection, await request_of(database, other), VAULT, {other: "5555"})
        await connection.execute(
            "UPDATE pins SET sealed = (SELECT sealed FROM pins WHERE port_request_id = $1) "
            "WHERE port_request_id = $2",
            first,
            other,
        )
    await submit(database, house.administrator, other)
    code = await door.code(
        "support", door.mutation("revealPin"), input={"portRequestId": other, **WHY}
    )
    assert code == "INTERNAL"


async def test_a_new_answer_takes_the_place_of_the_one_before(door, database):
    house = await found_house(database)
    request_id = await in_review(database, house)
    before = await types_told(database, request_id)
    for answer, shown in (("7777", "7777"), ("n/a", [("NOT_FOUND", "portRequestId")])):
        done = await door.act(
            house.administrator, "prepareLetter", portRequestId=request_id, pinAnswer=answer
        )
        assert done["userErrors"] == []
        assert await reveal(door, "support", request_id) == shown
    assert "letter_superseded" not in await types_told(database, request_id)
    assert len(await types_told(database, request_id)) > len(before)


@pytest.mark.requirement("S56")
async def test_everybody_else_is_told_whether_there_is_a_pin(door, database):
    house = await found_house(database)
    request_id = await a_draft_with_pin(database, house)
    query = "query ($id: ID!) { portRequest(id: $id) { letter { pinAnswer losingAccounts { pinAnswer } } } }"
    for caller in (house.administrator, house.viewer, "support"):
        answer = await door.see(caller, query, id=request_id)
        assert answer["portRequest"]["letter"]["pinAnswer"] == "GIVEN"
        assert CANARY not in json.dumps(answer)


async def test_a_pin_leaves_no_trace(door, database, caplog):
    house = await found_house(database)
    with caplog.at_level(logging.DEBUG):
        request_id = await a_draft_with_pin(database, house)
        given = {**LETTER, "pinAnswer": CANARY, "idempotencyKey": "k"}
        again = [
            await door.act(
                house.administrator, "prepareLetter", portRequestId=request_id, **given
            )
            for _ in range(2)
        ]
        wrong = await door.act(
            house.administrator,
            "prepareLetter",
            portRequestId=request_id,
            pinAnswer=CANARY * 4,
            losingAccounts=[{"pinAnswer": CANARY * 4}],
        )
        await submit(database, house.administrator, request_id)
        await reveal(door, "support", request_id)
    assert again[0] == again[1]
    assert [error["code"] for error in wrong["userErrors"]] == ["INVALID", "INVALID"]
    assert CANARY not in json.dumps([again, wrong])
    assert CANARY not in caplog.text
    assert not any(CANARY in str(vars(record)) for record in caplog.records)
    async with database.working() as connection:
        tables = await connection.fetch(
            "SELECT relname FROM pg_class WHERE relkind = 'r' "
            "AND relnamespace = 'public'::regnamespace AND relname <> 'schema_migrations'"
        )
        for table in tables:
            rows = await connection.fetch(
                f"SELECT t::text AS row FROM {table['relname']} AS t"
            )
            assert not any(CANARY in row["row"] for row in rows), table["relname"]
            coded = CANARY.encode().hex()
            assert not any(coded in row["row"] for row in rows), table["relname"]


async def test_a_pin_goes_with_the_last_of_its_lines(database):
    house = await found_house(database)
    numbers = [phone(100), phone(101), phone(102)]
    request_id = await a_request_with_the_carrier(database, house, numbers)
    async with database.working() as connection:
        lines = await connection.fetch("SELECT id FROM lines ORDER BY tracking_number")
        await keep_pins(
            connection,
            await request_of(database, request_id),
            VAULT,
            {request_id: CANARY, lines[0]["id"]: "1111", lines[2]["id"]: "3333"},
        )

    async def port(number) -> dict[str, bool]:
        async with database.transaction(SUPPORT) as connection:
            await carrier.record_ported(connection, SUPPORT, request_id, now(), [number])
        kept = await pins_of(database, request_id)
        return {pin["holder"]: pin["sealed"] is not None for pin in kept}

    ids = [line["id"] for line in lines]
    assert await port(phone(100)) == {ids[0]: False, ids[2]: True, request_id: True}
    assert await port(phone(101)) == {ids[0]: False, ids[2]: True, request_id: True}
    assert await port(phone(102)) == {ids[0]: False, ids[2]: False, request_id: False}
    answers = {pin["answer"] for pin in await pins_of(database, request_id)}
    assert answers == {"GIVEN"}


async def test_a_further_account_keeps_its_pin_while_it_is_named(door, database):
    house = await found_house(database)
    request_id = await a_draft_with_pin(database, house)
    account = {
        "losingCarrier": "Bell",
        "accountNumber": "B-2",
        "billingNumber": phone(300),
        "trackingNumbers": [phone(100)],
    }
    for filled in ({**account, "pinAnswer": "4444"}, account):
        done = await door.act(
            house.administrator,
            "prepareLetter",
            portRequestId=request_id,
            losingAccounts=[filled],
        )
        assert done["userErrors"] == []
    kept = {pin["holder"][:3] for pin in await pins_of(database, request_id) if pin["sealed"]}
    assert kept == {"la_", "pr_"}


async def test_everything_is_sealed_anew_under_a_newer_key(database):
    house = await found_house(database)
    request_id = await a_draft_with_pin(database, house)
    newer = Vault([NEW, OLD])
    assert await reseal_pins(database, newer) == 1
    assert await reseal_pins(database, newer) == 0
    [pin] = await pins_of(database, request_id)
    sealed = Sealed(key_id=pin["key_id"], box=pin["sealed"])
    assert Vault([NEW]).unseal(sealed, f"pins.sealed:{pin['id']}") == CANARY


async def test_no_event_tells_of_a_pin_more_than_that_it_was_used(door, database):
    house = await found_house(database)
    request_id = await in_review(database, house)
    await reveal(door, "support", request_id)
    last = (await told(database, request_id))[-1]
    assert last.type == "porting.pin_used.v1"
    assert last.fact.holder == request_id
