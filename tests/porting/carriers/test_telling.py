"""What is told to a carrier: retried, in order, looked after, and never with a PIN in our rows."""

import asyncio
import json
import logging
from dataclasses import replace
from datetime import timedelta

import asyncpg
import httpx
import pytest

from services.porting.domain.carriers import Rejected, Telling
from services.porting.integrations.carriers.emulator import Emulator
from services.porting.integrations.carriers.protocol import Heard, OrderState, TurnedDown
from services.porting.store import faults, letters, requests, told_messages
from services.porting.use_cases import telling
from services.porting.use_cases.cancelling import cancel_request
from services.porting.use_cases.carrier import send_to_carrier
from services.porting.use_cases.carrier_messages import tell_carrier
from services.porting.use_cases.carrier_orders import create_carrier_order
from services.porting.use_cases.pins import keep_pins
from services.porting.use_cases.resubmitting import drop_lines
from services.porting.use_cases.telling import Pace
from services.porting.workers import CarrierWorker
from tests.porting.builders import (
    SUPPORT,
    VAULT,
    a_full_draft,
    a_line,
    a_request_with_the_carrier,
    found_house,
    lines_of,
    now,
    phone,
    preconfigure,
    request_of,
    submit,
)
from tests.porting.carriers.counterparts import (
    BRISK,
    SECRET,
    Emulated,
    a_message,
    call_back,
    messages_of,
    order_of,
    set_pin,
    work,
)

NUMBERS = [phone(100), phone(101)]


@pytest.fixture
async def request_id(database, house) -> str:
    return await a_request_with_the_carrier(database, house, NUMBERS)


@pytest.fixture
async def order_id(database, request_id) -> str:
    return await order_of(database, request_id)


@pytest.fixture
def worker(database, emulated) -> CarrierWorker:
    return CarrierWorker(database=database, carrier=emulated.adapter, pace=BRISK, vault=VAULT)


async def record(database, kind, request_id, numbers=NUMBERS, *, later=1) -> int:
    """As a use case records it that changed the request; answers the order's version."""
    async with database.working() as connection:
        request = await requests.lock_request(connection, request_id)
        changed = replace(request, version=request.version + later)
        await tell_carrier(connection, kind, changed, numbers)
    return changed.version


async def told_rows(database, request_id):
    return [
        row for row in await messages_of(database, request_id) if row["direction"] == "OUT"
    ]


async def look(database, worker, times=1) -> None:
    """As often as if so much time had passed."""
    for _ in range(times):
        async with database.working() as connection:
            await connection.execute(
                "UPDATE carrier_messages SET next_attempt_at = now() WHERE state = 'sent'"
            )
        await worker.tell_one()


async def test_what_was_told_is_kept_without_the_pin(
    database, emulated, worker, request_id, order_id, caplog
):
    caplog.set_level(logging.DEBUG)
    await set_pin(database, "481516")

    await work(worker)

    (sent,) = emulated.book[order_id].told
    assert sent["pin"] == "481516"
    assert sent["numbers"] == sorted(NUMBERS)
    (row,) = await told_rows(database, request_id)
    assert json.loads(row["raw"]) == {**sent, "pin": "***"}
    assert "481516" not in str(dict(row)) + caplog.text


async def test_the_account_is_as_the_desk_put_the_order_together(
    database, emulated, worker, house
):
    request_id = await a_request_in_review(database, house, [*NUMBERS, phone(102)])
    async with database.transaction(SUPPORT) as connection:
        await create_carrier_order(
            connection,
            SUPPORT,
            request_id,
            NUMBERS[:1],
            losing_carrier="Another Telecom",
            losing_account="B-2",
            billing_number=None,
        )
        await send_to_carrier(connection, SUPPORT, request_id)
    await work(worker)

    told = {
        tuple(order.numbers): order.told[0]["subscriber"] for order in emulated.book.values()
    }
    assert {
        numbers: (subscriber["losingCarrier"], subscriber["accountNumber"])
        for numbers, subscriber in told.items()
    } == {
        tuple(NUMBERS[:1]): ("Another Telecom", "B-2"),
        (NUMBERS[1], phone(102)): ("Old Telecom", "A-1"),
    }


async def a_request_in_review(database, house, numbers) -> str:
    added = [a_line(house.dental, number) for number in numbers]
    request_id = await a_full_draft(database, house.administrator, house.dental, added)
    await submit(database, house.administrator, request_id)
    await preconfigure(database, request_id)
    return request_id


async def test_each_try_waits_longer_and_the_last_one_leaves_it_to_a_person(
    database, emulated, worker, request_id
):
    emulated.breaks_down = True
    slow = CarrierWorker(
        database=database, carrier=emulated.adapter, pace=Pace(first_retry=timedelta(hours=5))
    )
    await slow.tell_one()
    (row,) = await told_rows(database, request_id)
    waits = row["next_attempt_at"] - now()
    assert (row["state"], row["reason"]) == ("waiting", "ReadTimeout")
    assert timedelta(minutes=58) < waits <= timedelta(hours=1)

    async with database.working() as connection:
        await connection.execute(
            "UPDATE carrier_messages SET attempts = 29, next_attempt_at = now()"
        )
    await worker.tell_one()

    (row,) = await told_rows(database, request_id)
    assert (row["state"], row["reason"]) == ("dead", "ReadTimeout")
    assert not await worker.tell_one()


async def test_who_comes_too_late_with_a_failure_does_not_undo_a_success(
    database, emulated, worker, request_id
):
    async with database.working() as connection:
        slow = await telling.take_errand(connection, "emulator", BRISK)
    await work(worker)

    async with database.working() as connection:
        late = replace(slow.told, attempts=30)
        await telling.note_unreachable(connection, late, "ReadTimeout", BRISK)

    (row,) = await told_rows(database, request_id)
    assert (row["state"], row["reason"]) == ("sent", None)


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(500),
        httpx.Response(401),
        httpx.Response(302, headers={"location": "http://elsewhere"}),
        httpx.Response(200, content=b"thanks"),
        httpx.Response(422, content=b"{}"),
    ],
    ids=str,
)
async def test_an_answer_that_says_nothing_is_no_answer(database, request_id, answer):
    transport = httpx.MockTransport(lambda _request: answer)
    adapter = Emulator("http://x", SECRET, client=httpx.AsyncClient(transport=transport))

    await CarrierWorker(database=database, carrier=adapter, pace=BRISK, vault=VAULT).tell_one()

    (row,) = await told_rows(database, request_id)
    assert row["state"] == "waiting"
    assert row["reason"]


async def test_an_answer_that_is_a_rejection_is_worked_as_one(database, request_id, order_id):
    rejection = {
        **json.loads(a_message("m-1", order_id)),
        "type": "rejected",
        "code": "7435",
        "text": "no such PIN",
    }
    transport = httpx.MockTransport(
        lambda _request: httpx.Response(422, json={"said": rejection})
    )
    adapter = Emulator("http://x", SECRET, client=httpx.AsyncClient(transport=transport))
    worker = CarrierWorker(database=database, carrier=adapter, pace=BRISK, vault=VAULT)

    await work(worker)

    out, said = await messages_of(database, request_id)
    assert (out["state"], out["reason"]) == ("refused", "7435")
    assert (said["kind"], said["direction"]) == ("REJECTED", "IN")


async def test_a_correction_never_overtakes_the_order(
    database, emulated, worker, request_id, order_id
):
    version = await record(database, Telling.SUPPLEMENT, request_id, NUMBERS[:1])
    emulated.breaks_down = True
    await work(worker, rounds=3)
    assert [row["state"] for row in await told_rows(database, request_id)] == ["waiting"] * 2

    emulated.breaks_down = False
    await work(worker)

    first, second = emulated.book[order_id].told
    assert first["version"] < second["version"] == version
    assert second["numbers"] == NUMBERS[:1]
    assert [row["state"] for row in await told_rows(database, request_id)] == ["done", "sent"]


async def test_a_200_is_no_promise_until_the_order_has_changed(
    database, emulated, worker, request_id, order_id
):
    await work(worker)
    version = await record(database, Telling.SUPPLEMENT, request_id, NUMBERS[:1])
    await work(worker)
    await look(database, worker, times=4)
    _, row = await told_rows(database, request_id)
    assert (row["state"], row["reason"]) == ("sent", None)

    await look(database, worker)
    _, row = await told_rows(database, request_id)
    assert (row["reason"], row["confirmed_at"]) == ("NOT_CONFIRMED", None)

    order = emulated.book[order_id]
    order.changes += 1
    order.said.append(json.loads(a_message("m-9", order_id, version=version)))
    await look(database, worker)
    _, row = await told_rows(database, request_id)
    assert row["reason"] is None
    assert row["confirmed_at"] is not None


async def test_what_a_lost_callback_would_have_said_is_found_by_looking_once(
    database, emulated, worker, request_id, order_id
):
    await work(worker)
    body = a_message("m-1", order_id, type="firm_date", firmDate=now().date().isoformat())
    emulated.book[order_id].said.append(json.loads(body))

    await look(database, worker, times=3)
    await call_back(emulated.door, body)
    await work(worker)

    heard = [
        row for row in await messages_of(database, request_id) if row["direction"] == "IN"
    ]
    assert [(row["state"], row["times"]) for row in heard] == [("applied", 2)]
    assert (await request_of(database, request_id)).status == "APPROVED"


async def test_what_no_carrier_is_to_have_any_more_is_not_told(
    database, emulated, worker, request_id
):
    async with database.working() as connection:
        await connection.execute("UPDATE lines SET state = 'CANCELLED'")

    await work(worker)

    (row,) = await told_rows(database, request_id)
    assert (row["state"], row["reason"]) == ("done", "NOTHING_LEFT")
    assert emulated.book == {}


async def test_an_order_that_cannot_be_assembled_holds_up_no_other(
    database, emulated, worker, house, request_id
):
    async with database.working() as connection:
        await connection.execute("UPDATE letters SET state = 'SUPERSEDED'")
    other = await a_request_with_the_carrier(database, house, [phone(102)])

    await work(worker, rounds=3)

    (row,) = await told_rows(database, request_id)
    assert (row["state"], row["reason"]) == ("waiting", "KeyError")
    assert len(await emulated.told(other)) == 1


async def test_a_fault_of_ours_is_a_failed_try(
    database, emulated, worker, request_id, monkeypatch
):
    monkeypatch.setattr(letters, "find_letters", None)

    await worker.tell_one()

    (row,) = await told_rows(database, request_id)
    assert (row["state"], row["reason"]) == ("waiting", "TypeError")


async def test_a_cancellation_reaches_the_carrier_and_its_answer_comes_back(
    database, house, request_id, order_id
):
    emulated = Emulated(database, "slow", hour_s=0.1)
    worker = CarrierWorker(
        database=database, carrier=emulated.adapter, pace=BRISK, vault=VAULT
    )
    await work(worker)
    async with database.transaction(house.administrator) as connection:
        await cancel_request(connection, house.administrator, request_id, None)
    assert (await request_of(database, request_id)).status == "CANCEL_REQUESTED"

    async with asyncio.timeout(5):
        while (await request_of(database, request_id)).status != "CANCELLED":
            await work(worker, rounds=2)
            await asyncio.sleep(0.01)

    await emulated.close()
    told = emulated.book[order_id].told
    assert [each["numbers"] for each in told] == [sorted(NUMBERS)] * 2


async def test_a_line_that_is_given_up_is_given_up_at_the_carrier(
    database, emulated, house, worker, request_id, order_id
):
    await work(worker)
    body = a_message(
        "m-1",
        order_id,
        type="rejected",
        code="7401",
        text="no such account",
        numbers=NUMBERS[:1],
    )
    await call_back(emulated.door, body)
    await work(worker)

    async with database.transaction(house.administrator) as connection:
        await drop_lines(connection, house.administrator, request_id, NUMBERS[:1], None)
    await work(worker)

    assert emulated.book[order_id].told[-1]["numbers"] == NUMBERS[:1]
    assert (await request_of(database, request_id)).status == "WITH_CARRIER"


async def test_only_the_desk_reads_what_carriers_are_told_and_say(database, house, request_id):
    async with database.reading(SUPPORT) as connection:
        assert await connection.fetchval("SELECT count(*) FROM carrier_messages") == 1
    for member in (house.administrator, house.client_manager):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with database.reading(member) as connection:
                await connection.fetch("SELECT * FROM carrier_messages")


async def test_a_customers_act_leaves_something_to_tell_of_their_own_account_only(
    database, house, request_id
):
    request = await request_of(database, request_id)
    changed = replace(request, version=request.version + 1)
    async with database.transaction(house.administrator) as connection:
        await tell_carrier(connection, Telling.CANCELLATION, changed, NUMBERS)
    assert len(await told_rows(database, request_id)) == 2

    other = await found_house(database)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with database.transaction(other.administrator) as connection:
            await told_messages.add_telling(
                connection,
                Telling.CANCELLATION,
                reference="ord_1",
                order_version=1,
                port_request_id=request_id,
                account_id=house.id,
                numbers=NUMBERS,
            )


SAID = 'PIN 481516 is not valid, nor is ab"C.'
WITHOUT = "PIN *** is not valid, nor is ***."


def a_no(order_id: str) -> Heard:
    rejection = Rejected(
        message_id="m-1", reference=order_id, said_at=now(), code="7435", text=SAID
    )
    return Heard(message=rejection, raw=json.dumps({"text": SAID}))


async def answer_at_once(database, worker, emulated, request_id, order_id):
    heard = a_no(order_id)
    turned_down = TurnedDown(rejection=heard.message, sent="{}", answer=heard.raw)
    async with database.working() as connection:
        errand = await telling.take_errand(connection, "emulator", BRISK, VAULT)
        await telling.note_answer(
            connection, errand.told, turned_down, "emulator", BRISK, VAULT
        )


async def show_it_later(database, worker, emulated, request_id, order_id):
    await worker.tell_one()
    shown = OrderState(last_modified="2", is_over=False, said=[a_no(order_id)])
    async with database.working() as connection:
        await connection.execute("UPDATE carrier_messages SET next_attempt_at = now()")
        errand = await telling.take_errand(connection, "emulator", BRISK, VAULT)
        await telling.note_state(connection, errand.told, shown, "emulator", BRISK, VAULT)


async def call_back_with_it(database, worker, emulated, request_id, order_id):
    await worker.tell_one()
    body = a_message("m-1", order_id, type="rejected", code="7435", text=SAID)
    assert (await call_back(emulated.door, body)).status_code == 200


@pytest.mark.parametrize("say", [answer_at_once, show_it_later, call_back_with_it])
async def test_a_pin_that_a_carrier_repeats_is_passed_on_to_nobody(
    database, emulated, worker, request_id, order_id, say
):
    await set_pin(database, "481516")
    async with database.working() as connection:
        request = await requests.lock_request(connection, request_id)
        line, _ = await lines_of(database, request_id)
        await keep_pins(connection, request, VAULT, {line.id: 'Ab"c'})

    await say(database, worker, emulated, request_id, order_id)
    while await worker.hear_one():
        pass

    rows = await messages_of(database, request_id)
    [heard] = [row for row in rows if row["direction"] == "IN"]
    assert json.loads(heard["said"])["text"] == WITHOUT
    assert "481516" not in str([dict(row) for row in rows])
    assert 'ab\\"c' not in heard["raw"].lower()
    async with database.working() as connection:
        opened = await faults.find_open_faults(connection, request_id)
    assert {fault.carrier_text for fault in opened} == {WITHOUT}
