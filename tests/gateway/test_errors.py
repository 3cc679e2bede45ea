"""What an error tells a client: a code of the list, a sentence, the request's id; never what went wrong inside."""

import pytest

from tests.gateway.client import ask, codes_of
from tests.gateway.conftest import House
from tests.gateway.issuer import bearer
from tests.gateway.processes import Gateway, ThreadedServer, running_gateway
from tests.gateway.subgraphs import SECRET_WORDS, subgraph_app

FAILURES = {
    "{ fault feed }": ("INTERNAL", {"fault": None, "feed": ["a notice"]}),
    "{ refused }": ("FORBIDDEN", {"refused": None}),
    "{ slow(seconds: 5.5) feed }": ("UNAVAILABLE", {"slow": None, "feed": ["a notice"]}),
    "{ nope }": ("BAD_USER_INPUT", None),
    "{": ("BAD_USER_INPUT", None),
    "query ($s: Float!) { slow(seconds: $s) }": ("BAD_USER_INPUT", None),
}


def tells_nothing(text: str) -> bool:
    inside = ["http://", "ws://", "127.0.0.1", "serviceName", "stack", "RuntimeError", "ECONN"]
    inside += ["_entities", "representations", "originalError", "exception", SECRET_WORDS]
    return not any(word in text for word in inside)


@pytest.mark.parametrize("query", FAILURES)
def test_an_error_has_a_code_of_the_list_and_tells_nothing_else(gateway: Gateway, query: str):
    code, data = FAILURES[query]

    answer = ask(gateway, query, bearer() | {"x-request-id": "req-1"})

    assert codes_of(answer.json()) == [code]
    assert answer.json().get("data") == data
    assert {e["extensions"]["requestId"] for e in answer.json()["errors"]} == {"req-1"}
    assert tells_nothing(answer.text)


def test_a_refusal_keeps_its_sentence(gateway: Gateway):
    answer = ask(gateway, "{ refused }")

    assert answer.json()["errors"][0]["message"] == "A viewer may not submit."


def test_a_failed_entity_is_null_and_costs_only_its_fields(gateway: Gateway):
    query = """query ($number: String!) {
      portRequest(number: $number) { name trackingNumber { ...N } lines { digits } notices }
    }
    fragment N on TrackingNumber { state }"""

    answer = ask(gateway, query, number="num_fault").json()

    nulls = {"trackingNumber": None, "lines": [None]}
    assert (
        answer["data"]["portRequest"]
        == {"name": "pr_1", "notices": ["notice of pr_1"]} | nulls
    )
    assert set(codes_of(answer)) == {"INTERNAL"}


def test_an_entity_that_its_service_does_not_know_is_null_without_an_error(gateway: Gateway):
    query = (
        '{ portRequest(number: "num_unknown") { trackingNumber { state } lines { digits } } }'
    )

    answer = ask(gateway, query)

    assert answer.json() == {
        "data": {"portRequest": {"trackingNumber": None, "lines": [None]}}
    }


def test_a_subgraph_that_is_down_costs_its_fields_until_it_is_back(house: House, tmp_path):
    query = "{ portRequest { name trackingNumber { state } newest } }"
    numbers = ThreadedServer(subgraph_app("numbers"))
    settings = house.settings | {"NUMBERS_URL": numbers.url}

    with running_gateway(settings, tmp_path / "log") as gateway:
        down = ask(gateway, query)
        with numbers:
            up = ask(gateway, query).json()

    whole = {"name": "pr_1", "newest": "notice of pr_1"}
    assert down.json()["data"]["portRequest"] == whole | {"trackingNumber": None}
    assert set(codes_of(down.json())) == {"UNAVAILABLE"}
    assert tells_nothing(down.text)
    assert up == {
        "data": {"portRequest": whole | {"trackingNumber": {"state": "state of num_1"}}}
    }


def test_a_request_that_was_not_run_has_the_status_of_its_code(gateway: Gateway):
    accept = bearer() | {"accept": "application/graphql-response+json"}

    assert ask(gateway, "{ nope }", accept).status_code == 400
    assert ask(gateway, "{ fault }", accept).status_code == 200


def test_the_fault_behind_a_masked_answer_is_in_the_log(gateway: Gateway):
    ask(gateway, "{ fault }", bearer() | {"x-request-id": "req-logged"})

    lines = [line for line in gateway.logged() if line.get("requestId") == "req-logged"]
    assert [(line["action"], line["service"]) for line in lines] == [
        ("answer.masked", "porting")
    ]
