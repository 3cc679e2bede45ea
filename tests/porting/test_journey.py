"""One request's way, from a draft to completed."""

from services.porting.domain.requests import PortRequestStatus, WaitingOn
from services.porting.use_cases import carrier
from tests.porting.builders import (
    SUPPORT,
    a_request_with_the_carrier,
    business_day,
    found_house,
    lines_of,
    now,
    phone,
    request_of,
    types_told,
)


async def test_a_request_goes_from_draft_to_completed_and_tells_each_step(database) -> None:
    house = await found_house(database)
    numbers = [phone(100), phone(101), phone(102)]

    request_id = await a_request_with_the_carrier(database, house, numbers)
    async with database.transaction(SUPPORT) as connection:
        await carrier.record_firm_date(connection, SUPPORT, request_id, business_day(0), None)
    assert (await request_of(database, request_id)).status is PortRequestStatus.APPROVED
    async with database.transaction(SUPPORT) as connection:
        await carrier.record_ported(connection, SUPPORT, request_id, now(), numbers[:2])
    assert (await request_of(database, request_id)).status is PortRequestStatus.PORTING
    async with database.transaction(SUPPORT) as connection:
        await carrier.record_ported(connection, SUPPORT, request_id, now(), None)

    request = await request_of(database, request_id)
    assert request.status is PortRequestStatus.COMPLETED
    assert request.completed_at is not None
    assert request.turn[0] is WaitingOn.NOBODY
    assert {line.state for line in await lines_of(database, request_id)} == {"PORTED"}
    assert await types_told(database, request_id) == [
        *["draft_changed"] * 5,
        "letter_signed",
        "port_submitted",
        "lines_readied",
        "review_started",
        "lines_preconfigured",
        "port_sent_to_carrier",
        "lines_approved",
        "port_approved",
        "lines_ported",
        "lines_ported",
        "port_completed",
    ]
