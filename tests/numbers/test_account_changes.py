"""Accounts, companies and members as they are changed: by whom, told how, refused when."""

import asyncio
from dataclasses import replace
from itertools import count

import asyncpg
import pytest

from libs.common.caller import Member as MemberCaller
from libs.common.caller import Role
from libs.contracts.company_names import company_key
from libs.contracts.number_events import (
    AccountChanged,
    CompanyChanged,
    MemberChanged,
    NumberFact,
)
from services.numbers.domain.accounts import Company, Member
from services.numbers.domain.members import (
    MemberAction,
    MemberChange,
    faults_of_lost_rights,
    member_actions_for,
)
from services.numbers.store import accounts
from services.numbers.use_cases import companies, members
from tests.numbers.account_commands import code, do, refusals
from tests.numbers.builders import (
    SUPPORT,
    found_account,
    login,
    new_account,
    new_member,
    told,
)

_logins = count(1)


def a_person(house, **changes):
    return {
        "accountId": house.id,
        "name": "Grace Hopper",
        "email": "grace@example.com",
        "role": "MANAGER",
        "companyIds": [house.companies["Dental"]],
        "loginIssuer": "https://id.example.com",
        "loginSubject": f"grace-{next(_logins)}",
        **changes,
    }


def a_member(**changes):
    member = Member(
        id="mem_1",
        account_id="acc_1",
        name="Ada",
        email="ada@example.com",
        role=Role.ADMINISTRATOR,
        company_ids=(),
        login_issuer="issuer",
        login_subject="ada",
    )
    return replace(member, **changes)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (MemberChange(active=False), "memberId"),
        (MemberChange(role=Role.MANAGER), "role"),
        (MemberChange(role=Role.VIEWER, company_ids=("co_1",)), "role"),
    ],
)
@pytest.mark.parametrize("is_self", [True, False])
@pytest.mark.parametrize("has_other", [True, False])
def test_an_administrator_s_rights_end_by_another_while_one_is_left(
    change, field, is_self, has_other
):
    member = a_member()
    faults = faults_of_lost_rights(
        member,
        change.apply_to(member),
        is_self=is_self,
        has_other_administrator=has_other,
    )
    expected = {"OWN_RIGHTS"} if is_self else set()
    expected |= set() if has_other else {"LAST_ADMINISTRATOR"}
    assert {fault.code for fault in faults} == expected
    assert {fault.path for fault in faults} <= {("input", field)}


@pytest.mark.parametrize(
    "before", [a_member(active=False), a_member(role=Role.MANAGER), a_member(role=Role.VIEWER)]
)
def test_who_is_in_charge_of_nothing_loses_nothing(before):
    after = MemberChange(active=False, role=Role.VIEWER).apply_to(before)
    assert not faults_of_lost_rights(
        before, after, is_self=True, has_other_administrator=False
    )


def test_who_becomes_an_administrator_has_every_company_and_no_list_of_them():
    manager = a_member(role=Role.MANAGER, company_ids=("co_1",))
    assert MemberChange(role=Role.ADMINISTRATOR).apply_to(manager).company_ids == ()
    demoted = MemberChange(role=Role.MANAGER, company_ids=("co_2", "co_2")).apply_to(
        a_member()
    )
    assert demoted.company_ids == ("co_2",)


@pytest.mark.parametrize(
    "name",
    [
        "Stra\u00dfe",
        "STRASSE",
        "  strasse ",
        "Stra\u00dfe\ufe0f",
        "\u3164Strasse",
        "Stra\u034fsse",
    ],
)
def test_names_that_nobody_can_tell_apart_have_one_key(name):
    assert company_key(name) == company_key("Strasse")


async def test_support_changes_an_account_and_each_change_is_its_next_version(door, database):
    house = await found_account(database)
    before = len(await told(database, house.id))

    renamed = await do(
        door, "support", "renameAccount", accountId=house.id, name=" Acme\u3000GmbH "
    )
    again = await do(door, "support", "renameAccount", accountId=house.id, name="Acme GmbH")
    standing = await do(
        door, "support", "changeStanding", accountId=house.id, cardOnFile=False, inTrial=True
    )

    assert (renamed["name"], renamed["version"]) == ("Acme GmbH", before + 1)
    assert again["version"] == renamed["version"]
    assert (standing["cardOnFile"], standing["inTrial"], standing["balanceCurrent"]) == (
        False,
        True,
        True,
    )
    events = (await told(database, house.id))[before:]
    assert [event.sequence for event in events] == [before + 1, before + 2]
    assert all(isinstance(event.fact, AccountChanged) for event in events)
    assert (events[1].fact.name, events[1].fact.card_on_file) == ("Acme GmbH", False)


@pytest.mark.parametrize("who", ["administrator", "support"])
async def test_companies_are_added_and_renamed(door, database, who):
    house = await found_account(database)
    caller = house.administrator if who == "administrator" else "support"

    added = await do(door, caller, "addCompany", accountId=house.id, name="Caf\u00e9 Zo\u00eb")
    renamed = await do(
        door, caller, "renameCompany", companyId=added["id"], name="CAFE\u0301 ZOE\u0308"
    )
    same = await do(
        door, caller, "renameCompany", companyId=added["id"], name="CAF\u00c9 ZO\u00cb"
    )

    assert renamed["name"] == "CAF\u00c9 ZO\u00cb"
    assert same == renamed
    facts = [event.fact for event in (await told(database, house.id))[-2:]]
    assert facts == [
        CompanyChanged(company_id=added["id"], name="Caf\u00e9 Zo\u00eb"),
        CompanyChanged(company_id=added["id"], name="CAF\u00c9 ZO\u00cb"),
    ]


@pytest.mark.parametrize("name", ["garage", "  GARAGE", "\uff27arage", "Gar\u2060age"])
async def test_two_companies_of_one_name_are_refused(door, database, name):
    house, other = await found_account(database), await found_account(database)
    before = await told(database)
    wrong = "INVALID" if "\u2060" in name else "ALREADY_EXISTS"
    caller = house.administrator
    for given in (
        ("addCompany", {"accountId": house.id}),
        ("renameCompany", {"companyId": house.companies["Dental"]}),
    ):
        assert await refusals(door, caller, given[0], **given[1], name=name) == [
            (wrong, "name")
        ]
    assert await told(database) == before
    assert other.companies["Garage"]


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        (" ", "REQUIRED"),
        ("\u3164", "REQUIRED"),
        ("x" * 201, "TOO_LONG"),
        ("\ufdfa" * 200, "TOO_LONG"),
        ("a\u202eb", "INVALID"),
    ],
)
async def test_a_name_must_be_one_that_can_be_read(door, database, name, fault):
    house = await found_account(database)
    for mutation, given in (
        ("renameAccount", {"accountId": house.id}),
        ("addCompany", {"accountId": house.id}),
        ("renameCompany", {"companyId": house.companies["Dental"]}),
        ("changeMember", {"memberId": house.administrator.member_id}),
    ):
        faults = await refusals(door, "support", mutation, **given, name=name)
        assert (mutation, faults) == (mutation, [(fault, "name")])


async def test_a_member_is_added_changed_and_deactivated_with_an_event_each(door, database):
    house = await found_account(database)
    caller = house.administrator

    added = await do(door, caller, "addMember", **a_person(house))
    changed = await do(
        door,
        caller,
        "changeMember",
        memberId=added["id"],
        name="Rear Admiral Hopper",
        email="hopper@example.com",
        role="CLIENT_MANAGER",
        companyIds=[house.companies["Garage"], house.companies["Garage"]],
    )
    ended = await do(door, caller, "deactivateMember", memberId=added["id"])
    again = await do(door, caller, "deactivateMember", memberId=added["id"])
    back = await do(door, caller, "reactivateMember", memberId=added["id"])

    assert changed["companies"] == [{"id": house.companies["Garage"]}]
    assert (changed["role"], changed["email"]) == ("CLIENT_MANAGER", "hopper@example.com")
    assert (ended["active"], again["active"], back["active"]) == (False, False, True)
    facts = [event.fact for event in (await told(database, house.id))[-4:]]
    assert [fact.active for fact in facts] == [True, True, False, True]
    assert facts[1] == MemberChanged(
        member_id=added["id"],
        name="Rear Admiral Hopper",
        email="hopper@example.com",
        role="CLIENT_MANAGER",
        company_ids=[house.companies["Garage"]],
        login_issuer="https://id.example.com",
        login_subject=facts[0].login_subject,
        active=True,
    )


@pytest.mark.parametrize(
    "email",
    ["", "ada", "ada@", "a b@c.de", "ada@example", "a\u202eb@c.de", "x" * 250 + "@c.de"],
)
def test_an_address_is_one_that_can_be_written_to(email):
    (fault,) = MemberChange(email=email).find_faults(())
    assert (fault.code, fault.path) == ("INVALID", ("input", "email"))


async def test_all_faults_of_a_member_are_told_at_once(door, database):
    house, other = await found_account(database), await found_account(database)
    taken = house.callers[Role.VIEWER].login
    person = a_person(
        house,
        name="",
        email="nowhere",
        companyIds=[house.companies["Dental"], other.companies["Dental"], "co_x"],
        loginIssuer=taken.issuer,
        loginSubject=taken.subject,
    )
    assert await refusals(door, house.administrator, "addMember", **person) == [
        ("REQUIRED", "name"),
        ("INVALID", "email"),
        ("UNKNOWN_COMPANY", "companyIds.1"),
        ("UNKNOWN_COMPANY", "companyIds.2"),
        ("ALREADY_EXISTS", "loginSubject"),
    ]
    change = {key: person[key] for key in ("name", "email", "companyIds")}
    me = house.administrator.member_id
    assert await refusals(
        door, house.administrator, "changeMember", memberId=me, role="VIEWER", **change
    ) == [
        ("REQUIRED", "name"),
        ("INVALID", "email"),
        ("UNKNOWN_COMPANY", "companyIds.1"),
        ("UNKNOWN_COMPANY", "companyIds.2"),
        ("OWN_RIGHTS", "role"),
        ("LAST_ADMINISTRATOR", "role"),
    ]


async def test_the_last_administrator_stays_also_against_support(door, database):
    house = await found_account(database)
    me = house.administrator.member_id
    for mutation, given, field in (
        ("deactivateMember", {}, "memberId"),
        ("changeMember", {"role": "MANAGER"}, "role"),
    ):
        assert await refusals(door, "support", mutation, memberId=me, **given) == [
            ("LAST_ADMINISTRATOR", field)
        ]
    second = await do(door, "support", "addMember", **a_person(house, role="ADMINISTRATOR"))
    assert await refusals(door, house.administrator, "deactivateMember", memberId=me) == [
        ("OWN_RIGHTS", "memberId")
    ]
    assert (await do(door, "support", "deactivateMember", memberId=me))["active"] is False
    assert await refusals(door, "support", "deactivateMember", memberId=second["id"]) == [
        ("LAST_ADMINISTRATOR", "memberId")
    ]


async def test_an_account_has_no_more_companies_and_members_than_can_be_shown(
    door, database, monkeypatch
):
    house = await found_account(database)
    monkeypatch.setattr(companies, "MOST_COMPANIES", 2)
    monkeypatch.setattr(members, "MOST_MEMBERS", 4)
    for mutation, given in (
        ("addCompany", {"accountId": house.id, "name": "Third"}),
        ("addMember", a_person(house)),
    ):
        assert await refusals(door, house.administrator, mutation, **given) == [
            ("TOO_LONG", "accountId")
        ]


@pytest.mark.parametrize("who", ["administrator", "manager", "support"])
async def test_what_can_be_done_with_a_member_is_offered_to_who_can_do_it(door, database, who):
    house = await found_account(database)
    caller = {
        "administrator": house.administrator,
        "manager": house.callers[Role.MANAGER],
    }.get(who, "support")
    ended = house.callers[Role.VIEWER].member_id
    await do(door, "support", "deactivateMember", memberId=ended)
    if who == "manager":
        query = "{ viewer { member { availableActions } } }"
        seen = await door.see(caller, query)
        assert seen["viewer"]["member"]["availableActions"] == []
        return
    query = """query ($id: ID!) { account(id: $id) { members { edges { node {
      role availableActions } } } } }"""
    edges = (await door.see(caller, query, id=house.id))["account"]["members"]["edges"]
    offered = {each["node"]["role"]: each["node"]["availableActions"] for each in edges}
    assert offered == {
        "ADMINISTRATOR": ["CHANGE"],
        "MANAGER": ["CHANGE", "DEACTIVATE"],
        "CLIENT_MANAGER": ["CHANGE", "DEACTIVATE"],
        "VIEWER": ["CHANGE", "REACTIVATE"],
    }


def test_who_is_offered_a_deactivation_can_do_it():
    one, two = a_member(), a_member(id="mem_2")
    caller = MemberCaller(
        login=login(), account_id="acc_1", member_id="mem_1", role=Role.ADMINISTRATOR
    )
    ending = MemberAction.DEACTIVATE
    assert ending not in member_actions_for(caller, one, administrators=2)
    assert ending in member_actions_for(caller, two, administrators=2)
    assert ending not in member_actions_for(SUPPORT, two, administrators=1)
    ended = replace(caller, account_is_disabled=True)
    assert member_actions_for(ended, two, administrators=2) == ()


async def test_another_constraint_than_the_names_is_a_fault(database):
    house = await found_account(database)
    again = Company(id=house.companies["Dental"], account_id=house.id, name="Bakery")
    with pytest.raises(asyncpg.UniqueViolationError):
        async with database.transaction(SUPPORT) as connection:
            await accounts.add_companies(connection, [again])


async def test_two_administrators_cannot_end_each_other(door, database):
    subjects = ("one", "two")
    house = await found_account(
        database, new_account(members=tuple(new_member(login_subject=s) for s in subjects))
    )
    async with database.working() as connection:
        rows = await connection.fetch("SELECT id, login_subject FROM members ORDER BY id")
    one, two = (
        replace(
            house.administrator,
            member_id=row["id"],
            login=replace(house.administrator.login, subject=row["login_subject"]),
        )
        for row in rows
    )
    answers = await asyncio.gather(
        *(
            door.ask(
                caller,
                "mutation ($id: ID!) { deactivateMember(input: {memberId: $id}) "
                "{ userErrors { code } } }",
                id=target.member_id,
            )
            for caller, target in ((one, two), (two, one))
        )
    )
    async with database.working() as connection:
        left = await connection.fetchval("SELECT count(*) FROM members WHERE active")
    assert left == 1
    refused = [
        a for a in answers if a.get("errors") or a["data"]["deactivateMember"]["userErrors"]
    ]
    assert len(refused) == 1


async def test_rights_end_with_the_next_request(door, database):
    house = await found_account(database)
    manager = house.callers[Role.MANAGER]
    query = "{ viewer { member { id role } } trackingNumbers { totalCount } }"
    await door.see(manager, query)
    await do(door, "support", "deactivateMember", memberId=manager.member_id)
    assert await door.code(manager, query) == "FORBIDDEN"
    await do(door, "support", "reactivateMember", memberId=manager.member_id)
    await door.see(manager, query)


async def test_who_looked_at_another_version_is_told_so(door, database):
    house = await found_account(database)
    company = house.companies["Dental"]
    for mutation, given in (
        ("renameAccount", {"accountId": house.id, "name": "New"}),
        ("disableAccount", {"accountId": house.id}),
        ("renameCompany", {"companyId": company, "name": "New"}),
        ("addMember", a_person(house)),
        ("changeMember", {"memberId": house.administrator.member_id, "name": "New"}),
    ):
        stale = {**given, "expectedVersion": 6}
        assert await refusals(door, "support", mutation, **stale) == [
            ("CONFLICT", "expectedVersion")
        ]
    done = await do(
        door, "support", "renameCompany", companyId=company, name="New", expectedVersion=7
    )
    assert done["account"]["version"] == 8


async def test_the_same_key_takes_effect_once(door, database):
    house = await found_account(database)
    given = {"accountId": house.id, "name": "Bakery", "idempotencyKey": "once"}
    first = await do(door, house.administrator, "addCompany", **given)
    assert await do(door, house.administrator, "addCompany", **given) == first
    other = given | {"name": "Butcher"}
    assert (
        await code(door, house.administrator, "addCompany", **other)
        == "IDEMPOTENCY_KEY_REUSED"
    )


async def test_changes_at_the_same_moment_are_versions_without_a_gap(door, database):
    house = await found_account(database)
    await asyncio.gather(
        *(
            do(
                door,
                house.administrator,
                "addCompany",
                accountId=house.id,
                name=f"Shop {place}",
            )
            for place in range(6)
        ),
        *(
            do(door, "support", "renameAccount", accountId=house.id, name=f"Acme {place}")
            for place in range(3)
        ),
    )
    events = await told(database, house.id)
    assert [event.sequence for event in events] == list(range(1, 17))
    assert not any(isinstance(event.fact, NumberFact) for event in events)


async def test_one_name_for_two_companies_at_the_same_moment_is_one_company(door, database):
    house = await found_account(database)
    query = """mutation ($input: AddCompanyInput!) {
      addCompany(input: $input) { company { id } userErrors { code } }
    }"""
    answers = await asyncio.gather(
        *(
            door.see("support", query, input={"accountId": house.id, "name": name})
            for name in ("Bakery", "BAKERY", " bakery")
        )
    )
    codes = [[fault["code"] for fault in a["addCompany"]["userErrors"]] for a in answers]
    assert sorted(codes) == [[], ["ALREADY_EXISTS"], ["ALREADY_EXISTS"]]


async def test_support_finds_accounts_by_name_page_by_page(door, database):
    names = ("Acme North", "ACME South", "Bolt", "acme\u3000East", "100% Acm_e")
    ids = [(await found_account(database, new_account(name=name))).id for name in names]
    query = """query ($search: String, $after: String) {
      accounts(search: $search, first: 2, after: $after) {
        totalCount pageInfo { hasNextPage endCursor } edges { node { id } }
      }
    }"""
    first = (await door.see("support", query, search=" aCmE "))["accounts"]
    second = (
        await door.see("support", query, search="acme", after=first["pageInfo"]["endCursor"])
    )["accounts"]
    found = [edge["node"]["id"] for page in (first, second) for edge in page["edges"]]
    assert found == [ids[3], ids[1], ids[0]]
    assert first["totalCount"] == 3
    for search, found_count in (
        ("%", 1),
        ("_", 1),
        ("cme s", 1),
        ("\\", 0),
        ("", 5),
        (" ", 5),
    ):
        answer = await door.see("support", query, search=search)
        assert (search, answer["accounts"]["totalCount"]) == (search, found_count)
    assert await door.code("support", query, search="x" * 201) == "BAD_USER_INPUT"
    assert await door.code("support", query, search="a\0") == "BAD_USER_INPUT"
