"""Which days can be asked for and granted."""

from datetime import UTC, date, datetime, timedelta

import pytest

from services.porting.domain.judgements import (
    FirmDateWarning,
    Override,
    earliest_to_ask,
    find_fault_of_time,
    judge_asked_date,
    judge_firm_date,
)
from services.porting.domain.losing_carriers import LosingCarrier

CARRIER = LosingCarrier(key="old telecom", name="Old Telecom")
# A Monday, 10:00 in New York.
NOW = datetime(2026, 11, 2, 15, tzinfo=UTC)
TODAY = date(2026, 11, 2)


def codes_of(judgement):
    return [refusal.code for refusal in judgement.refusals]


@pytest.mark.requirement("S17")
def test_a_business_day_within_thirty_days_is_taken():
    judgement = judge_firm_date(date(2026, 11, 9), CARRIER, "US", NOW)
    assert (judgement.refusals, judgement.warnings) == ((), ())


@pytest.mark.parametrize(
    ("day", "code"),
    [
        (TODAY - timedelta(days=1), "FIRM_DATE_NOT_ALLOWED"),
        (TODAY + timedelta(days=31), "FIRM_DATE_NOT_ALLOWED"),
        (date(2026, 11, 7), "FIRM_DATE_NOT_A_BUSINESS_DAY"),
        (date(2026, 11, 11), "FIRM_DATE_NOT_A_BUSINESS_DAY"),
    ],
)
def test_other_days_are_refused(day, code):
    assert codes_of(judge_firm_date(day, CARRIER, "US", NOW)) == [code]
    assert codes_of(judge_asked_date(day, CARRIER, "US", NOW)) == [code]


def test_the_carriers_own_holiday_is_refused():
    carrier = LosingCarrier(key="x", name="X", holidays=frozenset({date(2026, 11, 27)}))
    assert codes_of(judge_firm_date(date(2026, 11, 27), carrier, "US", NOW)) == [
        "FIRM_DATE_NOT_A_BUSINESS_DAY"
    ]


def test_support_can_take_any_day_of_the_window_with_a_reason():
    saturday = date(2026, 11, 7)
    taken = judge_firm_date(saturday, CARRIER, "US", NOW, Override(reason="They said so"))
    assert taken.refusals == ()
    assert taken.warnings == (FirmDateWarning.NOT_A_BUSINESS_DAY,)
    without_reason = judge_firm_date(saturday, CARRIER, "US", NOW, Override(reason=" "))
    assert codes_of(without_reason) == ["REQUIRED"]
    too_far = judge_firm_date(date(2026, 12, 5), CARRIER, "US", NOW, Override(reason="Yes"))
    assert codes_of(too_far) == ["FIRM_DATE_NOT_ALLOWED"]


def test_a_day_in_less_than_48_hours_is_a_warning_and_no_refusal():
    for day, warnings in (
        (TODAY, (FirmDateWarning.SOON,)),
        (date(2026, 11, 4), (FirmDateWarning.SOON,)),
        (date(2026, 11, 5), ()),
    ):
        judgement = judge_firm_date(day, CARRIER, "US", NOW)
        assert (judgement.refusals, judgement.warnings) == ((), warnings)


def test_48_hours_are_hours_also_where_the_clocks_change():
    sunday_before = datetime(2026, 3, 6, 23, 30, tzinfo=UTC)
    tuesday = date(2026, 3, 9)
    # 54.5 hours by the calendar's clock from 18:30 on Friday, an hour less in truth.
    assert judge_firm_date(tuesday, CARRIER, "US", sunday_before).warnings == ()
    later = datetime(2026, 3, 7, 4, 30, tzinfo=UTC)
    assert judge_firm_date(tuesday, CARRIER, "US", later).warnings == (FirmDateWarning.SOON,)


def test_today_is_today_where_the_carrier_is():
    evening = datetime(2026, 11, 3, 3, tzinfo=UTC)  # still Monday in New York
    assert judge_firm_date(TODAY, CARRIER, "US", evening).refusals == ()


def test_a_carrier_needs_its_lead_time_in_business_days():
    morning = NOW
    after_one = datetime(2026, 11, 2, 18, tzinfo=UTC)
    assert earliest_to_ask(CARRIER, "US", morning) == date(2026, 11, 6)
    assert earliest_to_ask(CARRIER, "US", after_one) == date(2026, 11, 9)
    assert codes_of(judge_asked_date(date(2026, 11, 5), CARRIER, "US", morning)) == [
        "FIRM_DATE_TOO_SOON"
    ]
    assert judge_asked_date(date(2026, 11, 6), CARRIER, "US", morning).refusals == ()


def test_a_weekends_order_counts_from_the_next_business_day():
    saturday = datetime(2026, 11, 7, 15, tzinfo=UTC)
    # Monday, then four: Tuesday, Thursday (Wednesday is Veterans Day), Friday, Monday.
    assert earliest_to_ask(CARRIER, "US", saturday) == date(2026, 11, 16)


def test_what_is_said_to_have_happened_lies_in_the_past():
    assert find_fault_of_time(NOW + timedelta(minutes=4), NOW) is None
    fault = find_fault_of_time(NOW + timedelta(minutes=6), NOW)
    assert fault is not None
    assert fault.code == "INVALID"
