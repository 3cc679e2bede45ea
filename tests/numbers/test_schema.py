"""Numbers' graph: what it answers, refuses and repeats."""

from contextlib import contextmanager
from unittest.mock import patch

import pytest
from graphql import (
    GraphQLEnumType,
    build_ast_schema,
    parse,
)

from deploy.local.places import ROOT
from libs.common.caller import Role
from libs.common.database import Database
from services.numbers.domain.tracking_numbers import NumberState
from services.numbers.schema.graph import build_graph
from tests.numbers.builders import add_number, found_account, phone, told

BUILT_IN = {"String", "Int", "Float", "Boolean", "ID"}
CREATE = """
    mutation ($input: CreateAccountInput!) {
      createAccount(input: $input) {
        account { id name version companies { edges { node { name } } } }
        userErrors { __typename code message path }
      }
    }
"""
DISABLE = """
    mutation ($input: DisableTrackingNumberInput!) {
      disableTrackingNumber(input: $input) {
        trackingNumber { state version }
        userErrors { code path ... on InvalidStateError { status availableActions } }
      }
    }
"""


def an_input(**changes):
    given = {
        "name": "Acme",
        "cardOnFile": True,
        "balanceCurrent": True,
        "inGoodStanding": True,
        "inTrial": False,
        "companies": [{"name": "Dental"}],
        "members": [
            {
                "name": "Ada",
                "email": "ada@example.com",
                "role": "ADMINISTRATOR",
                "loginIssuer": "https://id.example.com",
                "loginSubject": "ada",
            }
        ],
    }
    return given | changes


@contextmanager
def counted_reads():
    opened = []
    reading = Database.reading

    def counting(self, caller):
        opened.append(caller)
        return reading(self, caller)

    with patch.object(Database, "reading", counting):
        yield opened


async def test_support_creates_an_account(door, database):
    made = (await door.see("support", CREATE, input=an_input()))["createAccount"]
    assert made["userErrors"] == []
    assert made["account"]["companies"]["edges"] == [{"node": {"name": "Dental"}}]
    assert made["account"]["version"] == len(await told(database, made["account"]["id"]))


async def test_all_faults_of_an_account_are_answered_at_once(door, database):
    given = an_input(name="", companies=[{"name": "A"}, {"name": "a"}])
    given["members"][0]["email"] = "nowhere"
    made = (await door.see("support", CREATE, input=given))["createAccount"]
    assert made["account"] is None
    assert [(error["code"], error["path"]) for error in made["userErrors"]] == [
        ("REQUIRED", ["input", "name"]),
        ("ALREADY_EXISTS", ["input", "companies", "1", "name"]),
        ("INVALID", ["input", "members", "0", "email"]),
    ]
    assert await told(database) == []


async def test_the_same_key_and_input_create_one_account(door):
    given = an_input(idempotencyKey="once")
    first = await door.see("support", CREATE, input=given)
    assert await door.see("support", CREATE, input=given) == first
    assert (await door.see("support", "{ accounts { totalCount } }")) == {
        "accounts": {"totalCount": 1}
    }


async def test_the_same_key_with_another_input_is_refused(door):
    await door.see("support", CREATE, input=an_input(idempotencyKey="once"))
    other = an_input(idempotencyKey="once", name="Other")
    assert await door.code("support", CREATE, input=other) == "IDEMPOTENCY_KEY_REUSED"


async def test_a_refused_account_may_be_sent_again_corrected(door):
    wrong = an_input(idempotencyKey="once", name="")
    await door.see("support", CREATE, input=wrong)
    made = await door.see("support", CREATE, input=wrong | {"name": "Acme"})
    assert made["createAccount"]["account"]["name"] == "Acme"


async def test_members_cannot_create_accounts(door, database):
    house = await found_account(database)
    for caller in house.callers.values():
        assert await door.code(caller, CREATE, input=an_input()) == "FORBIDDEN"


async def test_the_viewer_is_told_who_they_are(door, database):
    house = await found_account(database)
    query = """{ viewer {
      isSupport account { id } member { id role companies { name } }
    } }"""
    for role, caller in house.callers.items():
        viewer = (await door.see(caller, query))["viewer"]
        assert viewer["account"] == {"id": house.id}
        assert (viewer["member"]["id"], viewer["member"]["role"]) == (caller.member_id, role)
    nobody = {"isSupport": False, "account": None, "member": None}
    assert (await door.see("support", query))["viewer"] == nobody | {"isSupport": True}
    assert (await door.see("stranger", query))["viewer"] == nobody
    assert await door.code(None, query) == "UNAUTHENTICATED"


@pytest.mark.requirement("S3")
async def test_a_number_is_shown_with_all_that_belongs_to_it(door, database):
    house = await found_account(database)
    number = await add_number(database, house, phone(1))
    query = """query ($id: ID!) { trackingNumber(id: $id) {
      phoneNumber nationalFormat name source forwardingNumber state tab badge version
      portedAt firstCalledAt availableActions portRequest { id }
      company { name account { id } }
    } }"""
    shown = (await door.see(house.administrator, query, id=number.id))["trackingNumber"]
    assert shown == {
        "phoneNumber": "+12125550001",
        "nationalFormat": "(212) 555-0001",
        "name": "Spring flyer",
        "source": "Flyer",
        "forwardingNumber": "+13125550100",
        "state": "PRECONFIGURED",
        "tab": "PENDING",
        "badge": "PORTING_IN",
        "version": 0,
        "portedAt": None,
        "firstCalledAt": None,
        "availableActions": ["UPDATE"],
        "portRequest": {"id": number.port_request_id},
        "company": {"name": "Dental", "account": {"id": house.id}},
    }


async def test_what_can_be_done_depends_on_the_state_and_the_caller(door, database):
    house = await found_account(database)
    number = await add_number(database, house, phone(1), state=NumberState.ACTIVE)
    query = "query ($id: ID!) { trackingNumber(id: $id) { availableActions } }"
    for caller, actions in (
        (house.administrator, ["DISABLE", "UPDATE"]),
        ("support", ["DISABLE", "UPDATE"]),
        (house.callers[Role.MANAGER], ["UPDATE"]),
        (house.callers[Role.CLIENT_MANAGER], ["UPDATE"]),
    ):
        shown = await door.see(caller, query, id=number.id)
        assert shown["trackingNumber"]["availableActions"] == actions


async def test_disabling_is_refused_in_the_wrong_state_or_version(door, database):
    house = await found_account(database)
    leaving = await add_number(database, house, phone(1), state=NumberState.PORTING_OUT)
    active = await add_number(database, house, phone(2), state=NumberState.ACTIVE)
    for given, error in (
        (
            {"trackingNumberId": leaving.id},
            {
                "code": "INVALID_STATE",
                "path": ["input", "trackingNumberId"],
                "status": "PORTING_OUT",
                "availableActions": [],
            },
        ),
        (
            {"trackingNumberId": active.id, "expectedVersion": 1},
            {"code": "CONFLICT", "path": ["input", "expectedVersion"]},
        ),
    ):
        answer = await door.see(house.administrator, DISABLE, input=given)
        assert answer["disableTrackingNumber"] == {
            "trackingNumber": None,
            "userErrors": [error],
        }


async def walk(door, caller, query, field, **variables):
    """Every id of a list, page by page, and how many pages there were."""
    ids, cursor, pages = [], None, 0
    while True:
        listed = (await door.see(caller, query, cursor=cursor, **variables))[field]
        ids += [edge["node"]["id"] for edge in listed["edges"]]
        pages += 1
        info = listed["pageInfo"]
        if not info["hasNextPage"]:
            return ids, pages
        cursor = info["endCursor"]


@pytest.mark.parametrize("who", [Role.ADMINISTRATOR, Role.MANAGER])
async def test_pages_of_numbers_hold_each_once_newest_first(door, database, who):
    house = await found_account(database)
    for place in range(7):
        state = NumberState.ACTIVE if place % 2 else NumberState.PRECONFIGURED
        await add_number(database, house, phone(place), state=state)
    query = """query ($cursor: String) { trackingNumbers(first: 3, after: $cursor) {
      pageInfo { hasNextPage endCursor } edges { node { id } } } }"""
    ids, pages = await walk(door, house.callers[who], query, "trackingNumbers")
    assert (len(ids), pages) == (7, 3)
    assert ids == sorted(set(ids), reverse=True)


async def test_the_last_page_reads_from_the_other_end(door, database):
    house = await found_account(database)
    for place in range(4):
        await add_number(database, house, phone(place), state=NumberState.ACTIVE)
    query = """query ($company: ID!) {
      all: trackingNumbers { edges { node { id } } }
      end: trackingNumbers(last: 2) { pageInfo { hasPreviousPage } edges { node { id } } }
      company(id: $company) { trackingNumbers(last: 2) { edges { node { id } } } }
    }"""
    listed = await door.see(house.administrator, query, company=house.companies["Dental"])
    assert listed["end"]["edges"] == listed["all"]["edges"][2:]
    assert listed["end"]["pageInfo"] == {"hasPreviousPage": True}
    assert listed["company"]["trackingNumbers"]["edges"] == listed["end"]["edges"]


@pytest.mark.requirement("S67")
async def test_a_tab_shows_its_states_alone(door, database):
    house = await found_account(database)
    states = [
        NumberState.PRECONFIGURED,
        NumberState.AWAITING_FIRST_CALL,
        NumberState.ACTIVE,
        NumberState.PORTING_OUT,
        NumberState.PORTED_OUT,
    ]
    for place, state in enumerate(states):
        await add_number(database, house, phone(place), state=state)
    query = """query ($tab: TrackingNumberTab, $company: ID!) {
      trackingNumbers(tab: $tab) { totalCount edges { node { state } } }
      company(id: $company) { trackingNumbers(tab: $tab) { totalCount } }
    }"""
    for tab, shown in (("PENDING", states[:2]), ("ACTIVE", states[2:]), ("DISABLED", [])):
        listed = await door.see(
            house.administrator, query, tab=tab, company=house.companies["Dental"]
        )
        found = {edge["node"]["state"] for edge in listed["trackingNumbers"]["edges"]}
        assert (tab, found) == (tab, set(shown))
        assert listed["trackingNumbers"]["totalCount"] == len(shown)
        assert listed["company"]["trackingNumbers"]["totalCount"] == len(shown)


@pytest.mark.requirement("S3")
@pytest.mark.parametrize("who", [Role.ADMINISTRATOR, Role.MANAGER])
async def test_a_source_shows_its_numbers_alone(door, database, who):
    house = await found_account(database)
    for place, source in enumerate(["Flyer", "Radio", "Flyer", "flyer"]):
        await add_number(
            database, house, phone(place), source=source, state=NumberState.AWAITING_FIRST_CALL
        )
    query = """query ($source: String, $company: ID) {
      trackingNumbers(source: $source, companyId: $company) {
        totalCount edges { node { source } } } }"""
    for source, shown in (("Flyer", 2), ("Radio", 1), ("Fly", 0), (None, 4)):
        for company in (None, house.companies["Dental"]):
            listed = (
                await door.see(house.callers[who], query, source=source, company=company)
            )["trackingNumbers"]
            found = [edge["node"]["source"] for edge in listed["edges"]]
            assert (len(found), listed["totalCount"]) == (shown, shown)
            assert source is None or {*found} <= {source}


@pytest.mark.parametrize(
    "arguments", ["first: 0", "first: 101", "first: -1", "first: 1, last: 1", 'after: "x"']
)
async def test_a_bad_page_is_bad_input(door, database, arguments):
    house = await found_account(database)
    query = f"{{ trackingNumbers({arguments}) {{ totalCount }} }}"
    assert await door.code(house.administrator, query) == "BAD_USER_INPUT"


async def test_a_list_costs_one_read_for_each_level(door, database):
    house = await found_account(database)
    for place in range(20):
        company = "Garage" if place % 2 else "Dental"
        await add_number(database, house, phone(place), company=company)
    query = """{ trackingNumbers { edges { node {
      company { account { name } trackingNumbers(first: 2) { edges { node { id } } } }
    } } } }"""
    with counted_reads() as opened:
        listed = await door.see(house.administrator, query)
    assert len(listed["trackingNumbers"]["edges"]) == 20
    # The numbers, their companies, the accounts of these, and a page of each company.
    assert len(opened) == 4


async def test_many_entities_cost_one_read(door, database):
    house = await found_account(database)
    numbers = [await add_number(database, house, phone(place)) for place in range(20)]
    query = """query ($r: [_Any!]!) {
      _entities(representations: $r) { ... on TrackingNumber { id phoneNumber } } }"""
    asked = [{"__typename": "TrackingNumber", "id": number.id} for number in numbers]
    with counted_reads() as opened:
        found = (await door.see("support", query, r=asked))["_entities"]
    assert [each["id"] for each in found] == [number.id for number in numbers]
    assert len(opened) == 1


@pytest.mark.parametrize(
    "argument", ['companyId: "a\\u0000b"', 'accountId: "\\u0000"', 'source: "\\u0000"']
)
async def test_a_character_that_no_text_has_is_no_fault_of_ours(door, database, argument):
    house = await found_account(database)
    for caller in (house.administrator, "support"):
        query = f"{{ trackingNumbers({argument}) {{ totalCount }} }}"
        assert await door.code(caller, query) in {None, "BAD_USER_INPUT"}


def test_the_printed_schema_is_the_graph():
    printed = (ROOT / "services/numbers/schema.graphql").read_text()
    assert printed.strip() == build_graph(shows_schema=True).as_str().strip()


def described(schema):
    """Each name of the graph with its description; the root types are named by everybody."""
    for name, kind in schema.type_map.items():
        if name.startswith("_") or name in BUILT_IN:
            continue
        if name not in {"Query", "Mutation"}:
            yield name, kind.description
        parts = (
            kind.values if isinstance(kind, GraphQLEnumType) else getattr(kind, "fields", {})
        )
        for part, field in parts.items():
            if not part.startswith("_"):
                yield f"{name}.{part}", field.description
                for argument, asked in getattr(field, "args", {}).items():
                    yield f"{name}.{part}({argument})", asked.description


def test_everything_in_the_graph_has_a_description():
    schema = build_ast_schema(
        parse(build_graph(shows_schema=True).as_str()), assume_valid=True
    )
    assert [name for name, description in described(schema) if not description] == []
