"""What of the inventory a caller is shown: a filter, joined with what they may see."""

from collections.abc import Mapping
from typing import Any

from libs.common.database import Connection
from libs.common.paging import Page, Slice, empty_page
from libs.common.sight import Sight
from services.numbers.domain.inventory import (
    InventoryFilter,
    InventoryFilterError,
    NumberOrder,
    NumberType,
    read_area_code,
    read_search,
)
from services.numbers.domain.tracking_numbers import NumberTab, TrackingNumber
from services.numbers.store import inventory as store
from services.numbers.store.accounts import find_companies
from services.numbers.store.inventory import Wanted
from services.numbers.store.number_counts import sum_counts
from services.numbers.store.number_words import find_words


async def list_inventory(
    connection: Connection,
    sight: Sight,
    asked: InventoryFilter,
    order: NumberOrder,
    page: Page,
) -> Slice[TrackingNumber]:
    """Raises `InventoryFilterError`."""
    wanted = await resolve(connection, sight, asked, order)
    if wanted is None:
        return empty_page()
    return await store.find_inventory_page(connection, wanted, order, page)


async def count_inventory(
    connection: Connection, sight: Sight, asked: InventoryFilter
) -> Mapping[NumberTab, int | None]:
    """By tab, None where it is too many to count. Raises `InventoryFilterError`."""
    wanted = await resolve(connection, sight, asked)
    if wanted is None:
        return dict.fromkeys(NumberTab, 0)
    return await store.count_inventory(connection, wanted)


async def resolve(
    connection: Connection,
    sight: Sight,
    asked: InventoryFilter,
    order: NumberOrder | None = None,
) -> Wanted | None:
    """None where nothing can be found. Raises `InventoryFilterError`."""
    area, search = read_area_code(asked.area_code), read_search(asked.search)
    scope = await _find_scope(connection, sight, asked)
    if scope is None:
        return None
    account_id, company_ids = scope
    tabs = list(NumberTab) if asked.tab is None else [asked.tab]
    searches: dict[str, Any] = {}
    others: list[str] | None = None
    if search is not None:
        places = ("beginning", "other_beginning")
        searches = dict(zip(places, search.beginnings, strict=False))
        if search.ending is not None:
            searches["ending"] = search.ending
        words = search.words and await find_words(connection, account_id, search.words)
        if words:
            rarest, *more = words
            others = [each.word for each in more] or None
            leads = not rarest.is_common or (
                order is NumberOrder.NEWEST_FIRST
                and await _are_most(connection, account_id, company_ids, tabs)
            )
            searches["word" if leads else "common_word"] = rarest.word
        if not searches:
            return None
    filters = {
        "source": asked.source,
        "states": None if asked.states is None else list(asked.states),
        "is_toll_free": None if asked.type is None else asked.type is NumberType.TOLL_FREE,
        "area": None if area is None else f"+1{area}",
        "other_words": others,
    }
    return Wanted(
        account_id=account_id,
        company_ids=company_ids,
        tabs=tabs,
        filters={name: value for name, value in filters.items() if value is not None},
        searches=searches,
    )


async def _are_most(
    connection: Connection,
    account_id: str,
    company_ids: list[str] | None,
    tabs: list[NumberTab],
) -> bool:
    """Whether these tabs of these companies hold most numbers of the account."""
    whole = await sum_counts(connection, account_id, None)
    part = (
        whole if company_ids is None else await sum_counts(connection, account_id, company_ids)
    )
    return 2 * sum(part.get(tab, 0) for tab in tabs) > sum(whole.values())


async def _find_scope(
    connection: Connection, sight: Sight, asked: InventoryFilter
) -> tuple[str, list[str] | None] | None:
    """The account, and the companies where not all of them are wanted or seen."""
    if asked.account_id is not None and not sight.has_account(asked.account_id):
        return None
    if asked.company_id is not None:
        found = await find_companies(connection, [asked.company_id], sight)
        company = found.get(asked.company_id)
        if company is None or asked.account_id not in {None, company.account_id}:
            return None
        return company.account_id, [company.id]
    account_id = asked.account_id or sight.account_id
    if account_id is None:
        raise InventoryFilterError("Name an account or a company.")
    return account_id, None if sight.company_ids is None else list(sight.company_ids)
