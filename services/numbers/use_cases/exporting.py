"""The inventory as a file, part by part."""

import asyncio
from collections.abc import AsyncIterator
from typing import Final

from libs.common.caller import Caller
from libs.common.database import Database
from libs.common.paging import Page, read_cursor
from libs.common.sight import NOTHING, sight_of
from services.numbers.domain.exports import write_heading, write_numbers
from services.numbers.domain.inventory import InventoryFilter, NumberOrder
from services.numbers.store.accounts import find_companies
from services.numbers.store.inventory import inventory_listing
from services.numbers.use_cases.inventory import list_inventory, resolve

_AT_ONCE: Final = 2_000


async def export_inventory(
    database: Database, caller: Caller, asked: InventoryFilter, order: NumberOrder
) -> AsyncIterator[bytes] | None:
    """None where nothing of it is for the caller's eyes. Raises `InventoryFilterError`."""
    sight = sight_of(caller)
    if sight is None:
        return None
    async with database.reading(caller) as connection:
        wanted = await resolve(connection, sight, asked)
        # A search may find nothing in what they see: that is an empty file.
        if wanted is None and (asked.account_id, asked.company_id) != (None, None):
            in_sight = InventoryFilter(
                account_id=asked.account_id, company_id=asked.company_id
            )
            if await resolve(connection, sight, in_sight) is None:
                return None
    return _export(database, caller, asked, order)


async def _export(
    database: Database, caller: Caller, asked: InventoryFilter, order: NumberOrder
) -> AsyncIterator[bytes]:
    """Each part in a transaction of its own: a slow reader keeps no connection."""
    yield write_heading()
    sight = sight_of(caller) or NOTHING
    company_names: dict[str, str] = {}
    page = Page(size=_AT_ONCE)
    while True:
        async with database.reading(caller) as connection:
            found = await list_inventory(connection, sight, asked, order, page)
            unnamed = {number.company_id for number in found.rows} - company_names.keys()
            if unnamed:
                companies = await find_companies(connection, list(unnamed), sight)
                company_names |= {each.id: each.name for each in companies.values()}
        if found.rows:
            yield await asyncio.to_thread(write_numbers, found.rows, company_names)
        if not found.has_next:
            return
        after = read_cursor(found.cursors[-1], inventory_listing(order).keys)
        page = Page(size=_AT_ONCE, after=after)
