"""A dashboard's stream: through entities of other services, to its end, whatever fails on the way."""

import asyncio

import httpx

from tests.gateway.client import acknowledged, codes_of
from tests.gateway.conftest import House
from tests.gateway.issuer import bearer
from tests.gateway.processes import Gateway, ThreadedServer, running_gateway
from tests.gateway.subgraphs import seen, subgraph_app

STATUS = """subscription ($numbers: [String!]!) {
  portStatusChanged(numbers: $numbers) {
    version
    portRequest { name notices trackingNumber { state } }
  }
}"""


def event(version: int, number: str | None) -> dict:
    name = f"pr_{version}"
    tracked = number and {"state": f"state of {number}"}
    request = {"name": name, "notices": [f"notice of {name}"], "trackingNumber": tracked}
    return {"portStatusChanged": {"version": version, "portRequest": request}}


async def until_streams(count: int) -> None:
    async with asyncio.timeout(10):
        while seen.streams != count:  # noqa: ASYNC110 (counted on the subgraphs' threads)
            await asyncio.sleep(0.02)


async def test_each_event_brings_the_other_services_fields(gateway: Gateway):
    async with acknowledged(gateway) as socket:
        await socket.subscribe(STATUS, numbers=["num_1", "num_2"])
        events = [await socket.next() for _ in range(2)]

    assert [e["payload"] for e in events] == [
        {"data": event(0, "num_1")},
        {"data": event(1, "num_2")},
    ]


async def test_a_failed_hop_shows_no_earlier_events_data_and_leaves_no_error_behind(
    gateway: Gateway,
):
    async with acknowledged(gateway) as socket:
        await socket.subscribe(STATUS, numbers=["num_1", "num_fault", "num_unknown", "num_2"])
        events = [(await socket.next())["payload"] for _ in range(4)]

    assert [e["data"] for e in events] == [
        event(0, "num_1"),
        event(1, None),
        event(2, None),
        event(3, "num_2"),
    ]
    assert set(codes_of(events[1])) == {"INTERNAL"}
    assert not any("errors" in e for e in (events[0], events[2], events[3]))


async def test_each_event_reads_the_same_entity_anew(gateway: Gateway):
    async with acknowledged(gateway) as socket:
        await socket.subscribe(STATUS, numbers=["num_counted"] * 3)
        events = [(await socket.next())["payload"]["data"] for _ in range(3)]

    requests = [e["portStatusChanged"]["portRequest"] for e in events]
    states = [r["trackingNumber"]["state"] for r in requests]
    assert states == ["read 1", "read 2", "read 3"]


async def test_a_failed_event_is_null_and_the_next_one_whole(gateway: Gateway):
    async with acknowledged(gateway) as socket:
        await socket.subscribe(STATUS, numbers=["num_1", "fault", "num_2"])
        events = [(await socket.next())["payload"] for _ in range(3)]

    assert events[0] == {"data": event(0, "num_1")}
    assert events[1]["data"] is None
    assert codes_of(events[1]) == ["INTERNAL"]
    assert events[2] == {"data": event(2, "num_2")}


async def test_a_cancelled_subscription_ends_at_the_subgraph(gateway: Gateway):
    await until_streams(0)
    async with acknowledged(gateway) as socket:
        await socket.subscribe(STATUS, numbers=["num_1"])
        await socket.next()
        running = seen.streams

        await socket.send(id="1", type="complete")

        await until_streams(0)
        assert running == 1


async def test_a_closed_socket_ends_its_subscriptions_at_the_subgraph(gateway: Gateway):
    async with acknowledged(gateway) as socket:
        await socket.subscribe(STATUS, numbers=["num_1"])
        await socket.next()
        assert seen.streams > 0

    await until_streams(0)


async def test_150_subscriptions_of_one_token_all_get_their_event(gateway: Gateway):
    token = bearer()
    quick = "subscription ($numbers: [String!]!) { portStatusChanged(numbers: $numbers) { version } }"

    async with acknowledged(gateway, token) as one, acknowledged(gateway, token) as other:
        for socket in (one, other):
            for n in range(75):
                await socket.subscribe(quick, id=str(n), numbers=["num_1"])
        answers = [await socket.next() for socket in (one, other) for _ in range(75)]

    assert {a["type"] for a in answers} == {"next"}
    assert all(
        a["payload"] == {"data": {"portStatusChanged": {"version": 0}}} for a in answers
    )


async def test_queries_and_mutations_are_answered_on_a_socket_too(gateway: Gateway):
    async with acknowledged(gateway) as socket:
        await socket.subscribe('mutation { rename(name: "x") { name notices } }')
        answer, end = await socket.next(), await socket.next()

    assert answer["payload"] == {"data": {"rename": {"name": "x", "notices": ["notice of x"]}}}
    assert end["type"] == "complete"


async def test_an_invalid_subscription_is_bad_input(gateway: Gateway):
    async with acknowledged(gateway) as socket:
        await socket.subscribe("subscription { nope }")
        answer = await socket.next()

    assert codes_of(answer["payload"]) == ["BAD_USER_INPUT"]


def test_a_client_that_asks_for_nothing_else_gets_server_sent_events(gateway: Gateway):
    body = {"query": STATUS, "variables": {"numbers": ["num_1"]}}
    headers = bearer() | {"accept": "text/event-stream"}

    with httpx.stream("POST", gateway.url, json=body, headers=headers) as answer:
        lines = (line for line in answer.iter_lines() if line.startswith("data: "))
        first = next(lines)

    assert '"version":0' in first
    assert "state of num_1" in first


async def test_a_subgraphs_restart_ends_its_subscriptions_with_an_error_and_takes_new_ones(
    house: House, tmp_path
):
    porting = ThreadedServer(subgraph_app("porting"))
    settings = house.settings | {"PORTING_URL": porting.url}

    with running_gateway(settings, tmp_path / "log") as gateway:
        async with acknowledged(gateway) as socket:
            with porting:
                await socket.subscribe(STATUS, numbers=["num_1"])
                first = await socket.next()
            lost, end = await socket.next(), await socket.next()
            await socket.subscribe(STATUS, id="2", numbers=["num_1"])
            down, _ = await socket.next(), await socket.next()
            with ThreadedServer(subgraph_app("porting"), porting.listen_port):
                await socket.subscribe(STATUS, id="3", numbers=["num_2"])
                back = await socket.next()

    assert first["payload"] == {"data": event(0, "num_1")}
    assert (codes_of(lost["payload"]), end["type"]) == (["UNAVAILABLE"], "complete")
    assert codes_of(down["payload"]) == ["UNAVAILABLE"]
    assert "127.0.0.1" not in str([lost, down])
    assert back["payload"] == {"data": event(0, "num_2")}


async def test_a_client_that_does_not_read_is_ended_and_holds_no_memory(gateway: Gateway):
    query = STATUS.replace("notices trackingNumber { state }", "")
    await until_streams(0)

    async with acknowledged(gateway) as socket:
        await socket.subscribe(query, numbers=["large"] * 3000)
        await until_streams(1)
        await until_streams(0)
        messages = [await socket.next()]
        while messages[-1]["type"] == "next":
            messages.append(await socket.next())

    assert codes_of(messages[-2]["payload"]) == ["UNAVAILABLE"]
    assert len(messages) < 3000
