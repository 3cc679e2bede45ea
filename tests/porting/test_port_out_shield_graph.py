"""The port-out shield through the graph: what is seen, said and kept of it."""

import logging
from datetime import datetime, timedelta

import pytest

from libs.contracts.number_events import MemberChanged
from services.porting.domain.port_out_shield import ShieldAct
from services.porting.domain.port_out_warnings import PortOutSurroundings, PortOutWarning
from tests.porting.builders import (
    a_port_out,
    add_inventory,
    found_house,
    hear,
    heard,
    now,
    phone,
)

PIN = "482190"
_SHIELD = """
query ($r: [_Any!]!) { _entities(representations: $r) { ... on Account { portOutShield {
  version portOutLock { state scope lockedAt by unlocksAt } pin { setAt triesLeft }
  records(first: 9) { edges { node { act by reason trackingNumbers } } }
} } } }
"""
_NUMBER = """
query ($r: [_Any!]!) { _entities(representations: $r) { ... on TrackingNumber { id
  portOutLock { state scope lockedAt by unlockAskedBy unlocksAt }
} } }
"""
_PORT_OUT = "query ($id: ID!) { portOut(id: $id) { warnings } }"


async def shield(door, caller, house):
    asked = [{"__typename": "Account", "id": house.id}]
    (account,) = (await door.see(caller, _SHIELD, r=asked))["_entities"]
    return account and account["portOutShield"]


async def lock_of(door, caller, number_id):
    asked = [{"__typename": "TrackingNumber", "id": number_id}]
    (number,) = (await door.see(caller, _NUMBER, r=asked))["_entities"]
    return number and number["portOutLock"]


def member_changed(house, member, role):
    fact = MemberChanged(
        member_id=member.member_id,
        name="Ada Lovelace",
        email="ada@example.com",
        role=role,
        company_ids=[],
        login_issuer=member.login.issuer,
        login_subject=member.login.subject,
        active=True,
    )
    return heard(fact, subject=house.id, sequence=99)


async def let_people_settle(database, house) -> None:
    async with database.working() as connection:
        await connection.execute(
            "UPDATE administrator_changes SET changed_at = changed_at - interval '3 days'"
        )


async def test_a_lock_is_seen_with_who_and_since_when_and_until_when(door, database):
    house = await found_house(database)
    one = await add_inventory(database, house, phone(1))
    ada, bob = house.administrator, house.second_administrator
    await door.act(ada, "lockPortOut", trackingNumbers=["(212) 555-0001"])

    lock = await lock_of(door, house.manager, one)
    assert lock.pop("lockedAt") is not None
    assert lock == {
        "state": "LOCKED",
        "scope": "NUMBER",
        "by": ada.member_id,
        "unlockAskedBy": None,
        "unlocksAt": None,
    }
    await door.act(bob, "unlockPortOut", trackingNumbers=["212-555-0001"], reason="we move")
    lock = await lock_of(door, "support", one)
    assert (lock["state"], lock["unlockAskedBy"]) == ("UNLOCKING", bob.member_id)
    unlocks_at = datetime.fromisoformat(lock["unlocksAt"])
    assert timedelta(hours=23) < unlocks_at - now() <= timedelta(hours=24)
    given = {"accountId": house.id, "reason": "they called us"}
    payload = await door.act("support", "lockPortOut", **given)
    assert payload["portOutShield"]["portOutLock"]["by"] == "support"
    assert (await lock_of(door, ada, one))["scope"] == "ACCOUNT"


async def test_a_number_of_others_shows_no_lock(door, database):
    house, other = await found_house(database), await found_house(database)
    one = await add_inventory(database, house, phone(1))
    for caller in (house.garage_manager, other.administrator):
        assert await lock_of(door, caller, one) is None
        assert await lock_of(door, caller, "num_x") is None
    assert (await lock_of(door, house.viewer, one))["state"] == "UNLOCKED"


async def test_the_shield_is_seen_by_its_administrators_and_by_support(door, database):
    house, other = await found_house(database), await found_house(database)
    nothing_set = await shield(door, house.administrator, house)
    assert nothing_set["version"] == 0
    assert nothing_set["pin"] == {"setAt": None, "triesLeft": 5}
    await add_inventory(database, house, phone(1))
    await door.act(house.administrator, "lockPortOut", reason="a rumour")
    await door.act(house.administrator, "setPortOutPin", pin=PIN, expectedVersion=1)
    for caller in (house.second_administrator, "support"):
        seen = await shield(door, caller, house)
        assert (seen["version"], seen["portOutLock"]["state"]) == (2, "LOCKED")
        assert [edge["node"] for edge in seen["records"]["edges"]] == [
            {
                "act": act,
                "by": house.administrator.member_id,
                "reason": reason,
                "trackingNumbers": [],
            }
            for act, reason in (("PIN_SET", None), ("LOCKED", "a rumour"))
        ]
    for caller in (house.manager, house.client_manager, house.viewer, other.administrator):
        assert await shield(door, caller, house) is None


async def test_every_fault_is_answered_at_once(door, database):
    house = await found_house(database)
    payload = await door.act(
        house.administrator, "setPortOutPin", pin="1234", expectedVersion=7
    )
    assert payload["portOutShield"] is None
    assert [(each["code"], each["path"]) for each in payload["userErrors"]] == [
        ("CONFLICT", ["input", "expectedVersion"]),
        ("PIN_TOO_SIMPLE", ["input", "pin"]),
    ]


async def test_a_key_takes_effect_once_and_tells_another_pin_from_the_same(door, database):
    house = await found_house(database)
    key = {"idempotencyKey": "k1"}
    for _ in range(2):
        payload = await door.act(house.administrator, "setPortOutPin", pin=PIN, **key)
        assert payload["portOutShield"]["version"] == 1
    mutation = door.mutation("setPortOutPin")
    given = {"pin": "482191", **key}
    assert await door.code(house.administrator, mutation, input=given) == (
        "IDEMPOTENCY_KEY_REUSED"
    )
    for name in ("lockPortOut", "unlockPortOut"):
        for _ in range(2):
            payload = await door.act(house.administrator, name, **key)
            assert payload["userErrors"] == []
    assert payload["portOutShield"]["version"] == 3


@pytest.mark.parametrize("literal", [PIN, f'"{PIN}x"', f'["{PIN}"]', f'{{pin: "{PIN}"}}'])
async def test_no_answer_log_or_row_repeats_a_pin_however_badly_it_was_asked(
    door, database, caplog, literal
):
    house = await found_house(database)
    query = f"""mutation {{ setPortOutPin(input: {{pin: {literal}, idempotencyKey: "k"}}) {{
      portOutShield {{ version }} userErrors {{ message path }} }} }}"""
    with caplog.at_level(logging.DEBUG):
        inline = await door.ask(house.administrator, query)
        named = await door.ask(
            house.administrator,
            door.mutation("setPortOutPin"),
            input={"pin": int(PIN), "expectedVersion": 1},
        )
    said = [str(inline), str(named), caplog.text]
    async with database.working() as connection:
        rows = await connection.fetch(
            "SELECT to_jsonb(k)::text AS row FROM idempotency_keys k"
        )
    assert not [text for text in [*said, *(row["row"] for row in rows)] if PIN in text]


async def test_support_lets_the_pin_be_tried_anew_and_says_why(door, database):
    house = await found_house(database)
    given = {"accountId": house.id}
    payload = await door.act("support", "resetPortOutPinTries", **given)
    assert payload["userErrors"][0]["path"] == ["input", "reason"]
    payload = await door.act("support", "resetPortOutPinTries", reason="they called", **given)
    assert payload["portOutShield"]["pin"]["triesLeft"] == 5


@pytest.mark.requirement("S72")
async def test_an_administrator_reads_the_account_identifier_on_record(door, database):
    house = await found_house(database)
    payload = await door.act(
        house.administrator, "revealPortOutIdentifier", reason="New Telecom asks"
    )
    assert payload["portOutIdentifier"].startswith("PL")
    refused = await door.act(house.administrator, "revealPortOutIdentifier", reason="x" * 501)
    assert refused["portOutIdentifier"] is None
    assert refused["userErrors"][0]["code"] == "TOO_LONG"
    (edge,) = (await shield(door, "support", house))["records"]["edges"]
    assert (edge["node"]["act"], edge["node"]["reason"]) == (
        "IDENTIFIER_REVEALED",
        "New Telecom asks",
    )


async def test_what_is_odd_about_a_port_out_is_shown_to_who_answers_it(door, database):
    house = await found_house(database)
    for place in (1, 2):
        await add_inventory(database, house, phone(place))
    before = await a_port_out(database, house, phone(1))
    await door.act(house.administrator, "setPortOutPin", pin=PIN)
    await door.act(house.administrator, "removePortOutPin")
    after = await a_port_out(database, house, phone(2), reference="R-2")

    async def warnings(caller, port_out_id):
        return (await door.see(caller, _PORT_OUT, id=port_out_id))["portOut"]["warnings"]

    new_people = "RECENT_ADMINISTRATOR_CHANGE"
    assert await warnings("support", before) == ["NEW_GAINING_CARRIER", new_people]
    assert await warnings(house.administrator, after) == [new_people, "RECENT_PIN_CHANGE"]
    assert await warnings(house.manager, after) == []

    await let_people_settle(database, house)
    assert await warnings("support", after) == ["RECENT_PIN_CHANGE"]
    await hear(database, member_changed(house, house.manager, "MANAGER"))
    assert await warnings("support", after) == ["RECENT_PIN_CHANGE"]
    await hear(database, member_changed(house, house.second_administrator, "VIEWER"))
    assert await warnings("support", after) == [new_people, "RECENT_PIN_CHANGE"]


def test_hints_name_many_numbers_unlocks_and_wrong_pins():
    quiet = PortOutSurroundings(
        number_count=9, is_first_to_this_carrier=False, administrators_changed=False, acts=[]
    )
    assert list(quiet.warnings()) == []
    odd = PortOutSurroundings(
        number_count=10,
        is_first_to_this_carrier=True,
        administrators_changed=True,
        acts=[ShieldAct.UNLOCKED, ShieldAct.PIN_REMOVED, ShieldAct.PIN_WRONG],
    )
    assert set(odd.warnings()) == set(PortOutWarning)
