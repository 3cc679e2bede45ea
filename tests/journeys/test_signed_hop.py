"""With the signed hop services take the gateway's word only, and through the gateway all works."""

import httpx
import pytest
from websockets.exceptions import ConnectionClosed

from deploy.local.demo_accounts import Tokens
from deploy.local.stack import SERVICES
from tests.journeys.asking import acknowledged, ask, codes_of, open_socket, post
from tests.journeys.cast import found_account
from tests.journeys.conftest import travel
from tests.journeys.test_journey import THE_FIVE

pytestmark = pytest.mark.journey

ANY = {
    "porting": "{ portRequests(first: 1) { edges { node { id } } } }",
    "numbers": "{ viewer { isSupport } }",
    "notifications": "{ statusChanges(first: 1) { edges { node { event } } } }",
}
CHANGES = "subscription { portStatusChanged { event } }"


@pytest.fixture(scope="module")
def support(wired):
    return Tokens(wired.stack.key_folder).of_support()


async def test_the_whole_journey_works_through_the_gateway(wired):
    account = await found_account(wired.stack, "Somerville Stars")

    journey = await travel(wired.stack, account)

    assert {event["event"] for event in journey.heard} >= THE_FIVE
    assert all(event["account"]["name"] == account.name for event in journey.heard)


@pytest.mark.parametrize("service", SERVICES)
async def test_a_good_token_alone_opens_no_service(wired, support, service):
    assert await ask(wired.stack.gateway_url, ANY[service], support)

    answer = await post(wired.stack.urls[service], ANY[service], support)

    assert answer.status_code == 401
    assert codes_of(answer.json()) == ["UNAUTHENTICATED"]
    assert answer.json()["data"] is None


@pytest.mark.parametrize("signature", ["", "AAAA", "x" * 44])
async def test_a_wrong_signature_opens_no_service(wired, support, signature):
    async with httpx.AsyncClient() as client:
        answer = await client.post(
            f"{wired.stack.urls['numbers']}/graphql",
            json={"query": ANY["numbers"], "extensions": {"hmac-signature": signature}},
            headers={"authorization": f"Bearer {support}"},
        )

    assert answer.status_code == 401


@pytest.mark.parametrize("service", SERVICES)
async def test_a_socket_that_the_gateway_did_not_open_is_closed(wired, support, service):
    for parameters in ({}, {"x-portline-signature": "AAAA"}):
        async with open_socket(wired.stack.urls[service], support, **parameters) as socket:
            with pytest.raises(ConnectionClosed) as closed:
                await socket.next()
        assert closed.value.rcvd.code == 4403


async def test_nobody_borrows_the_gateways_signature_by_way_of_extensions(wired, support):
    """What a client sends as extensions, or as parameters of its socket, goes no further."""
    async with httpx.AsyncClient() as client:
        answer = await client.post(
            f"{wired.stack.gateway_url}/graphql",
            json={"query": ANY["numbers"], "extensions": {"hmac-signature": "AAAA"}},
            headers={"authorization": f"Bearer {support}"},
        )
    assert answer.json()["data"]["viewer"] == {"isSupport": True}

    parameters = {"x-portline-signature": "AAAA"}
    async with acknowledged(wired.stack.gateway_url, support, **parameters) as socket:
        await socket.subscribe(CHANGES)
        with pytest.raises(TimeoutError):
            await socket.next(0.5)
