"""What comes in from a telephony system is checked before it is believed."""

from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from libs.contracts.number_reports import CallReceived
from libs.contracts.phone_number import PhoneNumber

NUMBER = PhoneNumber.parse("+12125550142")


def test_a_call_without_a_zone_is_refused():
    with pytest.raises(ValidationError):
        CallReceived(tracking_number=NUMBER, called_at=datetime(2026, 3, 2, 12))  # noqa: DTZ001 - on purpose


def test_a_call_is_read_whatever_the_clock_of_its_system_says():
    for called_at in (
        datetime.now(UTC) + timedelta(days=400),
        datetime(1970, 1, 1, tzinfo=UTC),
    ):
        assert CallReceived(tracking_number=NUMBER, called_at=called_at).called_at == called_at
