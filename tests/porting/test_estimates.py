"""The window that a customer is told."""

from datetime import UTC, date, datetime, timedelta

import pytest

from services.porting.domain.estimates import (
    Clock,
    EstimateReason,
    Received,
    estimate_port_in,
    estimate_port_out,
    read_clock,
)
from services.porting.domain.losing_carriers import LosingCarrier

DAY = datetime(2026, 11, 2, 15, tzinfo=UTC)
CLOCK = Clock(started_at=DAY)
USUAL = LosingCarrier(key="old", name="Old Telecom")
SLOW = LosingCarrier(key="slow", name="Slow Telecom", estimate_days=(60, 90))
QUICK = LosingCarrier(key="quick", name="Quick Telecom", estimate_days=(5, 10))


def received(**changes):
    usual = {
        "submitted_at": DAY,
        "proof_at": DAY - timedelta(days=2),
        "signed_at": DAY - timedelta(days=1),
        "has_lost_proof": False,
        "has_lost_letter": False,
    }
    return Received(**{**usual, **changes})


def days_of(estimate):
    start = date(2026, 11, 2)
    return ((estimate.first_day - start).days, (estimate.last_day - start).days)


@pytest.mark.requirement("S14")
def test_a_port_takes_four_to_six_weeks_from_the_last_document():
    estimate = estimate_port_in(CLOCK, line_count=49, carriers=[USUAL])
    assert days_of(estimate) == (28, 42)
    assert estimate.reason is EstimateReason.USUAL


@pytest.mark.requirement("S14")
def test_the_clock_starts_when_the_last_needed_document_is_in():
    assert read_clock(received()) == Clock(started_at=DAY)
    later = DAY + timedelta(days=3)
    assert read_clock(received(signed_at=later)) == Clock(started_at=later)
    assert read_clock(received(proof_at=later)) == Clock(started_at=later)


def test_nothing_is_promised_while_a_needed_document_is_missing():
    assert read_clock(received(proof_at=None)) is None
    assert read_clock(received(signed_at=None)) is None


@pytest.mark.requirement("S15")
def test_from_fifty_numbers_on_it_takes_six_to_eight_weeks():
    estimate = estimate_port_in(CLOCK, line_count=50, carriers=[USUAL])
    assert days_of(estimate) == (42, 56)
    assert estimate.reason is EstimateReason.BULK


@pytest.mark.requirement("S16")
def test_a_losing_carrier_can_have_a_window_of_its_own():
    slow = estimate_port_in(CLOCK, line_count=1, carriers=[SLOW])
    quick = estimate_port_in(CLOCK, line_count=1, carriers=[QUICK])
    assert (days_of(slow), days_of(quick)) == ((60, 90), (5, 10))
    assert slow.reason is quick.reason is EstimateReason.LOSING_CARRIER


@pytest.mark.requirement("S16")
def test_the_slowest_of_several_carriers_counts():
    assert days_of(estimate_port_in(CLOCK, line_count=1, carriers=[QUICK, SLOW])) == (60, 90)
    assert days_of(estimate_port_in(CLOCK, line_count=1, carriers=[QUICK, USUAL])) == (28, 42)


@pytest.mark.requirement("S16")
@pytest.mark.requirement("S17")
@pytest.mark.parametrize("lines", [1, 50, 1000])
def test_it_is_a_window_and_says_that_it_is_an_estimate_until_a_firm_date(lines):
    for carriers in ([USUAL], [SLOW], []):
        estimate = estimate_port_in(CLOCK, line_count=lines, carriers=carriers)
        assert estimate.is_estimate
        assert estimate.firm_date is None
        assert estimate.first_day < estimate.last_day


@pytest.mark.requirement("S17")
def test_a_firm_date_replaces_the_window():
    first, last = date(2026, 11, 20), date(2026, 11, 24)
    estimate = estimate_port_in(
        CLOCK, line_count=50, carriers=[SLOW], firm_dates=(first, last)
    )
    assert not estimate.is_estimate
    assert (estimate.first_day, estimate.last_day, estimate.firm_date) == (first, last, last)
    assert estimate.reason is EstimateReason.FIRM_DATE


@pytest.mark.requirement("S18")
@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"proof_at": DAY + timedelta(days=5), "has_lost_proof": True}, "DOCUMENT_REPLACED"),
        ({"signed_at": DAY + timedelta(days=5), "has_lost_letter": True}, "LETTER_REPLACED"),
    ],
)
def test_what_had_to_be_replaced_starts_the_clock_again_and_says_so(changes, reason):
    clock = read_clock(received(**changes))
    assert clock is not None
    assert clock.started_at == DAY + timedelta(days=5)
    estimate = estimate_port_in(clock, line_count=1, carriers=[USUAL])
    assert estimate.reason == reason
    assert days_of(estimate) == (33, 47)


@pytest.mark.requirement("S18")
def test_a_second_proof_keeps_the_clock_where_the_first_is_refused():
    clock = read_clock(received(has_lost_proof=True))
    assert clock == Clock(started_at=DAY)


@pytest.mark.requirement("S75")
def test_a_port_out_takes_four_to_six_weeks_until_a_date_is_known():
    estimate = estimate_port_out(DAY, None, "America/New_York")
    assert days_of(estimate) == (28, 42)
    assert estimate.is_estimate
    known = estimate_port_out(DAY, date(2026, 11, 9), "America/New_York")
    assert known.firm_date == known.first_day == known.last_day == date(2026, 11, 9)


def test_the_window_is_in_the_losing_carriers_zone():
    vancouver = LosingCarrier(key="w", name="West", zone="America/Vancouver")
    night = Clock(started_at=datetime(2026, 11, 2, 5, tzinfo=UTC))
    estimate = estimate_port_in(night, line_count=1, carriers=[vancouver])
    assert estimate.first_day == date(2026, 11, 1) + timedelta(days=28)
