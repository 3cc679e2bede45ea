"""Metrics: what waits, when it is asked; the last that was known while the database is away."""

import asyncio
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr
from starlette.applications import Starlette

from libs.common import metrics, outbox
from libs.common.backlog import measure_backlog
from libs.common.broker import DEAD_LETTERS
from libs.common.caller import Support
from libs.common.database import open_database
from libs.common.inbox import add_received, bury_unreadable
from libs.common.metrics import ServiceMetrics, metrics_routes
from libs.common.timers import set_timer
from tests.common.sample import SECRET, a_login
from tests.common.traffic import QUEUE, broker, event, eventually, publish, running
from tests.journeys.wires import Wire


def read(text):
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def fill(database):
    async with database.working() as connection:
        events = [event("one", number) for number in (1, 2, 3)]
        await outbox.record_events(connection, events)
        await connection.execute(
            "UPDATE outbox SET recorded_at = clock_timestamp() - interval '1 minute'"
        )
        await add_received(connection, events, {each.id: "{}" for each in events[:2]})
        await connection.execute("UPDATE inbox SET attempts = 1 WHERE sequence = 2")
        await bury_unreadable(connection, b"?", "MALFORMED: the body is not JSON")
        due = datetime.now(UTC) - timedelta(minutes=2)
        await set_timer(connection, "first", "due", due)
        await set_timer(connection, "second", "later", due + timedelta(days=1))
        await connection.execute("UPDATE timers SET attempts = 1 WHERE kind = 'second'")


async def is_up(measured):
    return read((await measured.scrape()).decode())["portline_database_up",]


async def hold(_connection):
    await asyncio.Event().wait()


async def test_everything_that_waits_is_counted_with_its_age(database, amqp_url):
    await fill(database)
    connected = broker(amqp_url)
    measured = ServiceMetrics(database, connected, [QUEUE.name])

    async with running(lambda: connected.keep_connected(hold)):
        await eventually(lambda: asyncio.sleep(0, connected.is_connected))
        await publish(amqp_url, event("one", 1))
        told = read((await measured.scrape()).decode())

    counts = {
        name.removeprefix("portline_"): value
        for (name, *labels), value in told.items()
        if not labels and name.startswith("portline_") and "age" not in name
    }
    assert counts == {
        "database_up": 1,
        "broker_up": 1,
        "outbox_events": 3,
        "inbox_pending_events": 2,
        "inbox_postponed_events": 1,
        "dead_events": 1,
        "timers_due": 1,
        "timers_postponed": 1,
    }
    assert 60 <= told["portline_outbox_oldest_age_seconds",] < 90
    assert 120 <= told["portline_timers_due_oldest_age_seconds",] < 150
    assert told["portline_queue_messages", QUEUE.name] == 1
    assert told["portline_queue_messages", DEAD_LETTERS] == 0
    assert told["process_resident_memory_bytes",] > 0


async def test_while_the_database_is_away_the_last_that_was_known_stays(
    database, urls, amqp_url, monkeypatch
):
    monkeypatch.setattr(metrics, "_FRESH_S", 0.0)
    monkeypatch.setattr(metrics, "_PATIENCE_S", 0.2)
    await fill(database)
    url = urlsplit(urls.database_url)
    wire = Wire(str(url.hostname), url.port or 5432)
    with wire.laid():
        login = url.netloc.rpartition("@")[0]
        through = url._replace(netloc=f"{login}@127.0.0.1:{wire.listen_port}", query="")
        far = await open_database(f"{through.geturl()}?sslmode=disable", "sample")
        measured = ServiceMetrics(far, broker(amqp_url), [])
        before = read((await measured.scrape()).decode())
        wire.freeze()
        during = read((await measured.scrape()).decode())
        wire.thaw()
        await eventually(lambda: is_up(measured))
        await far.close()

    assert [each["portline_database_up",] for each in (before, during)] == [1, 0]
    assert [each["portline_outbox_events",] for each in (before, during)] == [3, 3]
    assert before["portline_broker_up",] == 0


async def test_many_scrapes_within_a_second_ask_the_database_once(
    database, amqp_url, monkeypatch
):
    asked = []

    async def measure(given):
        asked.append(given)
        return await measure_backlog(given)

    monkeypatch.setattr(metrics, "measure_backlog", measure)
    monkeypatch.setattr(metrics, "_FRESH_S", 60.0)
    measured = ServiceMetrics(database, broker(amqp_url), [])

    answers = await asyncio.gather(*(measured.scrape() for _ in range(20)))

    assert len(asked) == 1
    assert len(answers) == 20


@pytest.mark.parametrize(
    ("secret", "is_open", "authorization", "status"),
    [
        (None, True, None, 200),
        (None, False, None, 404),
        (None, False, f"Bearer {SECRET}", 404),
        (SECRET, False, None, 401),
        (SECRET, True, "Bearer other", 401),
        (SECRET, True, "Bearer ÿ", 401),
        (SECRET, False, f"Bearer {SECRET}", 200),
    ],
)
async def test_whoever_is_not_the_scraper_learns_nothing(
    database, amqp_url, secret, is_open, authorization, status
):
    app = Starlette(
        routes=metrics_routes(SecretStr(secret) if secret else None, is_open=is_open)
    )
    app.state.metrics = ServiceMetrics(database, broker(amqp_url), [])
    headers = {"authorization": authorization.encode("latin-1")} if authorization else {}
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        answer = await client.get("/metrics", headers=headers)

    assert answer.status_code == status
    assert (b"portline_" in answer.content) == (status == 200)


async def test_support_itself_reads_neither_outbox_nor_timers(database):
    async with database.reading(Support(login=a_login("sue"))) as connection:
        rights = await connection.fetch(
            "SELECT has_table_privilege('outbox', 'SELECT') AS outbox, "
            "has_table_privilege('event_log', 'SELECT') AS event_log, "
            "has_table_privilege('inbox', 'INSERT, DELETE') AS inbox, "
            "has_function_privilege('measure_delivery()', 'EXECUTE') AS measures"
        )
    assert not any(rights[0].values())
