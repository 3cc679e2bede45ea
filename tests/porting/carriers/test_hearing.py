"""What carriers said, worked: late words, words for some lines only, refusals and faults."""

from datetime import UTC, datetime, timedelta

import pytest

from services.porting.use_cases import hearing
from services.porting.use_cases.resubmitting import (
    Correction,
    correct_lines,
    resubmit_request,
)
from services.porting.workers import CarrierWorker
from tests.porting.builders import (
    SUPPORT,
    VAULT,
    a_request_with_the_carrier,
    business_day,
    found_house,
    lines_of,
    now,
    phone,
    request_of,
    types_told,
)
from tests.porting.carriers.counterparts import (
    BRISK,
    a_message,
    call_back,
    messages_of,
    order_of,
    work,
)

NUMBERS = [phone(100), phone(101)]
DAY = business_day()


@pytest.fixture
def worker(database, emulated) -> CarrierWorker:
    return CarrierWorker(database=database, carrier=emulated.adapter, pace=BRISK, vault=VAULT)


@pytest.fixture
async def request_id(database, worker) -> str:
    house = await found_house(database)
    made = await a_request_with_the_carrier(database, house, NUMBERS)
    await work(worker)
    return made


@pytest.fixture
async def says(database, emulated, worker, request_id):
    order_id = await order_of(database, request_id)
    count = 0

    async def say(type: str, **said) -> None:
        nonlocal count
        count += 1
        body = a_message(f"m-{count}", order_id, type=type, **said)
        assert (await call_back(emulated.door, body)).status_code == 200
        await work(worker)

    return say


async def heard(database, request_id) -> list[tuple[str, str | None]]:
    return [
        (row["state"], row["reason"])
        for row in await messages_of(database, request_id)
        if row["direction"] == "IN"
    ]


async def states(database, request_id) -> list[str]:
    lines = await lines_of(database, request_id)
    return [line.state for line in sorted(lines, key=lambda line: line.tracking_number)]


def an_earlier_time() -> str:
    return (datetime.now(UTC) - timedelta(hours=1)).isoformat()


async def test_a_word_about_some_lines_leaves_their_sisters(database, says, request_id):
    await says("rejected", code="7401", text="no such account", numbers=NUMBERS[:1])
    await says("firm_date", firmDate=DAY.isoformat(), numbers=NUMBERS)

    assert await states(database, request_id) == ["REJECTED", "APPROVED"]
    assert await heard(database, request_id) == [("applied", None)] * 2


async def test_an_earlier_word_that_comes_late_is_listed_as_ignored(
    database, says, request_id
):
    await says("firm_date", firmDate=DAY.isoformat())
    before = await types_told(database, request_id)

    await says("rejected", code="7401", text="no", saidAt=an_earlier_time())
    await says("firm_date", firmDate=now().date().isoformat(), saidAt=an_earlier_time())

    assert await types_told(database, request_id) == before
    assert await heard(database, request_id) == [
        ("applied", None),
        ("ignored", "OVERTAKEN"),
        ("ignored", "OVERTAKEN"),
    ]


async def test_a_date_that_is_told_again_after_its_day_is_listed_as_ignored(
    database, says, request_id
):
    await says("firm_date", firmDate=DAY.isoformat())
    passed = now().date() - timedelta(days=3)
    async with database.working() as connection:
        await connection.execute("UPDATE lines SET firm_date = $1", passed)
    before = await types_told(database, request_id)

    await says("firm_date", firmDate=passed.isoformat())

    assert await types_told(database, request_id) == before
    assert (await heard(database, request_id))[-1] == ("ignored", "CHANGES_NOTHING")


async def test_a_date_that_has_passed_is_refused_where_it_would_be_news(
    database, says, request_id
):
    await says("firm_date", firmDate=(now().date() - timedelta(days=3)).isoformat())

    assert await heard(database, request_id) == [("refused", "FIRM_DATE_NOT_ALLOWED")]
    assert await states(database, request_id) == ["WITH_CARRIER"] * 2


async def test_a_date_of_what_has_ported_is_kept_however_late_it_comes(
    database, says, request_id
):
    await says("ported", portedAt=now().isoformat())
    passed, never = now().date() - timedelta(days=1), now().date() + timedelta(days=400)

    for day in (never, passed):
        await says("firm_date", firmDate=day.isoformat())

    assert [state for state, _ in (await heard(database, request_id))[1:]] == [
        "refused", "ignored",
    ]  # fmt: skip
    assert {line.firm_date for line in await lines_of(database, request_id)} == {passed}


async def test_a_word_about_what_was_corrected_since_reaches_the_other_lines_only(
    database, says, worker, request_id
):
    version = (await messages_of(database, request_id))[0]["order_version"]
    await says("rejected", code="7401", text="no", numbers=NUMBERS[:1], version=version)
    async with database.transaction(SUPPORT) as connection:
        correction = Correction(number=NUMBERS[0], note="The account number is right now.")
        await correct_lines(connection, SUPPORT, request_id, [correction])
        await resubmit_request(connection, SUPPORT, request_id, NUMBERS[:1])
    await work(worker)

    await says("rejected", code="7402", text="no", version=version)

    assert await states(database, request_id) == ["WITH_CARRIER", "REJECTED"]


async def test_a_port_is_true_however_late_it_comes(database, says, request_id):
    await says("firm_date", firmDate=DAY.isoformat())
    async with database.working() as connection:
        await connection.execute("UPDATE port_requests SET sent_at = now() - interval '2 h'")

    await says("ported", portedAt=an_earlier_time(), saidAt=an_earlier_time())

    assert (await request_of(database, request_id)).status == "COMPLETED"


async def test_a_conflict_and_an_activation_are_what_the_desk_would_record(
    database, says, request_id
):
    await says("firm_date", firmDate=DAY.isoformat())
    await says("activation", numbers=NUMBERS[:1])
    await says("conflict", code="50", text="LSR not received", numbers=NUMBERS[1:])

    assert await states(database, request_id) == ["ACTIVATING", "CONFLICT"]


async def test_an_activation_before_the_date_is_listed_as_ignored(database, says, request_id):
    await says("activation")

    assert await heard(database, request_id) == [("ignored", "INVALID_STATE")]


async def test_an_order_that_the_carrier_cancels_by_itself_waits_for_somebody(
    database, says, request_id
):
    await says("cancelled")

    assert await states(database, request_id) == ["REJECTED"] * 2
    assert (await request_of(database, request_id)).status == "ACTION_REQUIRED"


async def test_a_line_that_has_ported_does_not_hide_that_the_carrier_cancelled_the_rest(
    database, says, request_id
):
    await says("ported", portedAt=now().isoformat(), numbers=NUMBERS[:1])
    await says("cancelled")

    assert await states(database, request_id) == ["PORTED", "REJECTED"]
    assert await heard(database, request_id) == [("applied", None)] * 2


async def test_what_we_refuse_is_no_error_to_the_carrier_and_stays_visible(
    database, says, request_id
):
    far = (now() + timedelta(days=300)).date().isoformat()

    await says("firm_date", firmDate=far)
    await says("firm_date", firmDate=DAY.isoformat(), numbers=[phone(199)])
    await says("ported", portedAt=(now() + timedelta(days=1)).isoformat())

    assert await heard(database, request_id) == [
        ("refused", "FIRM_DATE_NOT_ALLOWED"),
        ("refused", "NOT_FOUND"),
        ("refused", "INVALID"),
    ]


async def test_a_fault_of_ours_is_tried_again_and_then_a_persons(
    database, says, worker, request_id, monkeypatch
):
    async def fail(*_arguments, **_named):
        raise ZeroDivisionError

    monkeypatch.setattr(hearing.carrier, "record_firm_date", fail)
    await says("firm_date", firmDate=DAY.isoformat())
    for _ in range(5):
        async with database.working() as connection:
            await connection.execute(
                "UPDATE carrier_messages SET next_attempt_at = now() WHERE state = 'waiting'"
            )
        await worker.hear_one()

    assert await heard(database, request_id) == [("dead", "ZeroDivisionError")]
    await says("ported", portedAt=now().isoformat())
    assert (await request_of(database, request_id)).status == "COMPLETED"
