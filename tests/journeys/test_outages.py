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


@pytest.fixture
async def without_numbers(stack):
    """The service is killed; alive again afterwards."""
    process = stack.programs.get_process("numbers")
    process.send_signal(signal.SIGKILL)
    process.wait()
    yield
    if process is stack.programs.get_process("numbers"):
        stack.programs.start_again("numbers")


async def test_a_dead_service_costs_its_fields_and_not_the_page(
    stack, travelled, ada, without_numbers
):
    token = ada.tokens["ADMINISTRATOR"]

    answer = await post(stack.gateway_url, PAGE, token, id=travelled.ids["PortRequest"])

    request = answer.json()["data"]["portRequest"]
    assert request["name"] == "Our three numbers"
    assert request["account"] is None
    lines = [edge["node"] for edge in request["lines"]["edges"]]
    assert [line["phoneNumber"] for line in lines] == list(NUMBERS)
    assert all(line["trackingNumber"] is line["company"] is None for line in lines)
    assert set(codes_of(answer.json())) == {"UNAVAILABLE"}
    assert not TELLS_TOO_MUCH.search(answer.text), answer.text


async def test_the_dead_services_own_fields_are_unavailable(stack, ada, without_numbers):
    token = ada.tokens["ADMINISTRATOR"]

    read = await post(stack.gateway_url, "{ viewer { isSupport } }", token)
    disabled = await post(
        stack.gateway_url,
        """mutation { disableTrackingNumber(input: {trackingNumberId: "num_x"}) {
            userErrors { code } } }""",
        token,
    )

    for answer in (read, disabled):
        assert codes_of(answer.json()) == ["UNAVAILABLE"]
        assert not TELLS_TOO_MUCH.search(answer.text), answer.text


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
        process = stack.programs.get_process("numbers")
        process.kill()
        process.wait()
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


async def test_a_service_that_is_back_is_asked_again(stack, travelled, ada):
    process = stack.programs.get_process("numbers")
    process.kill()
    process.wait()

    stack.programs.start_again("numbers")

    page = await ask(
        stack.gateway_url,
        PAGE,
        ada.tokens["ADMINISTRATOR"],
        id=travelled.ids["PortRequest"],
    )
    assert page["portRequest"]["account"]["name"] == ada.name
