"""Any moves of any actors in any order, doubled as they come: the rules of domain.md hold."""

from collections import Counter
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from services.porting.domain.lines import (
    FAULTY,
    IGNORED,
    NEXT_STATES,
    TERMINAL,
    WITH_A_CARRIER,
    LineEvent,
    LineState,
    is_refused,
)
from services.porting.domain.requests import (
    FINAL,
    NEXT_STATUSES,
    ImpossibleMoveError,
    PortRequestStatus,
    RequestEvent,
    derive_status,
)
from tests.porting.builders import a_request, now
from tests.porting.test_lines import recomputed

AT_THE_CARRIER = sorted(
    {*LineEvent} - {LineEvent.REQUEST_SUBMITTED, LineEvent.SENT, LineEvent.CALLED}
)


def next_state(event: LineEvent, state: LineState) -> LineState:
    """The same where the event is ignored."""
    return NEXT_STATES[event].get(state, state)


class RandomMoves(RuleBasedStateMachine):
    """One request with a few lines, from its draft to whatever end; no database."""

    @initialize(lines=st.integers(1, 4))
    def start(self, lines):
        self.request = a_request()
        self.states = [LineState.ADDED] * lines
        self.has_arrived = [False] * lines

    def is_sent(self):
        return self.request.sent_at is not None

    def move(self, event, places):
        """All of the places or none, as the use cases do; a refusal changes nothing."""
        chosen = [place for place in places if place < len(self.states)]
        if any(is_refused(event, self.states[place]) for place in chosen):
            return
        for place in chosen:
            before, after = self.states[place], next_state(event, self.states[place])
            if before in TERMINAL and after is not before:
                assert (before, after) == (LineState.PORTED, LineState.REVERTED)
            self.states[place] = after
            self.has_arrived[place] |= after is LineState.PORTED
        if self.is_sent():
            self.derive()

    def derive(self):
        self.request = self.request.moved_to(derive_status(Counter(self.states)), now())

    @precondition(lambda self: not self.is_sent())
    @rule(event=st.sampled_from(RequestEvent), data=st.data())
    def before_the_carrier(self, event, data):
        leads_to = NEXT_STATUSES[event].get(self.request.status)
        if leads_to is None:
            assert not self.request.allows(event)
            return
        status = data.draw(st.sampled_from(sorted(leads_to)))
        self.request = self.request.moved_to(status, now())
        if event is RequestEvent.SUBMITTED:
            self.move(LineEvent.REQUEST_SUBMITTED, range(len(self.states)))
        if status in FINAL:
            self.move(LineEvent.CANCEL_ASKED, range(len(self.states)))

    @precondition(
        lambda self: self.request.status is PortRequestStatus.IN_REVIEW and not self.is_sent()
    )
    @rule()
    def send(self):
        self.move(LineEvent.SENT, range(len(self.states)))
        self.request = a_request(status=self.request.status, sent_at=now())
        self.derive()

    @rule(
        event=st.sampled_from(AT_THE_CARRIER),
        places=st.sets(st.integers(0, 3), min_size=1),
        doubled=st.booleans(),
    )
    @precondition(lambda self: self.is_sent())
    def the_carrier_or_the_desk_says(self, event, places, doubled):
        for _ in range(2 if doubled else 1):
            self.move(event, places)

    @rule(place=st.integers(0, 3))
    def a_call_comes(self, place):
        before = list(self.states)
        self.move(LineEvent.CALLED, [place])
        if place < len(before) and before[place] in WITH_A_CARRIER:
            assert self.states[place] is LineState.PORTED

    @invariant()
    def the_status_is_what_the_lines_say(self):
        if self.is_sent():
            assert self.request.status is recomputed(self.states)
        elif self.request.status in FINAL:
            assert not {*self.states} - {LineState.CANCELLED}
        else:
            assert {*self.states} <= {LineState.ADDED, LineState.READY}

    @invariant()
    def what_has_arrived_is_never_lost(self):
        for state, has_arrived in zip(self.states, self.has_arrived, strict=True):
            assert (state in {LineState.PORTED, LineState.REVERTED}) is has_arrived

    @invariant()
    def a_fault_is_always_shown(self):
        if FAULTY & {*self.states}:
            assert self.request.status is PortRequestStatus.ACTION_REQUIRED


TestRandomMoves = RandomMoves.TestCase
TestRandomMoves.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)

WORDS = (LineEvent.APPROVED, LineEvent.PORTED, LineEvent.CALLED)


@pytest.mark.parametrize("start", sorted(WITH_A_CARRIER))
@given(data=st.data())
def test_every_order_of_date_port_and_call_with_doubles_ends_ported(start, data):
    order = data.draw(st.sampled_from([*permutations(WORDS)]))
    again = data.draw(st.lists(st.sampled_from(WORDS), max_size=4))
    state = start
    for event in (*order, *again):
        if not is_refused(event, state):
            state = next_state(event, state)
    assert state is LineState.PORTED


@given(st.sampled_from(LineEvent), st.sampled_from(LineState))
def test_a_doubled_word_changes_nothing_more(event, state):
    """But one that starts a new round: what was sent again can be refused again."""
    if is_refused(event, state):
        return
    once = next_state(event, state)
    if not is_refused(event, once):
        assert next_state(event, once) is once
    else:
        assert state in NEXT_STATES[event]
        assert state not in IGNORED[event]


@given(st.sampled_from(PortRequestStatus), st.sampled_from(PortRequestStatus))
def test_what_is_final_stays_so_before_the_carrier(before, after):
    if before not in FINAL or before is after:
        return
    with pytest.raises(ImpossibleMoveError):
        a_request(status=before).moved_to(after, now())
