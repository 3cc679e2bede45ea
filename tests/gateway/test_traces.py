"""The gateway's spans: one trace from a client through every subgraph, and nobody's words in it."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.collector import Collector, Told, running_collector
from tests.gateway.client import acknowledged, ask, codes_of
from tests.gateway.conftest import House
from tests.gateway.issuer import bearer
from tests.gateway.processes import Gateway, running_gateway
from tests.gateway.subgraphs import SECRET_WORDS, seen

TRACE_ID = "0af7651916cd43dd8448eb211c80319c"
PARENT_ID = "b7ad6b7169203331"
PARENT = f"00-{TRACE_ID}-{PARENT_ID}-01"
CANARY = "Canary4711"
INTERNAL, SERVER, CLIENT = 1, 2, 3
ACROSS = "query Across($number: String!) { portRequest(number: $number) { trackingNumber { state } } }"


@dataclass
class Traced:
    gateway: Gateway
    collector: Collector

    def trace_of(self, trace_id: str, count: int) -> list[Told]:
        """Once it has so many spans."""
        self.collector.wait_for(lambda: len(self.collector.of_trace(trace_id)) == count)
        return self.collector.of_trace(trace_id)


@pytest.fixture(scope="module")
def traced(house: House, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Traced]:
    with running_collector() as collector:
        settings = house.settings | collector.settings
        log = tmp_path_factory.mktemp("traced") / "log"
        with running_gateway(settings, log) as gateway:
            yield Traced(gateway, collector)


def named(told: list[Told], name: str) -> Told:
    (only,) = [each for each in told if each.name == name]
    return only


def test_a_request_is_one_trace_through_every_subgraph(traced: Traced):
    answer = ask(traced.gateway, ACROSS, bearer() | {"traceparent": PARENT}, number="num_1")

    told = traced.trace_of(TRACE_ID, 4)
    request, operation = named(told, "POST /graphql"), named(told, "query")
    asked = [named(told, f"ask {service}") for service in ("porting", "numbers")]
    assert answer.json()["data"]["portRequest"]["trackingNumber"] == {
        "state": "state of num_1"
    }
    assert (request.service, request.kind, request.parent_id) == ("gateway", SERVER, PARENT_ID)
    assert (operation.kind, operation.parent_id) == (INTERNAL, request.span_id)
    assert {(each.kind, each.parent_id) for each in asked} == {(CLIENT, operation.span_id)}
    assert request.attributes["http.response.status_code"] == 200
    assert operation.attributes == {
        "graphql.operation.type": "query",
        "graphql.operation.name": "Across",
    }


def test_an_operation_is_told_by_the_beginning_of_a_long_name(traced: Traced):
    trace_id = TRACE_ID.replace("0af7", "3af7")
    headers = bearer() | {"traceparent": PARENT.replace(TRACE_ID, trace_id)}

    ask(traced.gateway, f"query {'Long' * 500} {{ __typename }}", headers)

    operation = named(traced.trace_of(trace_id, 2), "query")
    assert operation.attributes["graphql.operation.name"] == "Long" * 25


def test_a_subgraph_is_told_which_step_asks_it(traced: Traced):
    trace_id = TRACE_ID.replace("0af7", "1af7")
    headers = bearer() | {"traceparent": PARENT.replace(TRACE_ID, trace_id)}

    answer = ask(traced.gateway, "{ headers }", headers)

    step = named(traced.trace_of(trace_id, 3), "ask porting")
    assert f"traceparent: 00-{trace_id}-{step.span_id}-01" in answer.json()["data"]["headers"]


async def test_a_sockets_operation_begins_a_trace_and_each_event_links_to_it(traced: Traced):
    hop = 'subscription Live { portStatusChanged(numbers: ["num_1"]) { portRequest { notices } } }'

    async with acknowledged(traced.gateway, bearer()) as socket:
        await socket.subscribe(hop)
        await socket.next()
    asked_in = seen.headers[-1]["traceparent"].split("-")[1]

    (asked,) = traced.trace_of(asked_in, 1)
    operation = named(traced.collector.told, "subscription")
    asked_first, *_ = traced.trace_of(operation.trace_id, 2)
    assert operation.attributes["graphql.operation.name"] == "Live"
    assert (asked_first.name, asked_first.parent_id) == ("ask porting", operation.span_id)
    assert (asked.name, asked.links) == ("ask notifications", (operation.span_id,))


def test_no_span_tells_what_a_client_sent_or_a_fault_said(traced: Traced):
    trace_id = TRACE_ID.replace("0af7", "2af7")
    headers = bearer() | {"traceparent": PARENT.replace(TRACE_ID, trace_id)}

    ask(traced.gateway, ACROSS, headers, number=CANARY)
    faulty = ask(traced.gateway, "{ fault }", headers)
    ask(traced.gateway, f"{{ {CANARY} }}", headers | {"x-request-id": CANARY})

    told = traced.trace_of(trace_id, 8)
    (failed,) = [each for each in told if each.has_failed]
    assert codes_of(faulty.json()) == ["INTERNAL"]
    assert failed.attributes["error.type"] == "DOWNSTREAM_SERVICE_ERROR"
    token = headers["authorization"].removeprefix("Bearer ")
    for secret in (CANARY, SECRET_WORDS, token):
        assert secret.encode() not in traced.collector.sent


def test_health_is_not_told(traced: Traced):
    served = {each.name for each in traced.collector.told if each.kind == SERVER}

    assert served == {"POST /graphql"}
