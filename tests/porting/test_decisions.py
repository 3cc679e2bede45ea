"""An administrator's yes and no to what a colleague submitted."""

from dataclasses import replace

import pytest

from libs.common.caller import Role
from services.porting.domain.letters import Letter, LetterState
from services.porting.domain.requests import (
    PortRequestStatus,
    WaitingOn,
    next_status_after_submission,
)
from tests.porting.builders import (
    a_full_draft,
    a_line,
    a_request,
    a_subscriber,
    found_house,
    lines_of,
    now,
    phone,
    request_of,
    submit,
    told,
    types_told,
)

REASON = "We stay with Old Telecom."


async def submitted(database, house, caller=None, number=None) -> str:
    caller = caller or house.manager
    request_id = await a_full_draft(
        database, caller, house.dental, [a_line(house.dental, number or phone(100))]
    )
    await submit(database, caller, request_id)
    return request_id


async def decline(door, caller, request_id, reason=REASON):
    payload = await door.act(
        caller, "declinePortRequest", portRequestId=request_id, reason=reason
    )
    return payload, [(error["code"], error["path"][-1]) for error in payload["userErrors"]]


def a_letter(state: LetterState) -> Letter:
    return Letter(id="ltr_1", port_request_id="pr_1", state=state, subscriber=a_subscriber())


@pytest.mark.requirement("S46", "S54")
@pytest.mark.parametrize("is_authorized", [False, True])
@pytest.mark.parametrize("state", [None, LetterState.DRAFT, LetterState.SIGNED])
def test_a_submission_waits_for_the_administrator_then_for_the_signer(is_authorized, state):
    request = a_request(authorized_at=now() if is_authorized else None)
    letter = a_letter(state) if state else None
    signed = state is LetterState.SIGNED
    expected = {
        (False, False): PortRequestStatus.AWAITING_AUTHORIZATION,
        (False, True): PortRequestStatus.AWAITING_AUTHORIZATION,
        (True, False): PortRequestStatus.AWAITING_SIGNATURE,
        (True, True): PortRequestStatus.IN_REVIEW,
    }
    assert next_status_after_submission(request, letter) is expected[is_authorized, signed]


@pytest.mark.requirement("S50")
async def test_a_declined_request_is_cancelled_with_the_reason_and_its_numbers_are_free(
    door, database
):
    house, other = await found_house(database), await found_house(database)
    request_id = await submitted(database, house)

    payload, errors = await decline(door, house.administrator, request_id, f"  {REASON}\n")

    assert errors == []
    assert payload["portRequest"]["status"] == "CANCELLED"
    assert payload["portRequest"]["availableActions"] == []
    request = await request_of(database, request_id)
    assert (request.declined_by, request.decline_reason) == (
        house.administrator.member_id,
        REASON,
    )
    assert request.turn[0] is WaitingOn.NOBODY
    assert {line.state for line in await lines_of(database, request_id)} == {"CANCELLED"}
    query = "query ($id: ID!) { portRequest(id: $id) { declineReason } }"
    shown = await door.see(house.manager, query, id=request_id)
    assert shown["portRequest"]["declineReason"] == REASON
    await submitted(database, other, caller=other.administrator)


@pytest.mark.requirement("S46", "S49", "S50")
async def test_each_decision_is_a_fact_that_says_who_about_whom(door, database):
    house = await found_house(database)
    declined = await submitted(database, house)
    await decline(door, house.administrator, declined)
    fact = (await told(database, declined))[-1].fact
    assert fact.type == "porting.port_declined.v1"
    assert (fact.declined_by, fact.submitted_by, fact.reason, fact.status) == (
        house.administrator.member_id,
        house.manager.member_id,
        REASON,
        "CANCELLED",
    )

    authorized = await submitted(database, house, number=phone(101))
    await door.act(
        house.second_administrator, "authorizePortRequest", portRequestId=authorized
    )
    facts = {each.fact.type: each.fact for each in await told(database, authorized)}
    assert facts["porting.port_submitted.v1"].authorized_by is None
    fact = facts["porting.port_authorized.v1"]
    assert (fact.authorized_by, fact.submitted_by) == (
        house.second_administrator.member_id,
        house.manager.member_id,
    )


@pytest.mark.requirement("S49")
async def test_an_administrators_submission_says_that_it_is_the_answer(database):
    house = await found_house(database)
    request_id = await submitted(database, house, caller=house.administrator)
    facts = {each.fact.type: each.fact for each in await told(database, request_id)}
    fact = facts["porting.port_submitted.v1"]
    assert fact.authorized_by == fact.submitted_by == house.administrator.member_id
    assert "porting.port_authorized.v1" not in facts


@pytest.mark.requirement("S46")
async def test_whoever_submitted_declines_as_little_as_they_authorize(door, database):
    house = await found_house(database)
    promoted = house.second_administrator
    request_id = await submitted(database, house)
    async with database.working() as connection:
        await connection.execute(
            "UPDATE port_requests SET submitted_by = $1", promoted.member_id
        )
    _, errors = await decline(door, promoted, request_id)
    assert errors == [("OWN_SUBMISSION", "portRequestId")]


async def test_a_decision_needs_a_reason_and_is_made_once(door, database):
    house = await found_house(database)
    request_id = await submitted(database, house)
    for reason, code in ((" \n", "REQUIRED"), ("x" * 501, "TOO_LONG")):
        _, errors = await decline(door, house.administrator, request_id, reason)
        assert errors == [(code, "reason")]
    await decline(door, house.administrator, request_id)
    _, errors = await decline(door, house.second_administrator, request_id)
    assert errors == [("INVALID_STATE", "portRequestId")]
    again = await door.act(
        house.administrator, "authorizePortRequest", portRequestId=request_id
    )
    assert [error["code"] for error in again["userErrors"]] == ["INVALID_STATE"]
    assert (await types_told(database, request_id)).count("port_declined") == 1


@pytest.mark.requirement("S45")
async def test_only_an_administrator_decides(door, database):
    house = await found_house(database)
    request_id = await submitted(database, house)
    given = {"portRequestId": request_id, "reason": REASON}
    for caller in (house.manager, house.client_manager, house.viewer, "support"):
        code = await door.code(caller, door.mutation("declinePortRequest"), input=given)
        assert code == "FORBIDDEN"
    stranger = replace((await found_house(database)).administrator, role=Role.ADMINISTRATOR)
    _, errors = await decline(door, stranger, request_id)
    assert errors == [("NOT_FOUND", "portRequestId")]
