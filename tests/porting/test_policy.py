"""Who may ask for what, and who sees which row: two tables against the whole graph.

The graph is walked field by field, with our conditions and without them: then row-level security
alone stands between the callers.
"""

import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from deploy.local.databases import copy_service_database, drop_database
from deploy.local.servers import Servers
from libs.common.caller import Member
from libs.common.database import Database, open_database
from libs.common.dev_issuer import IssuerKey
from libs.common.sight import EVERYTHING, Sight
from services.porting.schema.operations import OPERATIONS_RIGHTS
from tests.porting.builders import (
    a_full_draft,
    a_line,
    a_port_out,
    add_inventory,
    found_house,
    phone,
)
from tests.porting.door import Door, open_door
from tests.porting.walks import SCHEMA, command, ids_in, questions

ROLES = (
    "administrator",
    "manager",
    "client manager",
    "other client manager",
    "viewer",
    "garage's manager",
    "support",
    "stranger's administrator",
)
NOBODIES = {"machine": "FORBIDDEN", "stranger": "FORBIDDEN", "anonymous": "UNAUTHENTICATED"}
EVERYBODY = frozenset(ROLES) - {"stranger's administrator"}
DENTAL = EVERYBODY - {"garage's manager"}
BOSSES = frozenset({"administrator", "support"})

# A row of each table of a thing is that thing's. Lines are seen by who has their company.
SEEN_BY: dict[str, frozenset[str]] = {
    "the client manager's request": DENTAL - {"other client manager"},
    "its dental line": DENTAL - {"other client manager"},
    "its garage line": BOSSES,
    "its papers": DENTAL - {"other client manager"},
    "its case and messages": DENTAL - {"other client manager"},
    "its case's note": frozenset({"support"}),
    "the garage's request": BOSSES | {"garage's manager"},
    "the garage's dental line": BOSSES,
    "the garage's garage line": BOSSES | {"garage's manager"},
    "the garage's papers": BOSSES | {"garage's manager"},
    "the garage's case and messages": BOSSES | {"garage's manager"},
    "the client manager's own case": DENTAL - {"other client manager"},
    "the garage manager's case of no company": BOSSES | {"garage's manager"},
    "the dental port-out": DENTAL,
    "the garage's port-out": BOSSES | {"garage's manager"},
    "another account's request": frozenset({"support", "stranger's administrator"}),
    "another account's case": frozenset({"support", "stranger's administrator"}),
}
# What the database keeps apart by itself: accounts, the requests of client managers, notes.
OF_CLIENTS = {
    "the client manager's request",
    "its dental line",
    "its garage line",
    "its papers",
    "its case and messages",
    "the client manager's own case",
}
PORT_OUTS = {"the dental port-out", "the garage's port-out"}
FOREIGN = {"another account's request", "another account's case"}
NOTES = {"its case's note"}


def kept_apart(who: str) -> set[str]:
    if who == "support":
        return set(SEEN_BY)
    if who == "stranger's administrator":
        return FOREIGN
    if who == "client manager":
        return OF_CLIENTS | PORT_OUTS
    if who == "other client manager":
        return PORT_OUTS
    return set(SEEN_BY) - FOREIGN - NOTES


MEMBERS = {"administrator", "manager", "client manager", "viewer"}
REQUESTERS = MEMBERS - {"viewer"}
# Every root field, by who may ask for it at all.
MAY_ASK: dict[str, set[str]] = {
    "portRequest": MEMBERS | {"support"},
    "portRequests": MEMBERS | {"support"},
    "portOut": MEMBERS | {"support"},
    "portOuts": MEMBERS | {"support"},
    "supportCase": MEMBERS | {"support"},
    "supportCases": MEMBERS | {"support"},
    "portingWarnings": MEMBERS | {"support"},
    "rejectionCodes": MEMBERS | {"support"},
    "createPortRequest": REQUESTERS,
    "renamePortRequest": REQUESTERS,
    "changePortRequestCompany": REQUESTERS,
    "createUpload": REQUESTERS | {"support"},
    "importLines": REQUESTERS,
    "attachDocument": REQUESTERS | {"support"},
    "prepareLetter": REQUESTERS,
    "signLetter": REQUESTERS,
    "sendLetter": REQUESTERS,
    "revealPin": {"support"},
    "acknowledgeWarnings": REQUESTERS,
    "submitPortRequest": REQUESTERS,
    "authorizePortRequest": {"administrator"},
    "declinePortRequest": {"administrator"},
    "createPortRequestFor": {"support"},
    "sendToCarrier": {"support"},
    "recordFirmDate": {"support"},
    "recordPorted": {"support"},
    "recordRejection": {"support"},
    "recordConflict": {"support"},
    "recordActivationFailure": {"support"},
    "recordNotPortable": {"support"},
    "startActivation": {"support"},
    "recordSnapback": {"support"},
    "recordCancellation": {"support"},
    "addLine": REQUESTERS,
    "correctLine": REQUESTERS,
    "correctLines": REQUESTERS | {"support"},
    "dropLines": REQUESTERS | {"support"},
    "resubmitPortRequest": REQUESTERS | {"support"},
    "cancelPortRequest": REQUESTERS | {"support"},
    "reviewDocument": {"support"},
    "deskQueue": {"support"},
    "claimPortRequest": {"support"},
    "releasePortRequest": {"support"},
    "createCarrierOrder": {"support"},
    "moveLinesToCarrierOrder": {"support"},
    "mergeCarrierOrders": {"support"},
    "sendCarrierOrders": {"support"},
    "recordCarrierReference": {"support"},
    "requestFirmDate": REQUESTERS | {"support"},
    "carrierMessages": {"support"},
    "retryCarrierMessage": {"support"},
    "openSupportCase": REQUESTERS | {"support"},
    "postMessage": REQUESTERS | {"support"},
    "postInternalNote": {"support"},
    "closeSupportCase": {"support"},
    "authorizePortOut": {"administrator"},
    "schedulePortOut": {"support"},
    "recordPortedOut": {"support"},
    "confirmGainingCarrier": {"administrator", "support"},
    "recordTestCall": {"administrator", "support"},
    "rejectPortOut": {"administrator"},
    "confirmPortOutRejection": {"support"},
    "overturnPortOutRejection": {"support"},
    "cancelPortOut": {"support"},
    "disputePortOut": {"administrator"},
    "refusePortOutDispute": {"support"},
    "recordPortOutReturned": {"support"},
    "portOutReasons": MEMBERS | {"support"},
    "portOutAlerts": {"support"},
    "settlePortOutAlert": {"support"},
    "portOutReport": {"machine", "support"},
    "reportPortOut": {"machine"},
    "withdrawPortOut": {"machine"},
    "lockPortOut": {"administrator", "support"},
    "unlockPortOut": {"administrator", "support"},
    "setPortOutPin": {"administrator"},
    "removePortOutPin": {"administrator"},
    "resetPortOutPinTries": {"administrator", "support"},
    "revealPortOutIdentifier": {"administrator"},
    **{field: {"support"} for field in OPERATIONS_RIGHTS},
}


@dataclass(frozen=True, kw_only=True)
class Scene:
    callers: dict[str, Member | str | None]
    rows: dict[str, set[str]]

    @property
    def ids(self) -> list[str]:
        """Every row of the scene, and one that is nobody's."""
        return ["pr_x", *sorted(each for rows in self.rows.values() for each in rows)]

    def things(self, found: set[str]) -> set[str]:
        """The things of which at least one row was found."""
        return {thing for thing, rows in self.rows.items() if rows & found}


# Nothing here changes a row that another test sees.
@pytest.fixture(scope="module")
async def database(servers: Servers, migrated: str) -> AsyncIterator[Database]:
    name = f"{migrated}_policy"
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


async def ids_of(database: Database, sql: str, *arguments: str) -> set[str]:
    async with database.working() as connection:
        return {row["id"] for row in await connection.fetch(sql, *arguments)}


@pytest.fixture(scope="module")
async def scene(database: Database, door: Door) -> Scene:
    house, other = await found_house(database), await found_house(database)
    clients, garage, foreign = [
        await a_full_draft(database, caller, company, added)
        for caller, company, added in (
            (
                house.client_manager,
                house.dental,
                [a_line(house.dental, phone(100)), a_line(house.garage, phone(101))],
            ),
            (
                house.administrator,
                house.garage,
                [a_line(house.dental, phone(102)), a_line(house.garage, phone(103))],
            ),
            (other.administrator, other.dental, [a_line(other.dental, phone(104))]),
        )
    ]
    await add_inventory(database, house, phone(1))
    await add_inventory(database, house, phone(2), company_id=house.garage)

    async def opened(caller, **given) -> str:
        said = {"subject": "Question", "message": "How?", **given}
        return (await door.act(caller, "openSupportCase", **said))["supportCase"]["id"]

    own_case = await opened(house.client_manager, companyId=house.dental)
    no_company = await opened(house.garage_manager)
    foreign_case = await opened(other.administrator)
    for request_id in (clients, garage):
        (case_id,) = await ids_of(
            database, "SELECT id FROM support_cases WHERE port_request_id = $1", request_id
        )
        given = {"supportCaseId": case_id}
        await door.act("support", "postMessage", message="Soon.", **given)
        if request_id == clients:
            await door.act("support", "postInternalNote", note="Careful.", **given)

    async def case_rows(where: str, key: str) -> set[str]:
        return await ids_of(
            database,
            f"""
            SELECT id FROM support_cases AS c WHERE {where} = $1
            UNION ALL
            SELECT m.id FROM case_messages AS m JOIN support_cases AS c ON c.id = m.case_id
            WHERE {where} = $1
            """,
            key,
        )

    async def lines_in(request_id: str, company_id: str) -> set[str]:
        sql = "SELECT id FROM lines WHERE port_request_id = $1 AND company_id = $2"
        return await ids_of(database, sql, request_id, company_id)

    async def papers_of(request_id: str) -> set[str]:
        sql = """
            SELECT id FROM letters WHERE port_request_id = $1
            UNION ALL
            SELECT id FROM documents WHERE port_request_id = $1
        """
        return await ids_of(database, sql, request_id)

    notes = "SELECT n.id FROM case_notes AS n"
    rows = {
        "the client manager's request": {clients},
        "its dental line": await lines_in(clients, house.dental),
        "its garage line": await lines_in(clients, house.garage),
        "its papers": await papers_of(clients),
        "its case and messages": await case_rows("c.port_request_id", clients),
        "its case's note": await ids_of(database, notes),
        "the garage's request": {garage},
        "the garage's dental line": await lines_in(garage, house.dental),
        "the garage's garage line": await lines_in(garage, house.garage),
        "the garage's papers": await papers_of(garage),
        "the garage's case and messages": await case_rows("c.port_request_id", garage),
        "the client manager's own case": await case_rows("c.id", own_case),
        "the garage manager's case of no company": await case_rows("c.id", no_company),
        "the dental port-out": {await a_port_out(database, house, phone(1))},
        "the garage's port-out": {await a_port_out(database, house, phone(2), reference="R2")},
        "another account's request": {
            foreign,
            *await papers_of(foreign),
            *await case_rows("c.port_request_id", foreign),
        },
        "another account's case": await case_rows("c.id", foreign_case),
    }
    assert all(rows.values())
    return Scene(
        callers={
            "administrator": house.administrator,
            "manager": house.manager,
            "client manager": house.client_manager,
            "other client manager": house.second_client_manager,
            "viewer": house.viewer,
            "garage's manager": house.garage_manager,
            "support": "support",
            "stranger's administrator": other.administrator,
            "machine": "calls:report port-outs:report",
            "stranger": "stranger",
            "anonymous": None,
        },
        rows=rows,
    )


async def walked(door: Door, scene: Scene, who: str) -> list[set[str]]:
    """The ids that each question brought; some are not for everybody to ask."""
    found = []
    for query, variables in questions(scene.ids):
        answer = await door.ask(scene.callers[who], query, **variables)
        codes = {error["extensions"]["code"] for error in answer.get("errors", ())}
        assert codes <= {"FORBIDDEN"}, answer
        found.append(ids_in(answer["data"]))
    return found


@pytest.mark.requirement("S48")
@pytest.mark.parametrize("who", ROLES)
async def test_a_walk_through_the_whole_graph_finds_what_the_table_says(door, scene, who):
    found = set().union(*await walked(door, scene, who))
    assert scene.things(found) == {thing for thing, roles in SEEN_BY.items() if who in roles}


@pytest.mark.requirement("S48")
@pytest.mark.parametrize("who", ROLES)
async def test_without_our_conditions_the_rows_defend_themselves(
    door, scene, who, monkeypatch
):
    def see_all(_caller: object) -> Sight:
        return EVERYTHING

    blinded = 0
    for name, module in list(sys.modules.items()):
        if name.startswith("services.porting.") and hasattr(module, "sight_of"):
            monkeypatch.setattr(module, "sight_of", see_all)
            blinded += 1
    assert blinded > 3
    found = set().union(*await walked(door, scene, who))
    assert scene.things(found) == kept_apart(who)


@pytest.mark.requirement("S48")
async def test_what_is_not_ones_own_is_answered_like_what_does_not_exist(door, scene):
    (clients,) = scene.rows["the client manager's request"]
    answers = []
    for id_ in (clients, "pr_" + "0" * 26):
        asked = [
            (query, variables)
            for query, variables in questions([id_])
            if "id" in variables or "r" in variables
        ]
        caller = scene.callers["other client manager"]
        answers.append([await door.ask(caller, query, **each) for query, each in asked])
    assert answers[0] == answers[1]


def root_fields():
    for root in (SCHEMA.query_type, SCHEMA.mutation_type):
        yield from ((n, f) for n, f in root.fields.items() if not n.startswith("_"))


def test_every_root_field_stands_in_the_table():
    assert {name for name, _ in root_fields()} == set(MAY_ASK)


@pytest.mark.requirement("S45")
@pytest.mark.parametrize("who", [*sorted(MEMBERS), "support", *NOBODIES])
async def test_each_root_field_answers_whom_the_table_names(door, scene, who):
    for name, field in root_fields():
        query, variables = command(name, field)
        answer = await door.ask(scene.callers[who], query, **variables)
        codes = {error["extensions"]["code"] for error in answer.get("errors", ())}
        refused = codes & {"FORBIDDEN", "UNAUTHENTICATED"}
        expected = set() if who in MAY_ASK[name] else {NOBODIES.get(who, "FORBIDDEN")}
        assert (name, refused) == (name, expected)
        assert "INTERNAL" not in codes
