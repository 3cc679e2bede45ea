"""The gateway as a process: it says what it misses, answers for its health, and leaves cleanly."""

import asyncio
import time

import httpx
import pytest

from tests.gateway.client import acknowledged, ask
from tests.gateway.conftest import House
from tests.gateway.issuer import bearer
from tests.gateway.processes import Gateway, run_node, running_gateway


@pytest.mark.parametrize("name", ["PROFILE", "JWKS_URL", "JWT_ISSUER", "JWT_AUDIENCE"])
def test_a_missing_setting_is_one_sentence_and_code_1(house: House, name: str):
    run = run_node("server.mjs", env={k: v for k, v in house.settings.items() if k != name})

    assert run.returncode == 1
    assert run.stderr.count("\n") == 1
    assert f"{name} is missing" in run.stderr


@pytest.mark.parametrize(
    "wrong",
    [
        {"PROFILE": "staging"},
        {"OTEL_EXPORTER_OTLP_ENDPOINT": "collector:4318"},
        {"OTEL_TRACES_SAMPLER": "parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG": "2"},
        {"PROFILE": "production"},
        {"JWKS_URL": "keys"},
        {"NUMBERS_URL": "numbers:8000"},
        {"GATEWAY_LISTEN_PORT": "http"},
    ],
)
def test_a_wrong_setting_is_one_sentence_and_code_1(house: House, wrong: dict[str, str]):
    run = run_node("server.mjs", env=house.settings | wrong)

    assert run.returncode == 1
    assert run.stderr.count("\n") == 1


def test_a_taken_listen_port_is_one_sentence_and_code_1(house: House, gateway: Gateway):
    taken = {"GATEWAY_LISTEN_PORT": str(gateway.listen_port)}

    run = run_node("server.mjs", env=house.settings | taken)

    assert run.returncode == 1
    assert "EADDRINUSE" in run.stderr


@pytest.mark.parametrize("path", ["healthcheck", "readiness"])
def test_health_is_told_without_a_token(gateway: Gateway, path: str):
    assert httpx.get(gateway.url.replace("graphql", path)).status_code == 200


@pytest.mark.parametrize("path", ["", "graphiql", "graphql/x", "metrics"])
def test_there_is_no_other_page(gateway: Gateway, path: str):
    assert httpx.get(gateway.url.replace("graphql", path, 1)).status_code == 404


async def test_on_sigterm_the_request_in_flight_is_answered_and_sockets_close_with_1001(
    house: House, tmp_path
):
    slow = {"query": 'mutation { rename(name: "kept", seconds: 1) { name notices } }'}

    with running_gateway(house.settings, tmp_path / "log") as gateway:
        async with acknowledged(gateway) as socket, httpx.AsyncClient() as client:
            await socket.subscribe(
                'subscription { portStatusChanged(numbers: ["num_1"]) { version } }'
            )
            await socket.next()
            request = client.post(gateway.url, json=slow, headers=bearer(), timeout=10)
            in_flight = asyncio.create_task(request)
            await asyncio.sleep(0.3)

            asked_at = time.monotonic()
            gateway.terminate()
            answer = await in_flight
            close_code = await socket.close_code()
            code = await asyncio.to_thread(gateway.process.wait, 10)

    assert answer.json()["data"]["rename"] == {"name": "kept", "notices": ["notice of kept"]}
    assert close_code == 1001
    assert code == 0
    assert time.monotonic() - asked_at < 10


def test_every_line_of_the_log_is_json_with_an_action(gateway: Gateway):
    ask(gateway, "{ fault }")

    assert gateway.logged()
    assert all("action" in line for line in gateway.logged())
