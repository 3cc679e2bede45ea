"""The port desk's queue: what is in it, in which order, and who works on it."""

from datetime import timedelta

import pytest

from libs.contracts.phone_number import PhoneNumber
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

QUEUE = """
query(
  $filter: DeskQueueFilter, $search: String, $orderBy: DeskQueueOrder! = LONGEST_WAITING,
  $first: Int, $after: String, $last: Int, $before: String
) {
  deskQueue(
    filter: $filter, search: $search, orderBy: $orderBy,
    first: $first, after: $after, last: $last, before: $before
  ) {
    totalCount
    pageInfo { hasNextPage hasPreviousPage endCursor startCursor }
    edges { node {
      id name status waitingOn { waitingOn }
      desk { claimedBy claimedAt lineCount earliestFirmDate losingCarriers countries }
    } }
  }
}
"""
ORDERS = ["LONGEST_WAITING", "FIRST_SUBMITTED", "SOONEST_FIRM_DATE", "MOST_LINES", "ACCOUNT"]


async def a_submitted_request(database, house, *numbers, caller=None, name="Move") -> str:
    caller = caller or house.administrator
    added = [a_line(house.dental, number) for number in numbers]
    request_id = await a_full_draft(database, caller, house.dental, added)
    async with database.working() as connection:
        await connection.execute(
            "UPDATE port_requests SET name = $2 WHERE id = $1", request_id, name
        )
    await submit(database, caller, request_id)
    return request_id


async def queue(door, **asked):
    seen = await door.see("support", QUEUE, **asked)
    return seen["deskQueue"]


async def ids(door, **asked):
    return [edge["node"]["id"] for edge in (await queue(door, **asked))["edges"]]


async def claim(door, caller, request_id, mutation="claimPortRequest", **given):
    payload = await door.act(caller, mutation, portRequestId=request_id, **given)
    return [error["code"] for error in payload["userErrors"]]


async def test_the_queue_holds_what_is_submitted_and_not_finished(door, database):
    house = await found_house(database)
    await a_draft(database, house.administrator, house.dental)
    waiting = await a_submitted_request(database, house, phone(100), caller=house.manager)
    in_review = await a_submitted_request(database, house, phone(101))
    sent = await a_request_with_the_carrier(database, house, [phone(102)])
    finished = await a_request_with_the_carrier(database, house, [phone(103)])
    done = await door.act(
        "support", "recordPorted", portRequestId=finished, portedAt=now().isoformat()
    )
    assert done["portRequest"]["status"] == "COMPLETED"

    assert await ids(door) == [waiting, in_review, sent]
    assert (await queue(door))["totalCount"] == 3


async def test_a_row_says_what_the_desk_needs(door, database):
    house = await found_house(database)
    await a_request_with_the_carrier(
        database, house, [phone(100), PhoneNumber("+14165550100")]
    )
    ((edge),) = (await queue(door))["edges"]
    assert edge["node"]["waitingOn"] == {"waitingOn": "LOSING_CARRIER"}
    assert edge["node"]["desk"] == {
        "claimedBy": None,
        "claimedAt": None,
        "lineCount": 2,
        "earliestFirmDate": None,
        "losingCarriers": ["old telecom"],
        "countries": ["CA", "US"],
    }


@pytest.mark.parametrize("order", ORDERS)
async def test_the_pages_of_every_order_hold_every_request_once(door, database, order):
    house, other = await found_house(database), await found_house(database)
    made = [
        await a_submitted_request(database, house, phone(100)),
        await a_submitted_request(database, other, phone(101), phone(102)),
        await a_request_with_the_carrier(database, house, [phone(103)]),
        await a_submitted_request(database, house, phone(104)),
    ]
    day = business_day(3)
    await door.act("support", "recordFirmDate", portRequestId=made[2], firmDate=str(day))
    whole = await ids(door, orderBy=order)

    forward, after = [], None
    for _ in made:
        page = await queue(door, orderBy=order, first=1, after=after)
        forward += [edge["node"]["id"] for edge in page["edges"]]
        after = page["pageInfo"]["endCursor"]
    backward = await ids(door, orderBy=order, last=2, before=after)

    assert forward == whole
    assert sorted(whole) == sorted(made)
    assert backward == whole[1:3]
    if order == "SOONEST_FIRM_DATE":
        assert whole[0] == made[2]
    if order == "MOST_LINES":
        assert whole[0] == made[1]
    if order == "FIRST_SUBMITTED":
        assert whole == made


async def test_a_cursor_of_another_order_is_refused(door, database):
    house = await found_house(database)
    await a_submitted_request(database, house, phone(100))
    cursor = (await queue(door, orderBy="MOST_LINES"))["pageInfo"]["endCursor"]
    assert await door.code("support", QUEUE, after=cursor) == "BAD_USER_INPUT"
    assert (
        await door.code("support", QUEUE, orderBy="SOONEST_FIRM_DATE", after="WyJ4IiwieCJd")
        == "BAD_USER_INPUT"
    )


async def test_each_filter_finds_what_it_says(door, database):
    house, other = await found_house(database), await found_house(database)
    in_review = await a_submitted_request(database, house, phone(100))
    with_carrier = await a_request_with_the_carrier(database, other, [phone(101)])
    canadian = await a_submitted_request(database, house, PhoneNumber("+14165550100"))
    await preconfigure(database, canadian)
    day = business_day(3)
    await door.act("support", "recordFirmDate", portRequestId=with_carrier, firmDate=str(day))
    assert await claim(door, "support", in_review) == []
    later = (now() + timedelta(hours=1)).isoformat()
    earlier = (now() - timedelta(hours=1)).isoformat()

    for asked, found in (
        ({"statuses": ["IN_REVIEW"]}, [in_review, canadian]),
        ({"statuses": ["APPROVED", "PORTING"]}, [with_carrier]),
        ({"statuses": []}, []),
        ({"waitingOn": "SUPPORT"}, [in_review, canadian]),
        ({"waitingOn": "LOSING_CARRIER"}, [with_carrier]),
        ({"losingCarrier": "OLD TELECOM, Inc."}, [with_carrier, canadian]),
        ({"losingCarrier": "Verizon Wireless"}, []),
        ({"country": "CA"}, [canadian]),
        ({"claimedByMe": True}, [in_review]),
        ({"claimedBy": "support"}, [in_review]),
        ({"claimedBy": "somebody"}, []),
        ({"unclaimed": True}, [with_carrier, canadian]),
        ({"unclaimed": False}, [in_review]),
        ({"accountId": other.id}, [with_carrier]),
        ({"companyId": house.dental}, [in_review, canadian]),
        ({"submittedBefore": later}, [in_review, with_carrier, canadian]),
        ({"submittedBefore": earlier}, []),
        ({"firmDateBefore": str(day + timedelta(days=1))}, [with_carrier]),
        ({"firmDateBefore": str(day)}, []),
        ({"waitingOn": "SUPPORT", "country": "CA", "unclaimed": True}, [canadian]),
    ):
        seen = await ids(door, filter=asked, orderBy="FIRST_SUBMITTED")
        assert (asked, seen) == (asked, found)
        assert (await queue(door, filter=asked))["totalCount"] == len(found)


async def test_what_is_sent_in_part_still_waits_on_the_desk(door, database):
    house = await found_house(database)
    request_id = await a_submitted_request(
        database, house, phone(100), PhoneNumber("+14165550100")
    )
    await preconfigure(database, request_id)
    query = "query($id: ID!) { portRequest(id: $id) { carrierOrders { id } } }"
    seen = await door.see("support", query, id=request_id)
    first, _ = (order["id"] for order in seen["portRequest"]["carrierOrders"])

    sent = await door.act(
        "support", "sendCarrierOrders", portRequestId=request_id, carrierOrderIds=[first]
    )

    assert sent["portRequest"]["status"] == "WITH_CARRIER"
    assert await ids(door, filter={"waitingOn": "SUPPORT"}) == [request_id]
    await door.act("support", "sendToCarrier", portRequestId=request_id)
    assert await ids(door, filter={"waitingOn": "SUPPORT"}) == []


async def test_a_search_finds_names_accounts_ids_and_the_beginning_of_numbers(door, database):
    house, other = await found_house(database), await found_house(database)
    spring = await a_submitted_request(database, house, phone(100), name="Spring 212 50%_off")
    autumn = await a_submitted_request(database, other, phone(2345), name="Autumn")

    for search, found in (
        ("sPRING", [spring]),
        ("50%_", [spring]),
        ("%", [spring]),
        ("acme", [spring, autumn]),
        (autumn, [autumn]),
        (other.id, [autumn]),
        ("(212) 555-23", [autumn]),
        ("+1 212 555 0100", [spring]),
        ("12125552345", [autumn]),
        ("212", [spring, autumn]),
        ("55", []),
        ("nothing", []),
        ("  ", [spring, autumn]),
        ("a\0c", [spring, autumn]),
    ):
        seen = await ids(door, search=search, orderBy="FIRST_SUBMITTED")
        assert (search, seen) == (search, found)
    assert await door.code("support", QUEUE, search="x" * 101) == "BAD_USER_INPUT"


async def test_only_the_desk_sees_its_queue_and_its_notes(door, database):
    house = await found_house(database)
    request_id = await a_submitted_request(database, house, phone(100))
    assert await claim(door, "support", request_id) == []
    for caller in (house.administrator, house.viewer, "calls:report", "stranger"):
        assert await door.code(caller, QUEUE) == "FORBIDDEN"
    query = "query($id: ID!) { portRequest(id: $id) { desk { claimedBy } } }"
    seen = await door.see(house.administrator, query, id=request_id)
    assert seen["portRequest"]["desk"] is None


async def test_one_of_the_desk_claims_and_releases(door, database):
    house = await found_house(database)
    request_id = await a_submitted_request(database, house, phone(100))

    assert await claim(door, "support", request_id) == []
    assert await claim(door, "support", request_id) == []
    claimed = await request_of(database, request_id)
    assert (claimed.claimed_by, claimed.claimed_at is None) == ("support", False)

    assert await claim(door, "support", request_id, "releasePortRequest") == []
    assert await claim(door, "support", request_id, "releasePortRequest") == []
    released = await request_of(database, request_id)
    assert (released.claimed_by, released.claimed_at) == (None, None)
    events = [event.type for event in await told(database, request_id)]
    assert events[-2:] == ["porting.port_claimed.v1", "porting.port_released.v1"]


async def test_what_somebody_else_has_is_taken_only_by_taking_it_over(door, database):
    house = await found_house(database)
    request_id = await a_submitted_request(database, house, phone(100))
    colleague = "support other"
    assert await claim(door, colleague, request_id) == []

    assert await claim(door, "support", request_id) == ["CLAIMED_BY_ANOTHER"]
    assert await claim(door, "support", request_id, "releasePortRequest") == [
        "CLAIMED_BY_ANOTHER"
    ]
    assert await claim(door, "support", request_id, takeOver=True) == []
    assert (await request_of(database, request_id)).claimed_by == "support"
    *_, event = await told(database, request_id)
    assert (event.fact.claimed_by, event.fact.taken_from) == ("support", colleague)
    assert await claim(door, colleague, request_id, "releasePortRequest", takeOver=True) == []


async def test_a_claim_is_in_the_desks_history_and_not_in_the_customers(door, database):
    house = await found_house(database)
    request_id = await a_submitted_request(database, house, phone(100))
    await claim(door, "support", request_id)
    query = """query($id: ID!) { portRequest(id: $id) { history {
      edges { node { event actor } }
    } } }"""
    for caller, count in (("support", 1), (house.administrator, 0)):
        seen = (await door.see(caller, query, id=request_id))["portRequest"]["history"]
        events = [edge["node"]["event"] for edge in seen["edges"]]
        assert events.count("porting.port_claimed.v1") == count


async def test_a_draft_or_a_finished_request_is_nobodys_work(door, database):
    house = await found_house(database)
    draft = await a_draft(database, house.administrator, house.dental)
    assert await claim(door, "support", draft) == ["INVALID_STATE"]
    finished = await a_request_with_the_carrier(database, house, [phone(103)])
    await door.act(
        "support", "recordPorted", portRequestId=finished, portedAt=now().isoformat()
    )
    assert await claim(door, "support", finished) == ["INVALID_STATE"]


async def test_the_queues_columns_say_what_lines_and_orders_say(database):
    house = await found_house(database)
    draft = await a_full_draft(
        database, house.administrator, house.dental, [a_line(house.dental, phone(100))]
    )
    assert (await request_of(database, draft)).line_count == 0
    await submit(database, house.administrator, draft)
    assert (await request_of(database, draft)).line_count == 1
