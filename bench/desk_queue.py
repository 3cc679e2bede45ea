"""The port desk's queue over 100,000 requests: its thousandth page against its first."""

import time
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

import asyncpg

from bench.measuring import Result, compare, take_turns
from bench.rooms import service_database
from deploy.local.servers import Servers
from libs.common.caller import Login, Support
from libs.common.database import Database, open_database
from libs.common.paging import Page, read_cursor
from services.porting.store.desk_queue import (
    QueueFilters,
    QueueOrder,
    find_queue_page,
    queue_listing,
)

REQUESTS: Final = 100_000
LINES_EACH: Final = 10
PAGES: Final = 1_000
READS: Final = 40
FILTERS: Final = QueueFilters(statuses=["IN_REVIEW", "WITH_CARRIER"], country="US")
DESK: Final = Support(
    login=Login(
        issuer="bench", subject="desk", expires_at=datetime.now(UTC) + timedelta(hours=1)
    )
)

# Seven in ten match the filter; a fifth is finished. What is sorted by is spread over all rows,
# as it is where requests come, wait and are answered in no order.
_REQUESTS = """
    INSERT INTO port_requests
      (id, account_id, company_id, requester_id, requester_name, name, status, status_since,
       created_at, submitted_at, version, waiting_on, line_count, earliest_firm_date,
       losing_carriers, countries)
    SELECT 'pr_' || lpad(place::text, 26, '0'), 'acc_' || place % 2000, 'co_' || place % 5000,
      'mem_1', 'Ann', 'Move ' || place, kind.status, moved_at, moved_at, moved_at, 5,
      kind.waiting_on, $2,
      CASE place % 4 WHEN 0 THEN date '2026-01-01' + place % 60 ELSE date 'infinity' END,
      ARRAY['carrier ' || place % 40], CASE place % 50 WHEN 0 THEN '{CA}' ELSE '{US}' END::text[]
    FROM generate_series(1, $1::integer) AS place
    CROSS JOIN LATERAL (
      SELECT timestamptz '2026-01-01' + hashint4(place) / 4096 * interval '1 s' AS moved_at
    ) AS moved
    CROSS JOIN LATERAL (
      SELECT (ARRAY['IN_REVIEW', 'IN_REVIEW', 'IN_REVIEW', 'WITH_CARRIER', 'WITH_CARRIER',
        'WITH_CARRIER', 'WITH_CARRIER', 'ACTION_REQUIRED', 'COMPLETED', 'COMPLETED'
      ])[1 + place % 10] AS status, (ARRAY['SUPPORT', 'LOSING_CARRIER'])[1 + place % 2]
        AS waiting_on
    ) AS kind
"""
_LINES = """
    INSERT INTO lines
      (id, port_request_id, account_id, company_id, tracking_number, forwarding_number, name,
       source, state)
    SELECT 'ln_' || lpad(place::text, 26, '0'), 'pr_' || lpad((1 + place / $2::integer)::text, 26, '0'),
      'acc_1', 'co_1', '+1' || (2000000000 + place::bigint), '+13125550100', 'Main', 'web', 'READY'
    FROM generate_series(0, $1::integer * $2::integer - 1) AS place
"""


async def measure_desk_queue(servers: Servers) -> list[Result]:
    async with service_database(servers, "porting") as urls:
        name = urlsplit(urls.database_url).path
        await _fill(urlsplit(servers.postgres_url)._replace(path=name).geturl())
        database = await open_database(urls.database_url, "porting")
        worst, figures = 0.0, ""
        for order in QueueOrder:
            ratio, detail = await _compare_pages(database, order)
            if ratio > worst:
                worst, figures = ratio, f"ms a page by {order}: {detail}"
        await database.close()
    return [
        Result(
            name="desk queue, page 1,000 to page 1",
            value=worst,
            goal=1.2,
            more_is_better=False,
            detail=figures,
        )
    ]


async def _compare_pages(database: Database, order: QueueOrder) -> tuple[float, str]:
    first, last = Page(), await _follow_cursors(database, order)
    pairs = await take_turns(
        lambda: _time_page(database, order, first), lambda: _time_page(database, order, last)
    )
    return compare(pairs)


async def _follow_cursors(database: Database, order: QueueOrder) -> Page:
    """The page that the last cursor leads to; no request comes twice on the way."""
    page, seen = Page(), set[str]()
    async with database.reading(DESK) as connection:
        for _ in range(PAGES - 1):
            found = await find_queue_page(connection, FILTERS, order, page)
            seen |= {request.id for request in found.rows}
            after = read_cursor(found.cursors[-1], queue_listing(order).keys)
            page = Page(after=after)
    assert len(seen) == (PAGES - 1) * page.size, f"{len(seen)} different requests"
    return page


async def _time_page(database: Database, order: QueueOrder, page: Page) -> float:
    """Milliseconds, with the transaction that a resolver opens for it."""
    started = time.perf_counter()
    for _ in range(READS):
        async with database.reading(DESK) as connection:
            found = await find_queue_page(connection, FILTERS, order, page)
    assert len(found.rows) == page.size
    return 1e3 * (time.perf_counter() - started) / READS


async def _fill(postgres_url: str) -> None:
    connection = await asyncpg.connect(postgres_url)
    await connection.execute(_REQUESTS, REQUESTS, LINES_EACH)
    await connection.execute(_LINES, REQUESTS, LINES_EACH)
    await connection.execute("VACUUM ANALYZE")
    await connection.close()
