"""What goes wrong and is put right, through the graph: as the desk and as the customer see it."""

from datetime import timedelta

import pytest

from tests.porting.builders import (
    a_draft,
    a_line,
    a_request_with_the_carrier,
    complete_draft,
    now,
    phone,
    preconfigure,
    submit,
)

FIRST, SECOND = phone(100), phone(101)
SEEN = """
query($id: ID!) {
  portRequest(id: $id) {
    status
    waitingOn { waitingOn since remedy }
    faults { code }
    lines { edges { node {
      phoneNumber state
      faults {
        code sentence remedy waitingOn needsNewLetter carrierCode carrierText openedAt
        correctedAt correction closedAt closedBy
      }
    } } }
  }
}
"""


@pytest.fixture
async def request_id(database, house):
    return await a_request_with_the_carrier(database, house, [FIRST, SECOND])


async def see(door, caller, request_id):
    return (await door.see(caller, SEEN, id=request_id))["portRequest"]


def lines_of(seen):
    return [edge["node"] for edge in seen["lines"]["edges"]]


async def act(door, caller, mutation, request_id, **given):
    done = await door.act(caller, mutation, portRequestId=request_id, **given)
    assert done["userErrors"] == [], mutation
    return done["portRequest"]


async def test_one_line_is_refused_put_right_and_sent_again_while_its_sister_goes_on(
    door, house, request_id
):
    await act(
        door,
        "support",
        "recordRejection",
        request_id,
        code="E17A",
        carrierText="ACCT NBR INVALID",
        trackingNumbers=["(212) 555-0100"],
    )
    day = (now().date() + timedelta(days=9)).isoformat()
    await act(
        door,
        "support",
        "recordFirmDate",
        request_id,
        firmDate=day,
        trackingNumbers=[SECOND],
    )

    seen = await see(door, house.administrator, request_id)
    assert (seen["status"], seen["waitingOn"]["waitingOn"]) == ("ACTION_REQUIRED", "REQUESTER")
    rejected, approved = lines_of(seen)
    assert (rejected["state"], approved["state"]) == ("REJECTED", "APPROVED")
    (fault,) = rejected["faults"]
    assert fault["code"] == "ACCOUNT_NUMBER_MISMATCH"
    assert (fault["carrierCode"], fault["carrierText"]) == ("E17A", "ACCT NBR INVALID")
    assert fault["remedy"] == seen["waitingOn"]["remedy"]

    await act(
        door,
        house.administrator,
        "correctLines",
        request_id,
        corrections=[{"trackingNumber": FIRST, "note": "From the March bill"}],
    )
    done = await act(door, house.administrator, "resubmitPortRequest", request_id)
    assert done["status"] == "WITH_CARRIER"
    sent_again, untouched = lines_of(await see(door, "support", request_id))
    assert (sent_again["state"], untouched["state"]) == ("WITH_CARRIER", "APPROVED")
    assert sent_again["faults"][0]["closedBy"] == "RESUBMITTED"


async def test_a_day_of_the_port_that_goes_wrong_is_recorded_step_by_step(
    door, house, request_id
):
    day = (now().date() + timedelta(days=9)).isoformat()
    at = (now() + timedelta(minutes=1)).isoformat()
    only = {"trackingNumbers": [FIRST]}
    for mutation, given, status in (
        ("recordFirmDate", {"firmDate": day}, "APPROVED"),
        ("startActivation", only, "PORTING"),
        ("recordActivationFailure", only, "ACTION_REQUIRED"),
        ("recordConflict", {"trackingNumbers": [SECOND]}, "ACTION_REQUIRED"),
        ("startActivation", only, "ACTION_REQUIRED"),
        ("recordPorted", {"portedAt": at, **only}, "ACTION_REQUIRED"),
        ("recordNotPortable", {"trackingNumbers": [SECOND]}, None),
    ):
        answer = await door.act("support", mutation, portRequestId=request_id, **given)
        if status is None:
            (error,) = answer["userErrors"]
            assert (error["code"], error["status"]) == ("INVALID_STATE", "CONFLICT")
        else:
            assert answer["userErrors"] == []
            assert (mutation, answer["portRequest"]["status"]) == (mutation, status)
    done = await act(
        door, house.administrator, "dropLines", request_id, trackingNumbers=[SECOND]
    )
    assert done["status"] == "PARTIALLY_COMPLETED"
    done = await act(door, "support", "recordSnapback", request_id, reason="Wrong", **only)
    assert done["status"] == "PARTIALLY_COMPLETED"
    assert [line["state"] for line in lines_of(await see(door, "support", request_id))] == [
        "REVERTED",
        "CANCELLED",
    ]


@pytest.mark.requirement("S70", "S71")
async def test_a_request_is_cancelled_by_naming_it_and_by_the_carriers_leave(
    door, house, request_id
):
    given = {"portRequestId": request_id, "reason": "We stay", "idempotencyKey": "k-1"}
    first = await door.act(house.administrator, "cancelPortRequest", **given)
    again = await door.act(house.administrator, "cancelPortRequest", **given)
    assert first["portRequest"]["status"] == "CANCEL_REQUESTED"
    assert again["portRequest"]["version"] == first["portRequest"]["version"]
    done = await act(door, "support", "recordCancellation", request_id, isConfirmed=False)
    assert done["status"] == "WITH_CARRIER"
    await act(door, house.administrator, "cancelPortRequest", request_id)
    done = await act(door, "support", "recordCancellation", request_id, isConfirmed=True)
    assert done["status"] == "CANCELLED"


@pytest.mark.parametrize(
    ("mutation", "given", "place"),
    [
        (
            "correctLines",
            {"corrections": [{"trackingNumber": SECOND, "note": "Mine now"}]},
            ("corrections", "0", "trackingNumber"),
        ),
        ("dropLines", {"trackingNumbers": [SECOND]}, ("trackingNumbers", "0")),
        ("resubmitPortRequest", {"trackingNumbers": [SECOND]}, ("trackingNumbers", "0")),
    ],
)
async def test_a_line_in_another_company_is_unknown_to_whoever_puts_a_request_right(
    door, database, house, mutation, given, place
):
    manager = house.manager
    request_id = await a_draft(database, manager, house.dental)
    added = [a_line(house.dental, FIRST), a_line(house.garage, SECOND)]
    await complete_draft(database, house.administrator, request_id, added)
    await submit(database, house.administrator, request_id)
    await preconfigure(database, request_id)
    await act(door, "support", "sendToCarrier", request_id)
    await act(door, "support", "recordRejection", request_id, code="OTHER", carrierText="no")

    done = await door.act(manager, mutation, portRequestId=request_id, **given)
    assert [(each["code"], *each["path"][1:]) for each in done["userErrors"]] == [
        ("NOT_FOUND", *place)
    ]
    present = lines_of(await see(door, "support", request_id))
    assert [line["state"] for line in present] == ["REJECTED"] * 2


async def test_an_old_version_changes_nothing(door, house, request_id):
    done = await door.act(
        house.administrator, "cancelPortRequest", portRequestId=request_id, expectedVersion=1
    )
    assert [error["code"] for error in done["userErrors"]] == ["CONFLICT"]


async def test_every_code_is_explained_to_whoever_reads(door, house):
    query = "{ rejectionCodes { name sentence remedy acts newLetter carriersCodes } }"
    for caller in (house.viewer, "support"):
        codes = (await door.see(caller, query))["rejectionCodes"]
        assert "PIN_INVALID" in {code["name"] for code in codes}
        (busy,) = (code for code in codes if code["name"] == "CARRIER_BUSY")
        assert (busy["acts"], busy["carriersCodes"]) == (
            "SUPPORT",
            ["6J", "7418", "OSP_IRRESPONSIVE"],
        )
    assert await door.code("stranger", query) == "FORBIDDEN"


async def test_a_client_manager_sees_no_fault_of_anothers_request(door, house, request_id):
    await act(door, "support", "recordRejection", request_id, code="OTHER")
    assert await see(door, house.client_manager, request_id) is None
