"""What comes late, twice or about something else by now, is listed as ignored and changes nothing."""

import pytest

from libs.contracts.number_events import (
    NumbersPreconfigured,
    PreconfigurationRefused,
    PreconfiguredNumber,
    RefusedLine,
)
from services.porting.domain.requests import PortRequestStatus, WaitingOn
from services.porting.use_cases import faults, resubmitting
from tests.porting.builders import (
    a_full_draft,
    a_line,
    hear,
    heard,
    lines_of,
    phone,
    request_of,
    submit,
    told,
)


@pytest.fixture
async def reviewed_twice(database, house) -> str:
    """Stopped in its first review, and in the second one now."""
    added = [a_line(house.dental, phone(100))]
    request_id = await a_full_draft(database, house.administrator, house.dental, added)
    await submit(database, house.administrator, request_id)
    await require(database, request_id, "DOCUMENT_ILLEGIBLE")
    async with database.transaction(house.administrator) as connection:
        await resubmitting.resubmit_request(connection, house.administrator, request_id, None)
    return request_id


async def require(database, request_id, code):
    request = await request_of(database, request_id)
    async with database.working() as connection:
        await faults.require_action(connection, request, code, WaitingOn.REQUESTER)


async def reviews(database, request_id) -> list[int]:
    return [
        event.sequence
        for event in await told(database, request_id)
        if event.type == "porting.review_started.v1"
    ]


async def answered(database, house, request_id, review):
    [line] = await lines_of(database, request_id)
    return NumbersPreconfigured(
        account_id=house.id,
        review=review,
        batch=1,
        of=1,
        numbers=[
            PreconfiguredNumber(
                number_id="num_1",
                line_id=line.id,
                tracking_number=line.tracking_number,
                company_id=line.company_id,
            )
        ],
    )


async def refused(database, house, request_id, review):
    [line] = await lines_of(database, request_id)
    return PreconfigurationRefused(
        account_id=house.id,
        review=review,
        refused_count=1,
        lines=[
            RefusedLine(
                line_id=line.id, tracking_number=line.tracking_number, code="INTERNAL_PORT"
            )
        ],
    )


@pytest.mark.requirement("S21")
@pytest.mark.parametrize("answer", [answered, refused])
async def test_an_answer_to_an_earlier_review_is_ignored(
    database, house, reviewed_twice, answer, caplog
):
    first, second = await reviews(database, reviewed_twice)
    before = await request_of(database, reviewed_twice)
    caplog.set_level("INFO", logger="services.porting")

    late = await answer(database, house, reviewed_twice, first)
    await hear(database, heard(late, subject=reviewed_twice, sequence=1))

    assert await request_of(database, reviewed_twice) == before
    assert caplog.records[-1].action == "preconfiguration.ignored"

    present = await answer(database, house, reviewed_twice, second)
    await hear(database, heard(present, subject=reviewed_twice, sequence=2))
    after = await request_of(database, reviewed_twice)
    is_ready = after.preconfigured_at is not None
    is_stopped = after.status is PortRequestStatus.ACTION_REQUIRED
    assert (is_ready, is_stopped) == (answer is answered, answer is refused)


async def test_an_answer_that_names_no_review_is_taken_as_one_to_the_present(
    database, house, reviewed_twice
):
    answer = await answered(database, house, reviewed_twice, None)
    await hear(database, heard(answer, subject=reviewed_twice))
    assert (await request_of(database, reviewed_twice)).preconfigured_at is not None


async def test_the_same_fault_again_asks_for_nothing_new(database, house, reviewed_twice):
    for code in ("DOCUMENT_ILLEGIBLE", "DOCUMENT_ILLEGIBLE", "DOCUMENT_OUTDATED"):
        await require(database, reviewed_twice, code)
    codes = [
        event.fact.code
        for event in await told(database, reviewed_twice)
        if event.type == "porting.action_required.v1"
    ]
    # The first is of the first review.
    assert codes == ["DOCUMENT_ILLEGIBLE", "DOCUMENT_ILLEGIBLE", "DOCUMENT_OUTDATED"]
