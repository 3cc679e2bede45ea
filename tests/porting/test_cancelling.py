"""Cancelling, expiring, starting and undoing the move; as the real roles on PostgreSQL."""

from datetime import timedelta

import pytest

from libs.common.timers import TimerWorker
from libs.contracts.number_events import PreconfigurationRefused, RefusedLine
from libs.contracts.phone_number import PhoneNumber
from libs.contracts.refusals import Refusal, Refused, StateRefusal
from services.porting.domain.calendars import day_in, start_of
from services.porting.domain.lines import LineEvent
from services.porting.domain.losing_carriers import USUAL_ZONE
from services.porting.domain.requests import PortRequestStatus, WaitingOn
from services.porting.store import carrier_orders, requests
from services.porting.store import faults as fault_store
from services.porting.use_cases import (
    activating,
    cancelling,
    carrier,
    faults,
    resubmitting,
    submitting,
)
from services.porting.use_cases.activating import ACTIVATION_DUE
from services.porting.use_cases.recording import IDLE_DUE
from services.porting.use_cases.resubmitting import Correction
from tests.porting.builders import (
    IDLE_LIMITS,
    OUTSIDE,
    SUPPORT,
    TIMERS,
    a_draft,
    a_full_draft,
    a_line,
    a_request_with_the_carrier,
    found_house,
    hear,
    heard,
    let_pass,
    lines_of,
    now,
    phone,
    preconfigure,
    request_of,
    submit,
    told,
    types_told,
)

NUMBERS = [phone(100), phone(101)]
FIRST, SECOND = NUMBERS


@pytest.fixture
async def request_id(database, house):
    return await a_request_with_the_carrier(database, house, NUMBERS)


@pytest.fixture
async def reviewed(database, house):
    """In review, its numbers preconfigured."""
    added = [a_line(house.dental, number) for number in NUMBERS]
    request_id = await a_full_draft(database, house.administrator, house.dental, added)
    await submit(database, house.administrator, request_id)
    await preconfigure(database, request_id)
    return request_id


async def cancel(database, caller, request_id, reason="Not any more", numbers=None):
    async with database.transaction(caller) as connection:
        await cancelling.cancel_request(connection, caller, request_id, reason, numbers)


async def answer(database, request_id, *, is_confirmed, numbers=None):
    async with database.transaction(SUPPORT) as connection:
        await cancelling.record_cancellation(
            connection, SUPPORT, request_id, numbers, is_confirmed=is_confirmed, reason=None
        )


async def firm(database, request_id, day, numbers=None):
    async with database.transaction(SUPPORT) as connection:
        await carrier.record_firm_date(
            connection, SUPPORT, request_id, day, numbers, "This carrier works on every day."
        )


async def reject(database, request_id, *numbers):
    async with database.transaction(SUPPORT) as connection:
        await faults.record_fault(
            connection,
            SUPPORT,
            request_id,
            LineEvent.REJECTED,
            code="PIN_INVALID",
            carrier_text=None,
            numbers=numbers or None,
        )


async def ported(database, request_id, numbers=None, *, at=None):
    async with database.transaction(SUPPORT) as connection:
        await carrier.record_ported(connection, SUPPORT, request_id, at or now(), numbers)


async def snap_back(database, request_id, numbers=None):
    async with database.transaction(SUPPORT) as connection:
        await activating.record_snapback(
            connection, SUPPORT, request_id, numbers, "Wrong number"
        )


async def states(database, request_id):
    return [line.state for line in await lines_of(database, request_id)]


async def status(database, request_id):
    return (await request_of(database, request_id)).status


async def history_of(database, request_id):
    async with database.working() as connection:
        return await connection.fetch(
            "SELECT * FROM history WHERE port_request_id = $1 ORDER BY version", request_id
        )


async def due_at(database, kind, request_id):
    async with database.working() as connection:
        return await connection.fetchval(
            "SELECT due_at FROM timers WHERE kind = $1 AND key = $2", kind, request_id
        )


async def make_due(database, kind, request_id):
    """The timer's moment has come; fires it, and nothing else."""
    async with database.working() as connection:
        changed = await connection.execute(
            "UPDATE timers SET due_at = now() WHERE kind = $1 AND key = $2", kind, request_id
        )
    assert changed == "UPDATE 1"
    await TimerWorker(database=database, kinds={kind: TIMERS[kind]}).fire_one()


@pytest.mark.requirement("S70", "S71")
@pytest.mark.parametrize("who", ["administrator", "support"])
async def test_before_a_carrier_has_it_a_request_is_cancelled_at_once(
    database, house, reviewed, who
):
    caller = SUPPORT if who == "support" else house.administrator
    await cancel(database, caller, reviewed)
    assert await states(database, reviewed) == ["CANCELLED"] * 2
    assert await status(database, reviewed) is PortRequestStatus.CANCELLED
    lines, cancelled = (await told(database, reviewed))[-2:]
    assert [line.tracking_number for line in lines.fact.lines] == NUMBERS
    assert cancelled.type == "porting.port_cancelled.v1"
    assert (await history_of(database, reviewed))[-1]["reason"] == "Not any more"
    with pytest.raises(StateRefusal) as refused:
        await cancel(database, caller, reviewed)
    assert refused.value.status == "CANCELLED"


async def test_a_cancelled_drafts_lines_are_nobody_elses_business(database, house):
    added = [a_line(house.dental, FIRST)]
    request_id = await a_full_draft(database, house.manager, house.dental, added)
    await cancel(database, house.manager, request_id)
    assert await states(database, request_id) == ["CANCELLED"]
    assert "lines_cancelled" not in await types_told(database, request_id)


@pytest.mark.requirement("S22")
async def test_a_cancelled_number_can_be_ported_by_somebody_else(database, house, reviewed):
    await cancel(database, house.administrator, reviewed)
    other = await found_house(database)
    added = [a_line(other.dental, FIRST)]
    async with database.working() as connection:
        # As `numbers` tells once it has heard of it.
        await connection.execute("UPDATE inventory_numbers SET state = 'RELEASED'")
    request_id = await a_full_draft(database, other.administrator, other.dental, added)
    await submit(database, other.administrator, request_id)
    assert await states(database, request_id) == ["READY"]


async def test_numbers_that_are_ready_too_late_wake_no_cancelled_request(database, house):
    added = [a_line(house.dental, FIRST)]
    request_id = await a_full_draft(database, house.administrator, house.dental, added)
    await submit(database, house.administrator, request_id)
    await cancel(database, house.administrator, request_id)
    before = await types_told(database, request_id)
    await preconfigure(database, request_id)
    assert await types_told(database, request_id) == before


async def test_only_whoever_made_it_administrators_and_support_cancel(database, house):
    request_id = await a_draft(database, house.client_manager, house.dental)
    with pytest.raises(Refusal) as refused:
        await cancel(database, house.manager, request_id)
    assert refused.value.code == "NOT_THE_REQUESTER"
    with pytest.raises(Refusal) as hidden:
        await cancel(database, house.second_client_manager, request_id)
    assert hidden.value.code == "NOT_FOUND"
    await cancel(database, house.client_manager, request_id)


@pytest.mark.requirement("S71")
async def test_what_the_carrier_has_is_asked_back_and_faulty_lines_end_at_once(
    database, house, request_id
):
    await reject(database, request_id, FIRST)
    await cancel(database, house.administrator, request_id)
    assert await states(database, request_id) == ["CANCELLED", "CANCEL_REQUESTED"]
    request = await request_of(database, request_id)
    assert request.status is PortRequestStatus.CANCEL_REQUESTED
    assert request.turn[0] is WaitingOn.LOSING_CARRIER
    before = await types_told(database, request_id)
    assert before[-3:] == [
        "lines_cancelled",
        "lines_cancel_requested",
        "port_cancel_requested",
    ]
    await cancel(database, house.administrator, request_id)
    assert await types_told(database, request_id) == before

    await answer(database, request_id, is_confirmed=True)
    assert await states(database, request_id) == ["CANCELLED"] * 2
    assert await status(database, request_id) is PortRequestStatus.CANCELLED
    await answer(database, request_id, is_confirmed=True)
    assert (await types_told(database, request_id))[-2:] == [
        "lines_cancelled",
        "port_cancelled",
    ]


async def test_a_carrier_that_goes_on_puts_every_line_back_where_it_was(
    database, house, request_id
):
    await firm(database, request_id, now().date() + timedelta(days=9), [FIRST])
    await cancel(database, house.administrator, request_id)
    assert await states(database, request_id) == ["CANCEL_REQUESTED"] * 2
    await answer(database, request_id, is_confirmed=False)
    assert await states(database, request_id) == ["APPROVED", "WITH_CARRIER"]
    assert await status(database, request_id) is PortRequestStatus.WITH_CARRIER
    assert (await types_told(database, request_id))[-1] == "port_cancel_refused"
    await answer(database, request_id, is_confirmed=False)
    assert (await types_told(database, request_id)).count("port_cancel_refused") == 1


async def test_a_date_that_crosses_the_cancelling_is_kept(database, house, request_id):
    await cancel(database, house.administrator, request_id)
    day = now().date() + timedelta(days=9)
    await firm(database, request_id, day)
    await firm(database, request_id, day)
    assert await states(database, request_id) == ["CANCEL_REQUESTED"] * 2
    await answer(database, request_id, is_confirmed=False)
    assert await states(database, request_id) == ["APPROVED"] * 2


@pytest.mark.requirement("S69", "S70")
async def test_one_line_is_asked_back_alone_and_its_sister_goes_on(
    database, house, request_id
):
    day = now().date() + timedelta(days=9)
    await firm(database, request_id, day)
    await cancel(database, house.administrator, request_id, numbers=[FIRST])

    assert await states(database, request_id) == ["CANCEL_REQUESTED", "APPROVED"]
    assert await status(database, request_id) is PortRequestStatus.WITH_CARRIER
    async with database.working() as connection:
        told_of = await connection.fetchval(
            "SELECT numbers FROM carrier_messages WHERE kind = 'CANCELLATION'"
        )
    assert told_of == [FIRST]

    await answer(database, request_id, is_confirmed=True)
    assert await states(database, request_id) == ["CANCELLED", "APPROVED"]
    assert await status(database, request_id) is PortRequestStatus.APPROVED
    await ported(database, request_id)
    assert await states(database, request_id) == ["CANCELLED", "PORTED"]
    assert await status(database, request_id) is PortRequestStatus.PARTIALLY_COMPLETED


async def test_one_line_that_the_carrier_keeps_goes_on_with_its_date(
    database, house, request_id
):
    day = now().date() + timedelta(days=9)
    await firm(database, request_id, day)
    await cancel(database, house.administrator, request_id, numbers=[FIRST])
    await answer(database, request_id, is_confirmed=False)
    assert await status(database, request_id) is PortRequestStatus.APPROVED
    assert {line.firm_date for line in await lines_of(database, request_id)} == {day}


async def test_the_date_of_a_sister_does_not_keep_a_line_from_being_asked_back(
    database, house, request_id
):
    await firm(database, request_id, now().date() + timedelta(days=1), [SECOND])
    with pytest.raises(Refused) as late:
        await cancel(database, house.administrator, request_id, numbers=[SECOND])
    assert [each.code for each in late.value.refusals] == ["TOO_LATE_TO_CANCEL"]

    await cancel(database, house.administrator, request_id, numbers=[FIRST])
    await cancel(database, house.administrator, request_id, numbers=[FIRST])

    assert await states(database, request_id) == ["CANCEL_REQUESTED", "APPROVED"]
    assert (await types_told(database, request_id)).count("lines_cancel_requested") == 1


async def test_a_line_is_asked_back_by_who_sees_it_and_while_it_can_be_stopped(
    database, house, request_id
):
    added = [a_line(house.dental, phone(105))]
    reviewed = await a_full_draft(database, house.administrator, house.dental, added)
    await submit(database, house.administrator, reviewed)
    for request, numbers, code in (
        (request_id, [], "REQUIRED"),
        (request_id, [OUTSIDE], "NOT_FOUND"),
        (reviewed, [phone(105)], "INVALID_STATE"),
    ):
        with pytest.raises((Refusal, Refused)) as refused:
            await cancel(database, house.administrator, request, numbers=numbers)
        told_of = getattr(refused.value, "refusals", (refused.value,))
        assert [each.code for each in told_of] == [code]
    await firm(database, request_id, now().date() + timedelta(days=9))
    async with database.transaction(SUPPORT) as connection:
        await activating.start_activation(connection, SUPPORT, request_id, [FIRST])
    with pytest.raises(Refused) as moving:
        await cancel(database, SUPPORT, request_id, numbers=[FIRST])
    [refusal] = moving.value.refusals
    assert refusal.path == ("input", "trackingNumbers", "0")
    await cancel(database, SUPPORT, request_id, numbers=[SECOND])
    assert await states(database, request_id) == ["ACTIVATING", "CANCEL_REQUESTED"]


async def test_a_rejection_answers_the_wish_to_cancel(database, house, request_id):
    await cancel(database, house.administrator, request_id)
    await reject(database, request_id)
    assert await states(database, request_id) == ["CANCELLED"] * 2
    assert await status(database, request_id) is PortRequestStatus.CANCELLED
    async with database.working() as connection:
        assert await fault_store.find_open_faults(connection, request_id) == []


async def test_what_has_ported_stays_and_the_rest_is_cancelled(database, house, request_id):
    await ported(database, request_id, [FIRST])
    await cancel(database, house.administrator, request_id)
    await answer(database, request_id, is_confirmed=True)
    assert await states(database, request_id) == ["PORTED", "CANCELLED"]
    assert await status(database, request_id) is PortRequestStatus.PARTIALLY_COMPLETED


@pytest.mark.requirement("S71")
async def test_what_is_complete_cannot_be_cancelled(database, house, request_id):
    await ported(database, request_id)
    for caller in (house.administrator, SUPPORT):
        with pytest.raises(StateRefusal):
            await cancel(database, caller, request_id)


@pytest.mark.requirement("S71")
async def test_the_firm_date_closes_the_door_for_requesters_before_it_does_for_support(
    database, house, request_id
):
    today = day_in(USUAL_ZONE, now())
    in_between = today + timedelta(days=2)
    await firm(database, request_id, in_between)
    assert timedelta(hours=24) < start_of(in_between, USUAL_ZONE) - now() < timedelta(hours=48)
    with pytest.raises(Refused) as refused:
        await cancel(database, house.administrator, request_id)
    assert [each.code for each in refused.value.refusals] == ["TOO_LATE_TO_CANCEL"]
    await firm(database, request_id, today + timedelta(days=1))
    with pytest.raises(Refused):
        await cancel(database, SUPPORT, request_id)
    await firm(database, request_id, in_between)
    await cancel(database, SUPPORT, request_id)
    assert await status(database, request_id) is PortRequestStatus.CANCEL_REQUESTED


async def test_what_moves_now_is_not_stopped(database, house, request_id):
    await firm(database, request_id, now().date() + timedelta(days=9))
    async with database.transaction(SUPPORT) as connection:
        await activating.start_activation(connection, SUPPORT, request_id, [FIRST])
    with pytest.raises(Refused) as refused:
        await cancel(database, SUPPORT, request_id, "x" * 501)
    assert {each.code for each in refused.value.refusals} == {
        "TOO_LATE_TO_CANCEL",
        "TOO_LONG",
    }


async def test_what_numbers_refused_is_corrected_and_reviewed_again(database, house):
    added = [a_line(house.dental, number) for number in NUMBERS]
    request_id = await a_full_draft(database, house.manager, house.dental, added)
    async with database.transaction(house.manager) as connection:
        await submitting.submit_request(connection, house.manager, request_id)
    async with database.transaction(house.administrator) as connection:
        await submitting.authorize_request(connection, house.administrator, request_id)
    first, second = await lines_of(database, request_id)
    refused = PreconfigurationRefused(
        account_id=house.id,
        refused_count=2,
        lines=[
            RefusedLine(line_id=first.id, tracking_number=FIRST, code="FORWARDING_LOOP"),
            RefusedLine(line_id=second.id, tracking_number=SECOND, code="INTERNAL_PORT"),
        ],
    )
    await hear(database, heard(refused, subject=request_id))
    with pytest.raises(Refused) as missing:
        await resubmit(database, house.manager, request_id)
    assert [each.path[-1] for each in missing.value.refusals] == NUMBERS

    async with database.transaction(house.manager) as connection:
        with pytest.raises(Refused) as loop:
            await resubmitting.correct_lines(
                connection,
                house.manager,
                request_id,
                [Correction(number=FIRST, note="elsewhere", forwarding_number=SECOND)],
            )
    assert [each.code for each in loop.value.refusals] == ["FORWARDING_LOOP"]
    async with database.transaction(house.manager) as connection:
        await resubmitting.correct_lines(
            connection,
            house.manager,
            request_id,
            [Correction(number=FIRST, note="elsewhere", forwarding_number=OUTSIDE)],
        )
        await resubmitting.drop_lines(connection, house.manager, request_id, [SECOND], None)
    await resubmit(database, house.manager, request_id)

    assert await status(database, request_id) is PortRequestStatus.IN_REVIEW
    resubmitted, readied, review = (await told(database, request_id))[-3:]
    assert [event.type.split(".")[1] for event in (resubmitted, readied, review)] == [
        "port_resubmitted",
        "lines_readied",
        "review_started",
    ]
    assert [line.tracking_number for line in readied.fact.lines] == [FIRST]


async def test_without_its_faulty_lines_a_stopped_request_can_be_sent_again(
    database, house, reviewed
):
    first, _ = await lines_of(database, reviewed)
    async with database.working() as connection:
        # As one that is still being checked: the numbers are not there yet.
        await connection.execute("UPDATE port_requests SET preconfigured_at = NULL")
        await faults.note_preconfiguration_refused(
            connection, reviewed, {first.id: "INTERNAL_PORT"}
        )
    assert (await request_of(database, reviewed)).fault_code == "INTERNAL_PORT"
    for _ in range(2):
        await drop(database, house.administrator, reviewed, FIRST)
    request = await request_of(database, reviewed)
    assert request.turn == (WaitingOn.REQUESTER, "Everything is put right: send it again.")
    assert (await types_told(database, reviewed)).count("lines_cancelled") == 1
    await resubmit(database, house.administrator, reviewed)
    assert await status(database, reviewed) is PortRequestStatus.IN_REVIEW


async def drop(database, caller, request_id, *numbers, reason=None):
    async with database.transaction(caller) as connection:
        await resubmitting.drop_lines(connection, caller, request_id, numbers, reason)


async def test_why_a_number_is_taken_out_is_said_in_few_words(database, house, reviewed):
    with pytest.raises(Refused) as refused:
        await drop(database, house.administrator, reviewed, FIRST, reason="x" * 501)
    assert [each.path for each in refused.value.refusals] == [("input", "reason")]


async def resubmit(database, caller, request_id):
    async with database.transaction(caller) as connection:
        await resubmitting.resubmit_request(connection, caller, request_id, None)


async def test_dropping_the_last_line_cancels_what_was_never_sent(database, house, reviewed):
    async with database.transaction(house.administrator) as connection:
        await resubmitting.drop_lines(
            connection, house.administrator, reviewed, NUMBERS, "All wrong"
        )
    assert await status(database, reviewed) is PortRequestStatus.CANCELLED
    assert (await types_told(database, reviewed))[-2:] == ["lines_cancelled", "port_cancelled"]


async def test_a_fault_of_the_whole_request_stops_it_once(database, house, reviewed):
    async def stop(code):
        async with database.transaction(SUPPORT) as connection:
            request = await requests.lock_request(connection, reviewed)
            await faults.require_action(
                connection, request, code, WaitingOn.REQUESTER, remedy="Attach a newer bill."
            )

    await stop("DOCUMENT_REFUSED")
    await stop("DOCUMENT_REFUSED")
    await stop("LOA_EXPIRED")
    request = await request_of(database, reviewed)
    assert request.status is PortRequestStatus.ACTION_REQUIRED
    assert request.turn == (WaitingOn.REQUESTER, "Attach a newer bill.")
    async with database.working() as connection:
        found = await fault_store.find_faults_of_requests(connection, [reviewed])
    assert [fault.code for fault in found[reviewed]] == ["DOCUMENT_REFUSED", "LOA_EXPIRED"]
    await resubmit(database, house.administrator, reviewed)
    assert await status(database, reviewed) is PortRequestStatus.IN_REVIEW


async def test_once_a_carrier_has_it_our_checks_stop_nothing(database, request_id):
    async with database.transaction(SUPPORT) as connection:
        request = await requests.lock_request(connection, request_id)
        same = await faults.require_action(
            connection, request, "LOA_EXPIRED", WaitingOn.REQUESTER
        )
    assert same is request


@pytest.mark.parametrize(("made", "days"), [("draft", 30), ("awaiting", 30), ("faulty", 45)])
async def test_an_idle_request_is_warned_of_twice_and_then_expires(
    database, house, made, days
):
    request_id = await an_idle_one(database, house, made)
    await make_due(database, IDLE_DUE, request_id)
    idle_since = await idle_since_of(database, request_id)
    assert await due_at(database, IDLE_DUE, request_id) == idle_since + timedelta(
        days=days - 7
    )
    for passed, following in ((days - 7, days - 1), (6, days), (1, None)):
        await let_pass(database, request_id, timedelta(days=passed))
        await make_due(database, IDLE_DUE, request_id)
        since = await idle_since_of(database, request_id)
        wanted = None if following is None else since + timedelta(days=following)
        assert await due_at(database, IDLE_DUE, request_id) == wanted

    assert (await types_told(database, request_id)).count("port_expiring") == 2
    assert (await types_told(database, request_id))[-1] == "port_expired"
    assert await status(database, request_id) is PortRequestStatus.EXPIRED
    assert set(await states(database, request_id)) <= {"CANCELLED"}
    assert (await history_of(database, request_id))[-1]["actor"] == "system"


async def an_idle_one(database, house, made):
    if made == "draft":
        return await a_draft(database, house.manager, house.dental)
    added = [a_line(house.dental, FIRST)]
    request_id = await a_full_draft(database, house.manager, house.dental, added)
    async with database.transaction(house.manager) as connection:
        await submitting.submit_request(connection, house.manager, request_id)
    if made == "faulty":
        async with database.transaction(house.administrator) as connection:
            await submitting.authorize_request(connection, house.administrator, request_id)
            request = await requests.lock_request(connection, request_id)
            await faults.require_action(
                connection, request, "LOA_EXPIRED", WaitingOn.REQUESTER
            )
    return request_id


async def idle_since_of(database, request_id):
    async with database.working() as connection:
        return await requests.find_idle_since(connection, request_id)


async def test_whoever_touches_a_request_winds_its_clock(database, house):
    request_id = await a_full_draft(
        database, house.manager, house.dental, [a_line(house.dental, FIRST)]
    )
    await let_pass(database, request_id, timedelta(days=29))
    async with database.transaction(house.manager) as connection:
        await submitting.submit_request(connection, house.manager, request_id)
    await make_due(database, IDLE_DUE, request_id)
    assert "port_expiring" not in await types_told(database, request_id)


async def test_at_a_carrier_the_idle_clock_ends_the_faulty_lines_only(database, request_id):
    await reject(database, request_id, FIRST)
    await let_pass(database, request_id, timedelta(days=45))
    await make_due(database, IDLE_DUE, request_id)
    assert await states(database, request_id) == ["CANCELLED", "WITH_CARRIER"]
    assert await status(database, request_id) is PortRequestStatus.WITH_CARRIER
    await ported(database, request_id)
    assert await status(database, request_id) is PortRequestStatus.PARTIALLY_COMPLETED


async def test_at_a_carrier_the_idle_clock_leaves_what_is_not_sent_yet(database, house):
    canadian = PhoneNumber("+14165550100")
    added = [a_line(house.dental, number) for number in (FIRST, canadian)]
    request_id = await a_full_draft(database, house.administrator, house.dental, added)
    await submit(database, house.administrator, request_id)
    await preconfigure(database, request_id)
    async with database.transaction(SUPPORT) as connection:
        found = await carrier_orders.find_carrier_orders(connection, [request_id], None)
        american = [order.id for order in found[request_id] if order.key.country == "US"]
        await carrier.send_to_carrier(connection, SUPPORT, request_id, american)
    await reject(database, request_id, FIRST)
    await let_pass(database, request_id, timedelta(days=45))

    await make_due(database, IDLE_DUE, request_id)

    assert await states(database, request_id) == ["CANCELLED", "READY"]
    assert (await request_of(database, request_id)).turn[0] is WaitingOn.SUPPORT


async def test_a_clock_left_over_ends_nothing(database, house, reviewed):
    await let_pass(database, reviewed, timedelta(days=400))
    before = await types_told(database, reviewed)
    await make_due(database, IDLE_DUE, reviewed)
    assert await types_told(database, reviewed) == before
    assert await due_at(database, IDLE_DUE, reviewed) is None


@pytest.mark.parametrize("kind", [IDLE_DUE, ACTIVATION_DUE])
async def test_a_timer_never_waits_for_whoever_is_changing_the_request(
    database, request_id, kind
):
    await firm(database, request_id, now().date() + timedelta(days=9))
    await reject(database, request_id, FIRST)
    before = await types_told(database, request_id)
    async with database.transaction(SUPPORT) as connection:
        await requests.lock_request(connection, request_id)
        await make_due(database, kind, request_id)
    assert await due_at(database, kind, request_id) > now()
    assert await types_told(database, request_id) == before


async def test_the_firm_date_starts_its_lines_and_then_waits_for_the_next(
    database, request_id
):
    today = day_in(USUAL_ZONE, now())
    later = today + timedelta(days=5)
    await firm(database, request_id, today, [FIRST])
    await firm(database, request_id, later, [SECOND])
    assert await due_at(database, ACTIVATION_DUE, request_id) == start_of(today, USUAL_ZONE)
    await make_due(database, ACTIVATION_DUE, request_id)
    assert await states(database, request_id) == ["ACTIVATING", "APPROVED"]
    assert await status(database, request_id) is PortRequestStatus.PORTING
    assert await due_at(database, ACTIVATION_DUE, request_id) == start_of(later, USUAL_ZONE)
    assert (await history_of(database, request_id))[-1]["reason"] == "The firm date has come."


async def test_the_firm_date_begins_where_the_losing_carrier_is(database, request_id):
    async with database.working() as connection:
        await connection.execute("UPDATE carrier_orders SET losing_carrier = 'TELUS'")
    day = day_in("America/Vancouver", now()) + timedelta(days=5)
    await firm(database, request_id, day)
    due = await due_at(database, ACTIVATION_DUE, request_id)
    assert due == start_of(day, "America/Vancouver")


async def test_a_date_moved_away_stops_the_start(database, request_id):
    today = day_in(USUAL_ZONE, now())
    await firm(database, request_id, today)
    await make_due(database, ACTIVATION_DUE, request_id)
    await firm(database, request_id, today + timedelta(days=5))
    assert await states(database, request_id) == ["APPROVED"] * 2
    await make_due(database, ACTIVATION_DUE, request_id)
    assert await states(database, request_id) == ["APPROVED"] * 2


async def test_starting_twice_tells_nothing_new(database, request_id):
    await firm(database, request_id, now().date() + timedelta(days=5))
    async with database.transaction(SUPPORT) as connection:
        await activating.start_activation(connection, SUPPORT, request_id, None)
    before = await types_told(database, request_id)
    async with database.transaction(SUPPORT) as connection:
        await activating.start_activation(connection, SUPPORT, request_id, None)
    assert await types_told(database, request_id) == before


async def test_a_number_goes_back_within_a_day_and_the_request_keeps_its_status(
    database, request_id
):
    await ported(database, request_id)
    await snap_back(database, request_id, [FIRST])
    await snap_back(database, request_id, [FIRST])
    assert await states(database, request_id) == ["REVERTED", "PORTED"]
    assert await status(database, request_id) is PortRequestStatus.COMPLETED
    assert (await types_told(database, request_id)).count("lines_reverted") == 1
    assert (await told(database, request_id))[-1].fact.line_counts == {
        "REVERTED": 1,
        "PORTED": 1,
    }


async def test_after_a_day_nothing_goes_back(database, request_id):
    await let_pass(database, request_id, timedelta(days=2))
    await ported(database, request_id, [FIRST], at=now() - timedelta(hours=25))
    await ported(database, request_id, [SECOND])
    with pytest.raises(Refused) as refused:
        await snap_back(database, request_id)
    assert [(each.code, each.path[-1]) for each in refused.value.refusals] == [
        ("SNAPBACK_TOO_LATE", "0")
    ]
    with pytest.raises(Refused) as one:
        await snap_back(database, request_id, [SECOND, FIRST])
    assert [(each.code, each.path[-1]) for each in one.value.refusals] == [
        ("SNAPBACK_TOO_LATE", "1")
    ]


def test_the_limits_are_those_of_the_settings():
    assert (IDLE_LIMITS.unfinished.days, IDLE_LIMITS.faulty.days) == (30, 45)


async def test_a_date_that_came_while_a_cancellation_was_asked_for_still_starts_its_lines(
    database, request_id
):
    await cancel(database, SUPPORT, request_id)
    day = now().date() + timedelta(days=9)
    await firm(database, request_id, day)

    await answer(database, request_id, is_confirmed=False)

    assert await states(database, request_id) == ["APPROVED", "APPROVED"]
    assert await due_at(database, ACTIVATION_DUE, request_id) == start_of(day, USUAL_ZONE)
