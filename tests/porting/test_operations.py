"""Support settles events that a service could not work, through the graph."""

from uuid import UUID, uuid4

import pytest

from libs.common.inbox import add_received
from libs.contracts.number_events import CompanyChanged
from tests.porting.builders import heard

LIST = """query ($filter: DeadEventFilter, $after: String) {
  portingDeadEventGroups { reason type events }
  portingDeadEvents(filter: $filter, first: 2, after: $after) {
    totalCount pageInfo { hasNextPage endCursor }
    edges { node { id source subject sequence type reason attempts waitingBehind occurredAt traceparent } }
  }
}"""
ONE = "query ($id: ID!) { portingDeadEvent(id: $id) { subject body } }"
REDRIVE = """mutation ($input: RedriveDeadEventsInput!) {
  redrivePortingDeadEvents(input: $input) { redriven userErrors { code path } }
}"""
DROP = """mutation ($input: DropDeadEventsInput!) {
  dropPortingDeadEvents(input: $input) {
    dropped { id why droppedBy fault released meaning } userErrors { code path }
  }
}"""
REPLAY = """mutation ($input: ReplayEventsInput!) {
  replayPortingEvents(input: $input) {
    replay { id queue types since keepsIds requestedBy told finishedAt reason }
    userErrors { code path }
  }
}"""
OTHERS = """{
  portingDroppedEvents { totalCount edges { node { id } } }
  portingReplays { totalCount edges { node { id queue } } }
  portingDelivery { outboxEvents outboxOldestAt pendingEvents deadEvents deadOldestAt timersDue }
}"""
NOT_FOUND = {"code": "NOT_FOUND", "path": ["input", "eventIds", "0"]}


class Parked:
    """Three dead events of two aggregates, and one that waits behind."""

    def __init__(self, database):
        self.database = database
        fact = CompanyChanged(account_id="acc_1", company_id="co_1", name="Dental")
        self.events = [
            heard(fact, subject=f"co_{subject}", sequence=sequence)
            for subject, sequence in ((1, 1), (2, 1), (3, 1), (1, 2))
        ]

    async def fill(self):
        async with self.database.working() as connection:
            for each in self.events:
                await add_received(connection, [each], {each.id: '{"data": {}}'})
            await connection.execute(
                "UPDATE inbox SET state = 'dead', attempts = 5, reason = 'LookupError' "
                "WHERE sequence = 1"
            )
        return self

    async def states(self):
        query = "SELECT subject, sequence, state, attempts FROM inbox ORDER BY 1, 2"
        return [tuple(row) for row in await self.see(query)]

    async def see(self, query):
        async with self.database.working() as connection:
            return [tuple(row) for row in await connection.fetch(query)]


@pytest.fixture
async def parked(database):
    return await Parked(database).fill()


async def test_support_reads_the_dead_in_pages_newest_first_and_counted(door, parked):
    first = await door.see("support", LIST)
    cursor = first["portingDeadEvents"]["pageInfo"]["endCursor"]
    rest = await door.see("support", LIST, after=cursor)
    none = await door.see("support", LIST, filter={"reason": "KeyError"})

    assert first["portingDeadEventGroups"] == [
        {"reason": "LookupError", "type": CompanyChanged.type, "events": 3}
    ]
    assert first["portingDeadEvents"]["totalCount"] == 3
    nodes = [edge["node"] for edge in first["portingDeadEvents"]["edges"]]
    assert [node["subject"] for node in nodes] == ["co_3", "co_2"]
    [node] = [edge["node"] for edge in rest["portingDeadEvents"]["edges"]]
    assert node == {
        "id": str(parked.events[0].id),
        "source": "/numbers",
        "subject": "co_1",
        "sequence": 1,
        "type": CompanyChanged.type,
        "reason": "LookupError",
        "attempts": 5,
        "waitingBehind": 1,
        "occurredAt": None,
        "traceparent": None,
    }
    assert none["portingDeadEvents"]["edges"] == []


async def test_a_look_at_a_body_is_on_record_with_who_looked(door, parked):
    event_id = parked.events[0].id
    seen = await door.see("support", ONE, id=str(event_id))

    assert seen["portingDeadEvent"] == {"subject": "co_1", "body": '{"data": {}}'}
    assert await parked.see("SELECT act, actor, event_id FROM operator_acts") == [
        ("looked", "support:support", event_id)
    ]
    for unknown in (str(uuid4()), str(parked.events[3].id), "nobody"):
        assert (await door.see("support", ONE, id=unknown))["portingDeadEvent"] is None


@pytest.mark.parametrize(
    ("choice", "redriven"),
    [
        ({"eventIds": ["the first"]}, 1),
        ({"group": {"reason": "LookupError", "type": CompanyChanged.type}}, 3),
        ({"group": {"reason": "KeyError", "type": CompanyChanged.type}}, 0),
        ({"all": True}, 3),
    ],
)
async def test_one_some_or_all_are_redriven_once_for_a_key(door, parked, choice, redriven):
    given = choice | {"idempotencyKey": "k1"}
    if "eventIds" in choice:
        given["eventIds"] = [str(parked.events[0].id)]

    answers = [await door.see("support", REDRIVE, input=given) for _ in range(2)]

    expected = {"redriven": redriven, "userErrors": []}
    assert [answer["redrivePortingDeadEvents"] for answer in answers] == [expected] * 2
    states = [state for _, sequence, state, _ in await parked.states() if sequence == 1]
    assert states.count("pending") == redriven
    acts = await parked.see("SELECT act, events FROM operator_acts")
    assert acts == [("redriven", redriven)]


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({}, {"code": "INVALID", "path": ["input"]}),
        ({"all": True, "eventIds": ["x"]}, {"code": "INVALID", "path": ["input"]}),
        ({"eventIds": []}, {"code": "INVALID", "path": ["input", "eventIds"]}),
        ({"eventIds": ["x"] * 101}, {"code": "TOO_LONG", "path": ["input", "eventIds"]}),
        ({"eventIds": ["nobody"]}, NOT_FOUND),
        ({"eventIds": [str(UUID(int=1))]}, NOT_FOUND),
    ],
)
async def test_a_choice_that_is_none_redrives_nothing(door, parked, given, error):
    before = await parked.states()
    answer = await door.see("support", REDRIVE, input=given)

    assert answer["redrivePortingDeadEvents"] == {"redriven": 0, "userErrors": [error]}
    assert await parked.states() == before


async def test_what_is_dropped_goes_and_what_that_means_is_said(door, parked):
    event_id = str(parked.events[0].id)
    given = {"eventIds": [event_id], "why": "made up by a test", "idempotencyKey": "k1"}

    first, second = [await door.see("support", DROP, input=given) for _ in range(2)]

    [dropped] = first["dropPortingDeadEvents"]["dropped"]
    assert first == second
    assert dropped.pop("meaning").startswith("What event 1 of co_1 says is unknown here")
    assert dropped == {
        "id": event_id,
        "why": "made up by a test",
        "droppedBy": "support:support",
        "fault": "LookupError",
        "released": 1,
    }
    assert ("co_1", 1, "applied", 5) in await parked.states()
    others = await door.see("support", OTHERS)
    assert others["portingDroppedEvents"] == {
        "totalCount": 1,
        "edges": [{"node": {"id": event_id}}],
    }
    assert others["portingDelivery"].pop("deadOldestAt") is not None
    assert others["portingDelivery"] == {
        "outboxEvents": 0,
        "outboxOldestAt": None,
        "pendingEvents": 1,
        "deadEvents": 2,
        "timersDue": 0,
    }


async def test_a_drop_without_a_reason_or_of_what_is_not_dead_drops_nothing(door, parked):
    before = await parked.states()
    dead, waiting = str(parked.events[0].id), str(parked.events[3].id)

    without = await door.see("support", DROP, input={"eventIds": [dead], "why": " "})
    one_too_many = await door.see(
        "support", DROP, input={"eventIds": [waiting, dead], "why": "wrong"}
    )

    assert without["dropPortingDeadEvents"] == {
        "dropped": [],
        "userErrors": [{"code": "INVALID", "path": ["input", "why"]}],
    }
    assert one_too_many["dropPortingDeadEvents"] == {"dropped": [], "userErrors": [NOT_FOUND]}
    assert await parked.states() == before


async def test_a_replay_is_asked_for_once_and_waits_for_its_worker(door, database):
    given = {
        "queue": "numbers.events",
        "types": ["porting.port_submitted.v1"],
        "since": "2026-11-01T00:00:00Z",
        "idempotencyKey": "k1",
    }

    first, second = [await door.see("support", REPLAY, input=given) for _ in range(2)]

    asked = first["replayPortingEvents"]["replay"]
    assert first == second
    others = await door.see("support", OTHERS)
    assert others["portingReplays"] == {
        "totalCount": 1,
        "edges": [{"node": {"id": asked.pop("id"), "queue": "numbers.events"}}],
    }
    assert asked == {
        "queue": "numbers.events",
        "types": ["porting.port_submitted.v1"],
        "since": "2026-11-01T00:00:00Z",
        "keepsIds": False,
        "requestedBy": "support:support",
        "told": 0,
        "finishedAt": None,
        "reason": None,
    }


@pytest.mark.parametrize(
    ("given", "place"),
    [
        ({"queue": ""}, "queue"),
        ({"queue": "a\nb"}, "queue"),
        ({"queue": "x", "types": ["y" * 256]}, "types.0"),
        (
            {"queue": "x", "since": "2026-11-02T00:00:00Z", "until": "2026-11-01T00:00:00Z"},
            "until",
        ),
    ],
)
async def test_a_replay_that_makes_no_sense_is_refused(door, database, given, place):
    answer = await door.see("support", REPLAY, input=given)

    assert answer["replayPortingEvents"] == {
        "replay": None,
        "userErrors": [{"code": "INVALID", "path": ["input", *place.split(".")]}],
    }


@pytest.mark.parametrize(
    "query",
    [
        "{ portingDeadEvents { totalCount } }",
        "{ portingDeadEvent(id: 1) { id } }",
        "{ portingDeadEventGroups { events } }",
        "{ portingDroppedEvents { totalCount } }",
        "{ portingReplays { totalCount } }",
        "{ portingDelivery { deadEvents } }",
        "mutation { redrivePortingDeadEvents(input: {all: true}) { redriven } }",
        'mutation { dropPortingDeadEvents(input: {eventIds: [1], why: "x"}) { dropped { id } } }',
        'mutation { replayPortingEvents(input: {queue: "x"}) { replay { id } } }',
    ],
)
async def test_only_support_sees_or_changes_any_of_it(door, house, query):
    for caller in (house.administrator, "calls:report", "stranger"):
        assert await door.code(caller, query) == "FORBIDDEN"
    assert await door.code(None, query) == "UNAUTHENTICATED"
