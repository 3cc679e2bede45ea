"""Signatures grow old while a request is at its carriers: who is asked, and what un-sticks it."""

from datetime import timedelta

import pytest

from services.porting.domain.letters import LetterState
from services.porting.store import faults, letters
from services.porting.timers import timers_of
from services.porting.use_cases.letter_expiry import age_letter
from tests.porting.builders import (
    IDLE_LIMITS,
    a_full_draft,
    a_line,
    a_request_with_the_carrier,
    business_day,
    lines_of,
    now,
    phone,
    preconfigure,
    request_of,
    submit,
)
from tests.porting.test_line_letters import SIGNATURE, act, correct, reject, resubmit

FIRST, SECOND = NUMBERS = [phone(100), phone(101)]
OLD = timedelta(days=91)
STATE = """query ($id: ID!) { portRequest(id: $id) {
  status availableActions waitingOn { waitingOn } letter { state }
  lines { edges { node { phoneNumber faults { code closedAt closedBy } } } } } }"""


@pytest.fixture
async def request_id(database, house) -> str:
    return await a_request_with_the_carrier(database, house, NUMBERS)


async def shown(door, house, request_id):
    return (await door.see(house.administrator, STATE, id=request_id))["portRequest"]


async def grow_old(database) -> None:
    """Every signature that there is, and the timers of their age."""
    async with database.working() as connection:
        await connection.execute(
            "UPDATE letters SET signed_at = signed_at - $1::interval", OLD
        )
        await connection.execute(
            "UPDATE timers SET due_at = due_at - $1::interval WHERE kind = 'letter_ages'", OLD
        )


async def let_timers_strike(database) -> None:
    """Those of letters' ages that are due; as the worker takes them."""
    async with database.working() as connection:
        due = await connection.fetch(
            """
            DELETE FROM timers
            WHERE kind = 'letter_ages' AND due_at <= clock_timestamp()
            RETURNING key
            """
        )
    for row in due:
        async with database.working() as connection:
            await timers_of(IDLE_LIMITS)["letter_ages"](connection, row["key"])


async def record_date(door, request_id, *numbers) -> None:
    given = {"trackingNumbers": [*numbers]} if numbers else {}
    day = business_day().isoformat()
    assert (
        await act(door, "support", "recordFirmDate", request_id, firmDate=day, **given) == []
    )


async def due_of_ages(database):
    async with database.working() as connection:
        return await connection.fetchval(
            "SELECT min(due_at) FROM timers WHERE kind = 'letter_ages'"
        )


async def test_what_grew_old_while_approved_counts_when_the_carrier_sends_it_back(
    door, database, house, request_id
):
    await record_date(door, request_id)
    await grow_old(database)
    await let_timers_strike(database)
    assert (await shown(door, house, request_id))["letter"]["state"] == "SIGNED"
    assert await due_of_ages(database) > now() + timedelta(hours=23)

    await reject(door, request_id, "PIN_INVALID", FIRST)
    await let_timers_strike(database)

    seen = await shown(door, house, request_id)
    assert (seen["status"], seen["letter"]["state"]) == ("ACTION_REQUIRED", "EXPIRED")
    assert await correct(door, house, request_id, FIRST) == []
    assert await resubmit(door, house, request_id) == ["LETTER_NOT_SIGNED"]
    assert await act(door, house.administrator, "signLetter", request_id, **SIGNATURE) == []
    assert await resubmit(door, house, request_id) == []


async def test_a_line_that_is_asked_back_asks_for_no_signature_for_its_approved_sister(
    door, database, house, request_id
):
    await record_date(door, request_id)
    await grow_old(database)
    only = {"trackingNumbers": [FIRST]}
    assert await act(door, house.administrator, "cancelPortRequest", request_id, **only) == []
    await let_timers_strike(database)
    seen = await shown(door, house, request_id)
    assert (seen["status"], seen["letter"]["state"]) == ("WITH_CARRIER", "SIGNED")
    assert seen["waitingOn"]["waitingOn"] == "LOSING_CARRIER"


@pytest.fixture
async def with_own_letter(door, database, house, request_id) -> str:
    """Its first line was refused, and went back with a letter of its own."""
    await reject(door, request_id, "ACCOUNT_NUMBER_MISMATCH", FIRST)
    assert await correct(door, house, request_id, FIRST) == []
    own = {"trackingNumber": FIRST}
    boss = house.administrator
    assert await act(door, boss, "prepareLetter", request_id, accountNumber="A-2", **own) == []
    assert await act(door, boss, "signLetter", request_id, **SIGNATURE, **own) == []
    assert await resubmit(door, house, request_id) == []
    return request_id


async def age_own_letter(database, request_id) -> None:
    async with database.working() as connection:
        own = await letters.find_line_letters(connection, request_id)
        await age_letter(connection, own[FIRST].id)


async def state_of_own_letter(database, request_id) -> LetterState:
    async with database.working() as connection:
        return (await letters.find_line_letters(connection, request_id))[FIRST].state


def fault_of(seen, number):
    nodes = [edge["node"] for edge in seen["lines"]["edges"]]
    return next(node["faults"] for node in nodes if node["phoneNumber"] == number)[-1]


async def test_an_old_letter_of_one_line_is_signed_anew_beside_the_carriers_work(
    door, database, house, with_own_letter
):
    await age_own_letter(database, with_own_letter)

    seen = await shown(door, house, with_own_letter)
    assert (seen["status"], seen["waitingOn"]["waitingOn"]) == ("WITH_CARRIER", "REQUESTER")
    assert {"SIGN", "SEND_LETTER"} <= {*seen["availableActions"]}
    assert fault_of(seen, FIRST) == {"code": "LOA_EXPIRED", "closedAt": None, "closedBy": None}

    own = {"trackingNumber": FIRST}
    signed = await act(
        door, house.administrator, "signLetter", with_own_letter, **SIGNATURE, **own
    )
    assert signed == []
    seen = await shown(door, house, with_own_letter)
    assert seen["waitingOn"]["waitingOn"] == "LOSING_CARRIER"
    assert not {"SIGN", "SEND_LETTER"} & {*seen["availableActions"]}
    assert fault_of(seen, FIRST)["closedBy"] == "RESUBMITTED"


async def test_an_old_letter_of_one_line_is_no_fault_once_the_carrier_approves_the_line(
    door, database, house, with_own_letter
):
    await age_own_letter(database, with_own_letter)
    await record_date(door, with_own_letter)
    assert (await request_of(database, with_own_letter)).status == "APPROVED"
    async with database.working() as connection:
        assert await faults.find_open_faults(connection, with_own_letter) == []


async def test_a_letter_of_an_approved_line_is_looked_at_again_later(
    door, database, house, with_own_letter
):
    await record_date(door, with_own_letter, FIRST)
    await age_own_letter(database, with_own_letter)
    assert await state_of_own_letter(database, with_own_letter) is LetterState.SIGNED
    await reject(door, with_own_letter, "PIN_INVALID", FIRST)
    await age_own_letter(database, with_own_letter)
    assert await state_of_own_letter(database, with_own_letter) is LetterState.EXPIRED
    assert await correct(door, house, with_own_letter, FIRST) == []
    assert "LETTER_OUTDATED" in await resubmit(door, house, with_own_letter)


async def test_an_old_letter_of_one_line_is_signed_while_others_move(
    door, database, house, with_own_letter
):
    ported = {"portedAt": now().isoformat(), "trackingNumbers": [SECOND]}
    assert await act(door, "support", "recordPorted", with_own_letter, **ported) == []
    await age_own_letter(database, with_own_letter)
    seen = await shown(door, house, with_own_letter)
    assert (seen["status"], seen["waitingOn"]["waitingOn"]) == ("PORTING", "REQUESTER")
    assert "SIGN" in seen["availableActions"]
    own = {"trackingNumber": FIRST}
    signed = await act(
        door, house.administrator, "signLetter", with_own_letter, **SIGNATURE, **own
    )
    assert signed == []
    assert (await request_of(database, with_own_letter)).turn[0] == "LOSING_CARRIER"


async def test_an_old_letter_of_one_line_ends_with_its_line(
    door, database, house, with_own_letter
):
    await age_own_letter(database, with_own_letter)
    assert await act(door, house.administrator, "cancelPortRequest", with_own_letter) == []
    confirmed = {"isConfirmed": True, "trackingNumbers": [FIRST]}
    assert await act(door, "support", "recordCancellation", with_own_letter, **confirmed) == []
    rejected = {"code": "OTHER", "trackingNumbers": [SECOND]}
    assert await act(door, "support", "recordRejection", with_own_letter, **rejected) == []
    await age_own_letter(database, with_own_letter)
    async with database.working() as connection:
        assert await faults.find_open_faults(connection, with_own_letter) == []


async def test_the_rest_of_a_part_sent_request_waits_for_a_signature_that_holds(
    door, database, house
):
    added = [a_line(house.dental, number) for number in NUMBERS]
    request_id = await a_full_draft(database, house.administrator, house.dental, added)
    await submit(database, house.administrator, request_id)
    await preconfigure(database, request_id)
    apart = {"trackingNumbers": [SECOND], "losingCarrier": "Bell"}
    assert await act(door, "support", "createCarrierOrder", request_id, **apart) == []
    orders = "query ($id: ID!) { portRequest(id: $id) { carrierOrders { id } } }"
    first, _ = (await door.see("support", orders, id=request_id))["portRequest"][
        "carrierOrders"
    ]
    only = {"carrierOrderIds": [first["id"]]}
    assert await act(door, "support", "sendCarrierOrders", request_id, **only) == []
    await grow_old(database)
    await let_timers_strike(database)

    refused = await door.act("support", "sendToCarrier", portRequestId=request_id)
    assert [(each["code"], each["path"]) for each in refused["userErrors"]] == [
        ("LETTER_NOT_SIGNED", ["portRequest", "letter"])
    ]
    assert {line.state for line in await lines_of(database, request_id)} == {
        "WITH_CARRIER", "READY",
    }  # fmt: skip
    assert await act(door, house.administrator, "signLetter", request_id, **SIGNATURE) == []
    assert await act(door, "support", "sendToCarrier", request_id) == []


async def test_a_request_that_ends_with_its_last_line_leaves_no_open_fault(
    door, database, house
):
    added = [a_line(house.dental, FIRST)]
    request_id = await a_full_draft(database, house.administrator, house.dental, added)
    await submit(database, house.administrator, request_id)
    async with database.working() as connection:
        letter = await letters.find_standing_letter(connection, request_id)
        await age_letter(connection, letter.id)
    assert (await request_of(database, request_id)).fault_code == "LOA_EXPIRED"

    unportable = {"trackingNumbers": [FIRST]}
    assert await act(door, house.administrator, "dropLines", request_id, **unportable) == []

    assert (await request_of(database, request_id)).status == "CANCELLED"
    async with database.working() as connection:
        assert await faults.find_open_faults(connection, request_id) == []
