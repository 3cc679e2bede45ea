"""Calls told over HTTP: who may, when, how often, and what is answered to what is no call."""

import asyncio
import base64
import secrets
import time
from datetime import UTC, datetime
from typing import Any

import httpx
import orjson
import pytest
from pydantic import ValidationError
from standardwebhooks import Webhook
from starlette.applications import Starlette

from libs.common.database import Database
from libs.contracts.number_events import FirstCallReceived
from services.numbers.integrations.telephony import Signatures, read_secrets
from services.numbers.routes.calls import LARGEST_BODY, MOST_CALLS, call_routes
from services.numbers.settings import Settings
from services.numbers.use_cases.call_deliveries import forget_deliveries
from tests.numbers.builders import NOON, add_number, found_account, phone, told

NEWER, OLDER, FOREIGN = (secrets.token_bytes(32) for _ in range(3))


def encoded(secret: bytes) -> str:
    return f"whsec_{base64.b64encode(secret).decode()}"


def headers(body: bytes, *, id: str, at: float | None = None, secret: bytes = NEWER):
    signed_at = datetime.fromtimestamp(int(at or time.time()), UTC)
    return {
        "webhook-id": id,
        "webhook-timestamp": str(int(signed_at.timestamp())),
        "webhook-signature": Webhook(secret).sign(id, signed_at, body.decode()),
    }


def a_call(number, **changes):
    return {"tracking_number": number, "called_at": NOON.isoformat(), **changes}


class Line:
    """A telephony system's, in this process."""

    def __init__(self, database: Database) -> None:
        app = Starlette(
            routes=call_routes(database, read_secrets(f"{encoded(NEWER)},{encoded(OLDER)}"))
        )
        self.client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://numbers"
        )

    async def send(self, body: bytes, **sent: str) -> httpx.Response:
        return await self.client.post("/calls", content=body, headers=sent)

    async def tell(self, said: Any, *, id: str = "msg_1", **signed: Any) -> httpx.Response:
        body = orjson.dumps(said)
        return await self.send(body, **headers(body, id=id, **signed))


@pytest.fixture
async def line(database):
    opened = Line(database)
    yield opened
    await opened.client.aclose()


async def first_calls(database):
    return [
        event.fact
        for event in await told(database)
        if isinstance(event.fact, FirstCallReceived)
    ]


async def ask(database, sql):
    async with database.working() as connection:
        return await connection.fetchval(sql)


async def test_a_call_and_a_list_of_calls_are_taken_as_reports_are(database, line):
    house = await found_account(database)
    for place in (1, 2, 3):
        await add_number(database, house, phone(place))
    alone = await line.tell(a_call(phone(1), calling_number="anonymous"))
    assert (alone.status_code, alone.json()) == (200, {"received": 1, "refused": []})
    several = await line.tell({"calls": [a_call(phone(2)), a_call(phone(3))]}, id="msg_2")
    assert several.json() == {"received": 2, "refused": []}
    assert {fact.tracking_number for fact in await first_calls(database)} == {
        phone(1),
        phone(2),
        phone(3),
    }


async def test_what_is_no_call_is_named_and_the_others_are_taken(database, line):
    house = await found_account(database)
    await add_number(database, house, phone(1))
    calls = [
        {"tracking_number": "12", "called_at": "yesterday"},
        a_call(phone(1)),
        "a call",
        a_call(phone(1), called_at="2026-03-02T12:00:00"),
    ]
    answer = await line.tell({"calls": calls})
    assert answer.status_code == 200
    assert answer.json() == {
        "received": 1,
        "refused": [
            {"index": 0, "code": "NO_CALL", "fields": ["called_at", "tracking_number"]},
            {"index": 2, "code": "NO_CALL", "fields": []},
            {"index": 3, "code": "NO_CALL", "fields": ["called_at"]},
        ],
    }
    assert len(await first_calls(database)) == 1


async def test_a_delivery_that_is_sent_again_is_answered_the_same_without_effect(
    database, line
):
    said = {"calls": [a_call(phone(9)), a_call(phone(9))]}
    answers = await asyncio.gather(*(line.tell(said) for _ in range(20)))
    again = await line.tell(said, at=time.time() + 200, secret=OLDER)
    assert {answer.status_code for answer in (*answers, again)} == {200}
    assert {answer.text for answer in (*answers, again)} == {'{"received":2,"refused":[]}'}
    assert await ask(database, "SELECT sum(call_count) FROM unknown_calls") == 2


async def test_an_id_that_comes_with_another_body_is_refused(database, line):
    await line.tell(a_call(phone(8)))
    answer = await line.tell(a_call(phone(9)))
    assert (answer.status_code, answer.json()["code"]) == (409, "ID_REUSED")
    assert await ask(database, "SELECT count(*) FROM unknown_calls") == 1


async def test_an_id_is_kept_until_its_signature_holds_no_longer(database, line):
    now = time.time()
    for place, ahead in enumerate((-290, 0, 290)):
        await line.tell(a_call(phone(9)), id=f"msg_{place}", at=now + ahead)
    kept = "SELECT array_agg(id ORDER BY id) FROM call_deliveries"
    await forget_deliveries(database)
    assert await ask(database, kept) == ["msg_0", "msg_1", "msg_2"]
    async with database.working() as connection:
        await connection.execute(
            "UPDATE call_deliveries SET kept_until = kept_until - interval '6 minutes 30 seconds'"
        )
    await forget_deliveries(database)
    assert await ask(database, kept) == ["msg_2"]


async def test_both_secrets_are_good_while_one_takes_the_others_place(line):
    for place, secret in enumerate((NEWER, OLDER)):
        answer = await line.tell(a_call(phone(9)), id=f"msg_{place}", secret=secret)
        assert answer.status_code == 200


BODY = orjson.dumps(a_call(phone(9)))


def good():
    return headers(BODY, id="msg_1")


def forged():
    signature = good()["webhook-signature"]
    return {
        "no headers": {},
        "no signature": {**good(), "webhook-signature": ""},
        "somebody else's": headers(BODY, id="msg_1", secret=FOREIGN),
        "of another body": headers(b"{}", id="msg_1"),
        "of another id": {**good(), "webhook-id": "msg_2"},
        "no id": {**good(), "webhook-id": ""},
        "an id that is too long": headers(BODY, id="x" * 257),
        "another version": {**good(), "webhook-signature": signature.replace("v1", "v9")},
        "not even written as one": {**good(), "webhook-signature": "v1 v1,v1 v1,%%%,"},
        "no time": {**good(), "webhook-timestamp": "now"},
        "a time that is none": {**good(), "webhook-timestamp": "nan"},
    }


async def test_who_does_not_sign_tells_nothing(database, line):
    for name, sent in forged().items():
        answer = await line.send(BODY, **sent)
        assert (answer.status_code, answer.json()["code"]) == (401, "NOT_SIGNED"), name
    assert await ask(database, "SELECT count(*) FROM unknown_calls") == 0
    assert await ask(database, "SELECT count(*) FROM call_deliveries") == 0


async def test_one_good_signature_among_several_is_enough(line):
    several = f"v1,{base64.b64encode(b'x' * 32).decode()} {good()['webhook-signature']}"
    assert (
        await line.send(BODY, **{**good(), "webhook-signature": several})
    ).status_code == 200


async def test_five_minutes_from_now_a_signature_holds_no_longer(database, line):
    for seconds in (-302, 302, -10_000_000):
        answer = await line.tell(a_call(phone(9)), at=time.time() + seconds)
        assert (answer.status_code, answer.json()["code"]) == (401, "TIMESTAMP_OUT_OF_WINDOW")
    assert await ask(database, "SELECT count(*) FROM unknown_calls") == 0


NO_DELIVERIES = (
    (b"{", 400, "UNREADABLE"),
    (b"[]", 400, "UNREADABLE"),
    (b'{"calls": {}}', 400, "UNREADABLE"),
    (b"[" * 100_000, 400, "UNREADABLE"),
    (b"{}", 422, "NO_CALLS"),
    (b'{"calls": [1, null]}', 422, "NO_CALLS"),
    (orjson.dumps({"calls": [0] * (MOST_CALLS + 1)}), 413, "TOO_MANY_CALLS"),
    (b" " * (LARGEST_BODY + 1), 413, "BODY_TOO_LARGE"),
)


async def test_a_body_that_is_no_delivery_is_refused_with_its_code(database, line):
    for body, status, code in NO_DELIVERIES:
        answer = await line.send(body, **headers(body, id="msg_1"))
        assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert await ask(database, "SELECT count(*) FROM call_deliveries") == 0


async def test_a_body_without_an_end_is_cut_off(line):
    sent = 0

    async def endless():
        nonlocal sent
        while True:
            sent += 65_536
            yield b" " * 65_536

    answer = await line.client.post("/calls", content=endless(), headers=good())
    assert (answer.status_code, answer.json()["code"]) == (413, "BODY_TOO_LARGE")
    assert sent < 2 * LARGEST_BODY


async def test_bytes_that_are_no_text_are_refused(line):
    answer = await line.send(b"\xff\x00", **good())
    assert answer.json()["code"] == "NOT_SIGNED"


async def test_without_the_database_a_sender_is_told_to_try_again(database, line):
    await database.close()
    answer = await line.tell(a_call(phone(9)))
    assert (answer.status_code, answer.json()["code"]) == (503, "UNAVAILABLE")


@pytest.mark.parametrize(
    "text",
    ["", "short", encoded(b"x" * 23), f"{encoded(NEWER)},", "%" * 40],
    ids=["nothing", "short", "one byte short", "one of two missing", "no base64"],
)
def test_a_secret_that_can_be_guessed_is_refused(text, monkeypatch):
    monkeypatch.setenv("CALL_SECRETS", text)
    with pytest.raises(ValidationError, match="call_secrets"):
        Settings()


def test_a_secret_stands_with_or_without_its_prefix_and_padding():
    bare = encoded(OLDER).removeprefix("whsec_").rstrip("=")
    assert read_secrets(f"{encoded(NEWER)}, {bare}") == [NEWER, OLDER]
    assert Signatures([NEWER]).read_id(good(), BODY) == "msg_1"
