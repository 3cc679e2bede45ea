"""Logs: every line JSON with an action, a request to be followed by its ids, and nobody's secrets."""

import json
import secrets
from functools import partial

import pytest

from deploy.local.demo_accounts import Tokens
from deploy.local.graph_client import GraphClient, RefusedError
from deploy.local.stack import SERVICES
from tests.journeys.asking import post
from tests.journeys.cast import account_input, found_account
from tests.journeys.observations import read_log, select, until
from tests.journeys.port_ins import (
    create_upload,
    import_numbers,
    list_numbers,
    numbers_of,
    put,
    seal_pin,
    start_draft,
    submit_port_in,
)

pytestmark = pytest.mark.journey

CREATE_ENDPOINT = """
    mutation ($input: CreateWebhookEndpointInput!) {
      createWebhookEndpoint(input: $input) { userErrors { code } }
    }
"""
PROGRAMS = ("issuer", "gateway", *SERVICES)


def canary(kind):
    return f"Canary{kind}{secrets.token_hex(8)}"


@pytest.fixture(scope="module")
async def canaries(stack):
    """Secrets by kind, each sent where it belongs and where it does not."""
    sent = {
        kind: canary(kind) for kind in ("Name", "Number", "Street", "Person", "Mail", "Query")
    }
    account = await found_account(stack, "Turing Typewriters")
    token = account.tokens["ADMINISTRATOR"]
    client = GraphClient(stack.gateway_url, token)
    await name_receiver(stack, token, sent["Query"])
    await submit_port_in(
        client,
        account,
        numbers_of(225, 2),
        subscriberName=sent["Name"],
        accountNumber=sent["Number"],
        authorizedPerson=sent["Person"],
        authorizedPersonEmail=f"{sent['Mail']}@customer.example",
        serviceAddress={
            "street": sent["Street"],
            "city": "New York",
            "state": "NY",
            "postalCode": "10001",
            "country": "US",
        },
    )
    sent["pin"] = await seal_pin(stack.gateway_url, client, account, "+12255550150")
    sent["token"] = token.rpartition(".")[2]
    await send_bad_things(stack, client, account, sent)
    await meet_members(stack, sent)
    return sent


async def name_receiver(stack, token, query):
    """One that nobody listens at: what is posted there fails, and is logged."""
    made = await post(
        stack.gateway_url,
        CREATE_ENDPOINT,
        token,
        input={"url": f"http://127.0.0.1:9/hook?token={query}"},
    )
    assert made.json() == {"data": {"createWebhookEndpoint": {"userErrors": []}}}


async def send_bad_things(stack, client, account, sent):
    token = account.tokens["ADMINISTRATOR"]
    sent["cell"] = canary("Cell")
    draft = await start_draft(client, account)
    with pytest.raises(RefusedError):
        await import_numbers(client, draft, list_numbers([sent["cell"]]))
    sent["document"], sent["header"], sent["bearer"] = canary("D"), canary("H"), canary("B")
    await post(stack.gateway_url, f"{{ {sent['document']} }}", token)
    await post(
        stack.gateway_url, f'{{ account(id: "{sent["document"]}\\u0000") {{ id }} }}', token
    )
    await post(stack.gateway_url, "{ viewer { isSupport } }", sent["bearer"])
    for place in ("gateway", *SERVICES):
        await post(
            stack.urls[place],
            "{ __typename }",
            token,
            headers={
                "x-portline-account": sent["header"],
                "x-request-id": f"{sent['header']}!",
            },
        )
        await post(stack.urls[place], f"{{ {sent['document']} }}", sent["bearer"])
    upload = await create_upload(client, "DOCUMENT", "bill.pdf", b"bytes")
    sent["link"] = upload["url"].rpartition("signature=")[2]
    await put(upload, b"other")
    await put(upload, b"bytes")


async def meet_members(stack, sent):
    run = secrets.token_hex(4)
    sent["member's mail"] = canary("Member")
    given = account_input("Turing's other account", run)
    given["members"][0]["email"] = sent["member's mail"] + "@customer.example"
    support = GraphClient(stack.gateway_url, Tokens(stack.key_folder).of_support())
    made = await support.do("CreateAccount", **given)

    async def is_told():
        query = "SELECT FROM members WHERE account_id = $1"
        return bool(await select(stack, "notifications", query, made["id"]))

    await until(is_told)


@pytest.mark.parametrize("program", PROGRAMS)
async def test_no_log_tells_what_people_or_tokens_say(stack, canaries, program):
    text = stack.programs.get_log(program).read_text()

    assert [kind for kind, secret in canaries.items() if secret in text] == []


@pytest.mark.parametrize("service", SERVICES)
async def test_no_event_tells_what_only_the_letter_holds(stack, canaries, service):
    bodies = await select(
        stack, service, "SELECT body FROM event_log UNION ALL SELECT body FROM outbox"
    )
    text = "\n".join(row["body"] for row in bodies)

    told = [kind for kind, secret in canaries.items() if secret in text]
    # Whoever writes to members must know where to: that is what this one event is for.
    assert told == (["member's mail"] if service == "numbers" else [])
    for row in bodies:
        event = json.loads(row["body"])
        if canaries["member's mail"] in row["body"]:
            assert event["type"] == "numbers.member_changed.v1"


@pytest.mark.parametrize("program", ["gateway", *SERVICES])
async def test_every_line_is_json_with_an_action_and_no_fault_is_among_them(
    stack, canaries, program
):
    lines = stack.programs.get_log(program).read_text().splitlines()

    parsed = [json.loads(line) for line in lines]

    assert [line for line in parsed if not line.get("action")] == []
    assert [line for line in parsed if line.get("code") == "INTERNAL"] == []


async def find_traces(stack, service, request_id):
    return {
        line["trace_id"]
        for line in read_log(stack, service)
        if line.get("request_id") == request_id
    }


async def test_a_request_is_followed_by_its_ids_through_services_and_events(stack, canaries):
    run = secrets.token_hex(4)
    trace_id, request_id = secrets.token_hex(16), f"followed-{run}"
    query = """mutation ($input: CreateAccountInput!) { createAccount(input: $input) {
        account { id name portRequests(first: 1) { totalCount } } userErrors { code } } }"""

    answer = await post(
        stack.gateway_url,
        query,
        Tokens(stack.key_folder).of_support(),
        headers={
            "traceparent": f"00-{trace_id}-{secrets.token_hex(8)}-01",
            "x-request-id": request_id,
        },
        input=account_input("Followed", run),
    )

    assert answer.headers["x-request-id"] == request_id
    account_id = answer.json()["data"]["createAccount"]["account"]["id"]
    for service in ("numbers", "porting"):
        logged = partial(find_traces, stack, service, request_id)
        # A request's line is written once its answer is sent.
        await until(logged)
        assert await logged() == {trace_id}

    async def events():
        query = "SELECT traceparent FROM event_log WHERE subject = $1"
        return await select(stack, "numbers", query, account_id)

    async def are_published():
        return len(await events()) == 8

    await until(are_published)
    assert all(trace_id in row["traceparent"] for row in await events())
