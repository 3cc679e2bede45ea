"""What comes in from a telephony system is checked before it is believed."""

from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from libs.contracts.number_events import CallReceived
from libs.contracts.phone_number import PhoneNumber

NUMBER = PhoneNumber.parse("+12125550142")


@pytest.mark.parametrize(
    "called_at",
    [datetime.now(UTC) + timedelta(hours=1), datetime(2026, 3, 2, 12)],  # noqa: DTZ001 - on purpose
)
def test_a_call_of_the_future_or_without_a_zone_is_refused(called_at):
    with pytest.raises(ValidationError):
        CallReceived(tracking_number=NUMBER, called_at=called_at)
