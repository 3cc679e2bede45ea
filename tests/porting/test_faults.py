"""What goes wrong at the carrier, is put right, and goes on; as the real roles on PostgreSQL."""

from datetime import timedelta

import pytest

from libs.contracts.refusals import Refused, StateRefusal
from services.porting.domain.lines import LineEvent
from services.porting.domain.requests import PortRequestStatus, WaitingOn
from services.porting.store import faults as fault_store
from services.porting.use_cases import activating, carrier, faults, resubmitting
from services.porting.use_cases.resubmitting import Correction
from tests.porting.builders import (
    SUPPORT,
    a_request_with_the_carrier,
    business_day,
    first_call,
    hear,
    lines_of,
    now,
    phone,
    request_of,
    told,
    types_told,
)

NUMBERS = [phone(100), phone(101), phone(102)]
FIRST, SECOND, THIRD = NUMBERS


@pytest.fixture
async def request_id(database, house):
    return await a_request_with_the_carrier(database, house, NUMBERS)


async def wrong(
    database, request_id, *numbers, event=LineEvent.REJECTED, code="7401", text="Acct mismatch"
):
    async with database.transaction(SUPPORT) as connection:
        await faults.record_fault(
            connection,
            SUPPORT,
            request_id,
            event,
            code=code,
            carrier_text=text,
            numbers=list(numbers) or None,
        )


async def correct(database, caller, request_id, *numbers, note="New account number"):
    async with database.transaction(caller) as connection:
        await resubmitting.correct_lines(
            connection,
            caller,
            request_id,
            [Correction(number=number, note=note) for number in numbers],
        )


async def resubmit(database, caller, request_id, *numbers):
    async with database.transaction(caller) as connection:
        await resubmitting.resubmit_request(
            connection, caller, request_id, list(numbers) or None
        )


async def drop(database, caller, request_id, *numbers):
    async with database.transaction(caller) as connection:
        await resubmitting.drop_lines(connection, caller, request_id, numbers, "Not wanted")


async def states(database, request_id):
    return [line.state for line in await lines_of(database, request_id)]


async def faults_of(database, request_id):
    ids = [line.id for line in await lines_of(database, request_id)]
    async with database.working() as connection:
        found = await fault_store.find_faults_of_lines(connection, ids)
    return [found.get(line_id, []) for line_id in ids]


async def test_a_rejection_says_whose_turn_it_is_and_what_unsticks_it(database, request_id):
    await wrong(database, request_id, FIRST)

    request = await request_of(database, request_id)
    assert await states(database, request_id) == ["REJECTED", "WITH_CARRIER", "WITH_CARRIER"]
    assert request.status is PortRequestStatus.ACTION_REQUIRED
    waiting_on, remedy = request.turn
    assert (request.fault_code, waiting_on) == ("ACCOUNT_NUMBER_MISMATCH", "REQUESTER")
    assert "bill under 30 days" in remedy
    [[fault], *_] = await faults_of(database, request_id)
    assert (fault.carrier_code, fault.carrier_text) == ("7401", "Acct mismatch")
    assert (await types_told(database, request_id))[-2:] == [
        "lines_rejected",
        "action_required",
    ]


async def test_an_unknown_code_is_other_and_keeps_its_text(database, request_id):
    await wrong(database, request_id, FIRST, code="X-99", text="See memo 7")
    [[fault], *_] = await faults_of(database, request_id)
    assert (fault.code, fault.carrier_code, fault.carrier_text) == (
        "OTHER",
        "X-99",
        "See memo 7",
    )
    assert (await request_of(database, request_id)).turn[0] is WaitingOn.SUPPORT


async def test_a_doubled_rejection_tells_nothing_and_another_code_is_one_more_fault(
    database, request_id
):
    await wrong(database, request_id, FIRST)
    before = await types_told(database, request_id)
    await wrong(database, request_id, FIRST, code="E17A")
    assert await types_told(database, request_id) == before
    await wrong(database, request_id, FIRST, code="7402")
    [both, *_] = await faults_of(database, request_id)
    assert [fault.code for fault in both] == ["ACCOUNT_NUMBER_MISMATCH", "ADDRESS_MISMATCH"]
    assert (await types_told(database, request_id))[-1] == "lines_rejected"


async def test_every_fault_of_the_words_is_told_at_once(database, request_id):
    with pytest.raises(Refused) as refused:
        await wrong(database, request_id, code=" ", text="x" * 1_001)
    assert [(each.code, each.path[-1]) for each in refused.value.refusals] == [
        ("REQUIRED", "code"),
        ("TOO_LONG", "carrierText"),
    ]
    with pytest.raises(Refused):
        await wrong(database, request_id, code="7" * 65)


async def test_one_rejected_line_is_corrected_and_sent_again_alone(
    database, house, request_id
):
    await wrong(database, request_id, FIRST, SECOND)
    await correct(database, house.administrator, request_id, FIRST)
    await resubmit(database, house.administrator, request_id, FIRST)

    assert await states(database, request_id) == ["WITH_CARRIER", "REJECTED", "WITH_CARRIER"]
    [[closed], [still_open], _] = await faults_of(database, request_id)
    assert (closed.closed_by, closed.correction) == ("RESUBMITTED", "New account number")
    assert still_open.closed_at is None
    assert (await request_of(database, request_id)).status is PortRequestStatus.ACTION_REQUIRED
    (resent,) = [
        event.fact
        for event in await told(database, request_id)
        if event.type == "porting.lines_resent.v1"
    ]
    assert [line.tracking_number for line in resent.lines] == [FIRST]


async def test_what_is_sent_again_is_corrected_or_dropped(database, house, request_id):
    caller = house.administrator
    await wrong(database, request_id, FIRST, SECOND)
    await correct(database, caller, request_id, FIRST)
    with pytest.raises(Refused) as refused:
        await resubmit(database, caller, request_id)
    assert [(each.code, each.path) for each in refused.value.refusals] == [
        ("FAULT_NOT_CORRECTED", ("portRequest", "lines", SECOND))
    ]
    await drop(database, caller, request_id, SECOND)
    await resubmit(database, caller, request_id)
    assert await states(database, request_id) == ["WITH_CARRIER", "CANCELLED", "WITH_CARRIER"]
    assert (await request_of(database, request_id)).status is PortRequestStatus.WITH_CARRIER


async def test_when_all_is_corrected_the_requester_is_to_send_it_again(
    database, house, request_id
):
    await wrong(database, request_id, code="SV_CONFLICT")
    assert (await request_of(database, request_id)).turn[0] is WaitingOn.SUPPORT
    await correct(database, SUPPORT, request_id, *NUMBERS)
    waiting_on, remedy = (await request_of(database, request_id)).turn
    assert (waiting_on, remedy) == ("REQUESTER", "Everything is put right: send it again.")


async def test_a_fault_of_what_stands_on_the_letter_wants_a_new_one(
    database, house, request_id
):
    caller = house.administrator
    await wrong(database, request_id, code="ADDRESS_MISMATCH")
    await correct(database, caller, request_id, *NUMBERS)
    with pytest.raises(Refused) as refused:
        await resubmit(database, caller, request_id)
    assert [(each.code, each.path[-1]) for each in refused.value.refusals] == [
        ("LETTER_OUTDATED", "letter")
    ]
    async with database.working() as connection:
        await connection.execute(
            "UPDATE letters SET signed_at = $2 WHERE port_request_id = $1",
            request_id,
            now() + timedelta(seconds=1),
        )
    await resubmit(database, caller, request_id)
    assert await states(database, request_id) == ["WITH_CARRIER"] * 3


@pytest.mark.parametrize(
    ("change", "code", "refused_with"),
    [
        ("SET state = 'DRAFT'", "PIN_INVALID", ["LETTER_NOT_SIGNED"]),
        ("SET state = 'SUPERSEDED'", "NAME_MISMATCH", ["LETTER_OUTDATED"]),
    ],
    ids=["not signed yet", "none, and one is needed"],
)
async def test_a_letter_is_signed_before_it_goes_on(
    database, house, request_id, change, code, refused_with
):
    await wrong(database, request_id, FIRST, code=code)
    await correct(database, house.administrator, request_id, FIRST)
    async with database.working() as connection:
        await connection.execute(
            f"UPDATE letters {change} WHERE port_request_id = $1", request_id
        )
    with pytest.raises(Refused) as refused:
        await resubmit(database, house.administrator, request_id, FIRST)
    assert [each.code for each in refused.value.refusals] == refused_with


async def test_every_fault_of_a_correction_is_told_at_once(database, house, request_id):
    await wrong(database, request_id, FIRST)
    given = [
        Correction(number=phone(999), note="x"),
        Correction(number=SECOND, note=" "),
        Correction(number=FIRST, note="y" * 501, forwarding_number=phone(5)),
    ]
    with pytest.raises(Refused) as refused:
        async with database.transaction(SUPPORT) as connection:
            await resubmitting.correct_lines(connection, SUPPORT, request_id, given)
    assert [(each.code, each.path[2:]) for each in refused.value.refusals] == [
        ("NOT_FOUND", ("0", "trackingNumber")),
        ("NO_FAULT", ("1", "trackingNumber")),
        ("REQUIRED", ("1", "note")),
        ("TOO_LONG", ("2", "note")),
        ("INVALID", ("2", "forwardingNumber")),
    ]
    with pytest.raises(Refused):
        await correct(database, SUPPORT, request_id)


async def test_what_a_carrier_works_on_cannot_be_dropped(database, house, request_id):
    await wrong(database, request_id, FIRST)
    with pytest.raises(Refused) as refused:
        await drop(database, house.administrator, request_id, FIRST, SECOND)
    (refusal,) = refused.value.refusals
    assert (refusal.code, refusal.status) == ("INVALID_STATE", "WITH_CARRIER")
    assert (await states(database, request_id))[0] == "REJECTED"


async def test_whoever_neither_made_it_nor_administers_puts_nothing_right(
    database, house, request_id
):
    await wrong(database, request_id, FIRST)
    for act in (correct, resubmit, drop):
        with pytest.raises(Exception, match="Only whoever made the request"):
            await act(database, house.manager, request_id, FIRST)


@pytest.mark.parametrize(
    ("event", "state"),
    [
        (LineEvent.REJECTED, "REJECTED"),
        (LineEvent.CONFLICT_RAISED, "CONFLICT"),
        (LineEvent.ACTIVATION_FAILED, "ACTIVATION_FAILED"),
    ],
)
async def test_a_first_call_ends_every_fault(database, house, request_id, event, state):
    async with database.transaction(SUPPORT) as connection:
        await carrier.record_firm_date(connection, SUPPORT, request_id, business_day(3), None)
    await wrong(database, request_id, FIRST, event=event, code="SV_FAILURE")
    assert (await states(database, request_id))[0] == state
    await hear(database, first_call(house, request_id, FIRST, now()))
    assert (await states(database, request_id))[0] == "PORTED"
    [[fault], *_] = await faults_of(database, request_id)
    assert fault.closed_by == "PORTED"
    assert (await request_of(database, request_id)).status is PortRequestStatus.PORTING


async def test_a_new_date_ends_a_conflict(database, request_id):
    await wrong(
        database, request_id, FIRST, event=LineEvent.CONFLICT_RAISED, code="SV_CONFLICT"
    )
    async with database.transaction(SUPPORT) as connection:
        await carrier.record_firm_date(connection, SUPPORT, request_id, business_day(3), None)
    assert await states(database, request_id) == ["APPROVED"] * 3
    [[fault], *_] = await faults_of(database, request_id)
    assert fault.closed_by == "APPROVED"
    assert (await types_told(database, request_id))[-1] == "port_approved"


async def test_a_failed_activation_is_tried_again(database, request_id):
    async with database.transaction(SUPPORT) as connection:
        await carrier.record_firm_date(connection, SUPPORT, request_id, business_day(3), None)
        await activating.start_activation(connection, SUPPORT, request_id, [FIRST])
    await wrong(
        database, request_id, FIRST, event=LineEvent.ACTIVATION_FAILED, code="SV_FAILURE"
    )
    async with database.transaction(SUPPORT) as connection:
        await activating.start_activation(connection, SUPPORT, request_id, [FIRST])
    assert await states(database, request_id) == ["ACTIVATING", "APPROVED", "APPROVED"]
    [[fault], *_] = await faults_of(database, request_id)
    assert fault.closed_by == "RETRIED"
    assert (await request_of(database, request_id)).status is PortRequestStatus.PORTING


async def test_a_line_that_can_never_move_ends_and_the_rest_goes_on(database, request_id):
    await wrong(database, request_id, FIRST, code="7403")
    async with database.transaction(SUPPORT) as connection:
        await faults.record_not_portable(
            connection, SUPPORT, request_id, code="NOT_PORTABLE", numbers=[FIRST]
        )
        await faults.record_not_portable(
            connection, SUPPORT, request_id, code="NOT_PORTABLE", numbers=[FIRST]
        )
    assert await states(database, request_id) == [
        "NOT_PORTABLE",
        "WITH_CARRIER",
        "WITH_CARRIER",
    ]
    assert (await request_of(database, request_id)).status is PortRequestStatus.WITH_CARRIER
    assert (await types_told(database, request_id))[-1] == "lines_not_portable"


async def test_before_a_carrier_has_it_nothing_is_wrong_at_the_carrier(database, house):
    with pytest.raises(StateRefusal):
        await resubmit(
            database,
            house.administrator,
            await a_request_with_the_carrier(database, house, [phone(200)]),
        )
