"""A caller is a token's login joined with our rows, and no more than either says."""

import pytest

from libs.common.caller import (
    AccountNotChosen,
    Anonymous,
    Machine,
    Member,
    Role,
    Stranger,
    Support,
)
from libs.common.dev_issuer import sign_token
from libs.common.tokens import Unauthenticated
from tests.common.sample import Rows, resolver_of


async def resolve(issuer_key, subject, header=None, *, rows=None, **claims):
    token = sign_token(issuer_key, subject=subject, **claims)
    return await resolver_of(issuer_key, rows).resolve(f"Bearer {token}", header)


async def test_no_token_is_anonymous(issuer_key):
    assert await resolver_of(issuer_key).resolve(None, "acc_1") == Anonymous()


async def test_a_login_with_one_membership_needs_no_choice(issuer_key):
    caller = await resolve(issuer_key, "val")

    assert isinstance(caller, Member)
    assert (caller.account_id, caller.role) == ("acc_1", Role.VIEWER)
    assert caller.has_company("co_1")
    assert not caller.has_company("co_2")


async def test_an_administrator_has_every_company(issuer_key):
    caller = await resolve(issuer_key, "ann")

    assert isinstance(caller, Member)
    assert caller.company_ids == frozenset()
    assert caller.has_company("co_whatever")


@pytest.mark.parametrize(
    ("claim", "header"),
    [("acc_2", None), (None, "acc_2"), ("acc_2", "acc_2"), (None, " acc_2 ")],
)
async def test_claim_or_header_chooses_among_several(issuer_key, claim, header):
    caller = await resolve(issuer_key, "two", header, account_id=claim)

    assert isinstance(caller, Member)
    assert (caller.account_id, caller.role) == ("acc_2", Role.MANAGER)


@pytest.mark.parametrize(
    ("claim", "header"),
    [(None, None), ("acc_1", "acc_2"), (None, "acc_9"), ("acc_9", None), (None, "x" * 90)],
)
async def test_a_choice_that_is_missing_wrong_or_double_is_refused(issuer_key, claim, header):
    with pytest.raises(AccountNotChosen):
        await resolve(issuer_key, "two", header, account_id=claim)


async def test_a_single_membership_does_not_excuse_another_account(issuer_key):
    with pytest.raises(AccountNotChosen):
        await resolve(issuer_key, "ann", "acc_2")


async def test_a_login_without_membership_is_a_stranger(issuer_key):
    caller = await resolve(issuer_key, "nobody", "acc_1")

    assert isinstance(caller, Stranger)
    assert caller.login.subject == "nobody"


async def test_a_persons_ordinary_scopes_make_no_machine(issuer_key):
    caller = await resolve(issuer_key, "nobody", scopes=["openid", "profile", "calls"])

    assert isinstance(caller, Stranger)


async def test_support_and_machines_are_told_by_scope(issuer_key):
    support = await resolve(issuer_key, "desk", scopes=["support"])
    machine = await resolve(issuer_key, "calls", scopes=["calls:report", "openid"])

    assert isinstance(support, Support)
    assert isinstance(machine, Machine)
    assert machine.scopes == {"calls:report"}


@pytest.mark.parametrize(
    "authorization", ["Basic YTpi", "Bearer", "Bearer  ", "token", "Bearer a b"]
)
async def test_what_is_no_bearer_token_is_refused(issuer_key, authorization):
    with pytest.raises(Unauthenticated):
        await resolver_of(issuer_key).resolve(authorization, None)


async def test_a_role_that_was_taken_away_is_gone_with_the_next_look(issuer_key):
    rows = Rows()
    resolver = resolver_of(issuer_key, rows)
    token = sign_token(issuer_key, subject="ann")
    caller = await resolver.resolve(f"Bearer {token}", None)

    rows.memberships["ann"] = [("acc_1", Role.VIEWER)]
    lowered = await resolver.refresh(caller)
    rows.memberships["ann"] = []
    gone = await resolver.refresh(lowered)

    assert isinstance(lowered, Member)
    assert lowered.role is Role.VIEWER
    assert isinstance(gone, Stranger)
