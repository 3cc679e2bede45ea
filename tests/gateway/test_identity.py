"""Whose token it is: checked at the edge, handed on to the subgraphs, mixed with nobody else's."""

import asyncio
import time

import httpx
import pytest

from tests.gateway.client import acknowledged, ask, codes_of, open_socket
from tests.gateway.conftest import House
from tests.gateway.issuer import BAD_TOKENS, bearer, token
from tests.gateway.processes import Gateway, free_listen_port, running_gateway
from tests.gateway.subgraphs import seen

STATUS = """subscription ($numbers: [String!]!) {
  portStatusChanged(numbers: $numbers) { version portRequest { name } }
}"""


async def test_twenty_users_who_ask_the_same_at_once_each_see_their_own(gateway: Gateway):
    tokens = [token(f"user{n}") for n in range(20)]

    async with httpx.AsyncClient() as client:
        query = {"query": "{ caller numbersCaller }"}
        posts = [
            client.post(gateway.url, json=query, headers={"authorization": f"Bearer {t}"})
            for t in tokens
        ]
        answers = await asyncio.gather(*posts)

    told = [answer.json()["data"] for answer in answers]
    assert told == [{"caller": f"Bearer {t}", "numbersCaller": f"Bearer {t}"} for t in tokens]


async def test_twenty_users_sockets_each_carry_their_own_token(gateway: Gateway):
    async def event_of(user: str) -> str:
        async with acknowledged(gateway, {"authorization": user}) as socket:
            await socket.subscribe(STATUS, numbers=["mine"])
            event = await socket.next()
            return str(event["payload"]["data"]["portStatusChanged"]["portRequest"]["name"])

    users = [f"Bearer {token(f'user{n}')}" for n in range(20)]

    assert await asyncio.gather(*map(event_of, users)) == users


@pytest.mark.parametrize("kind", BAD_TOKENS)
def test_a_bad_token_is_refused(gateway: Gateway, kind: str):
    answer = ask(gateway, "{ feed }", {"authorization": f"Bearer {BAD_TOKENS[kind]}"})

    assert answer.status_code == 401
    assert codes_of(answer.json()) == ["UNAUTHENTICATED"]
    assert "data" not in answer.json()


@pytest.mark.parametrize("kind", BAD_TOKENS)
async def test_a_bad_token_opens_no_socket(gateway: Gateway, kind: str):
    async with open_socket(gateway, {"authorization": f"Bearer {BAD_TOKENS[kind]}"}) as socket:
        assert await socket.close_code() == 4403


@pytest.mark.parametrize("params", [{"authorization": 7}, {"authorization": "Basic YTpi"}])
async def test_a_token_of_another_form_opens_no_socket(gateway: Gateway, params):
    async with open_socket(gateway, params) as socket:
        assert await socket.close_code() == 4403


def test_without_a_token_the_subgraphs_are_told_of_none(gateway: Gateway):
    answer = ask(gateway, "{ caller }", {})

    assert answer.json() == {"data": {"caller": ""}}


def test_only_the_four_headers_go_on(gateway: Gateway):
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    sent = {"x-portline-account": "acc_1", "x-request-id": "req-7", "traceparent": trace}

    answer = ask(gateway, "{ headers }", bearer() | sent | {"cookie": "a=b", "x-other": "1"})

    arrived = dict(line.split(": ", 1) for line in answer.json()["data"]["headers"])
    assert sent.items() <= arrived.items()
    assert arrived["authorization"].startswith("Bearer ")
    assert not {"cookie", "x-other"} & set(arrived)
    assert answer.headers["x-request-id"] == "req-7"


async def test_a_sockets_account_goes_on_with_every_hop(gateway: Gateway):
    hop = 'subscription { portStatusChanged(numbers: ["num_1"]) { portRequest { notices } } }'

    async with acknowledged(gateway, bearer() | {"x-portline-account": "acc_2"}) as socket:
        await socket.subscribe(hop)
        await socket.next()

    assert seen.headers[-1]["x-portline-account"] == "acc_2"
    assert len(seen.headers[-1]["x-request-id"]) == 36


def test_a_clients_extensions_reach_no_subgraph(gateway: Gateway):
    smuggled = {"headers": {"x-smuggled": "1", "authorization": "Bearer other"}}

    answer = httpx.post(
        gateway.url,
        json={"query": "{ headers caller }", "extensions": smuggled},
        headers=bearer(),
    )

    assert "x-smuggled" not in answer.text
    assert "Bearer other" not in answer.text


def test_a_request_id_of_another_form_is_replaced(gateway: Gateway):
    answer = ask(gateway, "{ feed }", bearer() | {"x-request-id": 'x" or 1=1 --'})

    assert len(answer.headers["x-request-id"]) == 36


async def test_the_tokens_end_completes_its_subscription(gateway: Gateway):
    short = bearer(exp=int(time.time()) + 2)

    async with acknowledged(gateway, short) as socket:
        await socket.subscribe(STATUS, numbers=["num_1"])
        first, last = await socket.next(), await socket.next()
        await socket.subscribe(STATUS, id="2", numbers=["num_1"])
        refused = await socket.next()

    assert [first["type"], last["type"]] == ["next", "complete"]
    assert codes_of(refused["payload"]) == ["UNAUTHENTICATED"]


async def test_every_hop_is_signed_also_a_subscriptions(gateway: Gateway, house: House):
    before = seen.unsigned

    ask(gateway, "{ portRequest { trackingNumber { state } notices } }")
    ask(gateway, "mutation ($n: String!) { rename(name: $n) { notices } }", n="grüße 1.5")
    async with acknowledged(gateway) as socket:
        await socket.subscribe(STATUS, numbers=["num_1"])
        await socket.next()
    signed = seen.unsigned - before
    async with httpx.AsyncClient() as client:
        await client.post(house.subgraphs["porting"].url, json={"query": "{ headers }"})

    assert signed == 0
    assert seen.unsigned == before + 1


def test_without_the_issuers_keys_a_token_is_no_fault_of_the_client(house: House, tmp_path):
    nobody = f"http://127.0.0.1:{free_listen_port()}/jwks.json"

    with running_gateway(house.settings | {"JWKS_URL": nobody}, tmp_path / "log") as gateway:
        answer = ask(gateway, "{ feed }")

    assert answer.status_code == 503
    assert codes_of(answer.json()) == ["UNAVAILABLE"]
    assert nobody not in answer.text
