"""Support cases: the thread between customer and desk, and what stays with the desk."""

import json
import re

import asyncpg
import pytest

from services.porting.domain.requests import PortRequestStatus
from services.porting.use_cases import carrier
from tests.porting.builders import (
    SUPPORT,
    a_draft,
    a_full_draft,
    a_line,
    a_request_with_the_carrier,
    found_house,
    now,
    phone,
    request_of,
    submit,
    told,
    types_told,
)

CASE = """query ($id: ID!) { supportCase(id: $id) {
  id reference subject numbers state madeWithRequest version company { id }
  portRequest { id name } availableActions
  messages { edges { node { authorName isFromSupport body requestsCancellation } } }
  internalNotes { edges { node { writtenBy body } } }
} }"""
OF_REQUEST = "query ($id: ID!) { portRequest(id: $id) { supportCase { id reference } } }"
BRITISH = ["+442079460123", "+442079460124"]
OPENED = {"subject": "Our London numbers", "message": "Please port them.", "numbers": BRITISH}


async def case_of(door, house, request_id) -> str:
    shown = await door.see(house.administrator, OF_REQUEST, id=request_id)
    return shown["portRequest"]["supportCase"]["id"]


async def opened_case(door, caller, **given) -> str:
    payload = await door.act(caller, "openSupportCase", **{**OPENED, **given})
    assert payload["userErrors"] == []
    return payload["supportCase"]["id"]


def bodies(case) -> list[str]:
    return [edge["node"]["body"] for edge in case["messages"]["edges"]]


@pytest.mark.requirement("S69")
async def test_a_request_is_made_with_a_case_that_has_a_reference(door, database):
    house = await found_house(database)
    ids = [await a_draft(database, house.manager, house.dental) for _ in range(2)]
    references = []
    for request_id in ids:
        shown = await door.see(house.manager, OF_REQUEST, id=request_id)
        references.append(shown["portRequest"]["supportCase"]["reference"])
        case_id = shown["portRequest"]["supportCase"]["id"]
        assert await types_told(database, case_id) == ["case_opened"]
    assert len(set(references)) == 2
    assert all(re.fullmatch(r"PL-20\d\d-\d{6}", each) for each in references)


@pytest.mark.requirement("S69")
async def test_customer_and_desk_write_to_each_other(door, database):
    house = await found_house(database)
    request_id = await a_draft(database, house.manager, house.dental)
    case_id = await case_of(door, house, request_id)
    for caller, message in ((house.manager, "When?"), ("support", "Soon.\nReally.")):
        done = await door.act(caller, "postMessage", supportCaseId=case_id, message=message)
        assert done["userErrors"] == []

    case = (await door.see(house.viewer, CASE, id=case_id))["supportCase"]

    assert [edge["node"] for edge in case["messages"]["edges"]] == [
        {
            "authorName": "Ada Lovelace",
            "isFromSupport": False,
            "body": "When?",
            "requestsCancellation": False,
        },
        {
            "authorName": "Support",
            "isFromSupport": True,
            "body": "Soon.\nReally.",
            "requestsCancellation": False,
        },
    ]
    assert case["portRequest"] == {"id": request_id, "name": "Move"}
    assert (case["madeWithRequest"], case["version"]) == (True, 3)


@pytest.mark.requirement("S10", "S70")
async def test_a_case_needs_no_request(door, database):
    house = await found_house(database, card_on_file=False, in_trial=True)
    case_id = await opened_case(door, house.manager, companyId=house.dental)
    case = (await door.see(house.administrator, CASE, id=case_id))["supportCase"]
    assert (case["numbers"], case["portRequest"]) == (BRITISH, None)
    assert case["company"] == {"id": house.dental}
    assert bodies(case) == ["Please port them."]


@pytest.mark.requirement("S70")
async def test_another_case_can_name_the_request_that_is_to_be_cancelled(door, database):
    house = await found_house(database)
    request_id = await a_full_draft(
        database, house.manager, house.dental, [a_line(house.dental, phone(100))]
    )
    await submit(database, house.manager, request_id)
    case_id = await opened_case(
        door, house.manager, portRequestId=request_id, requestsCancellation=True
    )
    case = (await door.see(house.manager, CASE, id=case_id))["supportCase"]
    assert case["portRequest"]["id"] == request_id
    assert case["messages"]["edges"][0]["node"]["requestsCancellation"] is True
    assert (await request_of(database, request_id)).status is PortRequestStatus.CANCELLED
    assert not case["madeWithRequest"]
    query = """query ($id: ID!) { supportCases(filter: { portRequestId: $id }) {
      totalCount edges { node { id } } } }"""
    shown = (await door.see(house.manager, query, id=request_id))["supportCases"]
    assert shown["totalCount"] == 2
    assert shown["edges"][0]["node"]["id"] == case_id


@pytest.mark.requirement("S69", "S71")
async def test_a_message_cancels_what_a_carrier_has_by_the_carriers_leave(door, database):
    house = await found_house(database)
    request_id = await a_request_with_the_carrier(database, house, [phone(100)])
    case_id = await case_of(door, house, request_id)
    given = {"supportCaseId": case_id, "requestsCancellation": True}

    by_another = await refused(door, house.manager, "postMessage", message="Stop.", **given)
    assert [place for _, place in by_another] == ["requestsCancellation"]
    assert (
        await refused(door, house.administrator, "postMessage", message="Stop.", **given) == []
    )

    request = await request_of(database, request_id)
    assert request.status is PortRequestStatus.CANCEL_REQUESTED
    case = (await door.see(house.administrator, CASE, id=case_id))["supportCase"]
    assert bodies(case) == ["Stop."]


@pytest.mark.requirement("S71")
async def test_a_message_cancels_nothing_that_is_complete(door, database):
    house = await found_house(database)
    request_id = await a_request_with_the_carrier(database, house, [phone(100)])
    async with database.transaction(SUPPORT) as connection:
        await carrier.record_ported(connection, SUPPORT, request_id, now(), None)
    given = {"supportCaseId": await case_of(door, house, request_id), "message": "Stop."}
    assert await refused(
        door, house.administrator, "postMessage", requestsCancellation=True, **given
    ) == [("INVALID_STATE", "requestsCancellation")]
    assert await refused(door, house.administrator, "postMessage", **given) == []


async def test_what_the_desk_notes_stays_with_the_desk(door, database):
    house = await found_house(database)
    case_id = await opened_case(door, house.manager)
    done = await door.act(
        "support", "postInternalNote", supportCaseId=case_id, note="Known for this."
    )
    assert done["userErrors"] == []

    for caller in (house.administrator, house.manager):
        case = (await door.see(caller, CASE, id=case_id))["supportCase"]
        assert case["internalNotes"] is None
        assert bodies(case) == ["Please port them."]
        async with database.transaction(caller) as connection:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.fetch("SELECT * FROM case_notes")
    case = (await door.see("support", CASE, id=case_id))["supportCase"]
    assert [edge["node"]["body"] for edge in case["internalNotes"]["edges"]] == [
        "Known for this."
    ]
    assert await types_told(database, case_id) == ["case_opened", "message_posted"]


async def test_events_tell_who_wrote_and_how_much_and_never_what(door, database):
    house = await found_house(database)
    case_id = await opened_case(door, house.manager, message=" My PIN is 4711. ")
    await door.act("support", "postMessage", supportCaseId=case_id, message="Thanks!")
    async with database.working() as connection:
        rows = await connection.fetch("SELECT body FROM outbox WHERE subject = $1", case_id)
    said = [json.loads(row["body"])["data"] for row in rows]
    assert [fact.get("author") for fact in said] == [None, house.manager.member_id, "support"]
    assert [fact.get("length") for fact in said] == [None, 15, 7]
    text = str(said)
    assert not [secret for secret in ("4711", "Thanks", "London", "+44") if secret in text]


async def test_a_closed_case_is_opened_again_by_a_message(door, database):
    house = await found_house(database)
    case_id = await opened_case(door, house.manager)
    closed = await door.act("support", "closeSupportCase", supportCaseId=case_id)
    assert closed["supportCase"]["state"] == "CLOSED"
    assert closed["supportCase"]["availableActions"] == ["POST_MESSAGE", "POST_INTERNAL_NOTE"]
    again = await door.act("support", "closeSupportCase", supportCaseId=case_id)
    assert [error["code"] for error in again["userErrors"]] == ["INVALID_STATE"]

    done = await door.act(house.manager, "postMessage", supportCaseId=case_id, message="No.")

    assert done["supportCase"]["state"] == "OPEN"
    assert await types_told(database, case_id) == [
        "case_opened",
        "message_posted",
        "case_closed",
        "case_reopened",
        "message_posted",
    ]


async def test_a_client_manager_has_the_cases_of_their_own_requests(door, database):
    house = await found_house(database)
    theirs = await opened_case(door, house.client_manager, companyId=house.dental)
    request_id = await a_draft(database, house.client_manager, house.dental)
    made_with_it = await case_of(door, house, request_id)
    await opened_case(door, house.second_client_manager, companyId=house.dental)
    await a_draft(database, house.manager, house.dental)
    nowhere = await opened_case(door, house.garage_manager)

    listed = "{ supportCases { totalCount edges { node { id } } } }"

    async def seen_by(caller) -> list[str]:
        shown = (await door.see(caller, listed))["supportCases"]
        assert shown["totalCount"] == len(shown["edges"])
        return [edge["node"]["id"] for edge in shown["edges"]]

    assert await seen_by(house.client_manager) == [made_with_it, theirs]
    assert len(await seen_by(house.manager)) == 4
    assert await seen_by(house.garage_manager) == [nowhere]
    assert len(await seen_by(house.administrator)) == len(await seen_by("support")) == 5


async def test_support_opens_a_case_for_an_account(door, database):
    house = await found_house(database)
    case_id = await opened_case(
        door, "support", accountId=house.id, companyId=house.dental, numbers=[]
    )
    case = (await door.see(house.manager, CASE, id=case_id))["supportCase"]
    assert case["messages"]["edges"][0]["node"]["authorName"] == "Support"
    assert (await told(database, case_id))[0].fact.opened_by == "support"


async def refused(door, caller, mutation, **given) -> list[tuple[str, str]]:
    payload = await door.act(caller, mutation, **given)
    return [(error["code"], error["path"][-1]) for error in payload["userErrors"]]


async def test_every_fault_of_a_case_is_told_at_once(door, database):
    house, other = await found_house(database), await found_house(database)
    wrong = {
        "subject": "x" * 201,
        "message": " \n ",
        "companyId": house.garage,
        "requestsCancellation": True,
    }
    assert await refused(door, house.manager, "openSupportCase", **wrong) == [
        ("TOO_LONG", "subject"),
        ("REQUIRED", "message"),
        ("REQUIRED", "portRequestId"),
        ("UNKNOWN_COMPANY", "companyId"),
    ]
    long = {**OPENED, "subject": " ", "message": "x" * 10_001}
    assert await refused(door, "support", "openSupportCase", **long) == [
        ("REQUIRED", "subject"),
        ("TOO_LONG", "message"),
        ("NOT_FOUND", "accountId"),
    ]
    foreign = {**OPENED, "accountId": other.id}
    assert await refused(door, house.administrator, "openSupportCase", **foreign) == [
        ("NOT_FOUND", "accountId")
    ]
    many = {**OPENED, "numbers": [phone(place) for place in range(1_001)]}
    assert await refused(door, house.administrator, "openSupportCase", **many) == [
        ("TOO_MANY_LINES", "numbers")
    ]


async def test_a_message_has_a_text_and_cancels_only_what_it_is_about(door, database):
    house = await found_house(database)
    case_id = await opened_case(door, house.manager)
    given = {"supportCaseId": case_id, "message": "", "requestsCancellation": True}
    assert await refused(door, house.manager, "postMessage", **given) == [
        ("REQUIRED", "message"),
        ("REQUIRED", "requestsCancellation"),
    ]
    for unknown in ("", "case_x", "case_" + "9" * 500, "'; --"):
        given = {"supportCaseId": unknown, "message": "Hello"}
        assert await refused(door, house.manager, "postMessage", **given) == [
            ("NOT_FOUND", "supportCaseId")
        ]


async def test_a_case_that_somebody_moved_meanwhile_is_not_moved_blindly(door, database):
    house = await found_house(database)
    given = {"supportCaseId": await opened_case(door, house.manager), "expectedVersion": 2}
    assert await refused(door, house.manager, "postMessage", message="1", **given) == []
    assert await refused(door, "support", "closeSupportCase", **given) == [
        ("CONFLICT", "expectedVersion")
    ]


NAUGHTY = (
    "'; DROP TABLE case_messages; --",
    "<script>alert(1)</script>",
    "=HYPERLINK(1)",
    "{{7*7}} ${7*7} %s %n",
    "Ω≈ç√∫µ≤≥÷ 田中さん 🏳️‍🌈",
    "\u202e\u200b\ufeffab",
    "../../etc/passwd",
    "\\",
)


@pytest.mark.parametrize("text", NAUGHTY)
async def test_a_text_is_kept_as_it_was_written(door, database, text):
    house = await found_house(database)
    case_id = await opened_case(door, house.manager, subject=text, message=f"a{text}b")
    case = (await door.see(house.manager, CASE, id=case_id))["supportCase"]
    assert (case["subject"], bodies(case)) == (text, [f"a{text}b"])


async def test_the_same_key_opens_one_case(door, database):
    house = await found_house(database)
    given = {**OPENED, "idempotencyKey": "once"}
    first = await door.act(house.manager, "openSupportCase", **given)
    assert await door.act(house.manager, "openSupportCase", **given) == first


async def test_the_desk_writes_nothing_as_a_customer(database):
    house = await found_house(database)
    await a_draft(database, house.manager, house.dental)
    for statement in (
        "UPDATE case_messages SET body = 'x'",
        "DELETE FROM case_messages",
        "DELETE FROM support_cases",
    ):
        for caller in (house.administrator, SUPPORT):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                async with database.transaction(caller) as connection:
                    await connection.execute(statement)
