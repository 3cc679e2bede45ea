"""The door of a graph: what it takes, what it refuses, and in which words."""

import asyncio
import json

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from libs.common.dev_issuer import sign_token
from libs.common.graphql.gateway_hop import EXTENSION, GatewayHop
from libs.common.telemetry import TelemetryMiddleware
from tests.common.sample import SECRET, Rows, a_graph, an_endpoint

# Made by @graphql-mesh/hmac-upstream-signature with SECRET.
SIGNED_BY_HIVE = r"""
{"query":"query A($a:Int){lines(first:$a){id}}","extensions":{"hmac-signature":"mZuz6wWh+W/wZFuLOo6RHtvjp0FouiJviGkmqMH1LPk="}}
{"query":"query A($a:Int){lines(first:$a){id}}","variables":{},"extensions":{"hmac-signature":"mZuz6wWh+W/wZFuLOo6RHtvjp0FouiJviGkmqMH1LPk="}}
{"query":"query A($a:Int){lines(first:$a){id}}","variables":{"b":{"z":1,"a":[null,"é\u2028\u0001\"\\/\u007f😀"]},"a":1.5,"neg":0,"t":true},"extensions":{"hmac-signature":"a2gVzaS19OWdFcDSN7yFhBHU0bhTe/ysiCMSRh5Uf/I="}}
"""


class Door:
    def __init__(self, issuer_key, **options):
        self.issuer_key = issuer_key
        app = Starlette(routes=[Route("/graphql", an_endpoint(issuer_key, **options))])
        self.app = TelemetryMiddleware(app)

    def client(self):
        transport = httpx.ASGITransport(self.app)
        return httpx.AsyncClient(transport=transport, base_url="http://test")

    def bearer(self, subject="ann", **claims):
        return {
            "authorization": f"Bearer {sign_token(self.issuer_key, subject=subject, **claims)}"
        }

    async def post(self, query=None, *, headers=None, **body):
        async with self.client() as client:
            return await client.post(
                "/graphql", json={"query": query, **body}, headers=headers or {}
            )

    async def send(self, **request):
        async with self.client() as client:
            return await client.request(**{"method": "POST", "url": "/graphql", **request})


@pytest.fixture
def door(issuer_key):
    return Door(issuer_key)


def code(answer):
    (error,) = answer.json()["errors"]
    assert error["extensions"]["requestId"] == answer.headers["x-request-id"]
    return error["extensions"]["code"]


async def test_a_member_is_answered(door):
    answer = await door.post("{ who }", headers=door.bearer())

    assert (answer.status_code, answer.json()) == (200, {"data": {"who": "ann"}})
    assert answer.headers["content-type"] == "application/json"


async def test_without_a_token_only_open_fields_answer(door):
    answer = await door.post("{ open }")
    refused = await door.post("{ lines { totalCount } }")

    assert answer.json() == {"data": {"open": "to all"}}
    assert (refused.status_code, code(refused)) == (200, "UNAUTHENTICATED")


@pytest.mark.parametrize("authorization", ["Bearer nonsense", "Basic YTpi", "Bearer a.b.c"])
async def test_a_bad_token_is_401_and_runs_nothing(door, authorization):
    answer = await door.post("{ open }", headers={"authorization": authorization})

    assert (answer.status_code, code(answer)) == (401, "UNAUTHENTICATED")
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.json()["data"] is None


async def test_a_login_with_several_accounts_must_choose(door):
    unchosen = await door.post("{ who }", headers=door.bearer("two"))
    chosen = await door.post(
        "{ who }", headers={**door.bearer("two"), "x-portline-account": "acc_2"}
    )

    assert (unchosen.status_code, code(unchosen)) == (400, "BAD_USER_INPUT")
    assert chosen.json() == {"data": {"who": "two"}}


async def test_twenty_callers_at_once_each_see_themselves(issuer_key):
    rows = Rows()
    rows.memberships |= {f"s{n}": rows.memberships["val"] for n in range(20)}
    door = Door(issuer_key, rows=rows)

    answers = await asyncio.gather(
        *(door.post("{ who }", headers=door.bearer(f"s{n}")) for n in range(20))
    )

    assert [a.json()["data"]["who"] for a in answers] == [f"s{n}" for n in range(20)]


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"])
async def test_only_post_is_allowed(door, method):
    answer = await door.send(method=method, params={"query": "{ open }"})

    assert answer.status_code == 405
    assert answer.headers["allow"] == "POST"


@pytest.mark.parametrize(
    "request_",
    [
        {"data": {"query": "{ open }"}},
        {"files": {"operations": b'{"query": "{ open }"}'}},
        {"content": b'{"query": "{ open }"}', "headers": {"content-type": "text/plain"}},
        {"content": b'{"query": "{ open }"}'},
        {"content": b"{ open }", "headers": {"content-type": "application/graphql"}},
    ],
    ids=["form", "multipart", "text", "none", "graphql"],
)
async def test_only_json_is_allowed(door, request_):
    answer = await door.send(**request_)

    assert (answer.status_code, code(answer)) == (415, "BAD_USER_INPUT")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'"x"',
        b"null",
        b"{}",
        b"NaN",
        b'{"query": 5}',
        b'{"query": " "}',
        b"\xff",
        b'[{"query": "{ open }"}]',
        b'{"query": "{ open }", "variables": []}',
        b'{"query": "{ open }", "extensions": "x"}',
        b'{"query": "{ open }", "operationName": 1}',
        b'{"query": "{ open }", "operationName": "B"}',
        b"[" * 100000,
        b'{"query": "subscription { news }"}',
        b'{"query": "fragment a on Query { open }"}',
    ],
)
async def test_a_body_that_is_no_operation_is_400(door, body):
    answer = await door.send(content=body, headers={"content-type": "application/json"})

    assert (answer.status_code, code(answer)) == (400, "BAD_USER_INPUT")
    assert len(answer.content) < 1024


async def test_a_large_body_is_refused_before_it_is_read(door):
    answer = await door.post("{ open } #" + "x" * 1_100_000)

    assert (answer.status_code, code(answer)) == (413, "BAD_USER_INPUT")


async def test_a_large_body_that_hides_its_length_is_refused(door):
    async def chunks():
        for _ in range(20):
            yield b" " * 100_000

    answer = await door.send(content=chunks(), headers={"content-type": "application/json"})

    assert answer.status_code == 413


async def test_who_has_no_account_cannot_have_long_variables_read(door):
    variables = {"a": ["+442079460123"] * 2_000}
    for headers in ({}, door.bearer("nobody")):
        answer = await door.post("{ open }", variables=variables, headers=headers)

        assert (answer.status_code, code(answer)) == (413, "BAD_USER_INPUT")


async def test_no_page_for_people_is_served(door):
    answer = await door.send(method="GET", headers={"accept": "text/html"})

    assert "html" not in answer.headers["content-type"]


async def test_a_fault_outside_of_fields_is_masked_too(issuer_key, monkeypatch):
    rows = Rows()
    door = Door(issuer_key, rows=rows)

    async def fail(*_):
        raise ConnectionRefusedError("10.0.0.1")

    monkeypatch.setattr(rows, "find_memberships", fail)
    door = Door(issuer_key, rows=rows)

    answer = await door.post("{ who }", headers=door.bearer())

    assert (answer.status_code, code(answer)) == (503, "UNAVAILABLE")
    assert "10.0.0.1" not in answer.text


async def test_a_fault_of_ours_is_500_without_a_word_of_it(issuer_key, monkeypatch):
    rows = Rows()

    async def fail(*_):
        raise KeyError("secret")

    monkeypatch.setattr(rows, "find_memberships", fail)
    door = Door(issuer_key, rows=rows)

    answer = await door.post("{ who }", headers=door.bearer())

    assert (answer.status_code, code(answer)) == (500, "INTERNAL")
    assert "secret" not in answer.text


async def test_errors_of_one_field_leave_the_rest(door):
    answer = await door.post("{ unreachable open }", headers=door.bearer())

    assert answer.status_code == 200
    assert answer.json()["data"] == {"unreachable": None, "open": "to all"}
    assert code(answer) == "UNAVAILABLE"


async def test_production_hides_the_schema_at_the_door(issuer_key):
    door = Door(issuer_key, graph=a_graph(shows_schema=False))

    answer = await door.post("{ __schema { types { name } } }", headers=door.bearer())

    assert code(answer) == "BAD_USER_INPUT"


@pytest.mark.parametrize("line", SIGNED_BY_HIVE.strip().splitlines())
def test_what_the_gateway_signs_is_recognized(line):
    body = json.loads(line)

    assert GatewayHop(SECRET).is_signed(
        body["query"], body.get("variables"), body["extensions"]
    )


def test_a_short_gateway_secret_is_refused():
    with pytest.raises(ValueError, match="at least 32"):
        GatewayHop("short")


@pytest.mark.parametrize(
    "change",
    [
        {"extensions": None},
        {"extensions": {}},
        {"extensions": {EXTENSION: 5}},
        {"extensions": {EXTENSION: "é"}},
        {"extensions": {EXTENSION: GatewayHop("x" * 32).sign("{ open }", {"a": 1})}},
        {"query": "{ who }"},
        {"variables": {"a": 2}},
        {"variables": None},
    ],
)
async def test_past_the_gateway_nothing_is_run(issuer_key, change):
    door = Door(issuer_key, gateway_secret=SECRET)
    signature = GatewayHop(SECRET).sign("{ open }", {"a": 1})
    body = {"query": "{ open }", "variables": {"a": 1}, "extensions": {EXTENSION: signature}}

    through = await door.post(**body, headers=door.bearer())
    past = await door.post(**{**body, **change}, headers=door.bearer())

    assert through.json() == {"data": {"open": "to all"}}
    assert (past.status_code, code(past)) == (401, "UNAUTHENTICATED")
