"""From printed schemas to the graph that is served: composed, compared with what was released, reloaded."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.gateway.client import acknowledged, ask
from tests.gateway.conftest import House
from tests.gateway.processes import Gateway, run_node, running_gateway


def compose(folder: Path):
    services = str(folder / "services")
    return run_node("compose.mjs", "--services", services, "--to", str(folder))


def check(folder: Path, *options: str):
    services = str(folder / "services")
    return run_node("check.mjs", "--services", services, "--to", str(folder), *options)


def change(schema: Path, old: str, new: str) -> None:
    text = schema.read_text()
    assert old in text
    schema.write_text(text.replace(old, new))


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("state: String!", "state: Strin!", "INVALID_GRAPHQL"),
        ("state: String!", "state:", "INVALID_GRAPHQL"),
        ('@key(fields: "id")', '@key(fields: "nope")', "KEY_INVALID_FIELDS"),
        ("type Query {", "type Query {\n  feed: Int", "INVALID_FIELD_SHARING"),
    ],
)
def test_a_broken_schema_changes_nothing(own_copy: Path, old: str, new: str, code: str):
    before = (own_copy / "supergraph.graphql").read_text()
    change(own_copy / "services" / "numbers" / "schema.graphql", old, new)

    run = compose(own_copy)

    assert run.returncode == 1
    assert code in run.stderr
    assert "    at " not in run.stderr
    assert (own_copy / "supergraph.graphql").read_text() == before
    assert check(own_copy).returncode == 1


def test_a_missing_schema_is_said_in_one_line(own_copy: Path):
    (own_copy / "services" / "numbers" / "schema.graphql").unlink()

    run = compose(own_copy)

    assert run.returncode == 1
    assert run.stderr.count("\n") == 1


def test_the_public_schema_has_nothing_of_federation(own_copy: Path):
    public = (own_copy / "schema.graphql").read_text()

    assert "type PortRequest" in public
    assert not any(
        word in public for word in ("_entities", "_service", "join__", "@key", "link")
    )


def test_what_is_composed_is_the_same_twice(own_copy: Path):
    before = (own_copy / "supergraph.graphql").read_text()

    assert compose(own_copy).returncode == 0
    assert (own_copy / "supergraph.graphql").read_text() == before


def test_a_stale_supergraph_fails_the_check(own_copy: Path):
    change(
        own_copy / "services" / "numbers" / "schema.graphql", "digits: [Int!]!", "size: Int"
    )

    run = check(own_copy)

    assert run.returncode == 1
    assert "STALE" in run.stderr


def test_a_change_that_breaks_the_released_schema_fails_until_it_is_released(own_copy: Path):
    assert check(own_copy, "--release").returncode == 0
    numbers = own_copy / "services" / "numbers" / "schema.graphql"
    change(numbers, "digits: [Int!]!", "digits: [Int!]! more: Int")
    compose(own_copy)
    harmless = check(own_copy)
    change(numbers, "digits: [Int!]!", "")
    compose(own_copy)

    broken = check(own_copy)
    released = check(own_copy, "--release")

    assert harmless.returncode == 0, harmless.stderr
    assert broken.returncode == 1
    assert broken.stderr == "FIELD_REMOVED: TrackingNumber.digits was removed.\n"
    assert (released.returncode, check(own_copy).returncode) == (0, 0)


def until(gateway: Gateway, is_true: Callable[[], bool]) -> None:
    """Polling is lazy: it takes requests for the gateway to look at its file."""
    deadline = time.monotonic() + 8
    while not is_true():
        assert time.monotonic() < deadline, gateway.log.read_text()
        assert "errors" not in ask(gateway, "{ feed }").json()
        time.sleep(0.1)


def logged(gateway: Gateway, action: str) -> int:
    return sum(line.get("action") == action for line in gateway.logged())


BROKEN_FILES = {
    "half written": lambda sdl: sdl[: sdl.index("}", len(sdl) // 2)],
    "empty": lambda _: "",
    "another schema": lambda _: "type Query { feed: Int }",
}


def test_a_broken_supergraph_keeps_the_last_good_one_and_a_whole_one_is_taken(
    house: House, own_copy: Path, tmp_path: Path
):
    supergraph = own_copy / "supergraph.graphql"
    good = supergraph.read_text()
    settings = house.settings | {"SUPERGRAPH": str(supergraph), "SUPERGRAPH_POLL_SECONDS": "1"}

    with running_gateway(settings, tmp_path / "log") as gateway:
        for refusals, make in enumerate(BROKEN_FILES.values(), start=1):
            supergraph.write_text(make(good))
            until(gateway, lambda n=refusals: logged(gateway, "supergraph.refused") == n)
        supergraph.unlink()
        until(gateway, lambda: logged(gateway, "supergraph.refused") > len(BROKEN_FILES))
        change(own_copy / "services" / "numbers" / "schema.graphql", "digits: [Int!]!", "")
        compose(own_copy)
        until(gateway, lambda: logged(gateway, "supergraph.loaded") == 2)
        until(
            gateway,
            lambda: (
                "digits" not in ask(gateway, "{ __schema { types { fields { name } } } }").text
            ),
        )

        assert gateway.process.poll() is None


async def test_a_new_supergraph_completes_subscriptions_and_fails_no_request(
    house: House, own_copy: Path, tmp_path: Path
):
    supergraph = own_copy / "supergraph.graphql"
    settings = house.settings | {"SUPERGRAPH": str(supergraph), "SUPERGRAPH_POLL_SECONDS": "1"}
    slow = "{ slow(seconds: 3) }"

    with running_gateway(settings, tmp_path / "log") as gateway:
        async with acknowledged(gateway) as socket:
            await socket.subscribe(
                'subscription { portStatusChanged(numbers: ["num_1"]) { version } }'
            )
            await socket.next()
            in_flight = asyncio.create_task(asyncio.to_thread(ask, gateway, slow))
            change(own_copy / "services" / "numbers" / "schema.graphql", "digits: [Int!]!", "")
            compose(own_copy)
            await asyncio.to_thread(
                until, gateway, lambda: logged(gateway, "supergraph.loaded") == 2
            )
            answer = await in_flight
            end = await socket.next()

    assert answer.json() == {"data": {"slow": "done"}}
    assert end["type"] == "complete"


def test_without_any_good_supergraph_the_gateway_does_not_start(house: House, tmp_path: Path):
    broken = tmp_path / "supergraph.graphql"
    broken.write_text("type Query { feed: Int }")

    run = run_node("server.mjs", env=house.settings | {"SUPERGRAPH": str(broken)})

    assert run.returncode == 1
    assert run.stderr.count("\n") == 1
    assert "is no supergraph" in run.stderr
