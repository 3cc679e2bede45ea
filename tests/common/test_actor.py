"""Every transaction knows who acts in it, whatever name an issuer has given them."""

from dataclasses import replace

import pytest

from libs.common.caller import Anonymous, Machine, Member, Role, Support
from tests.porting.builders import login

MEMBER = Member(
    login=login("ada"), account_id="acc_1", member_id="mem_1", role=Role.CLIENT_MANAGER
)
ACTORS = [
    (MEMBER, "member:mem_1"),
    (Support(login=login("auth0|17@desk")), "support:auth0|17@desk"),
    (Support(login=login("O'Neill; --\\\0é")), "support:O%27Neill%3B%20--%5C%00%C3%A9"),
    (Support(login=login("\ud800")), "support:%3F"),
    (Machine(login=login("switch"), scopes=frozenset()), "machine:switch"),
    (Anonymous(), ""),
]


@pytest.mark.parametrize(("caller", "actor"), ACTORS)
async def test_a_transaction_names_its_caller(database, caller, actor):
    for opened in (database.transaction(caller), database.reading(caller)):
        async with opened as connection:
            assert await actor_of(connection) == actor


async def test_what_nobody_asked_for_is_the_systems(database):
    async with database.working() as connection:
        assert await actor_of(connection) == "system"


async def test_an_actor_ends_with_the_transaction(database):
    async with database.transaction(MEMBER):
        pass
    async with database.transaction(Anonymous()) as connection:
        assert await actor_of(connection) == ""


async def test_an_account_with_a_quote_is_never_put_into_sql(database):
    odd = replace(MEMBER, account_id="acc'; DROP TABLE x; --")
    with pytest.raises(ValueError, match="characters that none has"):
        async with database.reading(odd):
            pass


async def actor_of(connection):
    return await connection.fetchval("SELECT coalesce(current_setting('app.actor', true), '')")
