"""What is too large, too deep or of the wrong form is refused before it costs anything."""

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from tests.gateway.client import Socket, acknowledged, ask, codes_of
from tests.gateway.conftest import House
from tests.gateway.issuer import bearer
from tests.gateway.processes import Gateway, running_gateway
from tests.gateway.subgraphs import seen

INTROSPECTION = "{ __schema { types { name } } }"
REFUSED_QUERIES = {
    "aliases": "{" + " ".join(f"a{n}: feed" for n in range(31)) + "}",
    "aliases of __typename": "{" + " ".join(f"a{n}: __typename" for n in range(31)) + "}",
    "directives": "{ feed " + "@include(if: true) " * 11 + "}",
    "depth": "{ portRequest { trackingNumber " * 9 + "{ id }" + " } }" * 9,
    "tokens": "{ " + "feed " * 2001 + "}",
    "introspection": INTROSPECTION,
    "one type by introspection": '{ __type(name: "Query") { name } }',
}


@pytest.mark.parametrize("kind", REFUSED_QUERIES)
def test_a_query_beyond_a_limit_is_bad_input(gateway: Gateway, kind: str):
    answer = ask(gateway, REFUSED_QUERIES[kind])

    assert set(codes_of(answer.json())) == {"BAD_USER_INPUT"}
    assert "data" not in answer.json()
    assert len(answer.text) < 3000


def test_a_query_within_the_limits_is_answered(gateway: Gateway):
    aliased = "{" + " ".join(f"a{n}: feed" for n in range(30)) + "}"

    assert len(ask(gateway, aliased).json()["data"]) == 30


COUNTED = """{{
  portRequests(first: 100) {{ edges {{ node {{ later(first: {later}) {{ {below} }} }} }} }}
}}"""
BEYOND_THE_OBJECTS = {
    "three lists": COUNTED.format(later=100, below="later(first: 4) { id }"),
    "a size by a variable": "query ($first: Int) "
    + COUNTED.format(later=100, below="later(first: $first) { id }"),
    "over two services": COUNTED.format(
        later=100, below="trackingNumber { id } lines { id } later(first: 2) { id }"
    ),
    "by a fragment": COUNTED.format(later=100, below="...more")
    + " fragment more on PortRequest { later(first: 4) { id } }",
}


@pytest.mark.parametrize("kind", BEYOND_THE_OBJECTS)
def test_a_document_that_could_bring_too_much_is_bad_input(gateway: Gateway, kind: str):
    answer = ask(gateway, BEYOND_THE_OBJECTS[kind], first=1)

    assert codes_of(answer.json()) == ["BAD_USER_INPUT"]
    assert "50000 objects" in answer.text


@pytest.mark.parametrize("below", ["later(first: 3) { id }", "later { later { id } } id name"])
def test_a_document_that_brings_many_is_answered(gateway: Gateway, below: str):
    answer = ask(gateway, COUNTED.format(later=100, below=below), first=1)

    assert "errors" not in answer.json()


def test_fragments_that_name_each_other_twice_are_counted_once(gateway: Gateway):
    doubling = " ".join(
        f"fragment f{n} on PortRequest {{ later(first: 1) {{ ...f{n + 1} ...f{n + 1} }} }}"
        for n in range(12)
    )
    answer = ask(
        gateway,
        f"{{ portRequest {{ ...f0 }} }} {doubling} fragment f12 on PortRequest {{ id }}",
    )

    assert "errors" not in answer.json()


def test_in_production_nothing_suggests_a_fields_name(gateway: Gateway):
    answer = ask(gateway, "{ portReques { id } feeed }")

    assert "Did you mean" not in answer.text
    assert "portRequest" not in answer.text


WRONG_FORMS = {
    "GET": ({"method": "GET", "params": {"query": "{ feed }"}}, 405),
    "PUT": ({"method": "PUT", "json": {"query": "{ feed }"}}, 405),
    "a form": ({"method": "POST", "data": {"query": "{ feed }"}}, 415),
    "multipart": ({"method": "POST", "files": {"0": b"x"}}, 415),
    "text": (
        {"method": "POST", "content": "{}", "headers": {"content-type": "text/plain"}},
        415,
    ),
    "GraphQL text": (
        {
            "method": "POST",
            "content": "{ feed }",
            "headers": {"content-type": "application/graphql"},
        },
        415,
    ),
    "a batch": ({"method": "POST", "json": [{"query": "{ feed }"}]}, 400),
    "null": (
        {"method": "POST", "json": None, "headers": {"content-type": "application/json"}},
        400,
    ),
    "a number as query": ({"method": "POST", "json": {"query": 1}}, 400),
    "no query": ({"method": "POST", "json": {"extensions": {}}}, 400),
    "half a body": (
        {
            "method": "POST",
            "content": '{"query": "{ fe',
            "headers": {"content-type": "application/json"},
        },
        400,
    ),
    "more than 1 MB": ({"method": "POST", "json": {"query": " " * 1_000_001}}, 413),
}


@pytest.mark.parametrize("form", WRONG_FORMS)
def test_a_request_of_another_form_is_refused(gateway: Gateway, form: str):
    request, status = WRONG_FORMS[form]

    answer = httpx.request(url=gateway.url, **request)

    assert answer.status_code == status
    assert codes_of(answer.json()) == ["BAD_USER_INPUT"]


def test_a_body_of_unknown_length_is_cut_off_at_1_mb(gateway: Gateway):
    def endless():
        for _ in range(3000):
            yield b" " * 1000

    headers = {"content-type": "application/json"}

    answer = httpx.post(gateway.url, content=endless(), headers=headers)

    assert answer.status_code == 413


async def test_a_socket_message_over_1_mb_closes_the_socket(gateway: Gateway):
    async with acknowledged(gateway) as socket:
        await socket.subscribe("{ feed }" + " " * 1_000_001)

        assert await socket.close_code() == 1009


@pytest.mark.parametrize(
    "payload", [{}, {"query": 1}, {"query": "{ feed }", "variables": [1]}]
)
async def test_a_malformed_operation_closes_the_socket(gateway: Gateway, payload):
    async with acknowledged(gateway) as socket:
        await socket.send(id="1", type="subscribe", payload=payload)

        assert await socket.close_code() == 4400


async def test_one_socket_carries_at_most_500_operations(gateway: Gateway):
    query = "subscription { portStatusChanged(numbers: []) { version } }"

    async with acknowledged(gateway) as socket:
        for n in range(501):
            await socket.subscribe(query, id=str(n))
        refused = await socket.next()

    assert refused["id"] == "500"
    assert codes_of({"errors": refused["payload"]}) == ["RATE_LIMITED"]


@pytest.mark.parametrize("protocols", [["graphql-ws"], None])
async def test_only_graphql_transport_ws_is_spoken(gateway: Gateway, protocols):
    async with connect(gateway.socket_url, subprotocols=protocols) as connection:
        assert await Socket(connection).close_code() == 4406


async def test_another_sites_page_opens_no_socket(gateway: Gateway):
    with pytest.raises(InvalidStatus):
        async with connect(gateway.socket_url, origin="https://evil.test"):
            pass


def test_development_allows_introspection_suggestions_and_its_own_origins(
    house: House, tmp_path
):
    console = "https://console.test"
    settings = house.settings | {"CORS_ORIGINS": console}

    with running_gateway(settings, tmp_path / "log") as gateway:
        types = ask(gateway, INTROSPECTION)
        unknown = ask(gateway, "{ feeed }")
        allowed = ask(gateway, "{ feed }", bearer() | {"origin": console})
        other = ask(gateway, "{ feed }", bearer() | {"origin": "https://evil.test"})

    assert "errors" not in types.json()
    assert "Did you mean" in unknown.text
    assert allowed.headers["access-control-allow-origin"] == console
    assert other.headers.get("access-control-allow-origin") != "https://evil.test"


def test_an_entity_call_asks_for_at_most_100(gateway: Gateway):
    seen.entity_calls.clear()

    answer = ask(gateway, "{ largeRequest(lines: 250) { lines { id state } } }").json()

    states = [line["state"] for line in answer["data"]["largeRequest"]["lines"]]
    assert states == [f"state of num_{n}" for n in range(250)]
    assert sum(seen.entity_calls) == 250
    assert max(seen.entity_calls) <= 100
