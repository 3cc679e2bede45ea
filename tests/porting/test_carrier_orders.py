"""Carrier orders: how a request is split, corrected and sent."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.common.ids import new_id
from libs.contracts.phone_number import PhoneNumber
from libs.contracts.refusals import Refusal
from services.porting.domain.actions import actions_for
from services.porting.domain.carrier_orders import propose_split
from services.porting.domain.countries import country_of
from services.porting.domain.judgements import earliest_to_ask
from services.porting.domain.letter_pages import pages_of
from services.porting.domain.letters import Letter, LetterLine, LetterState
from services.porting.domain.losing_carriers import find_losing_carrier
from services.porting.domain.requests import PortRequestStatus, WaitingOn
from services.porting.store import letters
from services.porting.use_cases import carrier_orders
from tests.porting.builders import (
    SUPPORT,
    a_full_draft,
    a_line,
    a_request_with_the_carrier,
    a_subscriber,
    business_day,
    found_house,
    lines_of,
    now,
    phone,
    preconfigure,
    request_of,
    submit,
    told,
    types_told,
)
from tests.porting.test_letters import a_letter

LOCAL = [phone(100), phone(101)]
CANADIAN = PhoneNumber("+14165550100")
TOLL_FREE = PhoneNumber("+18005550100")
ORDERS = """
query($id: ID!) {
  portRequest(id: $id) {
    requestedFirmDate
    carrierOrders {
      id losingCarrier country isTollFree losingAccount billingNumber zone
      requestedFirmDate earliestRequestDate firmDate firmDateWarnings sentAt carrierReference
      lineCounts { state count }
      lines { totalCount edges { node { phoneNumber state } } }
    }
  }
}
"""


async def in_review(database, house, *numbers) -> str:
    added = [a_line(house.dental, number) for number in numbers]
    request_id = await a_full_draft(database, house.administrator, house.dental, added)
    await submit(database, house.administrator, request_id)
    await preconfigure(database, request_id)
    return request_id


async def orders_of(door, request_id, caller="support"):
    seen = await door.see(caller, ORDERS, id=request_id)
    return seen["portRequest"]["carrierOrders"]


def numbers_in(order):
    return [edge["node"]["phoneNumber"] for edge in order["lines"]["edges"]]


async def act(door, mutation, request_id, **given):
    payload = await door.act("support", mutation, portRequestId=request_id, **given)
    return [(error["code"], error["path"]) for error in payload["userErrors"]]


async def test_the_review_begins_with_a_proposed_split(door, database):
    house = await found_house(database)
    request_id = await in_review(database, house, *LOCAL, CANADIAN, TOLL_FREE)

    orders = await orders_of(door, request_id)

    assert [(o["country"], o["isTollFree"], numbers_in(o)) for o in orders] == [
        ("US", False, LOCAL),
        ("CA", False, [CANADIAN]),
        ("US", True, [TOLL_FREE]),
    ]
    for order in orders:
        assert (order["losingCarrier"], order["losingAccount"]) == ("Old Telecom", "A-1")
        assert order["sentAt"] is None
        assert order["zone"] == "America/New_York"
    assert (await request_of(database, request_id)).losing_carriers == ("old telecom",)
    assert (await request_of(database, request_id)).countries == ("CA", "US")


NUMBERS = st.sampled_from(
    [
        *(
            PhoneNumber(f"+1{area}555{place:04d}")
            for area in (212, 416, 800)
            for place in range(9)
        ),
    ]
)


@given(st.lists(NUMBERS, unique=True, max_size=20))
def test_a_proposed_split_has_every_number_once_and_mixes_nothing(numbers):
    lines = [LetterLine(id=f"ln_{each}", tracking_number=each) for each in numbers]
    split = propose_split(pages_of(a_letter(), lines), "US")
    assert sorted(each for group in split.values() for each in group) == sorted(numbers)
    for key, group in split.items():
        assert all(key.may_hold(number) for number in group)


@pytest.mark.parametrize(
    ("number", "country"),
    [
        ("+12125550100", "US"),
        ("+14165550100", "CA"),
        ("+18765550100", None),
        ("+442079460000", "GB"),
        ("+61291234567", "AU"),
        ("+18005550100", "US"),
    ],
)
def test_every_number_is_of_its_own_country(number, country):
    assert country_of(PhoneNumber(number)) == country


async def test_orders_are_sent_one_after_another_and_the_request_is_kept_whole(door, database):
    house = await found_house(database)
    request_id = await in_review(database, house, LOCAL[0], TOLL_FREE)
    local, toll_free = await orders_of(door, request_id)

    assert (
        await act(door, "sendCarrierOrders", request_id, carrierOrderIds=[local["id"]]) == []
    )

    sent, unsent = await orders_of(door, request_id)
    assert (sent["earliestRequestDate"], unsent["earliestRequestDate"]) == (
        None,
        str(earliest_to_ask(find_losing_carrier("Old Telecom"), "US", now())),
    )
    assert (sent["sentAt"] is None, unsent["sentAt"] is None) == (False, True)
    assert sent["lineCounts"] == [{"state": "WITH_CARRIER", "count": 1}]
    assert unsent["lineCounts"] == [{"state": "READY", "count": 1}]
    request = await request_of(database, request_id)
    assert request.status is PortRequestStatus.WITH_CARRIER
    assert request.turn[0] is WaitingOn.SUPPORT
    assert actions_for(SUPPORT, request)[0] == "SEND_TO_CARRIER"

    assert await act(door, "sendToCarrier", request_id) == []
    assert (await request_of(database, request_id)).turn[0] is WaitingOn.LOSING_CARRIER
    assert all(order["sentAt"] for order in await orders_of(door, request_id))
    events = await told(database, request_id)
    assert [
        event.fact.carrier_order_ids for event in events if "sent_to_carrier" in event.type
    ] == [[local["id"]], [toll_free["id"]]]
    assert await act(door, "sendToCarrier", request_id) == [
        ("INVALID_STATE", ["input", "portRequestId"])
    ]


async def test_what_is_sent_or_unknown_is_not_sent_again(door, database):
    house = await found_house(database)
    request_id = await in_review(database, house, LOCAL[0], TOLL_FREE)
    local, _ = await orders_of(door, request_id)
    await act(door, "sendCarrierOrders", request_id, carrierOrderIds=[local["id"]])
    for ids, fault in (
        ([], ("REQUIRED", ["input", "carrierOrderIds"])),
        ([local["id"]], ("CARRIER_ORDER_SENT", ["input", "carrierOrderIds", "0"])),
        (["ord_x"], ("NOT_FOUND", ["input", "carrierOrderIds", "0"])),
    ):
        assert await act(door, "sendCarrierOrders", request_id, carrierOrderIds=ids) == [fault]


async def test_each_order_has_its_own_firm_date(door, database):
    house = await found_house(database)
    request_id = await in_review(database, house, LOCAL[0], TOLL_FREE)
    await act(door, "sendToCarrier", request_id)
    day = business_day(10).isoformat()

    faults = await act(
        door, "recordFirmDate", request_id, firmDate=day, trackingNumbers=[TOLL_FREE]
    )

    local, toll_free = await orders_of(door, request_id)
    assert (faults, local["firmDate"], toll_free["firmDate"]) == ([], None, day)
    assert toll_free["firmDateWarnings"] == []
    assert (await request_of(database, request_id)).earliest_firm_date == business_day(10)


async def test_the_desk_puts_lines_into_an_order_of_another_carrier(door, database):
    house = await found_house(database)
    request_id = await in_review(database, house, *LOCAL)

    faults = await act(
        door,
        "createCarrierOrder",
        request_id,
        trackingNumbers=[LOCAL[1]],
        losingCarrier=" Bell  Canada ",
        losingAccount="B-2",
        billingNumber="(416) 555-0199",
    )

    first, second = await orders_of(door, request_id)
    assert faults == []
    assert (numbers_in(first), numbers_in(second)) == ([LOCAL[0]], [LOCAL[1]])
    assert (second["losingCarrier"], second["losingAccount"], second["billingNumber"]) == (
        "Bell Canada",
        "B-2",
        "+14165550199",
    )
    assert second["zone"] == "America/Toronto"
    assert (await request_of(database, request_id)).losing_carriers == (
        "bell-canada",
        "old telecom",
    )
    *_, changed = await told(database, request_id)
    assert [part.line_count for part in changed.fact.carrier_orders] == [1, 1]


async def test_lines_are_moved_and_an_emptied_order_goes(door, database):
    house = await found_house(database)
    request_id = await in_review(database, house, *LOCAL)
    await act(door, "createCarrierOrder", request_id, trackingNumbers=[LOCAL[1]])
    _, second = await orders_of(door, request_id)

    faults = await act(
        door,
        "moveLinesToCarrierOrder",
        request_id,
        carrierOrderId=second["id"],
        trackingNumbers=[LOCAL[0]],
    )

    (left,) = await orders_of(door, request_id)
    assert (faults, left["id"], numbers_in(left)) == ([], second["id"], LOCAL)


async def test_orders_are_merged(door, database):
    house = await found_house(database)
    request_id = await in_review(database, house, *LOCAL)
    await act(door, "createCarrierOrder", request_id, trackingNumbers=[LOCAL[1]])
    first, second = await orders_of(door, request_id)

    faults = await act(
        door,
        "mergeCarrierOrders",
        request_id,
        carrierOrderId=first["id"],
        fromCarrierOrderIds=[second["id"]],
    )

    (left,) = await orders_of(door, request_id)
    assert (faults, left["id"], numbers_in(left)) == ([], first["id"], LOCAL)


async def test_what_cannot_move_together_is_never_put_together(door, database):
    house = await found_house(database)
    request_id = await in_review(database, house, LOCAL[0], CANADIAN, TOLL_FREE)
    local, canadian, toll_free = await orders_of(door, request_id)
    mixed = "CARRIER_ORDER_MIXED"

    assert await act(
        door,
        "moveLinesToCarrierOrder",
        request_id,
        carrierOrderId=local["id"],
        trackingNumbers=[CANADIAN, TOLL_FREE],
    ) == [
        (mixed, ["input", "trackingNumbers", "0"]),
        (mixed, ["input", "trackingNumbers", "1"]),
    ]
    assert await act(
        door, "createCarrierOrder", request_id, trackingNumbers=[LOCAL[0], TOLL_FREE]
    ) == [(mixed, ["input", "trackingNumbers", "1"])]
    assert await act(
        door,
        "mergeCarrierOrders",
        request_id,
        carrierOrderId=local["id"],
        fromCarrierOrderIds=[canadian["id"], toll_free["id"]],
    ) == [(mixed, ["input", "fromCarrierOrderIds", "0"])]


async def test_what_is_sent_stays_as_it_was_sent(door, database):
    house = await found_house(database)
    request_id = await in_review(database, house, *LOCAL)
    await act(door, "createCarrierOrder", request_id, trackingNumbers=[LOCAL[1]])
    first, second = await orders_of(door, request_id)
    await act(door, "sendCarrierOrders", request_id, carrierOrderIds=[first["id"]])

    sent = "CARRIER_ORDER_SENT"
    for mutation, said, fault in (
        (
            "moveLinesToCarrierOrder",
            {"carrierOrderId": first["id"], "trackingNumbers": [LOCAL[1]]},
            (sent, ["input", "carrierOrderId"]),
        ),
        (
            "moveLinesToCarrierOrder",
            {"carrierOrderId": second["id"], "trackingNumbers": [LOCAL[0]]},
            ("INVALID_STATE", ["input", "trackingNumbers", "0"]),
        ),
        (
            "mergeCarrierOrders",
            {"carrierOrderId": second["id"], "fromCarrierOrderIds": [first["id"]]},
            (sent, ["input", "fromCarrierOrderIds", "0"]),
        ),
        (
            "createCarrierOrder",
            {"trackingNumbers": [LOCAL[0]]},
            ("INVALID_STATE", ["input", "trackingNumbers", "0"]),
        ),
    ):
        assert (mutation, await act(door, mutation, request_id, **said)) == (
            mutation,
            [fault],
        )


@pytest.mark.parametrize(
    ("mutation", "given", "fault"),
    [
        ("createCarrierOrder", {"trackingNumbers": []}, ("REQUIRED", "trackingNumbers")),
        (
            "createCarrierOrder",
            {"trackingNumbers": ["+12125550100"], "losingCarrier": "x" * 201},
            ("TOO_LONG", "losingCarrier"),
        ),
        (
            "moveLinesToCarrierOrder",
            {"carrierOrderId": "ord_x", "trackingNumbers": ["+12125550100"]},
            ("NOT_FOUND", "carrierOrderId"),
        ),
        (
            "mergeCarrierOrders",
            {"carrierOrderId": "ord_x", "fromCarrierOrderIds": ["ord_y"]},
            ("NOT_FOUND", "carrierOrderId"),
        ),
        (
            "recordCarrierReference",
            {"carrierOrderId": "ord_x", "carrierReference": "R"},
            ("NOT_FOUND", "carrierOrderId"),
        ),
    ],
)
async def test_what_is_named_wrongly_is_refused(door, database, mutation, given, fault):
    house = await found_house(database)
    request_id = await in_review(database, house, LOCAL[0])
    code, name = fault
    assert await act(door, mutation, request_id, **given) == [(code, ["input", name])]


async def test_a_merge_names_what_it_merges_and_a_move_numbers_of_the_request(door, database):
    house = await found_house(database)
    request_id = await in_review(database, house, LOCAL[0])
    (order,) = await orders_of(door, request_id)
    assert await act(
        door,
        "mergeCarrierOrders",
        request_id,
        carrierOrderId=order["id"],
        fromCarrierOrderIds=[],
    ) == [("REQUIRED", ["input", "fromCarrierOrderIds"])]
    assert await act(
        door,
        "moveLinesToCarrierOrder",
        request_id,
        carrierOrderId=order["id"],
        trackingNumbers=[phone(999)],
    ) == [("NOT_FOUND", ["input", "trackingNumbers", "0"])]


async def test_the_carriers_reference_is_kept(door, database):
    house = await found_house(database)
    request_id = await a_request_with_the_carrier(database, house, LOCAL)
    (order,) = await orders_of(door, request_id)
    given = {"carrierOrderId": order["id"], "carrierReference": " PON  7 "}
    assert await act(door, "recordCarrierReference", request_id, **given) == []
    (order,) = await orders_of(door, request_id)
    assert order["carrierReference"] == "PON 7"


async def test_nothing_is_written_to_the_orders_of_a_request_that_came_to_nothing(
    door, database
):
    house = await found_house(database)
    request_id = await in_review(database, house, *LOCAL)
    (order,) = await orders_of(door, request_id)
    await door.act(house.administrator, "cancelPortRequest", portRequestId=request_id)
    over = await request_of(database, request_id)
    for mutation, said in {
        "recordCarrierReference": {"carrierOrderId": order["id"], "carrierReference": "R"},
        "createCarrierOrder": {"trackingNumbers": LOCAL[:1]},
        "moveLinesToCarrierOrder": {
            "carrierOrderId": order["id"], "trackingNumbers": LOCAL[:1],
        },
        "mergeCarrierOrders": {
            "carrierOrderId": order["id"], "fromCarrierOrderIds": [order["id"]],
        },
    }.items():  # fmt: skip
        faults = await act(door, mutation, request_id, **said)
        assert (mutation, faults) == (
            mutation,
            [("INVALID_STATE", ["input", "portRequestId"])],
        )
    assert await request_of(database, request_id) == over


async def test_customers_see_orders_of_their_requests_with_the_lines_that_are_theirs(
    door, database
):
    house = await found_house(database)
    added = [a_line(house.garage, LOCAL[0]), a_line(house.dental, LOCAL[1])]
    request_id = await a_full_draft(database, house.administrator, house.garage, added)
    await submit(database, house.administrator, request_id)
    await preconfigure(database, request_id)
    for caller, numbers in (
        (house.administrator, LOCAL),
        (house.garage_manager, LOCAL[:1]),
    ):
        (order,) = await orders_of(door, request_id, caller)
        assert numbers_in(order) == numbers
        assert order["lines"]["totalCount"] == len(numbers)


async def test_an_order_without_a_line_of_ones_companies_is_unknown(door, database):
    house = await found_house(database)
    added = [a_line(house.garage, LOCAL[0]), a_line(house.dental, LOCAL[1])]
    request_id = await a_full_draft(database, house.garage_manager, house.garage, added)
    await submit(database, house.garage_manager, request_id)
    await door.act(house.administrator, "authorizePortRequest", portRequestId=request_id)
    await preconfigure(database, request_id)
    apart = {"trackingNumbers": LOCAL[1:], "losingCarrier": "Bell", "losingAccount": "B-9"}
    assert await act(door, "createCarrierOrder", request_id, **apart) == []
    first, second = await orders_of(door, request_id)

    assert await orders_of(door, request_id, house.garage_manager) == [first]
    day = earliest_to_ask(find_losing_carrier("Bell"), "US", now())
    asked = {
        "portRequestId": request_id,
        "firmDate": str(day),
        "carrierOrderIds": [second["id"]],
    }
    payload = await door.act(house.garage_manager, "requestFirmDate", **asked)
    assert [(each["code"], each["path"]) for each in payload["userErrors"]] == [
        ("NOT_FOUND", ["input", "carrierOrderIds", "0"])
    ]


async def test_another_account_sees_no_carrier_order(database):
    house, other = await found_house(database), await found_house(database)
    await a_request_with_the_carrier(database, house, LOCAL)
    for caller, count in (
        (house.administrator, 1),
        (house.client_manager, 0),
        (other.administrator, 0),
        (SUPPORT, 1),
    ):
        async with database.reading(caller) as connection:
            seen = await connection.fetchval("SELECT count(*) FROM carrier_orders")
        assert (caller, seen) == (caller, count)


async def test_no_order_is_made_where_nothing_is_known_of_the_carrier(database):
    house = await found_house(database)
    request_id = await in_review(database, house, *LOCAL)
    async with database.working() as connection:
        await connection.execute("UPDATE letters SET state = 'SUPERSEDED'")
    async with database.transaction(SUPPORT) as connection:
        with pytest.raises(Refusal) as refused:
            await carrier_orders.create_carrier_order(
                connection,
                SUPPORT,
                request_id,
                LOCAL,
                losing_carrier=None,
                losing_account=None,
                billing_number=None,
            )
    assert refused.value.path == ("input", "losingCarrier")


async def test_each_losing_account_of_the_letter_has_an_order_of_its_own(door, database):
    house = await found_house(database)
    added = [a_line(house.dental, number) for number in LOCAL]
    request_id = await a_full_draft(database, house.administrator, house.dental, added)
    further = {
        "losing_carrier": "Bell Canada",
        "account_number": "B-2",
        "billing_number": None,
        "id": "la_1",
        "tracking_numbers": [LOCAL[1]],
    }
    await submit(database, house.administrator, request_id)
    async with database.working() as connection:
        await connection.execute("UPDATE letters SET accounts = $1", json.dumps([further]))
    await preconfigure(database, request_id)

    first, second = await orders_of(door, request_id)

    assert (first["losingAccount"], numbers_in(first)) == ("A-1", [LOCAL[0]])
    assert (second["losingCarrier"], second["losingAccount"], second["billingNumber"]) == (
        "Bell Canada",
        "B-2",
        None,
    )
    assert numbers_in(second) == [LOCAL[1]]


async def test_a_newer_letter_makes_unsent_orders_anew(door, database):
    house = await found_house(database)
    request_id = await in_review(database, house, LOCAL[0], TOLL_FREE)
    local, toll_free = await orders_of(door, request_id)
    await act(door, "sendCarrierOrders", request_id, carrierOrderIds=[toll_free["id"]])
    async with database.transaction(house.administrator) as connection:
        await letters.supersede_letter_of(connection, request_id, None)
        letter = Letter(
            id=new_id("ltr"),
            port_request_id=request_id,
            state=LetterState.SIGNED,
            subscriber=a_subscriber(losing_carrier="Bell Canada"),
        )
        await letters.add_letter(connection, house.id, letter)

    await act(door, "sendToCarrier", request_id)

    assert [
        (order["losingCarrier"], numbers_in(order))
        for order in await orders_of(door, request_id)
    ] == [("Old Telecom", [TOLL_FREE]), ("Bell Canada", [LOCAL[0]])]
    assert local["id"] not in {order["id"] for order in await orders_of(door, request_id)}


async def test_the_proposal_makes_no_event_of_its_own_and_each_line_knows_its_order(database):
    house = await found_house(database)
    request_id = await in_review(database, house, *LOCAL)
    assert (await types_told(database, request_id))[-1] == "lines_preconfigured"
    assert len({line.carrier_order_id for line in await lines_of(database, request_id)}) == 1
