"""How fast a request's 10,000 lines become numbers, from its events to ours, against one COPY."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import asyncpg

from bench.drafts import make_numbers
from bench.measuring import Result, Stopwatch, compare, take_turns
from bench.rooms import service_database
from deploy.local.servers import Servers
from libs.common.consumer import Projection, work_of
from libs.common.database import Database, open_database
from libs.common.events import EventRegistry, encode
from libs.common.ids import new_id
from libs.common.inbox import InboxWorker, add_received
from libs.contracts.porting_events.lines import LinesReadied
from libs.contracts.porting_events.requests import ReviewStarted
from services.numbers.consumers import CONSUMES
from tests.numbers.builders import (
    House,
    a_line,
    found_account,
    heard,
    readied,
    request_state,
)

LINES = 10_000
_BATCH = 500
_REQUEST = "pr_01jdqk2r8ce5qv1m4b4m2a9x7e"
# What numbers is told of the lines comes first; the review starts them.
_EVENTS = CONSUMES[0].subscriptions
_COLUMNS = (
    "id",
    "account_id",
    "company_id",
    "state",
    "phone_number",
    "forwarding_number",
    "name",
    "source",
    "port_request_id",
    "line_id",
)


async def measure_preconfiguration(servers: Servers) -> list[Result]:
    async with _inventory(servers) as (database, owner):
        house = await found_account(database)
        registry = EventRegistry(fact for one in _EVENTS for fact in one.facts)
        keep = next(
            each.apply
            for each in _EVENTS
            if isinstance(each, Projection) and LinesReadied in each.facts
        )
        worker = InboxWorker(database=database, registry=registry, work=work_of(CONSUMES))

        async def copy() -> float:
            await _forget(owner)
            rows = _rows(house)
            watch = Stopwatch()
            await owner.copy_records_to_table(
                "tracking_numbers", columns=_COLUMNS, records=rows
            )
            return 1e3 * watch.seconds

        async def preconfigure() -> float:
            await _forget(owner)
            bodies = _bodies(house)
            watch = Stopwatch()
            async with database.working() as connection:
                events = [registry.decode(body) for body in bodies]
                await add_received(connection, events, {events[-1].id: bodies[-1]})
                await keep(connection, events[:-1])
            await worker.work_one()
            milliseconds = 1e3 * watch.seconds
            count = await owner.fetchval("SELECT count(*) FROM tracking_numbers")
            assert count == LINES
            return milliseconds

        ratio, figures = compare(await take_turns(copy, preconfigure))
    return [
        Result(
            name=f"preconfiguring {LINES:,} lines to one COPY",
            value=ratio,
            goal=3.0,
            more_is_better=False,
            detail=f"ms: {figures}",
        )
    ]


@asynccontextmanager
async def _inventory(
    servers: Servers,
) -> AsyncIterator[tuple[Database, asyncpg.Connection]]:
    async with service_database(servers, "numbers") as urls:
        name = urlsplit(urls.database_url).path
        owner = await asyncpg.connect(
            urlsplit(servers.postgres_url)._replace(path=name).geturl()
        )
        database = await open_database(urls.database_url, "numbers")
        try:
            yield database, owner
        finally:
            await owner.close()
            await database.close()


async def _forget(owner: asyncpg.Connection) -> None:
    await owner.execute(
        "TRUNCATE tracking_numbers, number_counts, number_words, announced_lines, "
        "preconfigurations, outbox, inbox CASCADE"
    )


def _rows(house: House) -> list[tuple[str, ...]]:
    return [
        (
            new_id("num"),
            house.id,
            house.companies["Dental"],
            "PRECONFIGURED",
            number,
            "+13125550100",
            "Spring flyer",
            "Flyer",
            _REQUEST,
            new_id("ln"),
        )
        for number in make_numbers(LINES, exchange=736)
    ]


def _bodies(house: House) -> list[str]:
    """As the broker brings them: the lines in their batches, then the start of the review."""
    lines = [
        a_line(house.companies["Dental"], number)
        for number in make_numbers(LINES, exchange=736)
    ]
    parts = [lines[start : start + _BATCH] for start in range(0, LINES, _BATCH)]
    facts: list[LinesReadied | ReviewStarted] = [
        readied(house, part, batch=place, of=len(parts))
        for place, part in enumerate(parts, start=1)
    ]
    facts.append(ReviewStarted(**request_state(house)))
    return [
        encode(heard(fact, subject=_REQUEST, sequence=sequence))
        for sequence, fact in enumerate(facts, start=1)
    ]
