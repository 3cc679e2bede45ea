"""Porting's graph: what it refuses, repeats and says of itself."""

import asyncio
from contextlib import contextmanager
from datetime import timedelta
from unittest.mock import patch

import pytest
from graphql import GraphQLEnumType, build_ast_schema, parse

from deploy.local.places import ROOT
from libs.common.database import Database
from services.porting.schema.graph import build_graph
from tests.porting.builders import (
    a_draft,
    a_full_draft,
    a_line,
    a_port_out,
    a_request_with_the_carrier,
    add_inventory,
    business_day,
    found_house,
    now,
    phone,
    preconfigure,
    told,
    types_told,
)

BUILT_IN = {"String", "Int", "Float", "Boolean", "ID"}
LETTER = {
    "subscriberName": "Acme Dental LLC",
    "isBusiness": True,
    "serviceAddress": {
        "street": "1 Main Street",
        "city": "Albany",
        "state": "NY",
        "postalCode": "12207",
        "country": "US",
    },
    "authorizedPerson": "Ada Lovelace",
    "authorizedPersonTitle": "Owner",
    "authorizedPersonEmail": "ada@example.com",
    "losingCarrier": "Old Telecom",
    "accountNumber": "A-1",
    "billingNumber": "+12125550100",
    "pinAnswer": "no pin required",
}


@contextmanager
def counted_reads():
    opened = []
    reading = Database.reading

    def counting(self, caller):
        opened.append(caller)
        return reading(self, caller)

    with patch.object(Database, "reading", counting):
        yield opened


async def submitted(door, database, house) -> str:
    request_id = await a_full_draft(
        database, house.administrator, house.dental, [a_line(house.dental, phone(100))]
    )
    payload = await door.act(
        house.administrator, "submitPortRequest", portRequestId=request_id
    )
    assert payload["userErrors"] == []
    return request_id


async def test_a_request_is_moved_by_mutations_alone(door, database):
    house = await found_house(database)
    made = await door.act(
        house.administrator, "createPortRequest", companyId=house.dental, name=" Spring  move "
    )
    request_id = made["portRequest"]["id"]
    assert made["portRequest"]["availableActions"] == [
        "EDIT", "EDIT_LETTER", "SIGN", "SEND_LETTER", "SUBMIT", "CANCEL",
    ]  # fmt: skip
    for mutation, given in (
        ("prepareLetter", LETTER),
        ("acknowledgeWarnings", {}),
    ):
        done = await door.act(house.administrator, mutation, portRequestId=request_id, **given)
        assert done["userErrors"] == []
    request_id = await submitted(door, database, house)
    await preconfigure(database, request_id)
    day = business_day().isoformat()
    for mutation, given, status in (
        ("sendToCarrier", {}, "WITH_CARRIER"),
        (
            "recordFirmDate",
            {"firmDate": day, "trackingNumbers": ["(212) 555-0100"]},
            "APPROVED",
        ),
        (
            "recordPorted",
            {"portedAt": (now() + timedelta(minutes=1)).isoformat()},
            "COMPLETED",
        ),
    ):
        done = await door.act("support", mutation, portRequestId=request_id, **given)
        assert done["userErrors"] == []
        assert done["portRequest"]["status"] == status
        assert done["portRequest"]["version"] == len(await told(database, request_id))


@pytest.mark.requirement("S46")
async def test_a_managers_request_is_authorized(door, database):
    house = await found_house(database)
    request_id = await a_full_draft(
        database, house.manager, house.dental, [a_line(house.dental, phone(100))]
    )
    done = await door.act(house.manager, "submitPortRequest", portRequestId=request_id)
    assert done["portRequest"]["status"] == "AWAITING_AUTHORIZATION"
    assert done["portRequest"]["availableActions"] == [
        "REQUEST_FIRM_DATE",
        "DROP_LINES",
        "CANCEL",
    ]
    done = await door.act(
        house.administrator, "authorizePortRequest", portRequestId=request_id
    )
    assert done["portRequest"]["status"] == "IN_REVIEW"


async def test_a_port_out_is_moved_by_mutations_alone(door, database):
    house = await found_house(database)
    await add_inventory(database, house, phone(1))
    port_out_id = await a_port_out(database, house, phone(1))
    day = (now().date() + timedelta(days=2)).isoformat()
    at = now().isoformat()
    number = {"trackingNumber": phone(1)}
    for caller, mutation, given, status in (
        (house.administrator, "authorizePortOut", {"idempotencyKey": "once"}, "AUTHORIZED"),
        (house.administrator, "authorizePortOut", {"idempotencyKey": "once"}, "AUTHORIZED"),
        ("support", "schedulePortOut", {"firmDate": day}, "SCHEDULED"),
        ("support", "recordPortedOut", {"portedOutAt": at}, "PORTED_OUT"),
        (house.administrator, "confirmGainingCarrier", number, "PORTED_OUT"),
        (
            house.administrator,
            "recordTestCall",
            {**number, "callingNumber": "+13125550100", "calledAt": at},
            "PORTED_OUT",
        ),
    ):
        done = await door.act(caller, mutation, portOutId=port_out_id, **given)
        assert (mutation, done["userErrors"]) == (mutation, [])
        assert done["portOut"]["status"] == status
    query = """query ($id: ID!) { portOut(id: $id) { reference numbers { edges { node {
      phoneNumber testCalledAt gainingCarrierConfirmedAt disabledAt confirmedAt
    } } } } }"""
    shown = (await door.see(house.viewer, query, id=port_out_id))["portOut"]
    (number,) = (edge["node"] for edge in shown["numbers"]["edges"])
    assert shown["reference"] == "R-1"
    assert number["testCalledAt"] is not None
    assert number["confirmedAt"] is None


IN_A_WRONG_STATE = (
    ("administrator", "submitPortRequest", {}, ["CANCEL"]),
    ("administrator", "acknowledgeWarnings", {}, ["CANCEL"]),
    ("administrator", "prepareLetter", {**LETTER, "subscriberName": "Another"}, ["CANCEL"]),
    ("administrator", "signLetter", {"signerName": "Ada", "consent": True}, ["CANCEL"]),
    ("administrator", "authorizePortRequest", {}, ["CANCEL"]),
    ("administrator", "resubmitPortRequest", {}, ["CANCEL"]),
    (
        "support",
        "sendToCarrier",
        {},
        [
            "RECORD_FIRM_DATE",
            "RECORD_PORTED",
            "RECORD_REJECTION",
            "RECORD_CONFLICT",
            "RECORD_NOT_PORTABLE",
            "CANCEL",
        ],
    ),
)


async def test_a_wrong_state_says_what_can_be_done(door, database):
    house = await found_house(database)
    request_id = await a_request_with_the_carrier(database, house, [phone(100)])
    before = await types_told(database, request_id)
    for caller, mutation, given, actions in IN_A_WRONG_STATE:
        who = house.administrator if caller == "administrator" else caller
        done = await door.act(who, mutation, portRequestId=request_id, **given)
        assert done["portRequest"] is None
        assert (mutation, done["userErrors"]) == (
            mutation,
            [
                {
                    "__typename": "InvalidStateError",
                    "code": "INVALID_STATE",
                    "message": "This is not possible while the request is WITH_CARRIER.",
                    "path": ["input", "portRequestId"],
                    "status": "WITH_CARRIER",
                    "availableActions": actions,
                }
            ],
        )
    assert await types_told(database, request_id) == before


@pytest.mark.requirement("S58")
async def test_a_signed_letter_leaves_the_other_actions(door, database):
    house = await found_house(database)
    request_id = await a_full_draft(
        database, house.administrator, house.dental, [a_line(house.dental, phone(100))]
    )
    given = {"portRequestId": request_id, "signerName": "Ada", "consent": True}
    (error,) = (await door.act(house.administrator, "signLetter", **given))["userErrors"]
    assert error["status"] == "SIGNED"
    assert error["availableActions"] == ["EDIT", "SUBMIT", "CANCEL"]


async def test_an_unknown_id_is_not_found(door, database):
    house = await found_house(database)
    query = "query ($id: ID!) { portRequest(id: $id) { id } portOut(id: $id) { id } }"
    for unknown in ("", "pr_x", "po_1", "pr_" + "9" * 500, "'; --", "pr_é"):
        for caller, mutation, given in (
            (house.administrator, "submitPortRequest", {"portRequestId": unknown}),
            (
                "support",
                "recordPortedOut",
                {"portOutId": unknown, "portedOutAt": now().isoformat()},
            ),
        ):
            done = await door.act(caller, mutation, **given)
            codes = [error["code"] for error in done["userErrors"]]
            assert (unknown, codes) == (unknown, ["NOT_FOUND"])
        shown = await door.see(house.administrator, query, id=unknown)
        assert shown == {"portRequest": None, "portOut": None}


UNREADABLE = (
    ("recordFirmDate", {"firmDate": "2026-02-30"}),
    ("recordFirmDate", {"firmDate": "soon"}),
    ("recordPorted", {"portedAt": "2026-01-01T00:00:00"}),
    ("recordPorted", {"portedAt": "0001-01-01T00:00:00+14:00"}),
    ("recordPorted", {"portedAt": now().isoformat(), "trackingNumbers": ["12"]}),
    ("signLetter", {"signerName": "Ada"}),
    ("attachDocument", {"uploadId": "up_1", "kind": "VIRUS"}),
    ("importLines", {"uploadId": ["up_1", "up_2"]}),
)


async def test_input_that_cannot_be_read_is_bad_input(door, database):
    house = await found_house(database)
    request_id = await a_draft(database, house.administrator, house.dental)
    for mutation, given in UNREADABLE:
        ids = {"portRequestId": request_id}
        who = "support" if mutation.startswith("record") else house.administrator
        answer = await door.ask(who, door.mutation(mutation), input={**ids, **given})
        codes = [error["extensions"]["code"] for error in answer.get("errors", ())]
        assert (given, codes) == (given, ["BAD_USER_INPUT"])
    assert await types_told(database, request_id) == ["draft_changed"]


@pytest.mark.requirement("S52", "S56")
async def test_all_faults_of_a_letter_are_told_at_once(door, database):
    house = await found_house(database)
    request_id = await a_draft(database, house.administrator, house.dental)
    wrong = {
        **LETTER,
        "subscriberName": "a\0b",
        "losingCarrier": "x" * 201,
        "authorizedPersonEmail": "nowhere",
        "pinAnswer": "0000" * 9,
        "serviceAddress": {**LETTER["serviceAddress"], "street": "PO Box 7", "city": ""},
    }
    done = await door.act(
        house.administrator, "prepareLetter", portRequestId=request_id, **wrong
    )
    assert [(error["code"], error["path"][1:]) for error in done["userErrors"]] == [
        ("INVALID", ["subscriberName"]),
        ("TOO_LONG", ["losingCarrier"]),
        ("PO_BOX_NOT_ALLOWED", ["serviceAddress", "street"]),
        ("INVALID", ["authorizedPersonEmail"]),
        ("INVALID", ["pinAnswer"]),
    ]
    assert "0000" not in str(done)
    assert await types_told(database, request_id) == ["draft_changed"]


@pytest.mark.requirement("S52")
async def test_a_signature_needs_consent(door, database):
    house = await found_house(database)
    request_id = await a_draft(database, house.administrator, house.dental)
    done = await door.act(
        house.administrator,
        "signLetter",
        portRequestId=request_id,
        signerName="Ada",
        consent=False,
    )
    told = [(error["code"], error["path"]) for error in done["userErrors"]]
    assert ("REQUIRED", ["input", "consent"]) in told


async def test_the_same_key_and_input_take_effect_once(door, database):
    house = await found_house(database)
    given = {"companyId": house.dental, "name": "Move", "idempotencyKey": "once"}
    first = await door.act(house.administrator, "createPortRequest", **given)
    assert await door.act(house.administrator, "createPortRequest", **given) == first
    shown = await door.see(house.administrator, "{ portRequests { totalCount } }")
    assert shown["portRequests"]["totalCount"] == 1


async def test_the_same_key_with_another_input_is_refused(door, database):
    house = await found_house(database)
    given = {"companyId": house.dental, "name": "Move", "idempotencyKey": "once"}
    await door.act(house.administrator, "createPortRequest", **given)
    code = await door.code(
        house.administrator, door.mutation("createPortRequest"), input={**given, "name": "x"}
    )
    assert code == "IDEMPOTENCY_KEY_REUSED"


async def test_a_refused_submission_may_be_sent_again_with_its_key(door, database):
    house = await found_house(database)
    request_id = await a_full_draft(
        database, house.administrator, house.dental, [a_line(house.dental, phone(100))]
    )
    given = {"portRequestId": request_id, "idempotencyKey": "once"}
    async with database.working() as connection:
        await connection.execute("UPDATE accounts SET card_on_file = false")
    refused = await door.act(house.administrator, "submitPortRequest", **given)
    assert [error["code"] for error in refused["userErrors"]] == ["CARD_REQUIRED"]
    async with database.working() as connection:
        await connection.execute("UPDATE accounts SET card_on_file = true")
    done = await door.act(house.administrator, "submitPortRequest", **given)
    assert done["portRequest"]["status"] == "IN_REVIEW"
    assert await door.act(house.administrator, "submitPortRequest", **given) == done


async def test_of_twenty_submissions_with_one_key_one_takes_effect(door, database):
    house = await found_house(database)
    request_id = await a_full_draft(
        database, house.administrator, house.dental, [a_line(house.dental, phone(100))]
    )
    given = {"portRequestId": request_id, "idempotencyKey": "once"}
    query = door.mutation("submitPortRequest")

    answers = await asyncio.gather(
        *(door.ask(house.administrator, query, input=given) for _ in range(20))
    )

    codes = {
        error["extensions"]["code"] for each in answers for error in each.get("errors", ())
    }
    done = [each["data"]["submitPortRequest"] for each in answers if "errors" not in each]
    assert codes <= {"IDEMPOTENCY_IN_PROGRESS"}
    assert {each["portRequest"]["status"] for each in done} == {"IN_REVIEW"}
    assert (await types_told(database, request_id)).count("port_submitted") == 1


async def test_of_twenty_submissions_without_a_key_one_takes_effect(door, database):
    house = await found_house(database)
    request_id = await a_full_draft(
        database, house.administrator, house.dental, [a_line(house.dental, phone(100))]
    )
    answers = await asyncio.gather(
        *(
            door.act(house.administrator, "submitPortRequest", portRequestId=request_id)
            for _ in range(20)
        )
    )
    refused = [error["code"] for each in answers for error in each["userErrors"]]
    assert refused == ["INVALID_STATE"] * 19
    assert (await types_told(database, request_id)).count("port_submitted") == 1


async def test_lists_are_read_page_by_page_in_both_directions(door, database):
    house = await found_house(database)
    made = [await a_draft(database, house.administrator, house.dental) for _ in range(5)]
    query = """query ($first: Int, $after: String, $last: Int, $before: String) {
      portRequests(first: $first, after: $after, last: $last, before: $before) {
        edges { node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    } }"""

    async def read(**page):
        shown = (await door.see(house.administrator, query, **page))["portRequests"]
        return [edge["node"]["id"] for edge in shown["edges"]], shown["pageInfo"]

    first, info = await read(first=2)
    second, info = await read(first=2, after=info["endCursor"])
    last, _ = await read(last=1)
    assert [*first, *second, *last] == made[::-1]
    back, info = await read(last=2, before=info["startCursor"])
    assert (back, info["hasPreviousPage"]) == (first, False)
    for wrong in ({"first": 0}, {"first": 101}, {"first": 1, "last": 1}, {"after": "x"}):
        assert await door.code(house.administrator, query, **wrong) == "BAD_USER_INPUT"


async def test_lines_are_read_page_by_page(door, database):
    house = await found_house(database)
    added = [a_line(house.dental, phone(100 + place)) for place in range(5)]
    request_id = await a_full_draft(database, house.administrator, house.dental, added)
    query = """query ($id: ID!, $after: String) { portRequest(id: $id) {
      lines(first: 2, after: $after) { totalCount
        edges { node { id } } pageInfo { hasNextPage endCursor }
    } } }"""
    seen, after, more = [], None, True
    while more:
        answer = await door.see(house.administrator, query, id=request_id, after=after)
        lines = answer["portRequest"]["lines"]
        assert lines["totalCount"] == 5
        seen += [edge["node"]["id"] for edge in lines["edges"]]
        after, more = lines["pageInfo"]["endCursor"], lines["pageInfo"]["hasNextPage"]
    assert seen == [line.id for line in added]


async def test_a_list_costs_as_many_reads_however_long_it_is(door, database):
    house = await found_house(database)
    query = """{ portRequests { totalCount edges { node {
      id company { id } letter { id } documents { edges { node { id } } }
      lines { totalCount edges { node { id trackingNumber { id } } } }
      account { portRequests { totalCount edges { node { id } } } }
    } } } }"""
    costs = []
    for _ in range(2):
        for _ in range(3):
            await a_draft(database, house.administrator, house.dental)
        with counted_reads() as reads:
            await door.see(house.administrator, query)
        costs.append(len(reads))
    assert costs[0] == costs[1]


def test_everything_in_the_graph_has_a_description():
    schema = build_ast_schema(
        parse(build_graph(shows_schema=True).as_str()), assume_valid=True
    )
    bare = []
    for name, kind in schema.type_map.items():
        if name.startswith(("_", "federation__", "link__")) or name in BUILT_IN:
            continue
        if not kind.description and name not in {"Query", "Mutation", "FieldSet"}:
            bare.append(name)
        if isinstance(kind, GraphQLEnumType):
            bare += [
                f"{name}.{key}" for key, each in kind.values.items() if not each.description
            ]
        for key, each in getattr(kind, "fields", {}).items():
            if key.startswith("_"):
                continue
            bare += [] if each.description else [f"{name}.{key}"]
            bare += [
                f"{name}.{key}({argument})"
                for argument, one in getattr(each, "args", {}).items()
                if not one.description
            ]
    assert bare == []


def test_the_printed_schema_is_the_present_one():
    printed = (ROOT / "services/porting/schema.graphql").read_text()
    assert printed.strip() == build_graph(shows_schema=True).as_str().strip()


async def test_what_somebody_changed_meanwhile_is_not_changed_blindly(door, database):
    house = await found_house(database)
    request_id = await a_full_draft(
        database, house.administrator, house.dental, [a_line(house.dental, phone(100))]
    )
    query = "query ($id: ID!) { portRequest(id: $id) { version } }"
    seen = (await door.see(house.administrator, query, id=request_id))["portRequest"][
        "version"
    ]
    given = {"portRequestId": request_id, "expectedVersion": seen}

    await door.act(house.administrator, "acknowledgeWarnings", **given)
    refused = await door.act(house.administrator, "acknowledgeWarnings", **given)

    (error,) = refused["userErrors"]
    assert (error["code"], error["path"]) == ("CONFLICT", ["input", "expectedVersion"])


async def test_a_port_out_that_somebody_moved_meanwhile_is_not_moved_blindly(door, database):
    house = await found_house(database)
    await add_inventory(database, house, phone(1))
    given = {"portOutId": await a_port_out(database, house, phone(1)), "expectedVersion": 1}

    moved = await door.act(house.administrator, "authorizePortOut", **given)
    refused = await door.act(house.administrator, "authorizePortOut", **given)

    assert moved["portOut"]["status"] == "AUTHORIZED"
    assert [error["code"] for error in refused["userErrors"]] == ["CONFLICT"]
