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
    ImpossibleMoveError,
    PortRequestStatus,
    RequestEvent,
    WaitingOn,
    derive_status,
)
from tests.porting.builders import a_request, now

_E, _S = LineEvent, LineState
NOT_SENT = {_S.ADDED, _S.READY}
# What is neither a move nor a late word, written out once more.
REFUSED = {
    _E.REQUEST_SUBMITTED: {*_S} - {_S.ADDED},
    _E.FOUND_UNPORTABLE: WITH_A_CARRIER - {_S.WITH_CARRIER, _S.REJECTED},
    _E.SENT: {*_S} - {_S.READY},
    _E.APPROVED: {*NOT_SENT, _S.REJECTED},
    _E.FIRM_DATE_CHANGED: {*NOT_SENT, _S.REJECTED},
    _E.REJECTED: NOT_SENT,
    _E.CONFLICT_RAISED: NOT_SENT,
    _E.ACTIVATION_STARTED: {
        *NOT_SENT, _S.WITH_CARRIER, _S.REJECTED, _S.CONFLICT, _S.CANCEL_REQUESTED,
    },
    _E.ACTIVATION_FAILED: {*NOT_SENT, _S.WITH_CARRIER},
    _E.CORRECTED: {*_S} - FAULTY - {_S.READY},
    _E.RESENT: {*_S} - FAULTY,
    _E.DROPPED: {*_S} - FAULTY - NOT_SENT - {_S.CANCELLED},
    _E.CANCEL_ASKED: {_S.ACTIVATING},
    _E.CANCELLED: {*_S} - TERMINAL - {_S.CANCEL_REQUESTED},
    _E.CANCEL_REFUSED: NOT_SENT,
    _E.CANCEL_REFUSED_WITH_DATE: NOT_SENT,
    _E.PORTED: NOT_SENT,
    _E.CALLED: set(),
    _E.REVERTED: {*_S} - {_S.PORTED, _S.REVERTED},
}  # fmt: skip


@pytest.mark.parametrize(("event", "state"), [*product(LineEvent, LineState)])
def test_every_event_leads_somewhere_is_ignored_or_is_refused(event, state):
    answers = (
        state in NEXT_STATES[event],
        state in IGNORED[event],
        is_refused(event, state),
    )
    assert answers.count(True) == 1
    assert answers[2] is (state in REFUSED[event])


def test_only_a_snapback_leads_out_of_a_terminal_state():
    moves = {
        (event, before, after)
        for event, table in NEXT_STATES.items()
        for before, after in table.items()
        if before in TERMINAL
    }
    assert moves == {(_E.REVERTED, _S.PORTED, _S.REVERTED)}


def test_the_tables_say_something_about_every_event():
    assert NEXT_STATES.keys() == IGNORED.keys() == {*LineEvent}


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
        sent_at=now(),
        fault_code="SV_CONFLICT",
        fault_waiting_on=WaitingOn.SUPPORT,
        fault_remedy="We settle it.",
    )
    assert at_fault.turn == (WaitingOn.SUPPORT, "We settle it.")
    healed = at_fault.moved_to(PortRequestStatus.PORTING, now())
    assert (healed.fault_code, healed.turn[0]) == (None, WaitingOn.LOSING_CARRIER)
    assert healed.fault_remedy is None


def test_a_status_that_stays_keeps_its_time():
    request = a_request(status=PortRequestStatus.PORTING)
    assert request.moved_to(PortRequestStatus.PORTING, now() + timedelta(days=1)) is request


# domain.md's table, once more: where a request can go before a carrier has it.
BEFORE_THE_CARRIER = {
    "DRAFT": {
        "AWAITING_AUTHORIZATION", "AWAITING_SIGNATURE", "IN_REVIEW", "CANCELLED", "EXPIRED",
    },
    "AWAITING_AUTHORIZATION": {"AWAITING_SIGNATURE", "IN_REVIEW", "CANCELLED", "EXPIRED"},
    "AWAITING_SIGNATURE": {"IN_REVIEW", "ACTION_REQUIRED", "CANCELLED", "EXPIRED"},
    "IN_REVIEW": {"ACTION_REQUIRED", "CANCELLED"},
    "ACTION_REQUIRED": {"AWAITING_SIGNATURE", "IN_REVIEW", "CANCELLED", "EXPIRED"},
}  # fmt: skip


@pytest.mark.parametrize(("before", "after"), [*product(PortRequestStatus, PortRequestStatus)])
def test_before_the_carrier_a_request_moves_by_the_table_alone(before, after):
    request = a_request(status=before)
    if before is after:
        assert request.moved_to(after, now()) is request
    elif after in BEFORE_THE_CARRIER.get(before, ()):
        assert request.moved_to(after, now()).status is after
    else:
        with pytest.raises(ImpossibleMoveError):
            request.moved_to(after, now())


@pytest.mark.parametrize("event", list(RequestEvent))
def test_no_event_moves_a_request_by_hand_that_a_carrier_has(event):
    assert not a_request(status="ACTION_REQUIRED", sent_at=now()).allows(event)
