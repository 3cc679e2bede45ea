"""Traces: one from a request through the outbox and the broker to its consumers, and no secrets."""

import asyncio
import threading
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import asyncpg
import httpx
import pytest
from opentelemetry.trace import SpanKind
from pydantic import HttpUrl
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

from libs.common import tracing
from libs.common.broker import declare
from libs.common.consumer import Consumer, Consumes, Projection, Reaction, work_of
from libs.common.database import open_database
from libs.common.events import EventRegistry
from libs.common.inbox import InboxWorker
from libs.common.outbox import record, record_events
from libs.common.relay import Relay
from libs.common.telemetry import TelemetryMiddleware, continue_trace, current_traceparent
from libs.common.timers import TimerWorker, set_timer
from libs.common.tracing import send_traces, span
from tests.collector import running_collector
from tests.common.test_endpoint import Door
from tests.common.test_sockets import Server
from tests.common.test_sockets import running as serving
from tests.common.traffic import (
    EXCHANGE,
    QUEUE,
    TOPOLOGY,
    Changed,
    Noted,
    broker,
    channel,
    event,
    eventually,
    running,
)

PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
TRACE_ID = PARENT.split("-")[1]
CANARY = "Canary4711"
INTERNAL, SERVER, CLIENT, PRODUCER, CONSUMER = range(1, 6)


@asynccontextmanager
async def traced():
    """What was told is all there once this is left."""
    with running_collector() as collector:
        async with send_traces("sample", HttpUrl(collector.url)):
            yield collector


@asynccontextmanager
async def opened(urls):
    database = await open_database(urls.database_url, "sample")
    try:
        yield database
    finally:
        await database.close()


def named(collector, name):
    (only,) = [each for each in collector.told if each.name == name]
    return only


async def ask(path, answer, **headers):
    app = Starlette(routes=[Route("/sign/{token}", answer, methods=["GET", "POST"])])
    transport = httpx.ASGITransport(TelemetryMiddleware(app), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        return await client.get(path, headers=headers)


async def test_a_request_is_told_by_its_route_in_the_trace_that_it_brought():
    async with traced() as collector:
        await ask(
            f"/sign/{CANARY}?pin={CANARY}", lambda _request: Response(), traceparent=PARENT
        )

    (told,) = collector.told
    assert (told.service, told.name, told.kind) == ("sample", "GET /sign/{token}", SERVER)
    assert (told.trace_id, told.parent_id) == (TRACE_ID, PARENT.split("-")[2])
    assert told.attributes == {
        "http.request.method": "GET",
        "http.response.status_code": "200",
        "http.route": "/sign/{token}",
        "url.scheme": "http",
    }
    assert CANARY.encode() not in collector.sent


async def test_a_path_that_nobody_serves_is_not_told():
    async with traced() as collector:
        await ask(f"/{CANARY}", None)

    (told,) = collector.told
    assert told.name == "GET"
    assert CANARY.encode() not in collector.sent


async def test_of_a_fault_the_type_is_told_and_not_a_word():
    def fail(_request):
        raise LookupError(CANARY)

    async with traced() as collector:
        await ask("/sign/x", fail)

    (told,) = collector.told
    assert told.attributes["error.type"] == "LookupError"
    assert told.has_failed
    assert CANARY.encode() not in collector.sent


async def test_an_operation_is_told_by_type_and_name_and_its_errors_by_code(issuer_key):
    door = Door(issuer_key)
    async with traced() as collector:
        await door.post(
            "query Mine($first: Int) { lines(first: $first) { totalCount } }",
            variables={"first": 1, "pin": CANARY},
        )
        await door.post(f"{{ {CANARY} }}", headers=door.bearer())

    refused = named(collector, "query")
    assert refused.attributes == {
        "error.type": "UNAUTHENTICATED",
        "graphql.operation.name": "Mine",
        "graphql.operation.type": "query",
    }
    assert named(collector, "graphql").attributes == {"error.type": "BAD_USER_INPUT"}
    requests = [each for each in collector.told if each.kind == SERVER]
    assert refused.parent_id in {each.span_id for each in requests}
    assert CANARY.encode() not in collector.sent


async def test_an_operation_is_told_by_the_beginning_of_a_long_name(issuer_key):
    door = Door(issuer_key)
    async with traced() as collector:
        await door.post(f"query {'Long' * 500} {{ __typename }}", headers=door.bearer())

    assert named(collector, "query").attributes["graphql.operation.name"] == "Long" * 25


async def test_statements_are_told_by_their_text_and_never_by_what_they_are_given(urls):
    async with traced() as collector, opened(urls) as database:
        with span("step"):
            async with database.working() as connection:
                await record(connection, CANARY, 0, Changed())
                with pytest.raises(asyncpg.DataError):
                    await connection.fetchval("SELECT ($1::text)::integer", CANARY)

    step = named(collector, "step")
    statements = [each for each in collector.told if each.kind == CLIENT]
    assert {each.parent_id for each in statements} == {step.span_id}
    begun, *_, inserted, failed, ended = statements  # between: asyncpg learns the types once
    assert [each.name for each in (begun, inserted, failed, ended)] == [
        "BEGIN",
        "INSERT outbox",
        "SELECT",
        "COMMIT",
    ]
    assert begun.text == "BEGIN"
    assert failed.attributes["error.type"] == "InvalidTextRepresentationError"
    assert CANARY.encode() not in collector.sent


async def test_what_polls_is_not_told(urls):
    async with traced() as collector, opened(urls) as database:
        await InboxWorker(database=database, registry=EventRegistry(()), work={}).work_one()
        await TimerWorker(database=database, kinds={}).fire_one()

    assert collector.told == []


class Ears:
    """A consumer that says in which trace it was told."""

    def __init__(self, database, amqp_url):
        self.heard = []
        consumes = Consumes(
            queue=QUEUE.name,
            subscriptions=(
                Projection(facts=(Changed,), apply=self._apply),
                Reaction(fact=Noted, react=self._react),
            ),
        )
        self._worker = InboxWorker(
            database=database,
            registry=EventRegistry((Changed, Noted)),
            work=work_of((consumes,)),
        )
        self._consumer = Consumer(
            consumes=consumes, database=database, broker=broker(amqp_url), worker=self._worker
        )

    def listening(self):
        return running(self._consumer.run, self._worker.run)

    async def have_heard(self, count):
        async def is_so():
            return len(self.heard) == count

        await eventually(is_so)

    async def _apply(self, connection, events):
        for each in events:
            await self._react(connection, each)

    async def _react(self, connection, each):
        await connection.fetchval("SELECT count(*) FROM timers")
        self.heard.append((each.subject, current_traceparent()))


@asynccontextmanager
async def delivering(urls, amqp_url, *events):
    """A relay and a consumer, once these events are in the outbox."""
    async with channel(amqp_url) as declaring:
        await declare(declaring, TOPOLOGY)
    async with opened(urls) as database:
        async with database.working() as connection:
            await record_events(connection, events)
        relay = Relay(
            database_url=urls.database_url,
            service="sample",
            broker=broker(amqp_url),
            exchange=EXCHANGE,
        )
        ears = Ears(database, amqp_url)
        async with running(relay.run), ears.listening():
            yield ears


async def test_an_event_is_sent_and_applied_in_the_trace_of_who_recorded_it(urls, amqp_url):
    async with traced() as collector:
        recorded = event("one", traceparent=PARENT)
        async with delivering(urls, amqp_url, recorded) as ears:
            await ears.have_heard(1)

    sent = named(collector, f"send {EXCHANGE}")
    processed = named(collector, f"process {QUEUE.name}")
    statement = named(collector, "SELECT timers")
    assert {each.trace_id for each in (sent, processed, statement)} == {TRACE_ID}
    assert (sent.parent_id, sent.kind) == (PARENT.split("-")[2], PRODUCER)
    assert (processed.parent_id, processed.kind) == (sent.span_id, CONSUMER)
    assert statement.parent_id == processed.span_id
    assert sent.attributes == {
        "cloudevents.event_id": str(recorded.id),
        "cloudevents.event_subject": "one",
        "cloudevents.event_type": Changed.type,
        "messaging.destination.name": EXCHANGE,
        "messaging.operation.type": "send",
        "messaging.system": "rabbitmq",
    }


async def test_an_event_that_is_stored_first_is_worked_in_its_trace(urls, amqp_url):
    async with traced() as collector:
        recorded = event("one", fact=Noted(), traceparent=PARENT)
        async with delivering(urls, amqp_url, recorded) as ears:
            await ears.have_heard(1)

    worked = named(collector, f"work {Noted.type}")
    assert worked.trace_id == TRACE_ID
    assert named(collector, "SELECT timers").parent_id == worked.span_id
    assert ears.heard == [("one", f"00-{TRACE_ID}-{worked.span_id}-01")]


async def test_what_a_batch_does_at_once_is_in_none_of_its_traces_and_linked_to_all(
    urls, amqp_url
):
    traceparents = [PARENT.replace("4bf9", f"4bf{n}") for n in range(3)]
    events = [
        event(f"s{n}", traceparent=traceparent) for n, traceparent in enumerate(traceparents)
    ]
    async with (
        traced() as collector,
        channel(amqp_url) as declaring,
        opened(urls) as database,
    ):
        await declare(declaring, TOPOLOGY)
        async with database.working() as connection:
            await record_events(connection, events)
        relay = Relay(
            database_url=urls.database_url,
            service="sample",
            broker=broker(amqp_url),
            exchange=EXCHANGE,
        )
        async with running(relay.run):

            async def are_sent():
                return len(collector.told) == len(events)

            await eventually(are_sent)
        ears = Ears(database, amqp_url)
        async with ears.listening():
            await ears.have_heard(len(events))

    whole = named(collector, f"process {QUEUE.name} together")
    parts = [each for each in collector.told if each.kind == CONSUMER]
    assert {each.trace_id for each in parts} == {each.split("-")[1] for each in traceparents}
    assert {each.links for each in parts} == {(whole.span_id,)}
    assert whole.trace_id not in {each.trace_id for each in parts}
    assert whole.attributes == {"messaging.batch.message_count": "3"}
    assert {each.parent_id for each in collector.told if each.name == "SELECT timers"} == {
        whole.span_id
    }


async def test_a_timer_fires_in_a_trace_of_its_own(urls):
    heard = []

    async def fire(_connection, _key):
        heard.append(current_traceparent())

    async with traced() as collector, opened(urls) as database:
        async with database.working() as connection:
            await set_timer(connection, "remind", "one", datetime.now(UTC))
        await TimerWorker(database=database, kinds={"remind": fire}).fire_one()

    told = named(collector, "fire remind")
    assert [each.split("-")[1:3] for each in heard] == [[told.trace_id, told.span_id]]
    assert told.parent_id == ""


async def test_what_its_caller_does_not_sample_is_not_told():
    async with traced() as collector:
        with continue_trace(PARENT[:-1] + "0"), span("post", SpanKind.CLIENT):
            assert (current_traceparent() or "").startswith(f"00-{TRACE_ID}-")

    assert collector.told == []


async def test_without_a_collector_nothing_is_told_and_a_trace_is_passed_on_as_it_came(urls):
    threads = threading.active_count()
    async with send_traces("sample", None), opened(urls) as database:
        with continue_trace(PARENT), span("step") as step:
            async with database.working() as connection:
                assert connection._con._query_loggers == set()
            assert not step.is_recording()
            assert current_traceparent() == PARENT

    assert threading.active_count() == threads


async def test_a_collector_on_this_machine_is_met_past_any_proxy(monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")

    async with traced() as collector:
        with span("step"):
            pass

    assert named(collector, "step").service == "sample"


async def test_a_collector_that_is_away_holds_nobody_up(monkeypatch):
    monkeypatch.setattr(tracing, "_FLUSH_S", 0.05)
    async with asyncio.timeout(2):
        async with send_traces("sample", HttpUrl("http://127.0.0.1:9")):
            with span("step"):
                pass


async def test_a_sockets_operation_begins_in_the_trace_that_the_gateway_names(issuer_key):
    async with (
        traced() as collector,
        serving(Server(issuer_key)) as server,
        server.socket() as client,
    ):
        await client.subscribe(
            "subscription { countTo(last: 1) { id } }", extensions={"traceparent": PARENT}
        )
        assert (await client.receive())["type"] == "next"

    told = named(collector, "subscription")
    assert (told.trace_id, told.parent_id) == (TRACE_ID, PARENT.split("-")[2])
