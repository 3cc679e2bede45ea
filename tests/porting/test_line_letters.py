"""After the review began: dropping a line keeps the letter, changing one needs a letter for it."""

import pytest

from services.porting.store import letters
from services.porting.use_cases.letter_coverage import find_uncovered_lines
from tests.porting.builders import (
    a_request_with_the_carrier,
    found_house,
    phone,
    request_of,
)

NUMBERS = [phone(100), phone(101), phone(102)]
SIGNATURE = {"signerName": "Ada Lovelace", "consent": True}


async def uncovered(database, request_id):
    request = await request_of(database, request_id)
    async with database.working() as connection:
        return await find_uncovered_lines(connection, request)


async def act(door, caller, mutation, request_id, **given) -> list[str]:
    done = await door.act(caller, mutation, portRequestId=request_id, **given)
    return [error["code"] for error in done["userErrors"]]


async def reject(door, request_id, code: str, *numbers) -> None:
    faults = await act(
        door, "support", "recordRejection", request_id, code=code, trackingNumbers=[*numbers]
    )
    assert faults == []


async def correct(door, house, request_id, number) -> list[str]:
    corrections = [{"trackingNumber": number, "note": "As on the last bill."}]
    return await act(
        door, house.administrator, "correctLines", request_id, corrections=corrections
    )


async def resubmit(door, house, request_id) -> list[str]:
    return await act(door, house.administrator, "resubmitPortRequest", request_id)


@pytest.mark.requirement("S55")
async def test_a_dropped_line_leaves_the_letter_as_it_was_signed(door, database):
    house = await found_house(database)
    request_id = await a_request_with_the_carrier(database, house, NUMBERS)
    await reject(door, request_id, "NUMBER_INACTIVE", phone(101))
    dropped = await act(
        door, house.administrator, "dropLines", request_id, trackingNumbers=[phone(101)]
    )
    assert dropped == []
    assert await uncovered(database, request_id) == []
    async with database.working() as connection:
        assert (await letters.find_letters(connection, [request_id]))[request_id].is_signed


@pytest.mark.requirement("S55")
async def test_a_line_that_changed_needs_a_letter_of_its_own_and_its_sisters_none(
    door, database
):
    house = await found_house(database)
    request_id = await a_request_with_the_carrier(database, house, NUMBERS)
    await reject(door, request_id, "ACCOUNT_NUMBER_MISMATCH", phone(101))
    await reject(door, request_id, "ADDRESS_MISMATCH", phone(101))
    assert await correct(door, house, request_id, phone(101)) == []
    assert await resubmit(door, house, request_id) == ["LETTER_OUTDATED"]

    of_the_line = {"trackingNumber": phone(101)}
    kept = await act(
        door,
        house.administrator,
        "prepareLetter",
        request_id,
        serviceAddress={"street": "2 Side Street"},
        accountNumber="A-2",
        **of_the_line,
    )
    assert kept == []
    signed = await act(
        door, house.administrator, "signLetter", request_id, **SIGNATURE, **of_the_line
    )
    assert signed == []
    assert await resubmit(door, house, request_id) == []
    assert await uncovered(database, request_id) == []
    async with database.working() as connection:
        own = await letters.find_line_letters(connection, request_id)
        content = await letters.find_content(connection, own[phone(101)].id)
    assert [page["numbers"] for page in content["pages"]] == [[phone(101)]]
    assert [page["account_number"] for page in content["pages"]] == ["A-2"]
    assert content["subscriber"]["name"] == "Acme Dental LLC"
    assert content["subscriber"]["service_address"]["street"] == "2 Side Street"


async def test_a_letter_of_a_number_that_the_request_lacks_is_none(door, database):
    house = await found_house(database)
    request_id = await a_request_with_the_carrier(database, house, NUMBERS)
    await reject(door, request_id, "ADDRESS_MISMATCH", phone(101))
    for mutation, given in (("prepareLetter", {}), ("signLetter", SIGNATURE)):
        faults = await act(
            door,
            house.administrator,
            mutation,
            request_id,
            trackingNumber=phone(999),
            **given,
        )
        assert faults == ["NOT_FOUND"]
