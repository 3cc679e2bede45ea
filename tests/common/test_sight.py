"""What of the rows a caller may see at all."""

from datetime import UTC, datetime

import pytest

from libs.common.caller import Anonymous, Login, Machine, Member, Role, Stranger, Support
from libs.common.sight import EVERYTHING, NOTHING, Sight, sight_of

LOGIN = Login(issuer="issuer", subject="ann", expires_at=datetime.max.replace(tzinfo=UTC))


def a_member(role):
    companies = frozenset() if role is Role.ADMINISTRATOR else frozenset({"co_2", "co_1"})
    return Member(
        login=LOGIN, account_id="acc_1", member_id="mem_1", role=role, company_ids=companies
    )


def test_support_sees_everything():
    assert sight_of(Support(login=LOGIN)) == EVERYTHING
    assert EVERYTHING.has_account("acc_1")
    assert EVERYTHING.has_any_company([])
    assert EVERYTHING.has_requester("mem_2")


def test_an_administrator_sees_the_whole_account_and_no_other():
    sight = sight_of(a_member(Role.ADMINISTRATOR))
    assert sight == Sight(account_id="acc_1")
    assert (sight.has_account("acc_1"), sight.has_account("acc_2")) == (True, False)


@pytest.mark.parametrize("role", [Role.MANAGER, Role.VIEWER])
def test_others_see_their_companies(role):
    sight = sight_of(a_member(role))
    assert sight == Sight(account_id="acc_1", company_ids=["co_1", "co_2"])
    assert sight.has_any_company(["co_9", "co_2"])
    assert not sight.has_any_company(["co_9"])


@pytest.mark.requirement("S48")
def test_a_client_manager_sees_only_their_own_requests():
    sight = sight_of(a_member(Role.CLIENT_MANAGER))
    assert sight is not None
    assert sight.has_requester("mem_1")
    assert not sight.has_requester("mem_2")
    assert not sight.has_requester(None)


@pytest.mark.parametrize(
    "nobody",
    [Anonymous(), Stranger(login=LOGIN), Machine(login=LOGIN, scopes=frozenset({"x"}))],
)
def test_nobody_else_sees_anything(nobody):
    assert sight_of(nobody) is None
    assert not NOTHING.has_account("acc_1")
    assert not NOTHING.has_any_company(["co_1"])
    assert not NOTHING.has_requester("mem_1")
