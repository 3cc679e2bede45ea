"""A line's states and the request's status that follows from them, without a database."""

from datetime import timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.porting.domain.lines import (
    FAULTY,
    IGNORED,
    NEXT_STATES,
    TERMINAL,
    WITH_A_CARRIER,
    LineEvent,
    LineState,
    is_refused,
    states_before,
)
from services.porting.domain.requests import (
    FINAL,
    PortRequestStatus,
    WaitingOn,
    derive_status,
)
from tests.porting.builders import a_request, now

REFUSED = {
    *((LineEvent.REQUEST_SUBMITTED, state) for state in set(LineState) - {LineState.ADDED}),
    *((LineEvent.SENT, state) for state in set(LineState) - {LineState.READY}),
    *product((LineEvent.APPROVED,), {LineState.ADDED, LineState.READY, *FAULTY}),
    (LineEvent.APPROVED, LineState.CANCEL_REQUESTED),
    *product(
        (LineEvent.DROPPED,),
        set(LineState) - {LineState.ADDED, LineState.READY, LineState.CANCELLED},
    ),
    *product((LineEvent.PORTED,), (LineState.ADDED, LineState.READY)),
}


@pytest.mark.parametrize(("event", "state"), [*product(LineEvent, LineState)])
def test_every_event_leads_somewhere_is_ignored_or_is_refused(event, state):
    answers = (
        state in NEXT_STATES[event],
        state in IGNORED[event],
        is_refused(event, state),
    )
    assert answers.count(True) == 1
    assert answers[2] is ((event, state) in REFUSED)


@pytest.mark.parametrize("event", list(LineEvent))
def test_nothing_leads_out_of_a_terminal_state(event):
    assert not TERMINAL & NEXT_STATES[event].keys()


def test_a_call_ports_every_line_that_a_carrier_has():
    assert set(states_before(LineEvent.CALLED)) == WITH_A_CARRIER


def recomputed(states: list[LineState]) -> PortRequestStatus:
    """The rows of domain.md's table, one by one, over the lines themselves."""
    live = [state for state in states if state not in TERMINAL]
    arrived = [state for state in states if state in {"PORTED", "REVERTED"}]
    rules = (
        (any(state in FAULTY for state in states), PortRequestStatus.ACTION_REQUIRED),
        (not live and not arrived, PortRequestStatus.CANCELLED),
        (not live and len(arrived) == len(states), PortRequestStatus.COMPLETED),
        (not live, PortRequestStatus.PARTIALLY_COMPLETED),
        (set(live) == {"CANCEL_REQUESTED"}, PortRequestStatus.CANCEL_REQUESTED),
        (bool({"ACTIVATING", "PORTED"} & {*states}), PortRequestStatus.PORTING),
        (set(live) == {"APPROVED"}, PortRequestStatus.APPROVED),
    )
    return next((status for fits, status in rules if fits), PortRequestStatus.WITH_CARRIER)


@given(st.lists(st.sampled_from([*(WITH_A_CARRIER | TERMINAL)]), min_size=1, max_size=6))
def test_a_requests_status_is_what_its_lines_say(states):
    counts = {state: states.count(state) for state in LineState}
    assert derive_status(counts) is recomputed(states)


@given(st.permutations([*LineState]), st.integers(1, 12))
def test_neither_order_nor_number_of_lines_changes_the_status(states, size):
    chosen = states[:size]
    once = dict.fromkeys(chosen, 1)
    often = dict.fromkeys(reversed(chosen), 1_000)
    assert derive_status(once) is derive_status(often)


@pytest.mark.parametrize("status", list(PortRequestStatus))
def test_every_status_says_whose_turn_it_is(status):
    waiting_on, remedy = a_request(status=status).turn
    assert (waiting_on is WaitingOn.NOBODY) is (status in FINAL)
    assert remedy.endswith(".")


def test_a_fault_ends_with_the_status_that_it_made():
    at_fault = a_request(
        status=PortRequestStatus.ACTION_REQUIRED,
        fault_code="INTERNAL_PORT",
        fault_waiting_on=WaitingOn.SUPPORT,
    )
    assert at_fault.turn[0] is WaitingOn.SUPPORT
    healed = at_fault.moved_to(PortRequestStatus.PORTING, now())
    assert (healed.fault_code, healed.turn[0]) == (None, WaitingOn.LOSING_CARRIER)


def test_a_status_that_stays_keeps_its_time():
    request = a_request(status=PortRequestStatus.PORTING)
    assert request.moved_to(PortRequestStatus.PORTING, now() + timedelta(days=1)) is request
