"""Port-outs in the graph: for gaining carriers, for the account, and for support."""

import pytest

from tests.porting.builders import (
    OUTSIDE,
    a_port_out,
    add_inventory,
    found_house,
    now,
    phone,
)

CARRIER = "port-outs:report"
SHOWN = """query ($id: ID!) { portOut(id: $id) {
  status leavingCount availableActions supplements disputedAt disputeStatement
  waitingOn { waitingOn since remedy } rejection { code sentence note reviewBy }
  history { edges { node { version event actorKind actor status numberCount reason } } }
  numbers { edges { node {
    phoneNumber portedOutAt staysSince gainingCarrierConfirmedBy testCallFrom
    testCallRecordedBy disabledBy
  } } }
} }"""
LISTED = """query ($filter: PortOutFilter) {
  portOuts(filter: $filter) { totalCount edges { node { id status } } }
}"""
ALERTS = """query ($open: Boolean) {
  portOutAlerts(isSettled: $open) { totalCount edges { node {
    id kind finding reportId gainingCarrier reference trackingNumbers numberCount note
  } } }
}"""
REPORT = """query ($id: ID!) { portOutReport(id: $id) {
  gainingCarrier reference answers { trackingNumber code status rejectionCode }
} }"""


async def reported(door, *numbers, **changes):
    return await door.act(
        CARRIER,
        "reportPortOut",
        **{
            "gainingCarrier": "New Telecom",
            "reference": "R-1",
            "trackingNumbers": list(numbers),
            **changes,
        },
    )


async def shown(door, caller, port_out_id):
    return (await door.see(caller, SHOWN, id=port_out_id))["portOut"]


async def listed(door, caller, **filters):
    found = (await door.see(caller, LISTED, filter=filters))["portOuts"]
    assert found["totalCount"] == len(found["edges"])
    return [edge["node"]["id"] for edge in found["edges"]]


@pytest.mark.requirement("S74")
async def test_a_carrier_reports_asks_again_and_withdraws(door, database):
    house = await found_house(database)
    await add_inventory(database, house, phone(1))
    given = await reported(door, phone(1), phone(2), "12")
    assert given["userErrors"] == []
    assert {each["trackingNumber"]: each["code"] for each in given["answers"]} == {
        phone(1): "ACCEPTED",
        phone(2): "7516",
        "12": "7598",
    }
    report_id = given["portOutReport"]["id"]
    assert (await reported(door, phone(1), phone(2), "12"))["answers"] == given["answers"]

    [port_out_id] = await listed(door, house.administrator)
    await door.act(
        house.administrator, "rejectPortOut", portOutId=port_out_id, code="7519", note="No."
    )
    await door.act("support", "confirmPortOutRejection", portOutId=port_out_id)
    answers = (await door.see(CARRIER, REPORT, id=report_id))["portOutReport"]["answers"]
    assert {
        "trackingNumber": phone(1),
        "code": "ACCEPTED",
        "status": "REJECTED",
        "rejectionCode": "7519",
    } in answers

    again = await reported(door, phone(1), reportVersion=2)
    assert again["portOutReport"]["reportVersion"] == 2
    withdrawn = await door.act(
        CARRIER, "withdrawPortOut", gainingCarrier="New Telecom", reference="R-1"
    )
    assert [each["status"] for each in withdrawn["answers"]] == ["CANCELLED"]
    unknown = await door.act(
        CARRIER, "withdrawPortOut", gainingCarrier="New Telecom", reference="R-9"
    )
    assert unknown["userErrors"][0]["code"] == "NOT_FOUND"


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"trackingNumbers": []}, "trackingNumbers"),
        ({"reportVersion": 0}, "reportVersion"),
    ],
)
async def test_a_report_that_says_nothing_is_refused(door, changes, path):
    refused = await reported(door, phone(1), **changes)
    assert [error["path"] for error in refused["userErrors"]] == [["input", path]]


async def test_support_sees_what_is_odd_until_somebody_has_looked(door, database):
    await reported(door, phone(1))
    [alert] = (await door.see("support", ALERTS, open=False))["portOutAlerts"]["edges"]
    assert (alert["node"]["finding"], alert["node"]["trackingNumbers"]) == (
        "UNKNOWN",
        [phone(1)],
    )
    for note in ("Their mistake.", "Once more."):
        settled = await door.act(
            "support", "settlePortOutAlert", alertId=alert["node"]["id"], note=note
        )
        assert settled["portOutAlert"]["note"] == "Their mistake."
        assert settled["portOutAlert"]["settledBy"].startswith("support:")
    assert (await door.see("support", ALERTS, open=False))["portOutAlerts"]["totalCount"] == 0
    unknown = await door.act("support", "settlePortOutAlert", alertId="poa_x")
    assert unknown["userErrors"][0]["code"] == "NOT_FOUND"


@pytest.mark.requirement("S77", "S78")
async def test_each_step_is_shown_with_who_and_when(door, database):
    house = await found_house(database)
    await add_inventory(database, house, phone(1))
    port_out_id = await a_port_out(database, house, phone(1))
    boss, given = house.administrator, {"portOutId": port_out_id}
    assert (await shown(door, boss, port_out_id))["waitingOn"]["waitingOn"] == "ADMINISTRATOR"
    await door.act(boss, "authorizePortOut", **given)
    at = now().isoformat()
    await door.act("support", "recordPortedOut", **given, portedOutAt=at)
    number = {**given, "trackingNumber": phone(1)}
    await door.act(boss, "confirmGainingCarrier", **number)
    await door.act("support", "recordTestCall", **number, callingNumber=OUTSIDE, calledAt=at)

    seen = await shown(door, house.viewer, port_out_id)
    [checked] = [edge["node"] for edge in seen["numbers"]["edges"]]
    assert checked["gainingCarrierConfirmedBy"] == boss.member_id
    assert (checked["testCallFrom"], checked["testCallRecordedBy"]) == (OUTSIDE, "support")
    told = [edge["node"] for edge in seen["history"]["edges"]]
    assert [(each["actorKind"], each["status"]) for each in told] == [
        ("CARRIER", "RECEIVED"),
        ("MEMBER", "AUTHORIZED"),
        ("SUPPORT", "PORTED_OUT"),
        ("MEMBER", "PORTED_OUT"),
        ("SUPPORT", "PORTED_OUT"),
    ]
    assert told[0]["actor"] == "New Telecom"
    assert {each["numberCount"] for each in told} == {seen["leavingCount"]} == {None}
    for caller in (boss, "support"):
        assert (await shown(door, caller, port_out_id))["leavingCount"] == 0


async def test_a_refusal_a_dispute_and_their_ends_are_commands(door, database):
    house = await found_house(database)
    for place in (1, 2, 3):
        await add_inventory(database, house, phone(place))
    refused, overturned, left = [
        await a_port_out(database, house, phone(place), reference=f"R-{place}")
        for place in (1, 2, 3)
    ]
    boss = house.administrator
    await door.act(boss, "rejectPortOut", portOutId=refused, code="7513")
    seen = await shown(door, boss, refused)
    assert (seen["rejection"]["code"], seen["waitingOn"]["waitingOn"]) == ("7513", "SUPPORT")
    cancelled = await door.act(
        "support", "cancelPortOut", portOutId=refused, note="They said."
    )
    assert cancelled["portOut"]["status"] == "CANCELLED"

    await door.act(boss, "rejectPortOut", portOutId=overturned, code="7513")
    fell = await door.act(
        "support", "overturnPortOutRejection", portOutId=overturned, note="It is right."
    )
    assert fell["portOut"]["status"] == "AUTHORIZED"

    await door.act(boss, "authorizePortOut", portOutId=left)
    at = now().isoformat()
    await door.act("support", "recordPortedOut", portOutId=left, portedOutAt=at)
    for mutation, caller, given, status in (
        ("disputePortOut", boss, {"statement": "Not us."}, "DISPUTED"),
        ("refusePortOutDispute", "support", {"note": "They signed."}, "PORTED_OUT"),
        ("disputePortOut", boss, {"statement": "Not us, really."}, "DISPUTED"),
        ("recordPortOutReturned", "support", {"returnedAt": at}, "RETURNED"),
    ):
        done = await door.act(caller, mutation, portOutId=left, **given)
        assert (mutation, done["userErrors"]) == (mutation, [])
        assert done["portOut"]["status"] == status
    assert (await shown(door, boss, left))["disputeStatement"] == "Not us, really."


async def test_a_list_is_narrowed_and_shows_nobody_elses(door, database):
    house, other = await found_house(database), await found_house(database)
    await add_inventory(database, house, phone(1))
    await add_inventory(database, house, phone(2), company_id=house.garage)
    await add_inventory(database, other, phone(3))
    dental = await a_port_out(database, house, phone(1), reference="R-1")
    garage = await a_port_out(database, house, phone(2), reference="R-2")
    foreign = await a_port_out(database, other, phone(3), reference="R-3")
    await door.act(house.administrator, "authorizePortOut", portOutId=garage)

    assert await listed(door, "support") == [foreign, garage, dental]
    assert await listed(door, "support", accountId=house.id) == [garage, dental]
    assert await listed(door, house.administrator, statuses=["AUTHORIZED"]) == [garage]
    assert await listed(door, house.administrator, reference="R-1") == [dental]
    assert await listed(door, house.administrator, accountId=other.id) == []
    assert await listed(door, house.manager) == [dental]
    assert await listed(door, house.manager, trackingNumber=phone(2)) == []
    assert await listed(door, "support", trackingNumber=phone(2)) == [garage]


async def test_the_lawful_reasons_can_be_read(door, database):
    house = await found_house(database)
    query = "{ portOutReasons { code name sentence remedy isCorrectable needsNote } }"
    found = (await door.see(house.viewer, query))["portOutReasons"]
    assert [each["code"] for each in found] == [
        *(str(code) for code in range(7510, 7520)),
        "7598",
    ]


@pytest.mark.requirement("S74")
@pytest.mark.parametrize("mutation", ["reportPortOut", "withdrawPortOut"])
async def test_no_person_starts_or_ends_a_port_out_as_a_carrier(door, database, mutation):
    house = await found_house(database)
    given = {"gainingCarrier": "Me", "reference": "R-1"}
    if mutation == "reportPortOut":
        given |= {"trackingNumbers": [phone(1)]}
    for caller in (house.administrator, "support", "calls:report"):
        code = await door.code(caller, door.mutation(mutation), input=given)
        assert code == "FORBIDDEN"
