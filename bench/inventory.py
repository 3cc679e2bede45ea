"""The inventory at 1,000,000 and 10,000,000 numbers: pages, searches, counts by tab.

`INVENTORY_SIZES=100000,1000000` measures smaller ones.
"""

import os
import time
from collections.abc import Awaitable, Callable, Iterable
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from typing import Final

from bench.kept_numbers import BIG, ORDINARY, SMALL, kept_postgres, provide_inventory
from bench.measuring import Result, compare, take_turns
from deploy.local.guard import Guard
from deploy.local.servers import Servers
from libs.common.caller import Login, Member, Role
from libs.common.database import Database, open_database
from libs.common.paging import Page, read_cursor
from libs.common.sight import NOTHING, sight_of
from services.numbers.domain.inventory import InventoryFilter, NumberOrder
from services.numbers.domain.tracking_numbers import NumberTab
from services.numbers.store.inventory import inventory_listing
from services.numbers.use_cases.inventory import count_inventory, list_inventory

SIZES: Final = (1_000_000, 10_000_000)
LAST_PAGE: Final = 10_000
# A count takes a third of a millisecond: so few would measure the machine's moods.
MEASURED_S: Final = 0.15
# Digits at either end, few and many; words that few, many and all have; and two of them.
SEARCHES: Final = (
    "212", "0142", "(312) 555", "5550142", "place42", "colour3", "campaign", "colour3 place42",
)  # fmt: skip

Read = Callable[[], Awaitable[None]]


async def measure_inventory(_servers: Servers) -> list[Result]:
    sizes = [int(size) for size in os.environ.get("INVENTORY_SIZES", "").split(",") if size]
    smaller, larger = sizes or SIZES
    async with AsyncExitStack() as leaving:
        guard = leaving.enter_context(Guard())
        url = leaving.enter_context(kept_postgres(guard))
        databases = []
        for size in (smaller, larger):
            urls = await provide_inventory(url, size)
            database = await open_database(urls.database_url, "numbers")
            leaving.push_async_callback(database.close)
            databases.append(database)
        low, high = databases
        sizes_compared = f"{larger:,} to {smaller:,}"
        return [
            await _compare(
                f"inventory page, {sizes_compared}",
                1.2,
                [
                    (order, _page(low, ORDINARY, order), _page(high, ORDINARY, order))
                    for order in NumberOrder
                ],
            ),
            await _compare(
                f"inventory search, {sizes_compared}",
                1.5,
                [
                    (text, _search(low, ORDINARY, text), _search(high, ORDINARY, text))
                    for text in SEARCHES
                ],
            ),
            await _compare(
                f"counts by tab, {sizes_compared}",
                1.2,
                [("counts", _count(low, ORDINARY), _count(high, ORDINARY))],
            ),
            await _compare(
                f"inventory page {LAST_PAGE:,} to page 1",
                1.1,
                [
                    (order, _page(high, BIG, order), await _last_page(high, order))
                    for order in NumberOrder
                ],
            ),
            await _compare(
                "page and counts, largest account to smallest",
                1.2,
                [
                    *(
                        (order, _page(high, SMALL, order), _page(high, BIG, order))
                        for order in NumberOrder
                    ),
                    ("counts", _count(high, SMALL), _count(high, BIG)),
                ],
            ),
        ]


async def _compare(name: str, goal: float, cases: Iterable[tuple[str, Read, Read]]) -> Result:
    """The worst of them counts."""
    worst, figures = 0.0, ""
    for case, floor, ours in cases:
        pairs = await take_turns(
            lambda floor=floor: _time(floor), lambda ours=ours: _time(ours)
        )
        ratio, detail = compare(pairs)
        if ratio > worst:
            worst, figures = ratio, f"ms a read, {case}: {detail}"
    return Result(name=name, value=worst, goal=goal, more_is_better=False, detail=figures)


async def _time(read: Read) -> float:
    """Milliseconds, with the transaction that a resolver opens for it."""
    started, reads = time.perf_counter(), 0
    while (taken := time.perf_counter() - started) < MEASURED_S:
        await read()
        reads += 1
    return 1e3 * taken / reads


def _page(
    database: Database, account_id: str, order: NumberOrder, page: Page | None = None
) -> Read:
    caller = _administrator(account_id)
    sight = sight_of(caller) or NOTHING

    async def read() -> None:
        async with database.reading(caller) as connection:
            found = await list_inventory(
                connection,
                sight,
                InventoryFilter(tab=NumberTab.ACTIVE),
                order,
                page or Page(),
            )
        assert len(found.rows) == Page().size

    return read


async def _last_page(database: Database, order: NumberOrder) -> Read:
    """The page that cursors lead to, in greater steps."""
    caller = _administrator(BIG)
    sight, asked = sight_of(caller) or NOTHING, InventoryFilter(tab=NumberTab.ACTIVE)
    keys = inventory_listing(order).keys
    step = 100 * Page().size
    page = Page(size=step)
    async with database.reading(caller) as connection:
        for _ in range(LAST_PAGE // 100):
            found = await list_inventory(connection, sight, asked, order, page)
            if not found.has_next:
                break
            page = Page(size=step, after=read_cursor(found.cursors[-1], keys))
    return _page(database, BIG, order, Page(after=page.after))


def _search(database: Database, account_id: str, text: str) -> Read:
    caller = _administrator(account_id)
    sight = sight_of(caller) or NOTHING

    async def read() -> None:
        async with database.reading(caller) as connection:
            await list_inventory(
                connection,
                sight,
                InventoryFilter(search=text),
                NumberOrder.NEWEST_FIRST,
                Page(),
            )

    return read


def _count(database: Database, account_id: str) -> Read:
    caller = _administrator(account_id)
    sight = sight_of(caller) or NOTHING

    async def read() -> None:
        async with database.reading(caller) as connection:
            counts = await count_inventory(connection, sight, InventoryFilter())
        assert all(counts.values())

    return read


def _administrator(account_id: str) -> Member:
    return Member(
        login=Login(
            issuer="bench", subject="ann", expires_at=datetime.now(UTC) + timedelta(hours=1)
        ),
        account_id=account_id,
        member_id="mem_1",
        role=Role.ADMINISTRATOR,
    )
