"""A tracking number's states, without a database."""

from datetime import timedelta
from itertools import permutations, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.numbers.domain.refusals import NumberCannotBeDisabled, NumberCannotBeRestored
from services.numbers.domain.tracking_numbers import (
    IGNORED,
    NEXT_STATES,
    Change,
    NumberBadge,
    NumberState,
    NumberTab,
    TrackingNumber,
)
from tests.numbers.builders import NOON, a_number

# What people ask for; all else is told to us.
WISHES = {Change.DISABLE, Change.RESTORE}
FACTS = tuple(change for change in Change if change not in WISHES)
EARLIER, LATER = NOON - timedelta(minutes=5), NOON + timedelta(minutes=5)
# The carrier states one instant, then corrects it twice; the call is told in between.
WORDS = {
    "ported": lambda number: number.port_in(NOON),
    "ported earlier": lambda number: number.port_in(EARLIER),
    "ported later": lambda number: number.port_in(LATER),
    "called": lambda number: number.receive_call(NOON - timedelta(minutes=1)),
}


def tell(words: tuple[str, ...]) -> TrackingNumber:
    number = a_number()
    for word in words:
        number = WORDS[word](number)
    return number


@pytest.mark.parametrize(("state", "change"), [*product(NumberState, FACTS)])
def test_every_fact_leads_somewhere_or_is_listed_as_ignored(state, change):
    assert ((state, change) in NEXT_STATES) is not ((state, change) in IGNORED)


def test_a_wish_is_never_ignored():
    assert not [state for state, change in IGNORED if change in WISHES]


@pytest.mark.requirement("S20", "S66")
@given(st.permutations(sorted(WORDS)), st.lists(st.sampled_from(sorted(WORDS)), max_size=6))
def test_every_order_of_port_and_first_call_ends_the_same(order, again):
    end = tell((*order, *again))
    assert (end.state, end.ported_at) == (NumberState.ACTIVE, EARLIER)
    assert end.first_called_at == NOON - timedelta(minutes=1)


def test_the_first_call_after_or_before_the_port_makes_it_active():
    ends = {tell(order).state for order in permutations(("ported", "called"))}
    assert ends == {NumberState.ACTIVE}


@pytest.mark.requirement("S66")
def test_a_second_call_changes_nothing():
    number = a_number().receive_call(NOON)
    assert number.receive_call(EARLIER) is number


@pytest.mark.requirement("S12")
def test_a_call_leaves_the_ports_instant_to_porting():
    after, before = tell(("ported", "called")), tell(("called", "ported"))
    assert after.ported_at == before.ported_at == NOON


@pytest.mark.requirement("S22")
def test_a_number_whose_line_ended_is_released_unless_it_has_rung_or_ported():
    assert a_number().end_line(NOON).state is NumberState.RELEASED
    ported = tell(("ported",))
    for arrived in (ported, ported.receive_call(NOON)):
        assert arrived.end_line(NOON) is arrived
    rung = tell(("called",)).end_line(NOON)
    assert rung.state is NumberState.ACTIVE
    assert rung.end_line(LATER) is rung


def test_a_later_notice_moves_the_port_back_and_never_forward():
    number = a_number().port_in(NOON)
    assert number.port_in(LATER) is number
    assert number.port_in(EARLIER).ported_at == EARLIER


def test_the_same_notice_twice_changes_nothing():
    number = a_number().port_in(NOON)
    assert number.port_in(NOON) is number


def test_each_change_raises_the_version_by_one():
    number = a_number().port_in(NOON).receive_call(NOON).authorize_port_out("po_1")
    assert number.port_out("po_1", NOON).disable("mem_1", NOON).version == 5


@pytest.mark.requirement("S79")
def test_a_number_that_left_rings_and_counts_as_active_until_it_is_disabled():
    active = a_number(state=NumberState.ACTIVE, first_called_at=EARLIER)
    left = active.authorize_port_out("po_1").port_out("po_1", NOON)
    assert (left.tab, left.badge) == (NumberTab.ACTIVE, NumberBadge.PORTED_OUT)
    assert left.receive_call(NOON) is left
    assert left.disable("mem_1", NOON).tab is NumberTab.DISABLED


def test_a_number_that_is_still_porting_in_cannot_leave():
    number = a_number()
    assert number.authorize_port_out("po_1") is number
    assert number.port_out("po_1", NOON) is number


@pytest.mark.parametrize(
    "state",
    [
        NumberState.PRECONFIGURED,
        NumberState.PORTING_OUT,
        NumberState.DISABLED,
        NumberState.QUARANTINED,
        NumberState.RELEASED,
    ],
)
def test_a_number_that_is_moving_or_gone_cannot_be_disabled(state):
    with pytest.raises(NumberCannotBeDisabled) as refusal:
        a_number(state=state).disable("mem_1", NOON)
    assert refusal.value.status == state


TELLING = {
    Change.LINE_ENDED: lambda number: number.end_line(NOON),
    Change.LINE_REVERTED: lambda number: number.revert(),
    Change.PORTED_IN: lambda number: number.port_in(NOON),
    Change.CALLED: lambda number: number.receive_call(NOON),
    Change.PORT_OUT_AUTHORIZED: lambda number: number.authorize_port_out("po_1"),
    Change.PORT_OUT_CANCELLED: lambda number: number.keep("po_1"),
    Change.PORTED_OUT: lambda number: number.port_out("po_1", NOON),
    Change.RETURNED: lambda number: number.take_back("po_1"),
    Change.STAYED_DISABLED: lambda number: number.quarantine(NOON),
    Change.QUARANTINE_OVER: lambda number: number.end_quarantine(),
}


@given(st.sampled_from(NumberState), st.lists(st.sampled_from(FACTS), max_size=8))
def test_no_fact_is_ever_a_fault(state, facts):
    number = a_number(state=state)
    for fact in facts:
        number = TELLING[fact](number)
    assert number.version <= len(facts)


def test_a_number_that_was_called_before_it_ported_cannot_be_disabled():
    called = a_number().receive_call(NOON)
    assert not called.can_be_disabled
    assert called.port_in(NOON).can_be_disabled


def test_a_number_that_rang_and_whose_line_has_ended_can_be_disabled_and_restored():
    rung = a_number().receive_call(EARLIER).end_line(NOON)
    disabled = rung.disable("mem_1", LATER)
    assert (rung.version, disabled.version, disabled.is_billed) == (1, 2, False)
    assert disabled.restore().can_be_disabled


def leave(number: TrackingNumber, at=NOON) -> TrackingNumber:
    return number.authorize_port_out("po_1").port_out("po_1", at)


@pytest.mark.parametrize(
    ("word", "state"),
    [("called", NumberState.ACTIVE), ("ported", NumberState.AWAITING_FIRST_CALL)],
)
def test_what_comes_back_is_where_it_was_before(word, state):
    number = a_number(ported_at=NOON, state=NumberState.AWAITING_FIRST_CALL)
    number = WORDS[word](number)
    kept = number.authorize_port_out("po_1").keep("po_1")
    returned = leave(number).take_back("po_1")
    returned_late = leave(number).disable("mem_1", LATER).take_back("po_1")
    restored = number.disable("mem_1", LATER).restore()
    for again in (kept, returned, returned_late, restored):
        assert again.state is state
        assert (again.port_out_id, again.ported_out_at, again.disabled_at) == (None,) * 3


def test_another_port_out_neither_keeps_a_number_nor_gives_it_back():
    leaving = a_number(state=NumberState.ACTIVE).authorize_port_out("po_1")
    assert leaving.keep("po_2") is leaving
    left = leaving.port_out("po_1", NOON)
    assert left.take_back("po_2") is left


def test_a_number_that_was_disabled_before_it_left_comes_back_disabled():
    left = a_number(state=NumberState.ACTIVE, ported_at=EARLIER).disable("mem_1", NOON)
    left = left.port_out("po_1", LATER)
    assert (left.state, left.ported_out_at) == (NumberState.DISABLED, LATER)
    assert left.quarantine(LATER) is left
    returned = left.take_back("po_1")
    assert (returned.state, returned.disabled_at) == (NumberState.DISABLED, NOON)
    assert returned.quarantine(LATER).state is NumberState.QUARANTINED


def test_a_number_that_has_left_is_neither_restored_nor_kept_back():
    left = leave(a_number(state=NumberState.ACTIVE)).disable("mem_1", NOON)
    assert left.quarantine(LATER) is left
    with pytest.raises(NumberCannotBeRestored):
        left.restore()


@pytest.mark.parametrize("state", [each for each in NumberState if each != "DISABLED"])
def test_only_a_disabled_number_is_restored(state):
    with pytest.raises(NumberCannotBeRestored) as refusal:
        a_number(state=state).restore()
    assert refusal.value.status == state


def test_a_number_whose_line_reverts_is_released_even_if_it_was_called():
    called = tell(("ported", "called"))
    assert called.revert().state is NumberState.RELEASED
    assert called.disable("mem_1", NOON).revert().state is NumberState.RELEASED


def test_a_number_is_released_when_its_quarantine_is_over():
    disabled = tell(("ported", "called")).disable("mem_1", NOON)
    quarantined = disabled.quarantine(LATER)
    assert (quarantined.tab, quarantined.quarantined_at) == (None, LATER)
    assert quarantined.end_quarantine().state is NumberState.RELEASED
    assert quarantined.port_out("po_1", LATER).state is NumberState.RELEASED
