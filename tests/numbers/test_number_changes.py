"""What customers change of numbers: one or many, every fault named, and undone by nobody."""

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.common.caller import Role
from libs.common.ids import new_id
from libs.common.sight import EVERYTHING
from libs.contracts.phone_number import PhoneNumber
from libs.contracts.refusals import Refused
from services.numbers.domain.number_changes import (
    UNCHANGEABLE,
    NumberChanges,
    clean_changes,
    find_faults,
)
from services.numbers.domain.refusals import NumberCannotBeChanged
from services.numbers.domain.tracking_numbers import NumberState
from services.numbers.use_cases.number_changes import (
    Actor,
    ChangeRules,
    Choice,
    change_number,
    change_numbers,
)
from services.numbers.use_cases.tracking_numbers import port_in_numbers
from tests.numbers.builders import (
    NOON,
    SUPPORT,
    a_line,
    a_number,
    add_number,
    found_account,
    numbers_by_phone,
    phone,
    review,
    told,
)

OUTSIDE = PhoneNumber("+16175550177")
RULES = ChangeRules(allow_fictional=True)
UPDATE = """mutation ($input: UpdateTrackingNumberInput!) {
  updateTrackingNumber(input: $input) {
    trackingNumber { version name source forwardingNumber company { id } }
    userErrors { code path message ... on InvalidStateError { status } }
  }
}"""
UPDATE_ALL = """mutation ($input: UpdateTrackingNumbersInput!) {
  updateTrackingNumbers(input: $input) {
    trackingNumbers { id version source } userErrors { code path message }
  }
}"""
DISABLE_ALL = """mutation ($input: DisableTrackingNumbersInput!) {
  disableTrackingNumbers(input: $input) {
    trackingNumbers { id state } userErrors { code path message }
  }
}"""


@given(state=st.sampled_from(NumberState), version=st.integers(0, 9))
def test_a_change_raises_the_version_once_and_never_the_state(state, version):
    number = a_number(state=state, version=version)
    if state in UNCHANGEABLE:
        with pytest.raises(NumberCannotBeChanged):
            NumberChanges(name="New").apply_to(number)
        return
    changed = NumberChanges(name="New", source=number.source).apply_to(number)
    assert (changed.name, changed.version, changed.state) == ("New", version + 1, state)
    assert NumberChanges(name="New").apply_to(changed) is changed


def test_only_what_is_new_is_named():
    changes = NumberChanges(name="New", source="Flyer", company_id="co_2")
    assert changes.names_changed(a_number()) == ["name", "company_id"]


@pytest.mark.parametrize(
    ("changes", "codes"),
    [
        ({}, ["REQUIRED"]),
        ({"name": "  "}, ["REQUIRED"]),
        ({"name": "x" * 201, "source": "a\nb"}, ["TOO_LONG", "INVALID"]),
        ({"source": "a\x00b"}, ["INVALID"]),
        ({"name": "👨\u200d👩\u200d👧 Ünïcode"}, []),
        ({"forwarding_number": PhoneNumber("+19005551234")}, ["FORWARDING_NOT_ALLOWED"]),
        ({"forwarding_number": PhoneNumber("+12125550142")}, ["FORWARDING_NOT_ALLOWED"]),
        ({"forwarding_number": PhoneNumber("+12125552142")}, []),
    ],
)
def test_what_is_wrong_with_a_change_is_named_whatever_the_number(changes, codes):
    cleaned = clean_changes(NumberChanges(**changes))
    faults = find_faults(cleaned, allow_fictional=False)
    assert [fault.code for fault in faults] == codes


async def updated(door, caller, **given: Any) -> Any:
    return (await door.see(caller, UPDATE, input=given))["updateTrackingNumber"]


@pytest.mark.requirement("S43")
@pytest.mark.parametrize(
    "state", [NumberState.PRECONFIGURED, NumberState.ACTIVE, NumberState.PORTED_OUT]
)
async def test_a_number_is_changed_until_its_port_and_after_it(door, database, state):
    house = await found_account(database)
    number = await add_number(database, house, phone(1), state=state)
    answer = await updated(
        door, house.administrator,
        trackingNumberId=number.id, expectedVersion=number.version, name=" Straße ",
        source="Radio", forwardingNumber="(617) 555-0177", companyId=house.companies["Garage"],
    )  # fmt: skip
    assert answer == {
        "trackingNumber": {
            "version": number.version + 1,
            "name": "Straße",
            "source": "Radio",
            "forwardingNumber": OUTSIDE,
            "company": {"id": house.companies["Garage"]},
        },
        "userErrors": [],
    }
    event = (await told(database, number.id))[-1]
    assert (event.type, event.sequence) == ("numbers.number_changed.v1", number.version + 1)
    assert event.fact.company_id == house.companies["Garage"]
    assert event.fact.details.forwarding_number == OUTSIDE
    assert event.fact.changed == ["forwarding_number", "name", "source", "company_id"]
    assert event.fact.changed_by == house.administrator.member_id


async def test_what_changes_nothing_tells_nothing_and_a_key_takes_effect_once(door, database):
    house = await found_account(database)
    number = await add_number(database, house, phone(1))
    same = await updated(
        door, house.administrator, trackingNumberId=number.id, name=number.name
    )
    assert same["trackingNumber"]["version"] == number.version
    given = {"trackingNumberId": number.id, "name": "New", "idempotencyKey": "once"}
    first = await updated(door, house.administrator, **given)
    await updated(door, house.administrator, trackingNumberId=number.id, name="Newer")
    again = await updated(door, house.administrator, **given)
    assert first["trackingNumber"]["version"] == 1
    assert again["trackingNumber"]["name"] == "Newer"
    assert len(await told(database, number.id)) == 2


@pytest.mark.requirement("S24")
async def test_every_fault_of_a_change_is_answered_at_once(door, database):
    house, other = await found_account(database), await found_account(database)
    number = await add_number(database, house, phone(1), state=NumberState.ACTIVE)
    theirs = await add_number(database, other, phone(2))
    answer = await updated(
        door, house.administrator,
        trackingNumberId=number.id, name="", forwardingNumber=theirs.phone_number,
        companyId=other.companies["Dental"],
    )  # fmt: skip
    assert [(error["code"], error["path"]) for error in answer["userErrors"]] == [
        ("REQUIRED", ["input", "name"]),
        ("FORWARDING_LOOP", ["input", "forwardingNumber"]),
        ("UNKNOWN_COMPANY", ["input", "companyId"]),
    ]
    assert "account" not in answer["userErrors"][1]["message"]
    own = await updated(
        door, house.administrator, trackingNumberId=number.id, forwardingNumber=phone(1)
    )
    assert [error["code"] for error in own["userErrors"]] == ["FORWARDING_LOOP"]
    old = await updated(
        door, house.administrator, trackingNumberId=number.id, name="New", expectedVersion=9
    )
    assert [error["code"] for error in old["userErrors"]] == ["CONFLICT"]
    assert len(await told(database, number.id)) == number.version


async def test_who_may_change_what_follows_role_and_company(door, database):
    house, other = await found_account(database), await found_account(database)
    dental = await add_number(database, house, phone(1))
    garage = await add_number(database, house, phone(2), company="Garage")
    for role in (Role.MANAGER, Role.CLIENT_MANAGER):
        caller = house.callers[role]
        mine = await updated(door, caller, trackingNumberId=dental.id, name=f"By {role}")
        assert mine["userErrors"] == []
        for asked, code in (
            ({"trackingNumberId": garage.id, "name": "New"}, "NOT_FOUND"),
            (
                {"trackingNumberId": dental.id, "companyId": house.companies["Garage"]},
                "UNKNOWN_COMPANY",
            ),
        ):
            refused = await updated(door, caller, **asked)
            assert [error["code"] for error in refused["userErrors"]] == [code]
        given = {"trackingNumberIds": [dental.id]}
        assert await door.code(caller, DISABLE_ALL, input=given) == "FORBIDDEN"
    given = {"trackingNumberId": garage.id, "name": "New"}
    assert await door.code(house.callers[Role.VIEWER], UPDATE, input=given) == "FORBIDDEN"
    refused = await updated(door, other.administrator, **given)
    assert [error["code"] for error in refused["userErrors"]] == ["NOT_FOUND"]
    assert (await updated(door, "support", **given))["userErrors"] == []


@pytest.mark.requirement("S25")
async def test_what_a_number_rings_at_by_now_does_not_come_in_as_its_second_hop(database):
    """The request was open, and unknown here, when the number was changed."""
    house, other = await found_account(database), await found_account(database)
    number = await add_number(database, house, phone(1), state=NumberState.ACTIVE)
    async with database.transaction(house.administrator) as connection:
        await change_number(
            connection,
            Actor(name="mem_1", sight=EVERYTHING),
            number.id,
            NumberChanges(forwarding_number=phone(2)),
            expected_version=None,
            rules=RULES,
        )
    line = a_line(house.companies["Dental"], phone(2), forwarding_number=OUTSIDE)
    await review(database, house, [line], port_request_id="pr_2")
    refusal = (await told(database, "pr_2"))[-1].fact
    assert [each.code for each in refusal.lines] == ["FORWARDING_LOOP"]
    # Nobody keeps another account from porting by forwarding to its numbers.
    theirs = a_line(other.companies["Dental"], phone(2), forwarding_number=OUTSIDE)
    await review(database, other, [theirs], port_request_id="pr_3")
    assert (await told(database, "pr_3"))[-1].type == "numbers.numbers_preconfigured.v1"


@pytest.mark.requirement("S24")
async def test_of_a_change_and_a_port_at_once_no_number_rings_at_a_number_of_ours(database):
    house = await found_account(database)
    number = await add_number(database, house, phone(1), state=NumberState.ACTIVE)

    async def change():
        async with database.transaction(house.administrator) as connection:
            await change_number(
                connection,
                Actor(name="mem_1", sight=EVERYTHING),
                number.id,
                NumberChanges(forwarding_number=phone(2)),
                expected_version=None,
                rules=RULES,
            )

    line = a_line(house.companies["Dental"], phone(2), forwarding_number=OUTSIDE)
    outcomes = await asyncio.gather(
        change(), review(database, house, [line], port_request_id="pr_2"),
        return_exceptions=True,
    )  # fmt: skip
    numbers = await numbers_by_phone(database)
    is_refused = isinstance(outcomes[0], Refused)
    assert (phone(2) in numbers) is is_refused
    assert (numbers[phone(1)].forwarding_number == phone(2)) is not is_refused
    assert outcomes[1] is None


async def test_a_line_s_later_review_undoes_no_change_and_brings_its_own_corrections(database):
    house = await found_account(database)
    line = a_line(house.companies["Dental"], phone(1), forwarding_number="+13125550100")
    await review(database, house, [line], sequence=5)
    (number,) = (await numbers_by_phone(database)).values()
    async with database.transaction(house.administrator) as connection:
        await change_number(
            connection,
            Actor(name="mem_1", sight=EVERYTHING),
            number.id,
            NumberChanges(name="Chosen", forwarding_number=OUTSIDE),
            expected_version=None,
            rules=RULES,
        )
    corrected = line.model_copy(update={"source": "Corrected"})
    await review(database, house, [corrected], sequence=10)
    (number,) = (await numbers_by_phone(database)).values()
    assert (number.name, number.forwarding_number, number.source) == (
        "Chosen", OUTSIDE, "Corrected",
    )  # fmt: skip
    # What the customer corrects in the request after the change is the later word.
    again = corrected.model_copy(update={"forwarding_number": PhoneNumber("+13125550111")})
    await review(database, house, [again], sequence=15)
    await review(database, house, [again], sequence=20)
    async with database.working() as connection:
        await port_in_numbers(connection, house.id, {line.line_id: NOON})
    (number,) = (await numbers_by_phone(database)).values()
    assert (number.name, number.forwarding_number, number.source) == (
        "Chosen", "+13125550111", "Corrected",
    )  # fmt: skip
    assert number.version == 2


async def test_many_are_changed_at_once_or_none_with_every_fault_named(door, database):
    house, other = await found_account(database), await found_account(database)
    mine = [
        await add_number(database, house, phone(place), state=NumberState.ACTIVE)
        for place in range(4)
    ]
    theirs = await add_number(database, other, phone(9))
    async with database.working() as connection:
        await connection.execute(
            "UPDATE tracking_numbers SET state = 'DISABLED' WHERE id = $1", mine[1].id
        )
    ids = [mine[0].id, mine[1].id, theirs.id, "num_x", mine[2].id]

    async def change(**given):
        answer = await door.see(house.administrator, UPDATE_ALL, input=given)
        return answer["updateTrackingNumbers"]

    refused = await change(trackingNumberIds=ids, changes={"source": "", "name": "Same"})
    assert refused["trackingNumbers"] == []
    assert [(error["code"], error["path"]) for error in refused["userErrors"]] == [
        ("REQUIRED", ["input", "source"]),
        ("NOT_FOUND", ["input", "trackingNumberIds", "2"]),
        ("NOT_FOUND", ["input", "trackingNumberIds", "3"]),
        ("INVALID_STATE", ["input", "trackingNumberIds", "1"]),
    ]
    good = {"changes": {"source": "Radio"}, "trackingNumberIds": [mine[0].id, mine[2].id]}
    trial = await change(**good, dryRun=True)
    assert [each["source"] for each in trial["trackingNumbers"]] == ["Radio", "Radio"]
    assert {each.source for each in (await numbers_by_phone(database)).values()} == {"Flyer"}
    done = await change(**good, idempotencyKey="once")
    assert await change(**good, idempotencyKey="once") == done
    assert [each["version"] for each in done["trackingNumbers"]] == [3, 3]
    by_filter = await change(
        filter={"tab": "ACTIVE", "source": "Flyer"}, changes={"source": "TV"}
    )
    assert [each["id"] for each in by_filter["trackingNumbers"]] == [mine[3].id]
    for chosen in ({}, {"trackingNumberIds": []}, good | {"filter": {}}):
        answer = await change(**({"changes": {"source": "TV"}} | chosen))
        assert [error["code"] for error in answer["userErrors"]] == ["REQUIRED"]
    too_many = [new_id("num") for _ in range(1001)]
    answer = await change(trackingNumberIds=too_many, changes={"source": "TV"})
    assert [error["code"] for error in answer["userErrors"]] == ["TOO_MANY_NUMBERS"]


async def test_many_are_disabled_at_once_or_none(door, database):
    house = await found_account(database)
    numbers = [
        await add_number(database, house, phone(place), state=state)
        for place, state in enumerate(
            [NumberState.ACTIVE, NumberState.PRECONFIGURED, NumberState.ACTIVE]
        )
    ]

    async def disable(**given):
        answer = await door.see(house.administrator, DISABLE_ALL, input=given)
        return answer["disableTrackingNumbers"]

    refused = await disable(trackingNumberIds=[number.id for number in numbers])
    assert [(error["code"], error["path"][-1]) for error in refused["userErrors"]] == [
        ("INVALID_STATE", "1")
    ]
    assert len(await told(database, numbers[0].id)) == 2
    done = await disable(trackingNumberIds=[numbers[0].id, numbers[2].id])
    assert [each["state"] for each in done["trackingNumbers"]] == ["DISABLED", "DISABLED"]
    assert (await told(database, numbers[2].id))[-1].type == "numbers.number_disabled.v1"


async def test_a_thousand_numbers_are_changed_by_a_few_statements(database):
    house = await found_account(database)
    lines = [
        a_line(house.companies["Dental"], PhoneNumber(f"+1312{2_000_000 + place}"))
        for place in range(1000)
    ]
    await review(database, house, lines)
    ids = [number.id for number in (await numbers_by_phone(database)).values()]
    async with database.transaction(SUPPORT) as connection:
        changed = await change_numbers(
            connection,
            Actor(name="support", sight=EVERYTHING),
            Choice(number_ids=ids),
            NumberChanges(
                company_id=house.companies["Garage"], forwarding_number=OUTSIDE, name="All"
            ),
            rules=RULES,
            is_trial=False,
        )
    assert len(changed) == 1000
    async with database.working() as connection:
        counts = await connection.fetch(
            "SELECT company_id, numbers FROM number_counts WHERE numbers <> 0 "
            "ORDER BY company_id"
        )
        assert [tuple(row) for row in counts] == [
            ("", 1000),
            (house.companies["Garage"], 1000),
        ]
        assert await connection.fetchval("SELECT count(*) FROM outbox") >= 1000
