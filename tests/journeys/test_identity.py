"""Who sees what, asked at the gateway and at each subgraph's own listen port: one table."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed

from deploy.local.demo_accounts import Tokens
from tests.journeys.asking import ask, codes_of, open_socket, post
from tests.journeys.cast import nobodies

pytestmark = pytest.mark.journey

# What a caller gets who does not see a thing: nothing at all, or a code.
NOTHING = "nothing"
OF_NOBODIES = {
    "no token": "UNAUTHENTICATED",
    "garbage": "UNAUTHENTICATED",
    "expired": "UNAUTHENTICATED",
    "unsigned": "UNAUTHENTICATED",
    "signed with another key": "UNAUTHENTICATED",
    "for another audience": "UNAUTHENTICATED",
    "with a NUL in its subject": "UNAUTHENTICATED",
    "for longer than there are years": "UNAUTHENTICATED",
    "stranger": "FORBIDDEN",
    "intruder": "BAD_USER_INPUT",
    "other administrator": NOTHING,
    "machine": "FORBIDDEN",
}
MEMBERS = {"ADMINISTRATOR", "MANAGER", "UPTOWN_MANAGER", "CLIENT_MANAGER", "VIEWER"}
OF_DOWNTOWN = MEMBERS - {"UPTOWN_MANAGER"}
NOT_THE_REQUESTER = OF_DOWNTOWN - {"CLIENT_MANAGER"}


@dataclass(frozen=True, kw_only=True)
class Thing:
    """`kind` names the id that the query takes; `seen_by` are members, beside support.

    `known_to` may learn that it exists, and no more. What is the desk's no member may ask for.
    """

    kind: str
    service: str
    seen_by: set[str]
    query: str
    is_entity: bool = False
    is_desks: bool = False
    known_to: set[str] = field(default_factory=set)


def entity(kind: str, service: str, fields: str, seen_by: set[str], **more: Any) -> Thing:
    """As the gateway asks for it, by the caller's own hand."""
    query = f"""query ($representations: [_Any!]!) {{
        _entities(representations: $representations) {{ ... on {kind} {{ {fields} }} }} }}"""
    return Thing(
        kind=kind, service=service, seen_by=seen_by, query=query, is_entity=True, **more
    )


THINGS = {
    "portRequest": Thing(
        kind="PortRequest",
        service="porting",
        seen_by=NOT_THE_REQUESTER,
        query="""query ($id: ID!) { portRequest(id: $id) {
            name lines(first: 5) { edges { node { phoneNumber } } } letter { subscriberName }
            documents { edges { node { filename } } } } }""",
    ),
    "portRequests": Thing(
        kind="Account",
        service="porting",
        seen_by=NOT_THE_REQUESTER,
        query="""query ($id: ID!) { portRequests(filter: {accountId: $id}) {
            totalCount edges { node { name } } } }""",
    ),
    "portRequests of a company": Thing(
        kind="Company",
        service="porting",
        seen_by=NOT_THE_REQUESTER,
        query="""query ($id: ID!) { portRequests(filter: {companyId: $id}) {
            totalCount edges { node { name } } } }""",
    ),
    "portOut": Thing(
        kind="PortOut",
        service="porting",
        seen_by=OF_DOWNTOWN,
        query="""query ($id: ID!) { portOut(id: $id) {
            gainingCarrier numbers { edges { node { phoneNumber } } } } }""",
    ),
    "account": Thing(
        kind="Account",
        service="numbers",
        seen_by=MEMBERS,
        query="query ($id: ID!) { account(id: $id) { name cardOnFile } }",
    ),
    "company": Thing(
        kind="Company",
        service="numbers",
        seen_by=OF_DOWNTOWN,
        query="""query ($id: ID!) { company(id: $id) {
            name account { name } trackingNumbers { edges { node { phoneNumber } } } } }""",
    ),
    "trackingNumber": Thing(
        kind="TrackingNumber",
        service="numbers",
        seen_by=OF_DOWNTOWN,
        query="query ($id: ID!) { trackingNumber(id: $id) { phoneNumber forwardingNumber } }",
    ),
    "trackingNumbers of an account": Thing(
        kind="Account",
        service="numbers",
        seen_by=MEMBERS,
        query="""query ($id: ID!) { trackingNumbers(accountId: $id) {
            totalCount edges { node { phoneNumber } } } }""",
    ),
    "trackingNumbers of a company": Thing(
        kind="Company",
        service="numbers",
        seen_by=OF_DOWNTOWN,
        query="""query ($id: ID!) { trackingNumbers(companyId: $id) {
            totalCount edges { node { phoneNumber } } } }""",
    ),
    "statusChanges of a request": Thing(
        kind="PortRequest",
        service="notifications",
        seen_by=NOT_THE_REQUESTER,
        query="""query ($id: ID!) { statusChanges(filter: {portRequestId: $id}) {
            totalCount edges { node { event status } } } }""",
    ),
    "statusChanges of a company": Thing(
        kind="Company",
        service="notifications",
        seen_by=OF_DOWNTOWN,
        query="""query ($id: ID!) { statusChanges(
            filter: {companyId: $id, subjects: [TRACKING_NUMBER, PORT_OUT]}) {
            totalCount edges { node { event status } } } }""",
    ),
}
ENTITIES = {
    "PortRequest": entity("PortRequest", "porting", "name", NOT_THE_REQUESTER),
    "PortOut": entity("PortOut", "porting", "gainingCarrier", OF_DOWNTOWN),
    "requests of an Account": entity(
        "Account",
        "porting",
        "portRequests { edges { node { name } } }",
        NOT_THE_REQUESTER,
        known_to=MEMBERS,
    ),
    "TrackingNumber": entity("TrackingNumber", "numbers", "phoneNumber", OF_DOWNTOWN),
    "Company": entity("Company", "numbers", "name", OF_DOWNTOWN),
    "Account": entity("Account", "numbers", "name inTrial", MEMBERS),
}


@pytest.fixture(scope="module")
def callers(stack, ada, babbage):
    support = {"support": Tokens(stack.key_folder).of_support()}
    return {**nobodies(stack, ada, babbage), **ada.tokens, **support}


def expected(thing: Thing, caller: str) -> str:
    if thing.is_desks and OF_NOBODIES.get(caller, NOTHING) == NOTHING and caller != "support":
        return "FORBIDDEN"
    if caller in OF_NOBODIES:
        return OF_NOBODIES[caller]
    return "seen" if caller == "support" or caller in thing.seen_by else NOTHING


def variables_of(thing: Thing, id: str) -> dict[str, Any]:
    if thing.is_entity:
        return {"representations": [{"__typename": thing.kind, "id": id}]}
    return {"id": id}


def outcome_of(answer: dict[str, Any]) -> str:
    codes = set(codes_of(answer))
    if codes:
        assert not has_content(answer.get("data"))
        [code] = codes
        return code
    return "seen" if has_content(answer["data"]) else NOTHING


def has_content(value: Any) -> bool:
    """Whether anything but empty lists, nulls, zeros and names of types is in an answer."""
    match value:
        case dict():
            return any(has_content(each) for each in value.values())
        case list():
            return any(has_content(each) for each in value)
        case _:
            return bool(value)


def without_ids(answer: dict[str, Any]) -> dict[str, Any]:
    for error in answer.get("errors", ()):
        error["extensions"].pop("requestId")
    return answer


@pytest.mark.requirement("S48")
@pytest.mark.parametrize("place", ["gateway", "subgraph"])
@pytest.mark.parametrize("thing", THINGS.values(), ids=THINGS)
async def test_nobody_sees_what_is_not_theirs(stack, travelled, callers, thing, place):
    url = stack.gateway_url if place == "gateway" else stack.urls[thing.service]

    await hold_the_table(url, thing, travelled.ids[thing.kind], callers)


@pytest.mark.requirement("S48")
@pytest.mark.parametrize("thing", ENTITIES.values(), ids=ENTITIES)
async def test_nobody_gets_an_entity_that_is_not_theirs(stack, travelled, callers, thing):
    await hold_the_table(stack.urls[thing.service], thing, travelled.ids[thing.kind], callers)


async def hold_the_table(url, thing, id, callers):
    """Each caller gets what the table says, and of what they do not see what all unknown gets."""
    unknown_id = f"{id.partition('_')[0]}_01jdqk2r8ce5qv1m4b4m2a9x7e"

    async def try_it(token, asked_id):
        answer = await post(url, thing.query, token, **variables_of(thing, asked_id))
        return answer.status_code, answer.json()

    answers = await asyncio.gather(*(try_it(token, id) for token in callers.values()))
    unknown = await asyncio.gather(*(try_it(token, unknown_id) for token in callers.values()))

    seen = {
        name: outcome_of(answer) for name, (_, answer) in zip(callers, answers, strict=True)
    }
    assert seen == {name: expected(thing, name) for name in callers}
    for name, known, other in zip(callers, answers, unknown, strict=True):
        if expected(thing, name) != "seen" and name not in thing.known_to:
            assert (known[0], without_ids(known[1])) == (other[0], without_ids(other[1])), name


async def test_entities_are_no_field_of_the_public_graph(stack, ada, travelled):
    query = "query ($r: [_Any!]!) { _entities(representations: $r) { __typename } }"
    representation = {"__typename": "Account", "id": ada.id}

    answer = await post(
        stack.gateway_url, query, ada.tokens["ADMINISTRATOR"], r=[representation]
    )

    assert codes_of(answer.json())[0] == "BAD_USER_INPUT"


SUBSCRIPTIONS = {
    "portStatusChanged": Thing(
        kind="PortRequest",
        service="notifications",
        seen_by=NOT_THE_REQUESTER,
        query="""subscription ($id: ID!, $after: String) {
            portStatusChanged(portRequestId: $id, after: $after) { event subject } }""",
    ),
    "deskQueueChanged": Thing(
        kind="PortRequest",
        service="notifications",
        seen_by=set(),
        is_desks=True,
        query="""subscription ($id: ID!, $after: String) {
            deskQueueChanged(portRequestId: $id, after: $after) { event subject } }""",
    ),
    "numberStatusChanged": Thing(
        kind="Company",
        service="notifications",
        seen_by=OF_DOWNTOWN,
        query="""subscription ($id: ID!, $after: String) {
            numberStatusChanged(companyId: $id, after: $after) { event subject } }""",
    ),
}


@pytest.mark.requirement("S48")
@pytest.mark.parametrize("place", ["gateway", "subgraph"])
@pytest.mark.parametrize("thing", SUBSCRIPTIONS.values(), ids=SUBSCRIPTIONS)
async def test_nobody_hears_what_is_not_theirs(stack, travelled, callers, thing, place):
    url = stack.gateway_url if place == "gateway" else stack.urls[thing.service]
    answer = await ask(
        stack.gateway_url,
        "{ statusChanges(first: 1) { edges { node { cursor } } } }",
        callers["support"],
    )
    [first] = answer["statusChanges"]["edges"]

    async def listen(token):
        async with open_socket(url, token) as socket:
            try:
                await socket.next()
            except ConnectionClosed as closed:
                return closed.rcvd.code
            await socket.subscribe(
                thing.query, id=travelled.ids[thing.kind], after=first["node"]["cursor"]
            )
            try:
                message = await socket.next(1.5)
            except TimeoutError:
                return NOTHING
            if message["type"] == "next":
                return outcome_of(message["payload"])
            [code] = codes_of({"errors": message["payload"]})
            return code

    heard = await asyncio.gather(*(listen(token) for token in callers.values()))

    for name, got in zip(callers, heard, strict=True):
        wanted = {expected(thing, name)}
        if wanted == {"UNAUTHENTICATED"} and name != "no token":
            wanted |= {4403}  # the socket itself is refused
        assert got in wanted, name
