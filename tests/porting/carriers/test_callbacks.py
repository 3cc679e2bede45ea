"""What a carrier calls back with: signed, recent, small, in the agreed form, and kept once."""

import asyncio
import time

import pytest
from starlette.applications import Starlette

from deploy.emulator.signatures import sign
from services.porting.integrations.carriers.emulator import Emulator
from services.porting.routes import files as file_module
from services.porting.routes.files import carrier_routes
from services.porting.workers import CarrierWorker
from tests.porting.builders import (
    VAULT,
    a_request_with_the_carrier,
    business_day,
    found_house,
    now,
    phone,
    types_told,
)
from tests.porting.carriers.counterparts import (
    BRISK,
    SECRET,
    a_message,
    call_back,
    messages_of,
    order_of,
    work,
)

DAY = business_day().isoformat()


@pytest.fixture
async def request_id(database, emulated) -> str:
    house = await found_house(database)
    made = await a_request_with_the_carrier(database, house, [phone(100), phone(101)])
    await hear(database, emulated)
    return made


@pytest.fixture
async def order_id(database, request_id) -> str:
    return await order_of(database, request_id)


async def hear(database, emulated) -> None:
    await work(
        CarrierWorker(database=database, carrier=emulated.adapter, pace=BRISK, vault=VAULT)
    )


async def heard(database, request_id) -> list[tuple[str, str | None, int]]:
    return [
        (row["state"], row["reason"], row["times"])
        for row in await messages_of(database, request_id)
        if row["direction"] == "IN"
    ]


async def test_the_same_callback_a_hundred_times_at_once_has_one_effect(
    database, emulated, request_id, order_id
):
    body = a_message("m-1", order_id, type="firm_date", firmDate=DAY)

    answers = await asyncio.gather(*(call_back(emulated.door, body) for _ in range(100)))
    await hear(database, emulated)

    assert {answer.status_code for answer in answers} == {200}
    assert sum(answer.json()["isNew"] for answer in answers) == 1
    assert await heard(database, request_id) == [("applied", None, 100)]
    assert (await types_told(database, request_id)).count("port_approved") == 1


async def test_a_wrong_signature_changes_nothing(database, emulated, request_id, order_id):
    body = a_message("m-1", order_id, type="firm_date", firmDate=DAY)
    other = a_message("m-1", order_id, type="ported", portedAt=now().isoformat())
    before = await types_told(database, request_id)
    path = "/carriers/emulator/callbacks"
    signed = sign(SECRET, "m-1", body)
    wrong = (
        {},
        signed | {"webhook-signature": ""},
        signed | {"webhook-signature": "v1,é"},
        signed | {"webhook-signature": signed["webhook-signature"][:-2] + "=="},
        signed | {"webhook-id": "m-2"},
        signed | {"webhook-timestamp": str(int(signed["webhook-timestamp"]) + 1)},
        signed | {"webhook-timestamp": "now"},
        signed | {"webhook-timestamp": "²"},
        signed | {"webhook-timestamp": "-1"},
    )

    answers = [
        await emulated.door.post(path, content=body, headers=_as_bytes(each)) for each in wrong
    ]
    answers += [
        await emulated.door.post(path, content=other, headers=signed),
        await call_back(emulated.door, body, secret="x" * 64),
    ]
    await hear(database, emulated)

    assert [answer.status_code for answer in answers] == [401] * len(answers)
    assert await heard(database, request_id) == []
    assert await types_told(database, request_id) == before


def _as_bytes(headers: dict[str, str]) -> dict[str, bytes]:
    return {name: text.encode("latin-1", errors="replace") for name, text in headers.items()}


async def test_a_callback_that_was_signed_too_long_ago_or_ahead_is_refused(
    database, emulated, request_id, order_id
):
    body = a_message("m-1", order_id, type="firm_date", firmDate=DAY)

    for age_s in (301, -302, 10**9):
        answer = await call_back(emulated.door, body, age_s=age_s)
        assert (age_s, answer.status_code) == (age_s, 401)

    assert await heard(database, request_id) == []


async def test_a_callback_of_the_last_five_minutes_is_taken(
    database, emulated, request_id, order_id
):
    body = a_message("m-1", order_id)

    assert (await call_back(emulated.door, body, age_s=295)).status_code == 200


async def test_another_carriers_name_is_unknown(database, emulated, request_id, order_id):
    body = a_message("m-1", order_id)

    answer = await call_back(emulated.door, body, name="desk")

    assert answer.status_code == 404


async def test_an_order_that_this_carrier_was_never_told_of_is_listed_as_ignored(
    database, emulated, request_id, order_id
):
    async with database.working() as connection:
        await connection.execute("UPDATE carrier_messages SET carrier = 'another'")

    for reference in (order_id, "ord_unknown"):
        body = a_message(f"m-{reference}", reference, type="firm_date", firmDate=DAY)
        assert (await call_back(emulated.door, body)).status_code == 200
    await hear(database, emulated)

    async with database.working() as connection:
        rows = await connection.fetch(
            "SELECT state, reason, port_request_id FROM carrier_messages WHERE direction = 'IN'"
        )
    assert [tuple(row) for row in rows] == [("ignored", "UNKNOWN_ORDER", None)] * 2
    assert "port_approved" not in await types_told(database, request_id)


FORMS = (
    {"type": "winback"},
    {"type": "firm_date", "firmDate": "2026-02-30"},
    {"type": "firm_date"},
    {"surprise": 1},
    {"saidAt": "2026-01-01T00:00:00"},
    {"numbers": []},
    {"numbers": ["12"]},
    {"version": 2**31},
    {"type": "conflict", "code": "50", "text": "x" * 1_001},
    {"type": "conflict", "code": "50", "text": "\ud800"},
    {"type": "rejected", "code": "", "text": "no"},
    {"type": "rejected", "code": "7435 x", "text": "no"},
    {"order": "pr 1"},
    {"id": "m-2"},
)


async def test_what_is_signed_but_not_in_the_agreed_form_is_not_kept(
    database, emulated, request_id, order_id
):
    for body in (b"{", b"\xff", *(a_message("m-1", order_id, **each) for each in FORMS)):
        answer = await emulated.door.post(
            "/carriers/emulator/callbacks", content=body, headers=sign(SECRET, "m-1", body)
        )
        assert (body, answer.status_code) == (body, 422)

    assert await heard(database, request_id) == []


async def test_control_characters_of_a_carriers_text_are_dropped(
    database, emulated, request_id, order_id
):
    body = a_message("m-1", order_id, type="conflict", code="50", text="no\x00 \x1b[31mLSR")

    assert (await call_back(emulated.door, body)).status_code == 200

    (row,) = [
        row for row in await messages_of(database, request_id) if row["direction"] == "IN"
    ]
    assert '"no [31mLSR"' in row["said"]


@pytest.fixture
def stream(database):
    """Posts a body piece by piece, and counts the pieces that were read."""
    app = Starlette(
        routes=carrier_routes(database, Emulator("http://emulator", SECRET), VAULT)
    )

    async def post(pieces, pause_s=0.0, **headers: str):
        read = 0

        async def receive():
            nonlocal read
            await asyncio.sleep(pause_s)
            read += 1
            return {
                "type": "http.request",
                "body": next(pieces, b""),
                "more_body": True,
            }

        sent = []

        async def send(message):
            sent.append(message)

        named = {
            "webhook-id": "m-1",
            "webhook-timestamp": str(int(time.time())),
            "webhook-signature": "v1,x",
            **{name.replace("_", "-"): text for name, text in headers.items()},
        }
        scope = {
            "type": "http",
            "method": "POST",
            "path": "/carriers/emulator/callbacks",
            "query_string": b"",
            "headers": [(name.encode(), text.encode()) for name, text in named.items()],
        }
        await app(scope, receive, send)
        return sent[0]["status"], dict(sent[0]["headers"]), read

    return post


async def test_a_body_of_a_hundred_megabytes_is_refused_unread(stream):
    pieces = (b"x" * 100_000 for _ in range(1_000))

    status, headers, read = await stream(pieces, content_length=str(100_000_000))

    assert (status, headers[b"connection"], read) == (413, b"close", 0)


async def test_of_a_body_that_never_ends_no_more_is_read_than_a_message_may_have(stream):
    pieces = (b"x" * 100_000 for _ in range(1_000))

    status, headers, read = await stream(pieces)

    assert (status, headers[b"connection"], read) == (413, b"close", 11)


async def test_a_body_that_comes_too_slowly_is_refused(stream, monkeypatch):
    monkeypatch.setattr(file_module, "_SLOWEST_CALLBACK_S", 0.1)

    status, headers, _read = await stream(iter(()), pause_s=0.04)

    assert (status, headers[b"connection"]) == (408, b"close")


async def test_an_old_timestamp_is_refused_before_the_body_is_read(stream):
    old = str(int(time.time()) - 301)

    status, headers, read = await stream(iter(()), webhook_timestamp=old)

    assert (status, headers[b"connection"], read) == (401, b"close", 0)
