"""A service dies, a database goes: what others own is answered, and nothing is given away."""

import re
import signal

import pytest

from deploy.local.demo_accounts import Tokens
from deploy.local.graph_client import GraphClient
from deploy.local.journey import LETTER, NUMBERS
from tests.journeys.asking import acknowledged, ask, codes_of, post
from tests.journeys.observations import until
from tests.journeys.port_ins import import_numbers, list_numbers, numbers_of, start_draft

pytestmark = pytest.mark.journey

PAGE = """query ($id: ID!) {
  portRequest(id: $id) {
    name status
    account { name }
    lines(first: 5) { edges { node { phoneNumber company { name } trackingNumber { phoneNumber } } } }
  }
}"""
TELLS_TOO_MUCH = re.compile(
    r"https?:|127\.0\.0\.1|localhost|:\d{4,5}\b|ECONN|fetch|socket|Error:|Traceback|asyncpg"
    r"|subgraph|serviceName|stack"
)


def kill(stack, service):
    process = stack.programs.get_process(service)
    process.send_signal(signal.SIGKILL)
    process.wait()


async def test_a_dead_service_costs_its_fields_and_not_the_page_until_it_is_back(
    stack, travelled, ada
):
    token, url = ada.tokens["ADMINISTRATOR"], stack.gateway_url
    request_id = travelled.ids["PortRequest"]
    command = """mutation { disableTrackingNumber(input: {trackingNumberId: "num_x"}) {
        userErrors { code } } }"""

    kill(stack, "numbers")
    page = await post(url, PAGE, token, id=request_id)
    read = await post(url, "{ viewer { isSupport } }", token)
    disabled = await post(url, command, token)
    stack.programs.start_again("numbers")
    back = await ask(url, PAGE, token, id=request_id)

    request = page.json()["data"]["portRequest"]
    assert request["name"] == "Our three numbers"
    assert request["account"] is None
    lines = [edge["node"] for edge in request["lines"]["edges"]]
    assert [line["phoneNumber"] for line in lines] == list(NUMBERS)
    assert all(line["trackingNumber"] is line["company"] is None for line in lines)
    assert set(codes_of(page.json())) == {"UNAVAILABLE"}
    assert codes_of(read.json()) == codes_of(disabled.json()) == ["UNAVAILABLE"]
    for answer in (page, read, disabled):
        assert not TELLS_TOO_MUCH.search(answer.text), answer.text
    assert back["portRequest"]["account"]["name"] == ada.name
    edges = back["portRequest"]["lines"]["edges"]
    assert all(edge["node"]["trackingNumber"]["phoneNumber"] for edge in edges)


async def test_an_event_whose_entity_hop_fails_shows_no_earlier_events_data(stack, ada):
    support = Tokens(stack.key_folder).of_support()
    client = GraphClient(stack.gateway_url, ada.tokens["MANAGER"])
    requests = []
    for number, name in enumerate(("First", "Second")):
        requests.append(await start_draft(client, ada, name))
        await import_numbers(
            client, requests[-1], list_numbers(numbers_of(217 + number * 2, 1))
        )
        await client.do("PrepareLetter", portRequestId=requests[-1], **LETTER)
    signature = {"signerName": "Ada", "consent": True}

    async with acknowledged(stack.gateway_url, support) as socket:
        await socket.subscribe(
            """subscription ($account: ID!) { portStatusChanged(accountId: $account) {
                event subject portRequest { name } account { name } } }""",
            account=ada.id,
        )
        await until(lambda: hears_signing(client, socket, requests[0], signature))
        kill(stack, "numbers")
        await client.do("SignLetter", portRequestId=requests[1], **signature)
        payload = (await socket.next())["payload"]
        stack.programs.start_again("numbers")

    event = payload["data"]["portStatusChanged"]
    assert event["subject"] == requests[1]
    assert event["portRequest"]["name"] == "Second"
    assert event["account"] is None
    assert set(codes_of(payload)) == {"UNAVAILABLE"}
    assert not TELLS_TOO_MUCH.search(str(payload["errors"]))


async def hears_signing(client, socket, request_id, signature):
    """The subscription takes a moment to begin: signs until it is heard."""
    await client.do("SignLetter", portRequestId=request_id, **signature)
    try:
        message = await socket.next(1)
    except TimeoutError:
        return False
    assert message["payload"]["data"]["portStatusChanged"]["account"]["name"]
    return True
