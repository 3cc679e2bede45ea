"""Commands about accounts in wrong hands: refused as if nothing were there, and no trace."""

import asyncio

import asyncpg
import pytest

from libs.common.caller import Role
from libs.common.sight import EVERYTHING
from services.numbers.domain.accounts import Company
from services.numbers.store import account_changes, accounts
from tests.numbers.account_commands import THINGS, code, do, refusals
from tests.numbers.builders import SUPPORT, found_account, told

OF_SUPPORT = {"renameAccount", "changeStanding", "reactivateAccount"}
OF_MACHINES = {"reportStanding"}
UNKNOWN = {"acc": "acc_x", "co": "co_x", "mem": "mem_x"}


def given_of(mutation, account, company, member):
    """The input that the command needs, about these."""
    about = {
        "renameCompany": {"companyId": company},
        "changeMember": {"memberId": member},
        "deactivateMember": {"memberId": member},
        "reactivateMember": {"memberId": member},
    }.get(mutation, {"accountId": account})
    more = {
        "renameAccount": {"name": "Ours"},
        "addCompany": {"name": "Ours"},
        "renameCompany": {"name": "Ours"},
        "changeMember": {"role": "VIEWER"},
        "addMember": {
            "name": "Eve",
            "email": "eve@example.com",
            "role": "ADMINISTRATOR",
            "loginIssuer": "https://id.example.com",
            "loginSubject": "eve",
        },
        "reportStanding": {
            "cardOnFile": True,
            "balanceCurrent": True,
            "inGoodStanding": True,
            "inTrial": False,
            "changedAt": "2026-06-01T00:00:00Z",
        },
    }.get(mutation, {})
    return {**about, **more}


async def test_another_account_s_things_are_as_unknown_as_none(door, database):
    house, other = await found_account(database), await found_account(database)
    before = await told(database)
    theirs = (house.id, house.companies["Dental"], house.callers[Role.VIEWER].member_id)
    for mutation in THINGS.keys() - OF_SUPPORT - OF_MACHINES:
        place = next(iter(given_of(mutation, *theirs)))
        for ids in (theirs, tuple(UNKNOWN.values())):
            for more in ({}, {"expectedVersion": 7}, {"idempotencyKey": f"k-{ids[0]}"}):
                faults = await refusals(
                    door, other.administrator, mutation, **given_of(mutation, *ids), **more
                )
                assert (mutation, faults) == (mutation, [("NOT_FOUND", place)])
    assert await told(database) == before


@pytest.mark.parametrize(
    "who", ["MANAGER", "CLIENT_MANAGER", "VIEWER", "calls:report", "stranger", None]
)
async def test_nobody_else_changes_an_account(door, database, who):
    house = await found_account(database)
    before = await told(database)
    caller = house.callers[Role(who)] if who in Role.__members__ else who
    ids = (house.id, house.companies["Dental"], house.callers[Role.VIEWER].member_id)
    for mutation in THINGS:
        refused = await code(door, caller, mutation, **given_of(mutation, *ids))
        assert (mutation, refused) == (mutation, "FORBIDDEN" if who else "UNAUTHENTICATED")
    assert await told(database) == before


async def test_an_administrator_is_not_support(door, database):
    house = await found_account(database)
    ids = (house.id, house.companies["Dental"], house.callers[Role.VIEWER].member_id)
    for mutation in OF_SUPPORT | OF_MACHINES:
        refused = await code(door, house.administrator, mutation, **given_of(mutation, *ids))
        assert (mutation, refused) == (mutation, "FORBIDDEN")
    for mutation in OF_MACHINES:
        assert await code(door, "support", mutation, **given_of(mutation, *ids)) == "FORBIDDEN"


async def test_what_may_be_done_is_told_to_who_may_do_it(door, database):
    house, other = await found_account(database), await found_account(database)
    await do(door, "support", "disableAccount", accountId=house.id)
    query = """query ($r: [_Any!]!) { _entities(representations: $r) {
      ... on Account { id disabledAt availableActions } } }"""
    keys = [{"__typename": "Account", "id": each.id} for each in (house, other)]
    for caller, seen in (
        (house.administrator, [[], None]),
        (house.callers[Role.VIEWER], [[], None]),
        (other.callers[Role.MANAGER], [None, []]),
        (other.administrator, [None, ["ADD_COMPANY", "ADD_MEMBER", "DISABLE"]]),
    ):
        entities = (await door.see(caller, query, r=keys))["_entities"]
        assert [each and each["availableActions"] for each in entities] == seen


async def test_who_lost_their_role_while_they_waited_finds_nothing(door, database):
    """Their token and their session still say administrator."""
    house = await found_account(database)
    administrator = house.administrator
    second = house.callers[Role.MANAGER]
    await do(door, "support", "changeMember", memberId=second.member_id, role="ADMINISTRATOR")
    async with database.transaction(SUPPORT) as holding:
        await account_changes.lock_account(holding, house.id, EVERYTHING)
        await holding.execute(
            "UPDATE members SET role = 'VIEWER' WHERE id = $1", administrator.member_id
        )
        # Resolved as an administrator, and waiting for the account's row.
        late = asyncio.ensure_future(
            refusals(door, administrator, "addCompany", accountId=house.id, name="Late")
        )
        await asyncio.sleep(0.3)
        assert not late.done()
    assert await late == [("NOT_FOUND", "accountId")]


async def test_row_level_security_alone_changes_no_other_account(database):
    house, other = await found_account(database), await found_account(database)
    foreign = Company(id="co_foreign", account_id=house.id, name="Foreign")
    async with database.transaction(other.administrator) as connection:
        for table, change in (
            ("accounts", "disabled_at = now(), disabled_by = 'me'"),
            ("companies", "name = 'Ours'"),
            ("members", "active = false"),
        ):
            column = "id" if table == "accounts" else "account_id"
            done = await connection.execute(
                f"UPDATE {table} SET {change} WHERE {column} = $1", house.id
            )
            assert done == "UPDATE 0"
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with database.transaction(other.administrator) as connection:
            await accounts.add_companies(connection, [foreign])
    for wish in (
        "UPDATE accounts SET in_trial = false",
        "UPDATE accounts SET name = 'x'",
        "UPDATE members SET login_subject = 'x'",
        "UPDATE members SET account_id = 'x'",
        "UPDATE companies SET account_id = 'x'",
        "UPDATE port_requests SET is_open = false",
        "DELETE FROM port_out_numbers",
        "DELETE FROM members",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with database.transaction(other.administrator) as connection:
                await connection.execute(wish)
