"""Who sees what: each caller, each thing, each way to ask for it."""

from dataclasses import dataclass

import pytest

from libs.common.caller import Member, Role
from libs.common.database import Database
from libs.common.sight import EVERYTHING
from services.numbers.domain.inventory import InventoryFilter, NumberOrder
from services.numbers.domain.tracking_numbers import NumberState
from services.numbers.store import accounts as account_store
from services.numbers.store import tracking_numbers as number_store
from services.numbers.store.number_counts import count_numbers_of_companies, sum_counts
from services.numbers.use_cases.inventory import count_inventory, list_inventory
from tests.numbers.builders import House, add_number, found_account, phone

THINGS = ("account", "Dental", "Garage", "number in Dental", "number in Garage")
DENTAL = {"account", "Dental", "number in Dental"}
GARAGE = {"account", "Garage", "number in Garage"}
SEEN = {
    "administrator": set(THINGS),
    "manager": DENTAL,
    "client manager": DENTAL,
    "viewer": GARAGE,
    "support": set(THINGS),
    "administrator of another account": set(),
}
REFUSED = {
    "machine": "FORBIDDEN",
    "stranger": "FORBIDDEN",
    "anonymous": "UNAUTHENTICATED",
}
NAMES = {
    "account": ("Account", "account"),
    "Dental": ("Company", "company"),
    "Garage": ("Company", "company"),
    "number in Dental": ("TrackingNumber", "trackingNumber"),
    "number in Garage": ("TrackingNumber", "trackingNumber"),
}


@dataclass(frozen=True, kw_only=True)
class Scene:
    house: House
    callers: dict[str, Member | str | None]
    ids: dict[str, str]


@pytest.fixture
async def scene(database: Database) -> Scene:
    house, other = await found_account(database), await found_account(database)
    numbers = {
        f"number in {company}": await add_number(
            database, house, phone(place), company=company, state=NumberState.ACTIVE
        )
        for place, company in enumerate(("Dental", "Garage"))
    }
    await add_number(database, other, phone(9), state=NumberState.ACTIVE)
    callers = {
        "administrator": house.administrator,
        "manager": house.callers[Role.MANAGER],
        "client manager": house.callers[Role.CLIENT_MANAGER],
        "viewer": house.callers[Role.VIEWER],
        "support": "support",
        "machine": "calls:report numbers:route",
        "stranger": "stranger",
        "anonymous": None,
        "administrator of another account": other.administrator,
    }
    ids = {name: number.id for name, number in numbers.items()}
    return Scene(
        house=house, callers=callers, ids={"account": house.id, **house.companies, **ids}
    )


async def test_a_thing_is_found_by_its_id_where_it_is_in_sight(door, scene):
    for who, seen in SEEN.items():
        found = set()
        for thing, (_, field) in NAMES.items():
            query = f"query ($id: ID!) {{ {field}(id: $id) {{ id }} }}"
            answer = await door.see(scene.callers[who], query, id=scene.ids[thing])
            found |= {thing} if answer[field] else set()
        assert (who, found) == (who, seen)


async def test_a_thing_is_an_entity_where_it_is_in_sight(door, scene):
    keys = [{"__typename": name, "id": scene.ids[thing]} for thing, (name, _) in NAMES.items()]
    unknown = [{"__typename": "Account", "id": "acc_x"}, {"__typename": "Company", "id": ""}]
    query = "query ($r: [_Any!]!) { _entities(representations: $r) { __typename } }"
    for who, seen in SEEN.items():
        answer = await door.see(scene.callers[who], query, r=[*keys, *unknown])
        found = {
            thing for thing, entity in zip(NAMES, answer["_entities"], strict=False) if entity
        }
        assert (who, found) == (who, seen)
        assert answer["_entities"][len(NAMES) :] == [None, None]


LISTED = "{ totalCount edges { node { id } } }"
WAYS = {
    "of the account": f"query ($a: ID!) {{ list: trackingNumbers(accountId: $a) {LISTED} }}",
    "of a company": f"query ($d: ID!) {{ list: trackingNumbers(companyId: $d) {LISTED} }}",
    "of both": f"""query ($a: ID!, $d: ID!) {{
      list: trackingNumbers(accountId: $a, companyId: $d) {LISTED} }}""",
    "of another account's company": f"""query ($d: ID!) {{
      list: trackingNumbers(accountId: "acc_x", companyId: $d) {LISTED} }}""",
}


@pytest.mark.parametrize("way", sorted(WAYS))
async def test_a_list_holds_what_is_in_sight(door, scene, way):
    ids = {"a": scene.house.id, "d": scene.house.companies["Dental"]}
    asked = {name: each for name, each in ids.items() if f"${name}:" in WAYS[way]}
    held = {"number in Dental"} if "d" in asked else {"number in Dental", "number in Garage"}
    held = set() if way == "of another account's company" else held
    for who, seen in SEEN.items():
        listed = (await door.see(scene.callers[who], WAYS[way], **asked))["list"]
        found = {edge["node"]["id"] for edge in listed["edges"]}
        wanted = {scene.ids[thing] for thing in held & seen}
        assert (who, found, listed["totalCount"]) == (who, wanted, len(wanted))


async def test_a_member_need_not_name_the_account(door, scene):
    for who in SEEN.keys() - {"support"}:
        found = (await door.see(scene.callers[who], f"{{ list: trackingNumbers {LISTED} }}"))[
            "list"
        ]
        own = len({"number in Dental", "number in Garage"} & SEEN[who])
        assert found["totalCount"] == (own or 1)


async def test_support_must_name_an_account_or_a_company(door, scene):
    assert await door.code("support", "{ trackingNumbers { totalCount } }") == "BAD_USER_INPUT"


@pytest.mark.requirement("S3")
async def test_a_company_lists_its_numbers(door, scene):
    query = f"query ($d: ID!) {{ company(id: $d) {{ trackingNumbers {LISTED} }} }}"
    for who, seen in SEEN.items():
        company = (await door.see(scene.callers[who], query, d=scene.ids["Dental"]))["company"]
        if "Dental" not in seen:
            assert company is None
            continue
        (edge,) = company["trackingNumbers"]["edges"]
        assert edge["node"]["id"] == scene.ids["number in Dental"]


async def test_an_account_lists_the_companies_in_sight(door, scene):
    query = """query ($id: ID!) {
      account(id: $id) { companies { totalCount edges { node { name } } } }
    }"""
    for who, seen in SEEN.items():
        answer = await door.see(scene.callers[who], query, id=scene.house.id)
        if "account" not in seen:
            assert answer["account"] is None
            continue
        companies = answer["account"]["companies"]
        names = {edge["node"]["name"] for edge in companies["edges"]}
        assert (who, names) == (who, seen & {"Dental", "Garage"})
        assert companies["totalCount"] == len(names)


async def test_members_are_shown_to_administrators_and_support_alone(door, scene):
    query = """query ($id: ID!) {
      account(id: $id) { members { totalCount edges { node { email companies { name } } } } }
    }"""
    for who, seen in SEEN.items():
        answer = await door.ask(scene.callers[who], query, id=scene.house.id)
        if who in {"administrator", "support"}:
            assert answer["data"]["account"]["members"]["totalCount"] == 4
        elif "account" in seen:
            assert answer["data"] == {"account": {"members": None}}
            assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
        else:
            assert answer["data"] == {"account": None}


@pytest.mark.parametrize("who", sorted(REFUSED))
async def test_who_is_nobody_here_is_refused_whatever_they_ask(door, scene, who):
    for query in (
        f'{{ account(id: "{scene.house.id}") {{ id }} }}',
        f'{{ company(id: "{scene.ids["Dental"]}") {{ id }} }}',
        f'{{ trackingNumber(id: "{scene.ids["number in Dental"]}") {{ id }} }}',
        "{ trackingNumbers { totalCount } }",
        "{ accounts { totalCount } }",
        '{ _entities(representations: [{__typename: "Account", id: "acc"}]) { __typename } }',
    ):
        assert await door.code(scene.callers[who], query) == REFUSED[who], query


@pytest.mark.parametrize("who", sorted({*SEEN, *REFUSED} - {"support"}))
async def test_every_account_is_listed_for_support_alone(door, scene, who):
    code = await door.code(scene.callers[who], "{ accounts { totalCount } }")
    assert code == REFUSED.get(who, "FORBIDDEN")
    listed = await door.see("support", "{ accounts { totalCount edges { node { id } } } }")
    assert listed["accounts"]["totalCount"] == 2


@pytest.mark.parametrize("who", sorted({*SEEN, *REFUSED}))
async def test_only_administrators_and_support_disable_a_number(door, scene, who):
    query = """mutation ($id: ID!) {
      disableTrackingNumber(input: {trackingNumberId: $id}) {
        trackingNumber { state } userErrors { code path }
      }
    }"""
    answer = await door.ask(scene.callers[who], query, id=scene.ids["number in Dental"])
    if who in {"administrator", "support"}:
        done = answer["data"]["disableTrackingNumber"]
        assert done == {"trackingNumber": {"state": "DISABLED"}, "userErrors": []}
    elif who == "administrator of another account":
        (error,) = answer["data"]["disableTrackingNumber"]["userErrors"]
        assert error == {"code": "NOT_FOUND", "path": ["input", "trackingNumberId"]}
    else:
        assert answer["errors"][0]["extensions"]["code"] == REFUSED.get(who, "FORBIDDEN")


async def test_row_level_security_alone_shows_no_other_account(database, scene):
    """Our own checks are off: every store read is told that everything is in sight."""
    other = scene.callers["administrator of another account"]
    assert isinstance(other, Member)
    page = account_store.Page(size=100)
    ids, companies = list(scene.ids.values()), list(scene.house.companies.values())
    async with database.reading(other) as connection:
        for found in (
            await number_store.find_numbers(connection, ids, EVERYTHING),
            *[
                (
                    await list_inventory(
                        connection,
                        EVERYTHING,
                        InventoryFilter(account_id=scene.house.id, search=search),
                        order,
                        page,
                    )
                ).rows
                for order in NumberOrder
                for search in (None, "555", "spring")
            ],
            [
                count
                for search in (None, "555", "spring")
                for count in (
                    await count_inventory(
                        connection,
                        EVERYTHING,
                        InventoryFilter(account_id=scene.house.id, search=search),
                    )
                ).values()
                if count
            ],
            await number_store.find_page_of_each_company(connection, companies, None, page),
            await count_numbers_of_companies(connection, companies, None),
            await account_store.find_accounts(connection, ids, EVERYTHING),
            await account_store.find_companies(connection, ids, EVERYTHING),
            await account_store.find_pages_of_companies(
                connection, [scene.house.id], EVERYTHING, page
            ),
            await account_store.find_pages_of_members(connection, [scene.house.id], page),
            await account_store.find_members(
                connection, [scene.house.administrator.member_id], EVERYTHING
            ),
        ):
            assert len(found) == 0
        assert (sum((await sum_counts(connection, scene.house.id, None)).values())) == 0
        assert await account_store.count_accounts(connection, None) == 1
