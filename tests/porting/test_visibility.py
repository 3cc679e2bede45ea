"""Who sees what: each caller, each thing, each way to ask; with our conditions and without."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from deploy.local.databases import copy_service_database, drop_database
from deploy.local.servers import Servers
from libs.common.caller import MACHINE_SCOPES, Machine, Member
from libs.common.database import Database, open_database
from libs.common.dev_issuer import IssuerKey
from libs.common.sight import Sight
from services.porting.schema import loaders, port_out_queries, queries
from services.porting.use_cases import access
from tests.porting.builders import (
    a_draft,
    a_full_draft,
    a_line,
    a_port_out,
    add_inventory,
    found_house,
    login,
    phone,
)
from tests.porting.door import Door, open_door

CLIENTS, GARAGE, DENTAL_OUT, GARAGE_OUT = (
    "the client manager's request",
    "the garage's request",
    "the dental port-out",
    "the garage's port-out",
)
THINGS = (CLIENTS, GARAGE, DENTAL_OUT, GARAGE_OUT)
SEEN = {
    "administrator": set(THINGS),
    "manager": {CLIENTS, DENTAL_OUT},
    "client manager": {CLIENTS, DENTAL_OUT},
    "other client manager": {DENTAL_OUT},
    "viewer": {CLIENTS, DENTAL_OUT},
    "garage's manager": {GARAGE, GARAGE_OUT},
    "support": set(THINGS),
    "administrator of another account": set(),
}
# What row-level security alone keeps: accounts apart, and a client manager's requests (S48).
KEPT_APART = {who: set(THINGS) if seen else set() for who, seen in SEEN.items()} | {
    "client manager": {CLIENTS, DENTAL_OUT, GARAGE_OUT},
    "other client manager": {DENTAL_OUT, GARAGE_OUT},
}
REFUSED = {
    "machine": "FORBIDDEN",
    "stranger": "FORBIDDEN",
    "anonymous": "UNAUTHENTICATED",
}
LINES_SEEN = {
    ("administrator", GARAGE): 2,
    ("support", GARAGE): 2,
    ("garage's manager", GARAGE): 1,
}


@dataclass(frozen=True, kw_only=True)
class Scene:
    account: str
    callers: dict[str, Member | str | None]
    ids: dict[str, str]
    foreign: str

    def names(self, nodes: list[dict[str, str] | None]) -> set[str]:
        """What was found, by our names; what is not in the table fails."""
        by_id = {each: thing for thing, each in self.ids.items()} | {self.foreign: "foreign"}
        return {by_id[node["id"]] for node in nodes if node}


# These tests look and are refused; none changes a row that another one sees.
@pytest.fixture(scope="module")
async def database(servers: Servers, migrated: str) -> AsyncIterator[Database]:
    name = f"{migrated}_visibility"
    urls = await copy_service_database(servers.postgres_url, "porting", migrated, name)
    opened = await open_database(urls.database_url, "porting")
    yield opened
    await opened.close()
    await drop_database(servers.postgres_url, name)


@pytest.fixture(scope="module")
async def door(
    database: Database, issuer_key: IssuerKey, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Door]:
    opened = open_door(database, issuer_key, tmp_path_factory.mktemp("files"))
    yield opened
    await opened.client.aclose()


@pytest.fixture(scope="module")
async def scene(database: Database) -> Scene:
    house, other = await found_house(database), await found_house(database)
    clients = await a_full_draft(
        database, house.client_manager, house.dental, [a_line(house.dental, phone(100))]
    )
    mixed = [a_line(house.garage, phone(101)), a_line(house.dental, phone(102))]
    garage = await a_full_draft(database, house.administrator, house.garage, mixed)
    await add_inventory(database, house, phone(1))
    await add_inventory(database, house, phone(2), company_id=house.garage)
    await add_inventory(database, house, phone(3), company_id="co_other")
    return Scene(
        account=house.id,
        callers={
            "administrator": house.administrator,
            "manager": house.manager,
            "client manager": house.client_manager,
            "other client manager": house.second_client_manager,
            "viewer": house.viewer,
            "garage's manager": house.garage_manager,
            "support": "support",
            "administrator of another account": other.administrator,
            "machine": "calls:report port-outs:report",
            "stranger": "stranger",
            "anonymous": None,
        },
        ids={
            CLIENTS: clients,
            GARAGE: garage,
            DENTAL_OUT: await a_port_out(database, house, phone(1), phone(3)),
            GARAGE_OUT: await a_port_out(database, house, phone(2), reference="R-2"),
        },
        foreign=await a_draft(database, other.administrator, other.dental),
    )


@pytest.fixture
def conditions_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """The application believes that everybody sees everything: only the rows defend themselves."""

    def see_all(_caller: object) -> Sight:
        return Sight(account_id=None, company_ids=None, requester_id=None)

    for module in (access, loaders, port_out_queries, queries):
        monkeypatch.setattr(module, "sight_of", see_all)


BY_ID = {
    CLIENTS: "query ($id: ID!) { thing: portRequest(id: $id) { id } }",
    GARAGE: "query ($id: ID!) { thing: portRequest(id: $id) { id } }",
    DENTAL_OUT: "query ($id: ID!) { thing: portOut(id: $id) { id } }",
    GARAGE_OUT: "query ($id: ID!) { thing: portOut(id: $id) { id } }",
}
LISTS = """{
  portRequests { totalCount edges { node { id account { id portRequests {
    totalCount edges { node { id } } } } } } }
  portOuts { totalCount edges { node { id } } }
}"""
ENTITIES = """query ($r: [_Any!]!) { _entities(representations: $r) {
  ... on PortRequest { id }
  ... on PortOut { id }
  ... on Account { id portRequests { totalCount edges { node { id } } } }
} }"""
PAPERS = """query ($id: ID!) { portRequest(id: $id) {
  id letter { id subscriberName } documents { edges { node { id filename } } }
  lines { totalCount edges { node { phoneNumber company { id } } } }
} }"""
NUMBERS = (
    "query ($id: ID!) { portOut(id: $id) { id numbers { edges { node { phoneNumber } } } } }"
)


async def found_by_id(door, scene, who) -> set[str]:
    answers = [
        await door.see(scene.callers[who], query, id=scene.ids[thing])
        for thing, query in BY_ID.items()
    ]
    return scene.names([answer["thing"] for answer in answers])


def representations(scene) -> list[dict[str, str]]:
    kinds = {CLIENTS: "PortRequest", GARAGE: "PortRequest"}
    return [
        {"__typename": kinds.get(thing, "PortOut"), "id": each}
        for thing, each in scene.ids.items()
    ]


def nodes_of(connection) -> list[dict[str, str]]:
    nodes = [edge["node"] for edge in connection["edges"]]
    assert connection["totalCount"] == len(nodes)
    return nodes


@pytest.mark.requirement("S48")
@pytest.mark.parametrize("who", SEEN)
async def test_a_thing_is_found_where_it_is_in_sight(door, scene, who):
    assert await found_by_id(door, scene, who) == SEEN[who]


@pytest.mark.requirement("S48")
@pytest.mark.parametrize("who", SEEN)
async def test_a_list_and_its_count_hold_what_is_in_sight(door, scene, who):
    answer = await door.see(scene.callers[who], LISTS)
    requests = nodes_of(answer["portRequests"])
    seen = scene.names([*requests, *nodes_of(answer["portOuts"])])
    foreign = {"foreign"} if who in {"support", "administrator of another account"} else set()
    assert seen == SEEN[who] | foreign
    for request in requests:
        of_account = scene.names(nodes_of(request["account"]["portRequests"]))
        own = {"foreign"} if request["id"] == scene.foreign else SEEN[who] & {CLIENTS, GARAGE}
        assert of_account == own


@pytest.mark.requirement("S48")
@pytest.mark.parametrize("who", SEEN)
async def test_a_thing_is_an_entity_where_it_is_in_sight(door, scene, who):
    unknown = [
        {"__typename": "PortRequest", "id": "pr_x"},
        {"__typename": "PortOut", "id": ""},
    ]
    keys = [*representations(scene), *unknown]
    answer = await door.see(scene.callers[who], ENTITIES, r=keys)
    assert scene.names(answer["_entities"]) == SEEN[who]
    assert answer["_entities"][-2:] == [None, None]


@pytest.mark.parametrize("who", SEEN)
async def test_an_account_is_an_entity_of_its_members_and_of_support(door, scene, who):
    key = {"__typename": "Account", "id": scene.account}
    (account,) = (await door.see(scene.callers[who], ENTITIES, r=[key]))["_entities"]
    if not SEEN[who]:
        assert account is None
        return
    requests = SEEN[who] & {CLIENTS, GARAGE}
    assert scene.names(nodes_of(account["portRequests"])) == requests


@pytest.mark.requirement("S48")
@pytest.mark.parametrize("who", SEEN)
@pytest.mark.parametrize("thing", [CLIENTS, GARAGE])
async def test_papers_and_lines_are_shown_with_a_request_that_is_in_sight(
    door, scene, who, thing
):
    answer = await door.see(scene.callers[who], PAPERS, id=scene.ids[thing])
    request = answer["portRequest"]
    if thing not in SEEN[who]:
        assert request is None
        return
    assert request["letter"]["subscriberName"] == "Acme Dental LLC"
    assert len(request["documents"]["edges"]) == 2
    assert len(nodes_of(request["lines"])) == LINES_SEEN.get((who, thing), 1)


async def test_of_a_port_out_only_numbers_of_ones_companies_are_shown(door, scene):
    counts = {"administrator": 2, "support": 2, "manager": 1, "viewer": 1}
    for who, count in counts.items():
        answer = await door.see(scene.callers[who], NUMBERS, id=scene.ids[DENTAL_OUT])
        assert (who, len(answer["portOut"]["numbers"]["edges"])) == (who, count)


@pytest.mark.parametrize(("who", "code"), REFUSED.items())
async def test_who_is_no_reader_is_told_so(door, scene, who, code):
    caller = scene.callers[who]
    for thing, query in BY_ID.items():
        assert await door.code(caller, query, id=scene.ids[thing]) == code
    for query in ("{ portRequests { totalCount } }", "{ portOuts { totalCount } }"):
        assert await door.code(caller, query) == code
    for key in representations(scene):
        assert await door.code(caller, ENTITIES, r=[key]) == code


@pytest.mark.requirement("S48")
@pytest.mark.parametrize("who", SEEN)
async def test_a_filter_narrows_and_never_widens(door, scene, who):
    query = """query ($f: PortRequestFilter) { portRequests(filter: $f) {
      totalCount edges { node { id } } } }"""
    requests = SEEN[who] & {CLIENTS, GARAGE}
    for given, wanted in (
        ({"accountId": scene.account}, requests),
        ({"accountId": "acc_x"}, set()),
        ({"companyId": "co_x"}, set()),
        ({"accountId": scene.account, "statuses": ["DRAFT"]}, requests),
        ({"accountId": scene.account, "statuses": ["COMPLETED"]}, set()),
        ({"statuses": []}, set()),
    ):
        answer = await door.see(scene.callers[who], query, f=given)
        assert (given, scene.names(nodes_of(answer["portRequests"]))) == (given, wanted)


@pytest.mark.requirement("S48")
@pytest.mark.parametrize("who", SEEN)
@pytest.mark.usefixtures("conditions_off")
async def test_rows_defend_themselves_where_our_conditions_fail(door, scene, who):
    caller, kept = scene.callers[who], KEPT_APART[who]
    assert await found_by_id(door, scene, who) == kept
    answer = await door.see(caller, LISTS)
    seen = scene.names([*nodes_of(answer["portRequests"]), *nodes_of(answer["portOuts"])])
    foreign = {"foreign"} if who in {"support", "administrator of another account"} else set()
    assert seen == kept | foreign
    entities = await door.see(caller, ENTITIES, r=representations(scene))
    assert scene.names(entities["_entities"]) == kept


@pytest.fixture
def all_rows() -> dict[str, str]:
    tables = ("port_requests", "lines", "letters", "documents")
    return {table: f"SELECT count(*) FROM {table}" for table in tables}


@pytest.mark.requirement("S48")
async def test_a_client_managers_rows_are_their_own_in_every_table(database, scene, all_rows):
    own = {"port_requests": 1, "lines": 1, "letters": 1, "documents": 2}
    none = dict.fromkeys(own, 0)
    for who, counts in (("client manager", own), ("other client manager", none)):
        async with database.reading(scene.callers[who]) as connection:
            seen = {table: await connection.fetchval(sql) for table, sql in all_rows.items()}
        assert (who, seen) == (who, counts)


ON_REQUESTS = {
    "acknowledgeWarnings": {},
    "submitPortRequest": {},
    "signLetter": {"signerName": "Ada", "consent": True},
    "importLines": {"uploadId": "up_x"},
    "attachDocument": {"uploadId": "up_x", "kind": "INVOICE"},
    "correctLines": {"corrections": []},
    "dropLines": {"trackingNumbers": []},
    "resubmitPortRequest": {},
    "cancelPortRequest": {},
}
BY_SUPPORT_TOO = {
    "attachDocument", "correctLines", "dropLines", "resubmitPortRequest", "cancelPortRequest",
}  # fmt: skip
BY_SUPPORT = {
    "sendToCarrier": {},
    "recordFirmDate": {"firmDate": "2026-03-01"},
    "recordPorted": {"portedAt": "2026-03-01T12:00:00Z"},
    "claimPortRequest": {},
    "releasePortRequest": {},
    "createCarrierOrder": {"trackingNumbers": []},
    "moveLinesToCarrierOrder": {"carrierOrderId": "ord_x", "trackingNumbers": []},
    "mergeCarrierOrders": {"carrierOrderId": "ord_x", "fromCarrierOrderIds": []},
    "sendCarrierOrders": {"carrierOrderIds": []},
    "recordCarrierReference": {"carrierOrderId": "ord_x", "carrierReference": "R"},
    "recordRejection": {"code": "7401"},
    "recordConflict": {},
    "recordActivationFailure": {},
    "recordNotPortable": {},
    "startActivation": {},
    "recordSnapback": {},
    "recordCancellation": {"isConfirmed": True},
}


@pytest.mark.requirement("S1", "S48")
@pytest.mark.parametrize("mutation", ON_REQUESTS)
async def test_what_is_not_ones_own_is_unknown_to_a_mutation(door, scene, mutation):
    for who in (
        "garage's manager",
        "other client manager",
        "administrator of another account",
    ):
        payload = await door.act(
            scene.callers[who],
            mutation,
            portRequestId=scene.ids[CLIENTS],
            **ON_REQUESTS[mutation],
        )
        (error,) = payload["userErrors"]
        assert (who, error["code"], error["path"]) == (
            who,
            "NOT_FOUND",
            ["input", "portRequestId"],
        )


@pytest.mark.requirement("S45")
@pytest.mark.parametrize("mutation", [*ON_REQUESTS, *BY_SUPPORT, "authorizePortRequest"])
async def test_a_role_that_never_may_is_forbidden(door, scene, mutation):
    given = {**ON_REQUESTS, **BY_SUPPORT}.get(mutation, {})
    refused = {"viewer", "machine", "stranger"}
    if mutation in BY_SUPPORT:
        refused |= {"administrator", "manager"}
    elif mutation not in BY_SUPPORT_TOO:
        refused |= {"support"}
    refused |= {"manager"} if mutation == "authorizePortRequest" else set()
    for who in refused:
        answer = await door.ask(
            scene.callers[who],
            door.mutation(mutation),
            input={"portRequestId": scene.ids[CLIENTS], **given},
        )
        (error,) = answer["errors"]
        assert (who, error["extensions"]["code"]) == (who, "FORBIDDEN")


@pytest.mark.parametrize("who", ["administrator of another account"])
async def test_another_accounts_port_out_is_unknown_to_a_mutation(door, scene, who):
    for mutation, given in (
        ("authorizePortOut", {}),
        ("confirmGainingCarrier", {"trackingNumber": phone(1)}),
        (
            "recordTestCall",
            {
                "trackingNumber": phone(1),
                "callingNumber": "+13125550100",
                "calledAt": "2026-03-01T12:00:00Z",
            },
        ),
    ):
        payload = await door.act(
            scene.callers[who], mutation, portOutId=scene.ids[DENTAL_OUT], **given
        )
        (error,) = payload["userErrors"]
        assert (error["code"], error["path"]) == ("NOT_FOUND", ["input", "portOutId"])


def test_a_machine_sees_nothing_whatever_its_scopes():
    assert access.sight_of(Machine(login=login("machine"), scopes=MACHINE_SCOPES)) is None
