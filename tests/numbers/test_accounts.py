"""Accounts: what a new one must be, and what is said when there is one."""

from dataclasses import replace

import asyncpg
import pytest

from libs.common.caller import Role
from libs.contracts.number_events import AccountChanged, CompanyChanged, MemberChanged
from libs.contracts.refusals import Refused
from services.numbers.domain.accounts import company_key, find_faults
from services.numbers.use_cases.accounts import create_account
from tests.numbers.builders import SUPPORT, found_account, new_account, new_member, told


def places(new):
    return [(fault.code, fault.path[1:]) for fault in find_faults(new)]


def test_a_complete_account_has_no_fault():
    assert places(new_account()) == []


def test_all_faults_are_told_at_once_with_their_places():
    new = new_account(
        name=" ",
        companies=("Dental", "  dental", "x" * 201),
        members=(
            new_member(login_subject="one", email="nowhere"),
            new_member(Role.MANAGER, "DENTAL", "Bakery", login_subject="one"),
            new_member(name="a\0b"),
        ),
    )
    assert places(new) == [
        ("REQUIRED", ("name",)),
        ("ALREADY_EXISTS", ("companies", "1", "name")),
        ("TOO_LONG", ("companies", "2", "name")),
        ("INVALID", ("members", "0", "email")),
        ("UNKNOWN_COMPANY", ("members", "1", "companies", "1")),
        ("ALREADY_EXISTS", ("members", "1", "loginSubject")),
        ("INVALID", ("members", "2", "name")),
    ]


def test_an_account_without_an_administrator_is_refused():
    new = new_account(members=(new_member(Role.MANAGER, "Dental"),))
    assert places(new) == [("REQUIRED", ("members",))]


def test_more_companies_and_members_than_anybody_has_are_refused():
    new = new_account(
        companies=tuple(f"Company {place}" for place in range(1001)),
        members=(new_member(),) * 1001,
    )
    assert places(new) == [("TOO_LONG", ("companies",)), ("TOO_LONG", ("members",))]


@pytest.mark.parametrize(
    "name", ["Müller", "MÜLLER ", "  müller", "Mu\u0308ller", "\uff2dÜLLER"]
)
def test_company_names_that_look_the_same_are_the_same(name):
    assert company_key(name) == company_key("Müller")


async def test_an_account_is_told_as_one_aggregate_without_gaps(database):
    house = await found_account(database)
    events = await told(database, house.id)
    assert [event.sequence for event in events] == [1, 2, 3, 4, 5, 6, 7]
    assert [type(event.fact) for event in events] == [
        AccountChanged,
        *[CompanyChanged] * 2,
        *[MemberChanged] * 4,
    ]


async def test_a_member_is_told_with_the_ids_of_their_companies(database):
    house = await found_account(database)
    roles = {
        event.fact.role: event.fact.company_ids
        for event in await told(database, house.id)
        if isinstance(event.fact, MemberChanged)
    }
    assert roles["MANAGER"] == [house.companies["Dental"]]
    assert roles["ADMINISTRATOR"] == []


async def test_a_refused_account_leaves_nothing_behind(database):
    with pytest.raises(Refused):
        await found_account(database, new_account(companies=("A", "a")))
    async with database.working() as connection:
        assert await connection.fetchval("SELECT count(*) FROM accounts") == 0
    assert await told(database) == []


async def test_the_database_itself_refuses_a_second_company_of_one_name(database):
    house = await found_account(database)
    async with database.working() as connection:
        with pytest.raises(asyncpg.UniqueViolationError, match="one_company_per_name"):
            await connection.execute(
                "INSERT INTO companies (id, account_id, name, name_key) VALUES ($1, $2, $3, $4)",
                "co_x",
                house.id,
                "DENTAL",
                company_key("DENTAL"),
            )


async def test_a_login_may_be_a_member_of_two_accounts(database):
    both = new_account(members=(new_member(login_subject="both"),))
    first, second = await found_account(database, both), await found_account(database, both)
    rows = await database.fetch(
        "SELECT * FROM find_memberships($1, $2)", both.members[0].login_issuer, "both"
    )
    assert {row["account_id"] for row in rows} == {first.id, second.id}


async def test_a_member_who_is_not_active_has_no_membership(database):
    house = await found_account(database)
    caller = house.administrator
    async with database.working() as connection:
        await connection.execute(
            "UPDATE members SET active = false WHERE id = $1", caller.member_id
        )
    rows = await database.fetch(
        "SELECT * FROM find_memberships($1, $2)", caller.login.issuer, caller.login.subject
    )
    assert rows == []


async def test_a_member_of_an_account_cannot_make_another(database):
    house = await found_account(database)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with database.transaction(house.administrator) as connection:
            await create_account(connection, new_account())
    async with database.transaction(SUPPORT) as connection:
        await create_account(connection, replace(new_account(), name="Second"))
