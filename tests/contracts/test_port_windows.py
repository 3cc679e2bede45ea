"""Port windows: porting and notifications promise the same, and nobody can tell one of them otherwise."""

from datetime import UTC, datetime, timedelta

import pytest

from services.notifications import settings as notifications
from services.notifications.domain.messages import Message
from services.notifications.texts.catalogue import Locale
from services.notifications.texts.wording import Wording
from services.porting import settings as porting
from services.porting.domain.estimates import Clock, estimate_port_in

CONTENT = {"request_name": "Spring move", "status": "IN_REVIEW"}
STARTED_AT = datetime(2026, 1, 31, 17, tzinfo=UTC)


@pytest.mark.requirement("S15")
@pytest.mark.parametrize("line_count", [1, 49, 50, 1_000])
def test_a_mail_and_an_estimate_tell_the_same_weeks(line_count):
    estimate = estimate_port_in(
        Clock(started_at=STARTED_AT), line_count=line_count, carriers=[]
    )
    told = Wording(locale=Locale.EN).tell(
        Message.PORT_SUBMITTED, {**CONTENT, "line_count": line_count}
    )

    least, most = (
        (day - STARTED_AT.date()) // timedelta(weeks=1)
        for day in (estimate.first_day, estimate.last_day)
    )
    assert f"{least} to {most} weeks" in told.advice[0]


@pytest.mark.parametrize("service", [porting, notifications])
def test_no_service_can_be_told_another_size_of_a_bulk(service):
    assert "bulk_lines" not in service.Settings.model_fields
