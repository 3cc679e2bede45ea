"""Webhooks in the graph: administrators' commands, and what they and support read."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from standardwebhooks import Webhook

from libs.common.caller import Anonymous, Caller, Machine, Role
from libs.common.database import Database
from libs.common.graphql.context import Context
from services.notifications.domain.webhook_endpoints import MOST_ENDPOINTS
from services.notifications.domain.webhook_facts import TYPES
from services.notifications.integrations.webhook_posts import AddressGate
from services.notifications.live_feed.exchange import LiveExchange
from services.notifications.live_feed.feed import LiveFeed
from services.notifications.schema.context import Room
from services.notifications.schema.graph import build_graph
from services.notifications.use_cases import webhook_deliveries as deliveries
from tests.databases import read_rows
from tests.notifications.callers import SUPPORT, member
from tests.notifications.facts import approved, first_call, submitted
from tests.notifications.receivers import answer, receiving
from tests.notifications.webhooks import (
    BEGAN,
    RULES,
    VAULT,
    add_endpoint,
    pass_time,
    sending,
    tell,
    wait_until,
    wait_until_idle,
)

GRAPH = build_graph(shows_schema=True)
OTHER = member(account="acc_b", id="mem_b")
COUNT_DELIVERED = "SELECT count(*) FROM webhook_deliveries WHERE state = 'DELIVERED'"
ENDPOINT = "id url eventTypes ordered state disabledReason version description account { id }"
CREATE = f"""
mutation Create($input: CreateWebhookEndpointInput!) {{
  done: createWebhookEndpoint(input: $input) {{
    webhookEndpoint {{ {ENDPOINT} }} secret userErrors {{ code path }}
  }}
}}
"""
DELIVERIES = """
query Deliveries($id: ID!, $states: [WebhookDeliveryState!], $first: Int) {
  done: webhookDeliveries(webhookEndpointId: $id, states: $states, first: $first) {
    totalCount
    edges { node {
      eventId eventType subject subjectVersion messageId cause state nextAttemptAt finishedAt
      attempts { number statusCode fault excerpt durationMs }
    } }
  }
}
"""

Ask = Callable[..., Any]


@pytest.fixture
def ask(database: Database) -> Ask:
    """Asks as an administrator of acc_a unless somebody else is named; answers the one field."""
    room = Room(
        feed=LiveFeed(LiveExchange()),
        vault=VAULT,
        webhook_gate=AddressGate(RULES),
        webhook_overlap=timedelta(hours=24),
        wake_webhooks=lambda: None,
    )

    async def ask(query: str, by: Caller | None = None, **variables: Any) -> Any:
        context = Context(
            caller=by or member(),
            callers=None,  # type: ignore[arg-type]
            database=database,
            room=room,
        )
        result = await GRAPH.execute(query, variables, context_value=context)
        if result.errors:
            return result.errors[0].extensions["code"]
        return result.data["done"]

    return ask


def command(name: str, answer: str = f"webhookEndpoint {{ {ENDPOINT} }}") -> str:
    kind = f"{name[0].upper()}{name[1:]}Input"
    return f"""
        mutation Command($input: {kind}!) {{
          done: {name}(input: $input) {{ {answer} userErrors {{ code path }} }}
        }}
    """


async def create(ask: Ask, **given: Any) -> dict[str, Any]:
    return dict(await ask(CREATE, input={"url": "http://127.0.0.1:9/hook", **given}))


async def test_a_secret_is_shown_once_and_a_repeated_key_tells_it_nobody(
    ask, database
) -> None:
    first = await create(ask, idempotencyKey="k1", eventTypes=["porting.port_approved.v1"])
    again = await create(ask, idempotencyKey="k1", eventTypes=["porting.port_approved.v1"])
    other = await ask(CREATE, input={"url": "http://127.0.0.1:10/", "idempotencyKey": "k1"})

    assert first["secret"].startswith("whsec_")
    assert again == {**first, "secret": None}
    assert other == "IDEMPOTENCY_KEY_REUSED"
    rows = await read_rows(database, "SELECT result::text FROM idempotency_keys")
    assert rows == [(f'{{"id": "{first["webhookEndpoint"]["id"]}"}}',)]
    assert first["webhookEndpoint"] == {
        "id": first["webhookEndpoint"]["id"],
        "url": "http://127.0.0.1:9/hook",
        "eventTypes": ["porting.port_approved.v1"],
        "ordered": False,
        "state": "ENABLED",
        "disabledReason": None,
        "version": 1,
        "description": "",
        "account": {"id": "acc_a"},
    }


BAD_WISHES = [
    ({"url": "https://10.0.0.7/"}, [("WEBHOOK_URL_NOT_ALLOWED", ["input", "url"])]),
    ({"url": "http://10.0.0.7/"}, [("WEBHOOK_URL_NOT_ALLOWED", ["input", "url"])]),
    ({"url": "ftp://x/"}, [("WEBHOOK_URL_NOT_ALLOWED", ["input", "url"])]),
    (
        {
            "url": "nowhere",
            "description": "x" * 201,
            "eventTypes": ["porting.port_approved.v1", "porting.draft_changed.v1"],
        },
        [
            ("WEBHOOK_URL_NOT_ALLOWED", ["input", "url"]),
            ("TOO_LONG", ["input", "description"]),
            ("UNKNOWN_EVENT_TYPE", ["input", "eventTypes", "1"]),
        ],
    ),
]


async def test_every_fault_of_a_wish_is_told_at_once(ask) -> None:
    for given, faults in BAD_WISHES:
        refused = await create(ask, **given)

        assert (refused["webhookEndpoint"], refused["secret"]) == (None, None)
        assert [(each["code"], each["path"]) for each in refused["userErrors"]] == faults


async def test_an_account_has_so_many_endpoints_and_no_more(ask, database) -> None:
    for _ in range(MOST_ENDPOINTS - 1):
        await add_endpoint(database, "http://127.0.0.1:9/")

    both = await asyncio.gather(create(ask), create(ask))

    [refused] = [each for each in both if each["secret"] is None]
    assert [each["code"] for each in refused["userErrors"]] == ["TOO_MANY_WEBHOOK_ENDPOINTS"]


OTHERS = [
    member(Role.MANAGER, "co_a"),
    member(Role.CLIENT_MANAGER, "co_a"),
    member(Role.VIEWER, "co_a"),
    Machine(login=SUPPORT.login, scopes=frozenset({"calls:report"})),
    Anonymous(),
]


async def test_only_administrators_and_support_learn_of_webhooks(ask) -> None:
    refused = {"FORBIDDEN", "UNAUTHENTICATED"}

    for caller in OTHERS:
        assert await ask(CREATE, caller, input={"url": "https://x.example/"}) in refused
        assert await ask("{ done: webhookEndpoints { totalCount } }", caller) in refused
        assert await ask(DELIVERIES, caller, id="whk_1") in refused


async def test_support_reads_every_accounts_and_changes_none(ask, database) -> None:
    endpoint_id, _ = await add_endpoint(database, "http://127.0.0.1:9/")
    await add_endpoint(database, "http://127.0.0.1:9/", by=OTHER)
    count = "query($of: ID) { done: webhookEndpoints(accountId: $of) { totalCount edges { node { id } } } }"

    assert (await ask(count, SUPPORT))["totalCount"] == 2
    [edge] = (await ask(count, SUPPORT, of="acc_a"))["edges"]
    assert edge["node"]["id"] == endpoint_id
    assert (await ask(DELIVERIES, SUPPORT, id=endpoint_id))["totalCount"] == 0
    assert await ask(CREATE, SUPPORT, input={"url": "https://x.example/"}) == "FORBIDDEN"


async def test_what_is_anothers_is_unknown(ask, database) -> None:
    endpoint_id, _ = await add_endpoint(database, "http://127.0.0.1:9/", by=OTHER)
    count = "query($of: ID) { done: webhookEndpoints(accountId: $of) { totalCount } }"

    for name in (
        "updateWebhookEndpoint",
        "rotateWebhookSecret",
        "disableWebhookEndpoint",
        "enableWebhookEndpoint",
        "deleteWebhookEndpoint",
        "replayWebhookEvents",
    ):
        refused = await ask(command(name), input={"webhookEndpointId": endpoint_id})
        unknown = await ask(command(name), input={"webhookEndpointId": "whk_none"})
        assert refused == unknown
        assert [each["code"] for each in refused["userErrors"]] == ["NOT_FOUND"]
    assert await ask(DELIVERIES, id=endpoint_id) is None
    assert await ask(count) == await ask(count, of="acc_b") == {"totalCount": 0}


async def test_support_sees_no_token_of_a_receiver_and_its_own_administrators_do(
    ask, database
) -> None:
    url = "http://127.0.0.1:9/hook?token=Canary"
    await create(ask, url=url)
    urls = "{ done: webhookEndpoints { edges { node { url } } } }"

    by_support = await ask(urls, by=SUPPORT)
    by_administrator = await ask(urls)

    assert by_support["edges"] == [{"node": {"url": "http://127.0.0.1:9/hook?…"}}]
    assert by_administrator["edges"] == [{"node": {"url": url}}]


async def test_row_security_alone_keeps_accounts_apart_and_secrets_from_everybody(
    database,
) -> None:
    await add_endpoint(database, "http://127.0.0.1:9/", by=OTHER)
    await tell(database, submitted(account_id="acc_b"))
    tables = ("webhook_endpoints", "webhook_events", "webhook_deliveries", "webhook_attempts")

    async with database.reading(member()) as connection:
        for table in tables:
            assert await connection.fetch(f"SELECT * FROM {table}") == []
        assert await connection.fetch("SELECT number FROM webhook_secrets") == []
    for caller in (OTHER, SUPPORT):
        with pytest.raises(Exception, match="permission denied"):
            async with database.reading(caller) as connection:
                await connection.fetch("SELECT box FROM webhook_secrets")


async def test_an_endpoint_is_changed_where_nobody_else_did(ask) -> None:
    made = (await create(ask))["webhookEndpoint"]
    change = {
        "webhookEndpointId": made["id"],
        "expectedVersion": 1,
        "url": "http://127.0.0.1:10/",
        "ordered": True,
        "description": "Books",
        "eventTypes": ["numbers.first_call_received.v1"] * 2,
    }

    changed = await ask(command("updateWebhookEndpoint"), input=change)
    late = await ask(command("updateWebhookEndpoint"), input={**change, "description": "No"})

    assert changed["webhookEndpoint"] == {
        **made,
        "url": "http://127.0.0.1:10/",
        "ordered": True,
        "description": "Books",
        "eventTypes": ["numbers.first_call_received.v1"],
        "version": 2,
    }
    assert late["userErrors"] == [{"code": "CONFLICT", "path": ["input"]}]


async def test_for_a_day_two_secrets_sign_and_never_three(ask, database) -> None:
    rotate = command("rotateWebhookSecret", "secret webhookEndpoint { version }")
    async with receiving() as receiver, sending(database) as worker:
        made = await create(ask, url=receiver.url())
        named = {"webhookEndpointId": made["webhookEndpoint"]["id"]}
        secrets = [made["secret"]]
        signatures = []

        async def send() -> None:
            count = len(receiver.received)
            await tell(database, submitted(f"pr_{count}"))
            worker.wake()
            received = (await receiver.wait_for(count + 1))[-1]
            signatures.append([verifies(each, received) for each in secrets])

        for _ in range(2):
            await send()
            secrets.append((await ask(rotate, input=named))["secret"])
        await send()
        await pass_time(database, timedelta(hours=25))
        await send()

    assert signatures == [[True], [True, True], [False, True, True], [False, False, True]]


def verifies(secret: str, received) -> bool:
    try:
        Webhook(secret).verify(received.body, received.headers)
    except Exception:  # noqa: BLE001 - the library has more than one
        return False
    return True


async def test_a_disabled_endpoint_gets_nothing_until_it_is_enabled(ask, database) -> None:
    async with receiving(answer(500)) as receiver, sending(database) as worker:
        made = await create(ask, url=receiver.url())
        named = {"webhookEndpointId": made["webhookEndpoint"]["id"]}
        await tell(database, submitted("pr_waits"))
        worker.wake()
        await wait_until(database, "SELECT count(*) FROM webhook_attempts", 1)
        await wait_until_idle(database)
        disabled = await ask(command("disableWebhookEndpoint"), input=named)
        await tell(database, submitted("pr_missed"))
        tested = await ask(command("sendTestWebhook", "webhookDelivery { id }"), input=named)
        receiver.behave = answer(200)
        await pass_time(database, timedelta(hours=1))
        enabled = await ask(command("enableWebhookEndpoint"), input=named)
        worker.wake()
        await wait_until(database, COUNT_DELIVERED, 1)

    assert disabled["webhookEndpoint"]["disabledReason"] == "BY_ADMINISTRATOR"
    assert [each["code"] for each in tested["userErrors"]] == ["INVALID_STATE"]
    assert enabled["webhookEndpoint"]["state"] == "ENABLED"
    assert enabled["webhookEndpoint"]["disabledReason"] is None
    assert not [each for each in receiver.received if "pr_missed" in each.body]


async def test_a_deleted_endpoint_is_gone_with_its_secret(ask, database) -> None:
    made = (await create(ask, idempotencyKey="k"))["webhookEndpoint"]
    named = {"webhookEndpointId": made["id"]}

    deleted = await ask(command("deleteWebhookEndpoint"), input=named)

    assert deleted == {"webhookEndpoint": None, "userErrors": []}
    assert (await ask("{ done: webhookEndpoints { totalCount } }"))["totalCount"] == 0
    assert await ask(DELIVERIES, id=made["id"]) is None
    assert await read_rows(database, "SELECT count(*) FROM webhook_secrets") == [(0,)]
    assert not await tell(database, submitted())


async def test_the_log_shows_each_attempt_and_a_test_is_marked_as_one(ask, database) -> None:
    async with receiving(answer(503, "later")) as receiver, sending(database) as worker:
        made = await create(ask, url=receiver.url())
        named = {"webhookEndpointId": made["webhookEndpoint"]["id"]}
        tested = await ask(
            command("sendTestWebhook", "webhookDelivery { cause state eventType }"),
            input=named,
        )
        worker.wake()
        await wait_until(database, "SELECT count(*) FROM webhook_attempts", 1)

    assert tested["webhookDelivery"] == {
        "cause": "TEST",
        "state": "PENDING",
        "eventType": "notifications.webhook_test.v1",
    }
    pending = await ask(DELIVERIES, id=named["webhookEndpointId"], states=["PENDING"])
    assert (await ask(DELIVERIES, id=named["webhookEndpointId"], states=["FAILED"]))[
        "totalCount"
    ] == 0
    [edge] = pending["edges"]
    [attempt] = edge["node"]["attempts"]
    assert attempt.pop("durationMs") >= 0
    assert attempt == {"number": 1, "statusCode": 503, "fault": "STATUS", "excerpt": "later"}
    assert edge["node"]["nextAttemptAt"] is not None
    assert edge["node"]["messageId"] == receiver.received[0].headers["webhook-id"]


async def test_a_fault_that_a_replica_of_before_notes_is_told_by_the_name_of_today(
    ask, database
) -> None:
    endpoint_id, _ = await add_endpoint(database, "http://127.0.0.1:9/")
    await tell(database, submitted())
    async with database.working() as connection:
        await connection.execute(
            """
            INSERT INTO webhook_attempts
              (delivery_id, number, account_id, started_at, duration_ms, fault)
            SELECT id, 1, account_id, created_at, 1, 'NO_ADDRESS'
            FROM webhook_deliveries
            """
        )

    [edge] = (await ask(DELIVERIES, id=endpoint_id))["edges"]

    assert [each["fault"] for each in edge["node"]["attempts"]] == ["ADDRESS_NOT_ALLOWED"]


async def test_past_events_are_sent_again_by_id_or_window_under_their_old_ids(
    ask, database
) -> None:
    told = [submitted("pr_1", 1), approved("pr_1", 2), first_call("num_1", 3)]
    async with receiving() as receiver, sending(database) as worker:
        made = await create(ask, url=receiver.url(), eventTypes=["porting.port_submitted.v1"])
        endpoint_id = made["webhookEndpoint"]["id"]
        await tell(database, *told, submitted("pr_b", account_id="acc_b"))
        worker.wake()
        await wait_until(database, COUNT_DELIVERED, 1)
        replay = command("replayWebhookEvents", "eventCount")
        by_id = await ask(
            replay,
            input={
                "webhookEndpointId": endpoint_id,
                "eventIds": [str(each.id) for each in told[:2]],
                "idempotencyKey": "again",
            },
        )
        window = {
            "since": BEGAN.isoformat(),
            "until": (BEGAN + timedelta(hours=1)).isoformat(),
        }
        by_window = await ask(replay, input={"webhookEndpointId": endpoint_id, **window})
        worker.wake()
        await wait_until(database, COUNT_DELIVERED, 4)

    assert (by_id["eventCount"], by_window["eventCount"]) == (2, 1)
    ids = [
        each.headers["webhook-id"] for each in receiver.received if "submitted" in each.body
    ]
    assert len(ids) == 3
    assert len(set(ids)) == 1
    page = await ask(DELIVERIES, id=endpoint_id)
    causes = [edge["node"]["cause"] for edge in page["edges"]]
    assert sorted(causes) == ["EVENT", "REPLAY", "REPLAY", "REPLAY"]


BAD_REPLAYS = [
    ({}, ("REQUIRED", ["input"])),
    ({"eventIds": []}, ("REQUIRED", ["input"])),
    ({"since": "2026-01-01T00:00:00Z"}, ("REQUIRED", ["input"])),
    ({"eventIds": ["x"], "since": "2026-01-01T00:00:00Z"}, ("REQUIRED", ["input"])),
    ({"eventIds": ["nothing"]}, ("NOT_FOUND", ["input", "eventIds", "0"])),
    (
        {"eventIds": ["01930000-0000-7000-8000-000000000000"]},
        ("NOT_FOUND", ["input", "eventIds", "0"]),
    ),
    (
        {"since": "2026-01-02T00:00:00Z", "until": "2026-01-01T00:00:00Z"},
        ("INVALID", ["input", "until"]),
    ),
]


async def test_a_replay_says_what_it_is_to_send(ask) -> None:
    made = await create(ask)
    named = {"webhookEndpointId": made["webhookEndpoint"]["id"]}
    replay = command("replayWebhookEvents", "eventCount")

    for given, fault in BAD_REPLAYS:
        refused = await ask(replay, input={**named, **given})

        assert [(each["code"], each["path"]) for each in refused["userErrors"]] == [fault]


async def test_no_more_is_replayed_at_once_than_can_be(ask, database, monkeypatch) -> None:
    monkeypatch.setattr(deliveries, "MOST_REPLAYED", 1)
    made = await create(ask)
    told = [submitted("pr_1"), submitted("pr_2")]
    await tell(database, *told)
    window = {
        "since": BEGAN.isoformat(),
        "until": (BEGAN + timedelta(hours=1)).isoformat(),
    }

    for given in (window, {"eventIds": [str(each.id) for each in told]}):
        named = {"webhookEndpointId": made["webhookEndpoint"]["id"], **given}
        refused = await ask(command("replayWebhookEvents", "eventCount"), input=named)
        assert [each["code"] for each in refused["userErrors"]] == ["TOO_MANY_WEBHOOK_EVENTS"]


async def test_what_is_so_already_stays_so(ask) -> None:
    made = (await create(ask, description="Books"))["webhookEndpoint"]
    named = {"webhookEndpointId": made["id"]}

    same = await ask(command("updateWebhookEndpoint"), input={**named, "description": "Books"})
    enabled = await ask(command("enableWebhookEndpoint"), input=named)
    await ask(command("disableWebhookEndpoint"), input=named)
    disabled = await ask(command("disableWebhookEndpoint"), input=named)

    assert same["webhookEndpoint"] == enabled["webhookEndpoint"] == made
    assert disabled["webhookEndpoint"]["version"] == 2


async def test_anothers_event_is_not_replayed(ask, database) -> None:
    made = await create(ask)
    foreign = submitted(account_id="acc_b")
    await tell(database, foreign)

    refused = await ask(
        command("replayWebhookEvents", "eventCount"),
        input={
            "webhookEndpointId": made["webhookEndpoint"]["id"],
            "eventIds": [str(foreign.id)],
        },
    )

    assert [each["code"] for each in refused["userErrors"]] == ["NOT_FOUND"]


async def test_the_types_that_may_be_wanted_are_listed(ask) -> None:
    assert await ask("{ done: webhookEventTypes }") == sorted(TYPES)
