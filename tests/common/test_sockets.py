"""Subscriptions over a WebSocket: who may, how long, and how they end."""

import asyncio
import json
import logging
import socket
from contextlib import asynccontextmanager

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from libs.common.caller import Role
from libs.common.dev_issuer import sign_token
from libs.common.graphql.gateway_hop import GatewayHop
from tests.common.sample import SECRET, Room, Rows, an_endpoint


class Server:
    def __init__(self, issuer_key, **options):
        self.issuer_key = issuer_key
        self.room = Room()
        self.rows = Rows()
        endpoint = an_endpoint(issuer_key, room=self.room, rows=self.rows, **options)
        app = Starlette(routes=[WebSocketRoute("/graphql", endpoint)])
        config = uvicorn.Config(
            app, ws="wsproto", log_config=None, timeout_graceful_shutdown=5, lifespan="off"
        )
        self.uvicorn = uvicorn.Server(config)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listen_port = self.listener.getsockname()[1]

    def bearer(self, subject="ann", **claims):
        return f"Bearer {sign_token(self.issuer_key, subject=subject, **claims)}"

    @asynccontextmanager
    async def socket(self, payload=None, *, subject="ann", init=True, **claims):
        url = f"ws://127.0.0.1:{self.listen_port}/graphql"
        async with connect(url, subprotocols=["graphql-transport-ws"], proxy=None) as opened:
            client = Client(opened)
            if init:
                payload = payload or {"authorization": self.bearer(subject, **claims)}
                await client.send(type="connection_init", payload=payload)
                assert (await client.receive())["type"] == "connection_ack"
            yield client


class Client:
    def __init__(self, opened):
        self.opened = opened

    async def send(self, **message):
        await self.opened.send(json.dumps(message))

    async def subscribe(self, query, id="1", **payload):
        await self.send(type="subscribe", id=id, payload={"query": query, **payload})

    async def receive(self):
        async with asyncio.timeout(5):
            return json.loads(await self.opened.recv())

    async def closed(self):
        """The code with which the server closes."""
        async with asyncio.timeout(5):
            await self.opened.wait_closed()
        return self.opened.close_code


@asynccontextmanager
async def running(server):
    serving = asyncio.create_task(server.uvicorn.serve(sockets=[server.listener]))
    while not server.uvicorn.started:  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.01)
    try:
        yield server
    finally:
        server.uvicorn.should_exit = True
        await serving


@pytest.fixture
async def server(issuer_key):
    async with running(Server(issuer_key)) as started:
        yield started


async def until(holds):
    async with asyncio.timeout(5):
        while not holds():  # noqa: ASYNC110 - any condition
            await asyncio.sleep(0.01)


def codes(message):
    assert message["type"] == "error"
    return [error["extensions"]["code"] for error in message["payload"]]


async def test_news_reach_a_subscriber(server):
    async with server.socket() as client:
        await client.subscribe("subscription { news }")
        server.room.news.put_nowait("ported")

        message = await client.receive()

    assert message == {"id": "1", "type": "next", "payload": {"data": {"news": "ported"}}}


async def test_nothing_loaded_for_one_event_is_shown_with_the_next(server):
    async with server.socket() as client:
        await client.subscribe("subscription { countTo(last: 3) { id } }")
        messages = [await client.receive() for _ in range(4)]

    assert [message["type"] for message in messages] == ["next"] * 3 + ["complete"]
    assert server.room.loads == [["ln_1"], ["ln_0"], ["ln_1"]]


async def test_a_cancelled_subscription_ends_its_source(server):
    async with server.socket() as client:
        await client.subscribe("subscription { news }")
        await until(lambda: server.room.watchers == 1)
        await client.send(type="complete", id="1")

        await until(lambda: server.room.watchers == 0)


async def test_a_socket_that_goes_away_ends_its_sources(server):
    async with server.socket() as client:
        for number in range(150):
            await client.subscribe("subscription { news }", id=str(number))
        await until(lambda: server.room.watchers == 150)

    await until(lambda: server.room.watchers == 0)


async def test_without_a_token_a_subscription_needs_one(server):
    async with server.socket({"x-portline-account": "acc_1"}) as client:
        await client.subscribe("subscription { news }")

        assert codes(await client.receive()) == ["UNAUTHENTICATED"]


@pytest.mark.parametrize(
    "payload", [{"authorization": "Bearer nonsense"}, {"Authorization": "x"}]
)
async def test_a_bad_token_closes_the_socket(server, payload):
    async with server.socket(init=False) as client:
        await client.send(type="connection_init", payload=payload)

        assert await client.closed() == 4403


async def test_the_account_is_chosen_in_the_payload(server):
    token = server.bearer("two")
    chosen = {"Authorization": token, "X-Portline-Account": "acc_2"}
    async with server.socket(chosen) as client:
        await client.subscribe("subscription { countTo(last: 1) { id } }")
        assert (await client.receive())["type"] == "next"


@pytest.mark.parametrize("account", ["", "acc_of_others"])
async def test_an_account_that_is_not_chosen_or_not_ones_own_is_bad_input_as_over_http(
    server, account
):
    payload = {"authorization": server.bearer("two"), "x-portline-account": account}
    async with server.socket(payload) as client:
        await client.subscribe("subscription { news }")
        refused = await client.receive()
        await client.subscribe("subscription { countTo(last: 1) { id } }", id="2")
        again = await client.receive()

    assert codes(refused) == codes(again) == ["BAD_USER_INPUT"]
    assert "x-portline-account" in refused["payload"][0]["message"]
    assert server.room.watchers == 0


async def test_each_operations_errors_have_a_request_id_of_their_own(server):
    async with server.socket() as client:
        ids = []
        for place, query in enumerate(("", "subscription {", "subscription { nothing }")):
            await client.subscribe(query, id=str(place))
            (error,) = (await client.receive())["payload"]
            ids.append(error["extensions"]["requestId"])
        await client.subscribe("subscription { failing }", id="last")
        await client.receive()
        (error,) = (await client.receive())["payload"]["errors"]
        ids.append(error["extensions"]["requestId"])

    assert all(ids)
    assert len(set(ids)) == 4


async def test_the_tokens_end_completes_what_runs_and_closes(server):
    async with server.socket(lifetime_s=2) as client:
        await client.subscribe("subscription { news }", id="a")
        await client.subscribe("subscription { news }", id="b")

        ends = [await client.receive(), await client.receive()]

        assert sorted(end["id"] for end in ends) == ["a", "b"]
        assert {end["type"] for end in ends} == {"complete"}
        assert await client.closed() == 4403
    await until(lambda: server.room.watchers == 0)


async def test_a_socket_without_token_does_not_stay(server, monkeypatch):
    monkeypatch.setattr("libs.common.graphql.sockets._ANONYMOUS_S", 0.1)
    async with server.socket({"authorization": ""}) as client:
        assert await client.closed() == 4403


async def test_a_role_that_was_lost_starts_no_new_subscription(server):
    async with server.socket() as client:
        server.rows.memberships["ann"] = []
        await client.subscribe("subscription { news }")

        assert codes(await client.receive()) == ["FORBIDDEN"]


async def test_a_role_that_was_lowered_is_the_one_that_counts(server):
    async with server.socket() as client:
        server.rows.memberships["ann"] = [("acc_1", Role.VIEWER)]
        await client.subscribe("subscription { news }")
        server.room.news.put_nowait("seen")

        assert (await client.receive())["type"] == "next"


@pytest.mark.parametrize("query", ["{ open }", "mutation { submit }"])
async def test_only_subscriptions_travel_by_socket(server, query):
    async with server.socket() as client:
        await client.subscribe(query)

        assert codes(await client.receive()) == ["BAD_USER_INPUT"]


@pytest.mark.parametrize(
    "query",
    [
        "{",
        "x" * 500,
        "subscription { nws }",
        "subscription A { news } subscription B { news }",
        " ",
        "subscription { news } #" + "x" * 40000,
        "subscription { " + "news " * 3000 + "}",
    ],
)
async def test_a_bad_document_ends_only_its_own_operation(server, query):
    async with server.socket() as client:
        await client.subscribe("subscription { news }", id="good")
        await client.subscribe(query, id="bad")
        answer = await client.receive()
        server.room.news.put_nowait("still here")

        assert (answer["id"], set(codes(answer))) == ("bad", {"BAD_USER_INPUT"})
        assert (await client.receive())["payload"] == {"data": {"news": "still here"}}


async def test_a_failing_source_is_masked_and_completes(server):
    async with server.socket() as client:
        await client.subscribe("subscription { failing }")
        messages = [await client.receive() for _ in range(3)]

    assert [message["type"] for message in messages] == ["next", "next", "complete"]
    (error,) = messages[1]["payload"]["errors"]
    assert error["extensions"]["code"] == "INTERNAL"
    assert "secret" not in json.dumps(messages)


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "5",
        "{",
        "{}",
        '{"type": "' + "x" * 500 + '"}',
        '{"type": "subscribe"}',
        '{"type": "subscribe", "id": {}, "payload": {"query": "{ open }"}}',
        '{"type": "subscribe", "id": "' + "x" * 200 + '", "payload": {}}',
        '{"type": "complete"}',
        '{"type": "complete", "id": []}',
        '{"type": []}',
        '{"type": "é"}',
    ],
)
async def test_a_message_outside_of_the_protocol_closes_the_socket(server, text):
    async with server.socket() as client:
        await client.opened.send(text)

        assert await client.closed() == 4400


async def test_a_binary_message_closes_the_socket(server):
    async with server.socket() as client:
        await client.opened.send(b"{}")

        assert await client.closed() == 4400


async def test_a_large_message_closes_the_socket(server):
    async with server.socket() as client:
        await client.opened.send(json.dumps({"type": "ping", "payload": "x" * 1_100_000}))

        assert await client.closed() == 1009


async def test_a_payload_that_is_no_operation_is_refused_alone(server):
    async with server.socket() as client:
        await client.send(type="subscribe", id="1", payload=["x"])

        assert codes(await client.receive()) == ["BAD_USER_INPUT"]


async def test_nothing_starts_before_the_socket_is_acknowledged(server):
    async with server.socket(init=False) as client:
        await client.subscribe("subscription { news }")

        assert await client.closed() == 4401


async def test_a_socket_is_named_once(server):
    async with server.socket() as client:
        await client.send(
            type="connection_init", payload={"authorization": server.bearer("val")}
        )

        assert await client.closed() == 4429


@pytest.mark.parametrize("payload", [[], "x", 5])
async def test_a_strange_greeting_closes_the_socket(server, payload):
    async with server.socket(init=False) as client:
        await client.send(type="connection_init", payload=payload)

        assert await client.closed() == 4400


async def test_the_legacy_protocol_is_not_spoken(server):
    url = f"ws://127.0.0.1:{server.listen_port}/graphql"
    async with connect(url, subprotocols=["graphql-ws", "x"], proxy=None) as opened:
        assert await Client(opened).closed() == 4406


async def test_a_page_of_another_origin_is_refused(server):
    url = f"ws://127.0.0.1:{server.listen_port}/graphql"
    with pytest.raises(InvalidStatus) as refused:
        async with connect(
            url,
            subprotocols=["graphql-transport-ws"],
            proxy=None,
            origin="https://evil.example",
        ):
            pass

    assert refused.value.response.status_code == 403


async def test_rows_that_cannot_be_read_say_try_again(server, caplog):
    async def fail(*_):
        raise ConnectionRefusedError("10.0.0.1")

    server.rows.find_memberships = fail
    server.uvicorn.config.app.routes[0].app.callers._find_memberships = fail
    async with server.socket(init=False) as client:
        await client.send(type="connection_init", payload={"authorization": server.bearer()})

        assert await client.closed() == 1013


async def test_a_shutdown_closes_with_service_restart(issuer_key):
    server = Server(issuer_key)
    async with running(server), server.socket() as client:
        await client.subscribe("subscription { news }")
        await until(lambda: server.room.watchers == 1)
        server.uvicorn.should_exit = True

        assert await client.closed() == 1012
    await until(lambda: server.room.watchers == 0)


async def test_past_the_gateway_no_socket_is_opened(issuer_key):
    server = Server(issuer_key, gateway_secret=SECRET)
    authorization = server.bearer()
    past = {"authorization": authorization, "x-portline-signature": "c2lnbmVk"}
    through = past | {"x-portline-signature": GatewayHop(SECRET).sign_socket(authorization)}
    async with running(server):
        async with server.socket(past, init=False) as client:
            await client.send(type="connection_init", payload=past)
            assert await client.closed() == 4403

        async with server.socket(through) as client:
            await client.subscribe("subscription { countTo(last: 1) { id } }")
            assert (await client.receive())["type"] == "next"


async def test_no_log_line_is_an_error_where_a_client_just_leaves(server, caplog):
    async with server.socket() as client:
        await client.subscribe("subscription { news }")
        await until(lambda: server.room.watchers == 1)
        client.opened.transport.abort()
    await until(lambda: server.room.watchers == 0)

    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]
