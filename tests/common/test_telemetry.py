"""Log lines have an action and ids, and nothing that a client sent."""

import json
import logging
import re

import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

from libs.common.telemetry import (
    TelemetryMiddleware,
    configure_logging,
    continue_trace,
    current_request_id,
    current_trace_id,
    current_traceparent,
    describe_fault,
)

PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@pytest.fixture
def logged(capsys):
    root = logging.getLogger()
    before = (root.handlers[:], root.level)
    yield lambda: [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    root.handlers[:], level = before
    root.setLevel(level)


async def tell(_request):
    return JSONResponse({"id": current_request_id(), "traceparent": current_traceparent()})


async def ask(path="/", **headers):
    app = TelemetryMiddleware(
        Starlette(routes=[Route("/", tell), Route("/sign/{token}", tell)])
    )
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        return await client.get(path, headers=headers)


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "nonsense",
        PARENT.upper(),
        PARENT + "-more",
        PARENT.replace("00-", "ff-", 1),
        "00-" + "0" * 32 + "-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-" + "0" * 16 + "-01",
        PARENT + "x" * 500,
    ],
)
def test_what_is_no_traceparent_starts_a_trace(header):
    with continue_trace(header):
        assert current_trace_id() not in {None, PARENT.split("-")[1]}
        assert re.fullmatch("00-[0-9a-f]{32}-[0-9a-f]{16}-01", current_traceparent() or "")


def test_a_later_version_may_say_more():
    with continue_trace("01" + PARENT[2:] + "-more"):
        assert current_traceparent() == PARENT


def test_a_trace_ends_where_it_began():
    with continue_trace(PARENT):
        with continue_trace(None):
            assert current_trace_id() != PARENT.split("-")[1]
        assert current_traceparent() == PARENT

    assert current_trace_id() is None


async def test_a_request_continues_its_trace_and_keeps_its_id():
    answer = await ask(**{"x-request-id": "abc-1", "traceparent": PARENT})

    assert answer.headers["x-request-id"] == "abc-1"
    assert answer.json()["id"] == "abc-1"
    assert answer.json()["traceparent"].split("-")[1] == PARENT.split("-")[1]


@pytest.mark.parametrize("given", ["", "a b", "x" * 65, "<script>"])
async def test_a_request_id_that_could_harm_a_log_is_replaced(given):
    answer = await ask(**{"x-request-id": given})

    assert answer.headers["x-request-id"] != given
    assert len(answer.headers["x-request-id"]) == 32


async def test_one_line_tells_of_a_request_without_its_query_and_parameters(logged):
    configure_logging("sample")
    await ask("/sign/s3cret-token?ssn=1234", **{"x-request-id": "abc-1"})

    (line,) = [line for line in logged() if line.get("action") == "http_request.answered"]
    assert line["path"] == "/sign/{token}"
    assert (line["status"], line["method"], line["service"]) == (200, "GET", "sample")
    assert line["request_id"] == "abc-1"
    assert len(line["trace_id"]) == 32
    assert "1234" not in json.dumps(line)


def _fail():
    try:
        {}["+12125550142"]
    except KeyError as cause:
        raise ValueError("pin 4711") from cause


def test_a_fault_is_told_by_type_and_place_never_by_its_words(logged):
    configure_logging("sample")
    try:
        _fail()
    except ValueError:
        logging.getLogger("x").exception("it failed", extra={"action": "fail"})

    (line,) = logged()
    assert line["exc_info"]["type"] == "builtins.ValueError"
    assert line["exc_info"]["cause"]["type"] == "builtins.KeyError"
    assert any("test_telemetry.py" in place for place in line["exc_info"]["at"])
    assert "4711" not in json.dumps(line)
    assert "555" not in json.dumps(line)


def test_every_fault_of_a_group_is_told():
    told = describe_fault(ExceptionGroup("g", [KeyError("a"), OSError("b")]))

    assert [inner["type"] for inner in told["group"]] == [
        "builtins.KeyError",
        "builtins.OSError",
    ]
