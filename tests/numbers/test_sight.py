"""What of the rows a caller may see at all."""

import pytest

from libs.common.caller import Anonymous, Machine, Member, Role, Stranger
from services.numbers.domain.sight import EVERYTHING, NOTHING, Sight, sight_of
from tests.numbers.builders import SUPPORT, login


def a_member(role):
    return Member(
        login=login(),
        account_id="acc_1",
        member_id="mem_1",
        role=role,
        company_ids=frozenset({"co_2", "co_1"}),
    )


def test_support_sees_everything():
    assert sight_of(SUPPORT) == EVERYTHING


def test_an_administrator_sees_the_whole_account():
    sight = sight_of(a_member(Role.ADMINISTRATOR))
    assert sight == Sight(account_id="acc_1", company_ids=None)
    assert (sight.has_account("acc_1"), sight.has_account("acc_2")) == (True, False)


@pytest.mark.parametrize("role", [Role.MANAGER, Role.CLIENT_MANAGER, Role.VIEWER])
def test_others_see_their_companies(role):
    assert sight_of(a_member(role)).company_ids == ["co_1", "co_2"]


@pytest.mark.parametrize(
    "nobody",
    [Anonymous(), Stranger(login=login()), Machine(login=login(), scopes=frozenset({"x"}))],
)
def test_nobody_else_sees_anything(nobody):
    assert sight_of(nobody) == NOTHING
    assert not NOTHING.has_account("acc_1")
