"""What the desk reads of messages to and from carriers, over the graph, and trying again."""

import pytest

from services.porting.workers import CarrierWorker
from tests.porting.builders import VAULT, a_request_with_the_carrier, found_house, phone
from tests.porting.carriers.counterparts import (
    BRISK,
    a_message,
    call_back,
    messages_of,
    order_of,
    work,
)

LIST = """
query ($filter: CarrierMessageFilter, $first: Int) {
  carrierMessages(filter: $filter, first: $first) {
    totalCount
    pageInfo { hasNextPage }
    edges { node {
      id direction kind carrier orderReference orderVersion portRequestId trackingNumbers
      text state reason times attempts confirmedAt recordedAt nextAttemptAt
    } }
  }
}
"""
RETRY = """
mutation ($input: RetryCarrierMessageInput!) {
  retryCarrierMessage(input: $input) {
    carrierMessage { id state attempts reason }
    userErrors { code path ... on InvalidStateError { status } }
  }
}
"""


@pytest.fixture
def worker(database, emulated) -> CarrierWorker:
    return CarrierWorker(database=database, carrier=emulated.adapter, pace=BRISK, vault=VAULT)


@pytest.fixture
async def request_id(database) -> str:
    house = await found_house(database)
    return await a_request_with_the_carrier(database, house, [phone(100)])


async def test_the_desk_reads_both_directions_newest_first(
    door, database, emulated, worker, request_id
):
    await work(worker)
    order_id = await order_of(database, request_id)
    body = a_message("m-1", order_id, numbers=[phone(100)])
    for _ in range(2):
        await call_back(emulated.door, body)
    await work(worker)

    answer = await door.see("support", LIST, filter={"portRequestId": request_id})

    heard, told = [edge["node"] for edge in answer["carrierMessages"]["edges"]]
    assert answer["carrierMessages"]["totalCount"] == 2
    assert (heard["direction"], heard["kind"], heard["state"]) == (
        "HEARD",
        "ACCEPTED",
        "NOTED",
    )
    assert (heard["times"], heard["trackingNumbers"], heard["text"]) == (
        2,
        [phone(100)],
        body.decode(),
    )
    assert (told["direction"], told["state"], told["carrier"]) == ("TOLD", "SENT", "emulator")
    assert (told["orderReference"], told["portRequestId"]) == (order_id, request_id)


async def test_the_list_is_paged_and_filtered_by_state(door, database, request_id):
    house = await found_house(database)
    await a_request_with_the_carrier(database, house, [phone(101)])

    page = await door.see("support", LIST, first=1)
    waiting = await door.see("support", LIST, filter={"states": ["WAITING"]})
    dead = await door.see("support", LIST, filter={"states": ["DEAD"]})

    assert page["carrierMessages"]["pageInfo"]["hasNextPage"] is True
    assert waiting["carrierMessages"]["totalCount"] == 2
    assert dead["carrierMessages"]["edges"] == []


async def test_customers_may_not_ask_for_it(door, database):
    house = await found_house(database)
    for member in (house.administrator, house.manager, house.viewer):
        assert await door.code(member, LIST) == "FORBIDDEN"
        given = {"carrierMessageId": "cms_1"}
        assert await door.code(member, RETRY, input=given) == "FORBIDDEN"


async def test_what_was_given_up_is_told_when_the_desk_tries_again(
    door, database, emulated, worker, request_id
):
    emulated.breaks_down = True
    async with database.working() as connection:
        await connection.execute("UPDATE carrier_messages SET attempts = 29")
    await worker.tell_one()
    (given_up,) = await messages_of(database, request_id)
    assert given_up["state"] == "dead"

    emulated.breaks_down = False
    answer = await door.see("support", RETRY, input={"carrierMessageId": given_up["id"]})
    await work(worker)

    assert answer["retryCarrierMessage"]["carrierMessage"] == {
        "id": given_up["id"],
        "state": "WAITING",
        "attempts": 0,
        "reason": None,
    }
    assert len(await emulated.told(request_id)) == 1


async def test_only_what_was_given_up_is_tried_again(door, database, request_id):
    (waiting,) = await messages_of(database, request_id)

    for message_id, error in (
        (waiting["id"], {"code": "INVALID_STATE", "status": "WAITING"}),
        ("cms_unknown", {"code": "NOT_FOUND"}),
    ):
        answer = await door.see("support", RETRY, input={"carrierMessageId": message_id})
        assert answer["retryCarrierMessage"] == {
            "carrierMessage": None,
            "userErrors": [{**error, "path": ["input", "carrierMessageId"]}],
        }
