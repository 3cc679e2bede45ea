"""Business days, and where a day begins."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.porting.domain.calendars import (
    add_business_days,
    day_in,
    is_business_day,
    national_holidays,
    start_of,
)

FRIDAY, SATURDAY, MONDAY = date(2026, 9, 4), date(2026, 9, 5), date(2026, 9, 7)
DAYS = st.dates(date(2025, 1, 1), date(2028, 11, 1))


def test_a_weekend_is_no_business_day_in_any_country():
    assert not is_business_day(SATURDAY, "US")
    assert not is_business_day(SATURDAY, "GB")


@pytest.mark.parametrize(
    ("day", "in_the_us", "in_canada"),
    [
        (date(2026, 11, 26), False, True),  # Thanksgiving of the US
        (date(2026, 10, 12), False, False),  # Columbus Day, and Thanksgiving of Canada
        (date(2026, 4, 3), True, False),  # Good Friday
        (date(2026, 7, 3), False, True),  # Independence Day falls on a Saturday
        (date(2028, 7, 3), True, False),  # Canada Day falls on a Saturday
        (date(2026, 9, 30), True, False),
        (date(2026, 11, 24), True, True),
    ],
)
def test_each_country_has_its_own_holidays(day, in_the_us, in_canada):
    assert is_business_day(day, "US") is in_the_us
    assert is_business_day(day, "CA") is in_canada


def test_a_carrier_can_have_more_holidays_than_its_country():
    assert is_business_day(date(2026, 11, 27), "US")
    assert not is_business_day(date(2026, 11, 27), "US", {date(2026, 11, 27)})


def test_counting_goes_over_weekends_and_holidays():
    assert add_business_days(FRIDAY, 1, "US") == date(2026, 9, 8)  # Monday is Labor Day
    assert add_business_days(FRIDAY, 1, "GB") == MONDAY
    assert add_business_days(SATURDAY, 0, "US") == date(2026, 9, 8)
    assert add_business_days(FRIDAY, 0, "US") == FRIDAY


@given(DAYS, st.integers(0, 30))
def test_so_many_business_days_lie_after_the_first_day(day, days):
    last = add_business_days(day, days, "US")
    between = [day + timedelta(days=each) for each in range(1, (last - day).days + 1)]
    assert is_business_day(last, "US")
    if days:
        assert sum(is_business_day(each, "US") for each in between) == days


def test_the_holidays_of_both_countries_are_known_to_the_end_of_2028():
    for country in ("US", "CA"):
        years = {day.year for day in national_holidays()[country]}
        assert years == {2025, 2026, 2027, 2028}


@pytest.mark.parametrize(
    ("day", "hours"),
    [(date(2026, 3, 8), 23), (date(2026, 11, 1), 25), (date(2026, 11, 2), 24)],
)
def test_a_day_is_as_long_as_the_clocks_there_make_it(day, hours):
    zone = "America/New_York"
    length = start_of(day + timedelta(days=1), zone) - start_of(day, zone)
    assert length == timedelta(hours=hours)


def test_a_day_begins_where_the_carrier_is():
    at = datetime(2026, 11, 24, 3, tzinfo=UTC)
    assert day_in("America/New_York", at) == date(2026, 11, 23)
    assert start_of(date(2026, 11, 23), "America/Vancouver") == datetime(
        2026, 11, 23, 8, tzinfo=UTC
    )
