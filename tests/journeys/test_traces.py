"""Traces: one submission from a client's request to everybody who hears of it, and no secrets."""

import secrets

import pytest

from deploy.local.demo_accounts import Tokens
from deploy.local.graph_client import GraphClient
from tests.collector import Told
from tests.journeys.asking import acknowledged, post
from tests.journeys.cast import found_account
from tests.journeys.port_ins import create_upload, numbers_of, put, seal_pin, submit_port_in
from tests.notifications.receivers import receiving

pytestmark = pytest.mark.journey

SUBMITTED = "porting.port_submitted.v1"
CLIENT_STEP = secrets.token_hex(8)
# By whom, doing what; the outermost last. A client's own step is around it.
ASKED = [
    ("porting", "mutation"),
    ("porting", "POST /graphql"),
    ("gateway", "ask porting"),
    ("gateway", "mutation"),
    ("gateway", "POST /graphql"),
]
HEARD = [("porting", "send portline.events"), *ASKED]
WAYS = {
    ("numbers", "process numbers.events"): HEARD,
    ("notifications", "process notifications.events"): HEARD,
    ("notifications", "send mail"): ASKED,
    ("notifications", "post webhook"): ASKED,
}
CREATE_ENDPOINT = """
    mutation ($input: CreateWebhookEndpointInput!) {
      createWebhookEndpoint(input: $input) { userErrors { code } }
    }
"""


def canary(kind):
    return f"Canary{kind}{secrets.token_hex(8)}"


@pytest.fixture(scope="module")
async def submission(wired):
    """The id of its trace, and secrets by kind that were sent within it."""
    stack, trace_id = wired.stack, secrets.token_hex(16)
    account = await found_account(stack, "Noether Notaries")
    token = account.tokens["ADMINISTRATOR"]
    client = GraphClient(stack.gateway_url, token, f"00-{trace_id}-{CLIENT_STEP}-01")
    sent = {kind: canary(kind) for kind in ("Name", "Number", "Person", "Mail")}
    async with receiving() as receiver:
        made = await post(
            stack.gateway_url, CREATE_ENDPOINT, token, input={"url": receiver.url()}
        )
        assert made.json() == {"data": {"createWebhookEndpoint": {"userErrors": []}}}
        await submit_port_in(
            client,
            account,
            numbers_of(229, 2),
            subscriberName=sent["Name"],
            accountNumber=sent["Number"],
            authorizedPerson=sent["Person"],
            authorizedPersonEmail=f"{sent['Mail']}@customer.example",
        )
        [posted, *_] = await receiver.wait_for(1)
    assert trace_id in posted.headers["traceparent"]
    sent["token"] = token.rpartition(".")[2]
    sent["pin"] = await seal_pin(stack.gateway_url, client, account, "+12295550150")
    upload = await create_upload(client, "DOCUMENT", "bill.pdf", b"bytes")
    await put(upload, b"bytes")
    sent["link"] = upload["url"].rpartition("signature=")[2]
    return trace_id, sent


def way_to(told: Told, by_id: dict[str, Told]):
    """From the step around it outwards; the client's id at the end."""
    way = []
    while told.parent_id in by_id:
        told = by_id[told.parent_id]
        way.append((told.service, told.name))
    return way, told.parent_id


def ways_told(collector, trace_id):
    """Who was told of the submission itself, and what else of WAYS was done in its trace."""
    told = collector.of_trace(trace_id)
    by_id = {each.span_id: each for each in told}
    return {
        (each.service, each.name): way_to(each, by_id)
        for each in told
        if (each.service, each.name) in WAYS
        and each.attributes.get("cloudevents.event_type", SUBMITTED) == SUBMITTED
    }


async def test_a_submission_is_one_trace_from_the_client_to_everybody_who_hears_of_it(
    wired, submission
):
    trace_id, _ = submission
    expected = {step: (way, CLIENT_STEP) for step, way in WAYS.items()}

    wired.collector.wait_for(lambda: ways_told(wired.collector, trace_id) == expected)


async def test_a_submission_is_told_with_the_statement_that_records_it(wired, submission):
    trace_id, _ = submission

    def recorded_by():
        told = wired.collector.of_trace(trace_id)
        by_id = {each.span_id: each for each in told}
        recording = [each for each in told if "INSERT INTO outbox" in each.text]
        return [way_to(each, by_id)[0] for each in recording]

    wired.collector.wait_for(lambda: ASKED in recorded_by())


async def test_a_dashboards_subscription_is_one_trace_from_the_gateway_to_its_service(wired):
    support = Tokens(wired.stack.key_folder).of_support()
    query = "subscription Watched { portStatusChanged { event } }"

    async with acknowledged(wired.stack.gateway_url, support) as socket:
        await socket.subscribe(query)

        def find():
            return [
                each
                for each in wired.collector.told
                if (each.service, each.name) == ("notifications", "subscription")
            ]

        wired.collector.wait_for(find)
    begun = find()[-1]
    expected = [("gateway", "ask notifications"), ("gateway", "subscription")]

    def way():
        told = wired.collector.of_trace(begun.trace_id)
        return way_to(begun, {each.span_id: each for each in told})[0]

    wired.collector.wait_for(lambda: way() == expected)


async def test_no_span_tells_what_people_or_tokens_say(wired, submission):
    _, secrets_sent = submission
    # What was sent last, by a signed link and in no trace of a client's.
    wired.collector.wait_for(
        lambda: any(each.name.startswith("PUT /") for each in wired.collector.told)
    )

    told = [
        kind
        for kind, secret in secrets_sent.items()
        if secret.encode() in wired.collector.sent
    ]

    assert told == []
