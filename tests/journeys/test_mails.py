"""Mails over the whole system: what a reader's links lead to, and where a letter's link is not."""

import re
import secrets

import httpx
import pytest

from deploy.local.graph_client import GraphClient
from deploy.local.journey import LETTER
from deploy.local.stack import SERVICES
from tests.journeys.asking import ask
from tests.journeys.cast import found_account
from tests.journeys.observations import read_log, until
from tests.journeys.port_ins import import_numbers, list_numbers, numbers_of, start_draft

pytestmark = pytest.mark.journey

SEND = """
mutation Send($input: SendLetterInput!) {
  sendLetter(input: $input) { userErrors { code message } }
}
"""


async def mail_that(stack, is_it) -> str:
    """The text of the first such mail, once it has arrived."""
    found = []

    async def has_arrived() -> bool:
        async with httpx.AsyncClient(trust_env=False) as client:
            mails = (await client.get(f"{stack.urls['mailbox']}/mails.json")).json()
        found[:] = [mail["text"] for mail in mails if is_it(mail)]
        return bool(found)

    await until(has_arrived)
    return found[0]


@pytest.mark.requirement("S53")
async def test_the_signer_gets_the_link_by_mail_and_nobody_else_has_it(stack):
    account = await found_account(stack, "Lovelace Looms")
    token = account.tokens["ADMINISTRATOR"]
    client = GraphClient(stack.gateway_url, token)
    request_id = await start_draft(client, account)
    await import_numbers(client, request_id, list_numbers(numbers_of(586, 1)))
    await client.do("PrepareLetter", portRequestId=request_id, **LETTER)
    address = f"signer-{secrets.token_hex(4)}@signer.example"
    given = {"portRequestId": request_id, "signerName": "Sam", "signerEmail": address}

    sent = await ask(stack.gateway_url, SEND, token, input=given)
    text = await mail_that(stack, lambda mail: address in mail["to"])

    assert sent["sendLetter"]["userErrors"] == []
    (link,) = re.findall(rf"{stack.urls['porting']}/letters/\S+", text)
    async with httpx.AsyncClient(trust_env=False) as browser:
        shown = await browser.get(link)
    assert shown.status_code == 200
    assert shown.json()["signer"] == {"name": "Sam", "email": address}
    secret = link.rpartition("/")[2]
    for program in ("issuer", "gateway", *SERVICES):
        told = str(read_log(stack, program))
        assert secret not in told, program
        assert address not in told, program


@pytest.mark.requirement("S27")
async def test_the_warning_is_mailed_and_its_mails_can_be_switched_off_by_their_link(
    stack, travelled
):
    text = await mail_that(stack, lambda mail: mail["subject"].endswith("was submitted"))

    assert "Do not cancel your service with your present carrier" in text
    (link,) = re.findall(r"http\S+/unsubscribe/\S+", text)
    async with httpx.AsyncClient(trust_env=False) as browser:
        asked, done = await browser.get(link), await browser.post(link)
    assert "about port requests" in asked.text
    assert done.status_code == 200
