"""Billing periods follow a number through every order of its changes, without a database."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from services.numbers.domain.billing_periods import Month, PeriodChange, settle
from services.numbers.domain.tracking_numbers import NumberState
from tests.numbers.builders import NOON, a_number

MINUTES = st.integers(min_value=-90, max_value=90).map(lambda each: timedelta(minutes=each))
NEVER = datetime.max.replace(tzinfo=UTC)
PORT_OUTS = st.sampled_from(("po_1", "po_2"))
ENDS = (
    lambda number, now: number.end_line(now),
    lambda number, _now: number.revert(),
    lambda number, now: number.quarantine(now),
    lambda number, _now: number.end_quarantine(),
)


class Life(RuleBasedStateMachine):
    """One number's, told in any order, again, and by clocks that jump back and forth."""

    def __init__(self):
        super().__init__()
        self.number = a_number()
        self.periods = []
        self.now = NOON
        self.first_start = None

    @rule(by=MINUTES)
    def let_the_clock_jump(self, by):
        self.now += by

    @rule(ago=MINUTES)
    def port_in(self, ago):
        self.become(self.number.port_in(self.now - ago))

    @rule()
    def call(self):
        self.become(self.number.receive_call(self.now))

    @rule(port_out=PORT_OUTS)
    def authorize_port_out(self, port_out):
        self.become(self.number.authorize_port_out(port_out))

    @rule(port_out=PORT_OUTS)
    def cancel_port_out(self, port_out):
        self.become(self.number.keep(port_out))

    @rule(port_out=PORT_OUTS, ago=MINUTES)
    def port_out(self, port_out, ago):
        self.become(self.number.port_out(port_out, self.now - ago))

    @rule(port_out=PORT_OUTS, ago=MINUTES)
    def take_back(self, port_out, ago):
        self.become(self.number.take_back(port_out), at=self.now - ago)

    @precondition(lambda self: self.number.can_be_disabled)
    @rule(ago=MINUTES)
    def disable(self, ago):
        self.become(self.number.disable("mem_1", self.now - ago))

    @precondition(lambda self: self.number.can_be_restored)
    @rule()
    def restore(self):
        self.become(self.number.restore())

    @rule(end=st.sampled_from((*ENDS, *[None] * 8)))
    def end(self, end):
        """Seldom, for nothing comes after most of these."""
        if end is not None:
            self.become(end(self.number, self.now))

    def become(self, number, at=None):
        before = self.number
        if number is before:
            return
        # That the line of a number that rings has ended is told to nobody.
        is_told = replace(number, line_ended_at=before.line_ended_at) != before
        assert number.version == before.version + is_told
        assert before.state is not NumberState.RELEASED, "released numbers stay released"
        self.number = number
        changed = settle(number, self.periods, at or number.disabled_at or self.now)
        known = {period.id: period for period in self.periods}
        for each in changed:
            version_before = known[each.period.id].version if each.period.id in known else 0
            assert each.period.version == version_before + 1
            known[each.period.id] = each.period
        self.periods = sorted(
            known.values(), key=lambda each: (each.started_at, each.ended_at or NEVER)
        )
        assert settle(number, self.periods, self.now) == []

    @invariant()
    def periods_never_overlap(self):
        for earlier, later in zip(self.periods, self.periods[1:], strict=False):
            assert earlier.ended_at is not None
            assert earlier.started_at <= earlier.ended_at <= later.started_at

    @invariant()
    def it_is_charged_exactly_while_it_is_in_a_billed_state(self):
        is_charged = bool(self.periods) and self.periods[-1].ended_at is None
        assert is_charged is self.number.is_billed

    @invariant()
    def the_first_charge_is_for_the_ports_instant(self):
        first = self.periods[0].started_at if self.periods else None
        assert first == self.number.ported_at
        if self.first_start is not None:
            assert first is not None
            assert first <= self.first_start, "it moves back, never forward"
        self.first_start = first


Life.TestCase.settings = settings(max_examples=150, stateful_step_count=25, deadline=None)
TestLife = pytest.mark.requirement("S12", "S80")(Life.TestCase)


@pytest.mark.requirement("S4", "S12")
@pytest.mark.parametrize("state", list(NumberState))
def test_without_a_port_there_is_no_charge(state):
    assert settle(a_number(state=state), [], NOON) == []


def test_what_ported_and_left_before_we_heard_of_it_is_charged_for_the_time_between():
    left = a_number().receive_call(NOON).port_out("po_1", NOON + timedelta(hours=2))
    gone = left.disable("mem_1", NOON + timedelta(hours=3)).port_in(NOON)
    opened, closed = settle(gone, [], gone.disabled_at)
    assert [opened.change, closed.change] == [PeriodChange.OPENED, PeriodChange.CLOSED]
    assert closed.period.started_at == NOON
    assert closed.period.ended_at == NOON + timedelta(hours=3)


@pytest.mark.parametrize(
    ("month", "end"),
    [((2026, 12), (2027, 1)), ((2028, 2), (2028, 3))],
)
def test_a_month_ends_where_the_next_begins_in_utc(month, end):
    assert Month.of(*month).ended_at == datetime(*end, 1, tzinfo=UTC)


def test_a_running_month_counts_until_now_and_a_coming_one_nothing():
    march = Month.of(2026, 3)
    assert march.until(NOON).ended_at == NOON
    assert march.until(datetime(2026, 1, 1, tzinfo=UTC)).ended_at == march.started_at
    assert march.until(datetime(2027, 1, 1, tzinfo=UTC)) == march
