"""Names of losing carriers, and what is known of them."""

from datetime import date
from zoneinfo import ZoneInfo

import pytest

from services.porting.domain.losing_carriers import (
    find_losing_carrier,
    known_carriers,
    losing_carrier_key,
    read_profiles,
)


@pytest.mark.parametrize(
    ("name", "same"),
    [
        ("Old Telecom", "OLD TELECOM, Inc."),
        ("Old Telecom", "old-telecom llc"),
        ("Vidéotron Ltée", "VIDEOTRON"),
        ("AT&T Mobility", "at and t mobility"),
        ("AT&T Mobility", "ATT Wireless"),
        ("T-Mobile", "TMOBILE, Inc."),
        ("Bell Canada", "Bell"),
        ("O'Neill Tel", "ONeill Tel Co."),
    ],
)
def test_the_same_carrier_is_known_in_many_writings(name, same):
    assert losing_carrier_key(name) == losing_carrier_key(same)


@pytest.mark.parametrize(
    ("name", "other"),
    [("AT&T", "AT&T Mobility"), ("Old Telecom", "New Telecom"), ("Inc.", "LLC"), ("★", "☆")],
)
def test_different_carriers_stay_different(name, other):
    assert losing_carrier_key(name) != losing_carrier_key(other)


def test_a_carrier_that_nobody_described_is_the_usual_one():
    carrier = find_losing_carrier("  Old   Telecom, Inc. ")
    assert carrier.name == "Old Telecom, Inc."
    assert carrier.lead_business_days == 4
    assert carrier.letter_max_age_days == 90
    assert carrier.estimate_days is None


def test_what_is_written_of_a_carrier_counts():
    described = {
        "slow": {
            "name": "Slow Telecom",
            "aliases": ["Sluggish Tel"],
            "zone": "America/Denver",
            "estimate_days": [60, 90],
            "letter_max_age_days": 30,
            "holidays": {"2026-11-27": "Day after Thanksgiving"},
        }
    }
    carrier = read_profiles(described)["sluggish tel"]
    assert carrier.key == "slow"
    assert carrier.estimate_days == (60, 90)
    assert carrier.letter_max_age_days == 30
    assert carrier.holidays == {date(2026, 11, 27)}


def test_every_described_carrier_is_in_a_zone_that_exists():
    carriers = known_carriers().values()
    assert carriers
    for carrier in carriers:
        assert ZoneInfo(carrier.zone)
