"""What is told, in which order, to whom."""

from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.common.caller import Anonymous, Machine, Role, Stranger
from libs.common.sight import EVERYTHING, NOTHING, sight_of
from libs.contracts.number_events import NUMBER_EVENTS
from libs.contracts.porting_events.registry import PORTING_EVENTS
from services.notifications.domain.status_changes import choose_told, describe
from services.notifications.domain.status_facts import (
    COPIED,
    DESK_TOLD,
    NOT_TOLD,
    TOLD,
    TOLD_ONCE_WHILE,
)
from services.notifications.domain.visibility import loses, may_see
from tests.notifications.callers import SUPPORT, member
from tests.notifications.facts import (
    account_changed,
    approved,
    lines_ported,
    member_changed,
    submitted,
)


def test_every_fact_is_told_or_listed_as_not_told() -> None:
    listed = [*TOLD, *TOLD_ONCE_WHILE, *DESK_TOLD, *NOT_TOLD, *COPIED]

    assert len(listed) == len(set(listed))
    assert set(listed) == set(chain(PORTING_EVENTS, NUMBER_EVENTS))


def test_a_fact_without_a_status_is_no_change() -> None:
    with pytest.raises(TypeError):
        describe(account_changed())


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 9))))
def test_each_version_is_chosen_once_and_a_subjects_versions_rise(arrived) -> None:
    told = choose_told([approved(subject, version) for subject, version in arrived], {})

    assert sorted((each.subject, each.sequence) for each in told) == sorted(set(arrived))
    for subject in "abc":
        versions = [each.sequence for each in told if each.subject == subject]
        assert versions == sorted(versions)
    firsts = list(dict.fromkeys(arrived))
    assert [each.subject for each in told] == [subject for subject, _ in firsts]


@pytest.mark.parametrize(
    ("status_before", "status", "is_told"),
    [
        ("APPROVED", "PORTING", True),
        (None, "PORTING", True),
        ("PORTING", "PORTING", False),
        ("PORTING", "COMPLETED", False),
        ("ACTION_REQUIRED", "ACTION_REQUIRED", False),
    ],
)
def test_ported_lines_are_told_when_porting_begins(status_before, status, is_told) -> None:
    told = choose_told([lines_ported(status=status)], {"pr_1": status_before})

    assert bool(told) is is_told


MANAGER = member(Role.MANAGER, "co_a", "co_b")


@pytest.mark.parametrize(
    ("before", "now", "is_lost"),
    [
        (MANAGER, MANAGER, False),
        (MANAGER, member(Role.MANAGER, "co_a", "co_b", "co_c"), False),
        (MANAGER, member(), False),
        (MANAGER, member(Role.MANAGER, "co_a"), True),
        (MANAGER, member(Role.VIEWER, "co_a", "co_b"), True),
        (MANAGER, Stranger(login=MANAGER.login), True),
        (member(), MANAGER, True),
        (member(), member(), False),
        (SUPPORT, SUPPORT, False),
    ],
)
def test_a_stream_ends_only_where_a_right_was_taken_away(before, now, is_lost) -> None:
    assert loses(before, now) is is_lost


@pytest.mark.parametrize(
    "caller",
    [
        Anonymous(),
        Stranger(login=MANAGER.login),
        Machine(login=MANAGER.login, scopes=frozenset({"calls:report"})),
    ],
)
def test_who_is_neither_member_nor_support_sees_nothing(caller) -> None:
    assert not may_see(sight_of(caller) or NOTHING, describe(submitted()))


def test_a_change_of_an_account_itself_is_shown_to_nobody() -> None:
    assert not may_see(EVERYTHING, describe(member_changed()))
