"""Drafts: named, moved, warned of, and told what they lack before they are submitted."""

import pytest

from deploy.local.places import ROOT
from services.porting.domain.requests import PortRequestStatus
from services.porting.domain.warnings import WARNINGS
from services.porting.schema import people_loaders
from services.porting.store.submission_grounds import find_grounds_of_many
from tests.porting.builders import (
    a_draft,
    a_full_draft,
    a_line,
    account_changed,
    add_inventory,
    fill_lines,
    found_house,
    hear,
    heard,
    phone,
    submit,
    types_told,
)

MISSING = "query ($id: ID!) { portRequest(id: $id) { missing { code path message } } }"
WARNED = """query ($id: ID!) { portRequest(id: $id) {
  warnings { id text acknowledgedAt acknowledgedBy } } }"""
COLUMNS = """query ($filter: PortRequestFilter, $order: PortRequestOrder!, $after: String) {
  portRequests(filter: $filter, orderBy: $order, first: 2, after: $after) {
    totalCount pageInfo { hasNextPage endCursor }
    edges { node { name requesterName createdAt status } }
} }"""


async def missing(door, caller, request_id):
    shown = await door.see(caller, MISSING, id=request_id)
    return shown["portRequest"]["missing"]


def places(errors):
    return [(error["code"], error["path"]) for error in errors]


@pytest.mark.requirement("S54")
async def test_a_draft_says_what_submitting_it_would_refuse(door, database):
    house = await found_house(database)
    request_id = await a_draft(database, house.manager, house.dental)
    fallen = account_changed(card_on_file=False, balance_current=False, in_trial=True)
    await hear(database, heard(fallen, subject=house.id, sequence=99))

    told = await missing(door, house.manager, request_id)
    refused = await door.act(house.manager, "submitPortRequest", portRequestId=request_id)

    assert places(told) == [
        ("CARD_REQUIRED", ["portRequest", "account", "cardOnFile"]),
        ("ACCOUNT_PAST_DUE", ["portRequest", "account", "balanceCurrent"]),
        ("ACCOUNT_IN_TRIAL", ["portRequest", "account", "inTrial"]),
        ("NO_LINES", ["portRequest", "lines"]),
        ("DOCUMENT_REQUIRED", ["portRequest", "documents"]),
        ("LETTER_REQUIRED", ["portRequest", "letter"]),
        ("WARNINGS_NOT_ACKNOWLEDGED", ["portRequest", "warnings"]),
    ]
    assert [each["message"] for each in told] == [
        each["message"] for each in refused["userErrors"]
    ]
    assert places(refused["userErrors"]) == places(told)
    assert await types_told(database, request_id) == ["draft_changed"]


@pytest.mark.requirement("S54")
async def test_nothing_is_missing_once_everything_is_there_or_it_is_submitted(door, database):
    house = await found_house(database)
    request_id = await a_full_draft(
        database, house.manager, house.dental, [a_line(house.dental, phone(100))]
    )
    assert await missing(door, house.manager, request_id) == []
    await submit(database, house.manager, request_id)
    await add_inventory(database, house, phone(100))
    assert await missing(door, house.manager, request_id) == []


async def test_of_a_list_of_drafts_what_is_missing_is_read_at_once(
    door, database, monkeypatch
):
    house = await found_house(database)
    empty = await a_draft(database, house.manager, house.dental)
    full = await a_full_draft(
        database, house.manager, house.dental, [a_line(house.dental, phone(100))]
    )
    taken = await a_full_draft(
        database, house.manager, house.dental, [a_line(house.dental, phone(101))]
    )
    await add_inventory(database, house, phone(101))
    submitted = await a_full_draft(
        database, house.manager, house.dental, [a_line(house.dental, phone(102))]
    )
    await submit(database, house.manager, submitted)
    alone = {each: await missing(door, house.manager, each) for each in (empty, full, taken)}
    read = []

    async def find_and_count(connection, requests):
        read.append(len(requests))
        return await find_grounds_of_many(connection, requests)

    monkeypatch.setattr(people_loaders, "find_grounds_of_many", find_and_count)

    seen = await door.see(
        house.manager,
        "{ portRequests { edges { node { id missing { code path message } } } } }",
    )

    nodes = [edge["node"] for edge in seen["portRequests"]["edges"]]
    assert {node["id"]: node["missing"] for node in nodes} == {**alone, submitted: []}
    assert [len(alone[each]) for each in (full, taken)] == [0, 1]
    assert read == [3]


async def test_numbers_of_companies_out_of_sight_are_not_named(door, database):
    house, other = await found_house(database), await found_house(database)
    ours = a_line(house.dental, phone(100))
    hidden = a_line(house.garage, phone(101), forwarding_number=phone(102))
    request_id = await a_draft(database, house.administrator, house.dental)
    await fill_lines(database, house.administrator, request_id, [ours, hidden])
    for number in (phone(100), phone(101), phone(102)):
        await add_inventory(database, other, number)

    seen = await missing(door, house.manager, request_id)

    of_numbers = [
        path for code, path in places(seen) if code in {"INTERNAL_PORT", "FORWARDING_LOOP"}
    ]
    assert of_numbers == [
        ["portRequest", "lines", phone(100)],
        ["portRequest", "lines"],
        ["portRequest", "lines"],
    ]
    assert phone(101) not in str(seen)
    assert phone(102) not in str(seen)
    everything = str(await missing(door, house.administrator, request_id))
    assert phone(101) in everything
    assert phone(102) in everything


@pytest.mark.requirement("S38")
async def test_a_draft_gets_another_name(door, database):
    house = await found_house(database)
    request_id = await a_draft(database, house.manager, house.dental)
    given = {"portRequestId": request_id}
    for name, codes in (
        (" Spring  move ", []),
        (" ", ["REQUIRED"]),
        ("x" * 121, ["TOO_LONG"]),
    ):
        payload = await door.act(house.manager, "renamePortRequest", name=name, **given)
        assert [error["code"] for error in payload["userErrors"]] == codes
    query = "query ($id: ID!) { portRequest(id: $id) { name } }"
    shown = await door.see(house.manager, query, id=request_id)
    assert shown["portRequest"]["name"] == "Spring move"


@pytest.mark.requirement("S36")
async def test_a_draft_moves_to_another_company_with_its_case(door, database):
    house = await found_house(database)
    request_id = await a_draft(database, house.administrator, house.dental)
    query = "query ($id: ID!) { portRequest(id: $id) { company { id } supportCase { id company { id } } } }"

    given = {"portRequestId": request_id, "companyId": house.garage}
    refused = await door.act(house.manager, "changePortRequestCompany", **given)
    assert places(refused["userErrors"]) == [("UNKNOWN_COMPANY", ["input", "companyId"])]
    done = await door.act(house.administrator, "changePortRequestCompany", **given)
    assert done["userErrors"] == []

    shown = (await door.see(house.garage_manager, query, id=request_id))["portRequest"]
    assert shown["company"] == shown["supportCase"]["company"] == {"id": house.garage}
    assert (await door.see(house.manager, query, id=request_id))["portRequest"] is None


async def test_only_a_draft_is_renamed_and_moved(door, database):
    house = await found_house(database)
    request_id = await a_full_draft(
        database, house.administrator, house.dental, [a_line(house.dental, phone(100))]
    )
    await submit(database, house.administrator, request_id)
    for mutation, given in (
        ("renamePortRequest", {"name": "Late"}),
        ("changePortRequestCompany", {"companyId": house.garage}),
    ):
        done = await door.act(house.administrator, mutation, portRequestId=request_id, **given)
        assert [error["code"] for error in done["userErrors"]] == ["INVALID_STATE"]


@pytest.mark.requirement("S13", "S27", "S28")
async def test_the_warnings_are_shown_with_a_new_request_and_acknowledged_by_name(
    door, database
):
    house = await found_house(database)
    said = await door.see(house.manager, "{ portingWarnings { id text } }")
    assert said["portingWarnings"] == [
        {"id": warning.id, "text": warning.text} for warning in WARNINGS
    ]
    for word in ("fee", "Do not cancel", "impossible to get them back"):
        assert word in str(said)

    mutation = """mutation ($input: CreatePortRequestInput!) { createPortRequest(input: $input) {
      portRequest { id warnings { id acknowledgedAt } } } }"""
    given = {"companyId": house.dental, "name": "Move"}
    made = (await door.see(house.manager, mutation, input=given))["createPortRequest"]
    request = made["portRequest"]
    assert [each["id"] for each in request["warnings"]] == [each.id for each in WARNINGS]
    assert {each["acknowledgedAt"] for each in request["warnings"]} == {None}

    await door.act(house.manager, "acknowledgeWarnings", portRequestId=request["id"])
    shown = (await door.see(house.viewer, WARNED, id=request["id"]))["portRequest"]
    assert {each["acknowledgedBy"] for each in shown["warnings"]} == {house.manager.member_id}
    assert None not in {each["acknowledgedAt"] for each in shown["warnings"]}


@pytest.mark.requirement("S27")
async def test_a_warning_that_was_not_on_the_screen_is_acknowledged_anew(door, database):
    house = await found_house(database)
    request_id = await a_full_draft(
        database, house.manager, house.dental, [a_line(house.dental, phone(100))]
    )
    async with database.working() as connection:
        await connection.execute(
            "UPDATE port_requests SET warnings_acknowledged = warnings_acknowledged[1:2]"
        )
    told = await missing(door, house.manager, request_id)
    assert places(told) == [("WARNINGS_NOT_ACKNOWLEDGED", ["portRequest", "warnings"])]


async def listed(door, caller, order="NEWEST_FIRST", **filter):
    """The names, page by page of two; the count must agree."""
    names, after, more = [], None, True
    while more:
        shown = await door.see(caller, COLUMNS, filter=filter, order=order, after=after)
        page = shown["portRequests"]
        names += [edge["node"]["name"] for edge in page["edges"]]
        after, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
    assert page["totalCount"] == len(names)
    return names


@pytest.mark.requirement("S60")
def test_every_status_stands_in_the_list_of_words():
    words = (ROOT / "docs/words.md").read_text()
    assert [each for each in PortRequestStatus if f"`{each}`" not in words] == []


@pytest.mark.requirement("S61")
async def test_a_summary_card_names_account_port_requester_and_date(door, database):
    house = await found_house(database)
    request_id = await a_draft(database, house.client_manager, house.dental)
    query = """query ($id: ID!) { portRequest(id: $id) {
      name requesterName createdAt account { id } } }"""
    shown = (await door.see(house.client_manager, query, id=request_id))["portRequest"]
    assert shown.pop("createdAt")
    assert shown == {
        "name": "Move",
        "requesterName": "Ada Lovelace",
        "account": {"id": house.id},
    }


@pytest.mark.requirement("S59")
async def test_the_list_has_four_columns_and_the_newest_first(door, database):
    house = await found_house(database)
    for name in ("One", "Two", "Three"):
        await a_draft(database, house.manager, house.dental, name=name)
    shown = await door.see(house.viewer, COLUMNS, order="NEWEST_FIRST")
    nodes = [edge["node"] for edge in shown["portRequests"]["edges"]]
    assert [(node["name"], node["requesterName"], node["status"]) for node in nodes] == [
        ("Three", "Ada Lovelace", "DRAFT"),
        ("Two", "Ada Lovelace", "DRAFT"),
    ]
    assert nodes[0]["createdAt"] > nodes[1]["createdAt"]


@pytest.mark.parametrize(
    ("order", "names"),
    [
        ("NEWEST_FIRST", ["c", "a", "b", "a"]),
        ("OLDEST_FIRST", ["a", "b", "a", "c"]),
        ("NAME", ["a", "a", "b", "c"]),
        ("LATEST_CHANGE_FIRST", ["c", "a", "b", "a"]),
    ],
)
async def test_a_list_is_read_in_the_order_that_is_asked_for(door, database, order, names):
    house = await found_house(database)
    for name in ("a", "b", "a", "c"):
        await a_draft(database, house.manager, house.dental, name=name)
    assert await listed(door, house.manager, order) == names


@pytest.mark.requirement("S48")
async def test_search_and_filters_stay_within_what_the_caller_sees(door, database):
    house = await found_house(database)
    for caller, name in (
        (house.client_manager, "Spring 100%"),
        (house.second_client_manager, "spring_2"),
        (house.manager, "Autumn"),
    ):
        await a_draft(database, caller, house.dental, name=name)
    manager, client = house.manager, house.client_manager

    assert await listed(door, manager, search="SPRING") == ["spring_2", "Spring 100%"]
    assert await listed(door, manager, search="%") == ["Spring 100%"]
    assert await listed(door, manager, search="_") == ["spring_2"]
    assert await listed(door, manager, search="\\") == []
    assert await listed(door, client, search="spring") == ["Spring 100%"]
    assert await listed(door, client, requesterId=manager.member_id) == []
    assert await listed(door, manager, requesterId=client.member_id) == ["Spring 100%"]
    assert await listed(door, manager, companyId=house.garage) == []
    assert await listed(door, manager, statuses=["IN_REVIEW"]) == []
    query = "query ($s: String) { portRequests(filter: { search: $s }) { totalCount } }"
    assert await door.code(manager, query, s="x" * 121) == "BAD_USER_INPUT"
    assert await door.code(manager, query, s="a\0") == "BAD_USER_INPUT"
