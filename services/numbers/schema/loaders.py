"""One read for a whole list: what belongs to many things at once, and is in the caller's sight."""

from collections.abc import Sequence
from typing import TypeAlias

from libs.common.graphql.pages import load_pages
from libs.common.paging import Page, Slice
from services.numbers.domain.account_actions import Ties
from services.numbers.domain.accounts import Account, Company, Member
from services.numbers.domain.tracking_numbers import NumberTab, TrackingNumber
from services.numbers.schema.context import NumbersContext
from services.numbers.store import accounts as account_store
from services.numbers.store import tracking_numbers as number_store
from services.numbers.store.number_counts import count_numbers_of_companies
from services.numbers.store.port_out_disabling import find_disables_ported_out_of_each
from services.numbers.store.ports_under_way import find_ties

# The page that is asked of the list of the thing with this id.
PageKey: TypeAlias = tuple[str, Page]
NumberPageKey: TypeAlias = tuple[str, NumberTab | None, Page]
# A company and a tab; None stands for every one.
NumberCountKey: TypeAlias = tuple[str, NumberTab | None]


async def load_accounts(context: NumbersContext, ids: list[str]) -> Sequence[Account | None]:
    async with context.database.reading(context.caller) as connection:
        found = await account_store.find_accounts(connection, ids, context.sight)
    return [found.get(each) for each in ids]


async def load_disables_ported_out(
    context: NumbersContext, account_ids: list[str]
) -> Sequence[bool]:
    async with context.database.reading(context.caller) as connection:
        found = await find_disables_ported_out_of_each(connection, account_ids)
    return [found.get(each, False) for each in account_ids]


async def load_ties(context: NumbersContext, account_ids: list[str]) -> Sequence[Ties]:
    async with context.database.reading(context.caller) as connection:
        found = await find_ties(connection, account_ids)
    return [found[account_id] for account_id in account_ids]


async def load_companies(context: NumbersContext, ids: list[str]) -> Sequence[Company | None]:
    async with context.database.reading(context.caller) as connection:
        found = await account_store.find_companies(connection, ids, context.sight)
    return [found.get(each) for each in ids]


async def load_members(context: NumbersContext, ids: list[str]) -> Sequence[Member | None]:
    async with context.database.reading(context.caller) as connection:
        found = await account_store.find_members(connection, ids, context.sight)
    return [found.get(each) for each in ids]


async def load_numbers(
    context: NumbersContext, ids: list[str]
) -> Sequence[TrackingNumber | None]:
    async with context.database.reading(context.caller) as connection:
        found = await number_store.find_numbers(connection, ids, context.sight)
    return [found.get(each) for each in ids]


async def load_company_pages(
    context: NumbersContext, keys: list[PageKey]
) -> Sequence[Slice[Company]]:
    """The companies of each account."""
    async with context.database.reading(context.caller) as connection:
        return await load_pages(
            keys,
            lambda ids, page: account_store.find_pages_of_companies(
                connection, ids, context.sight, page
            ),
        )


async def load_company_counts(context: NumbersContext, account_ids: list[str]) -> list[int]:
    async with context.database.reading(context.caller) as connection:
        counts = await account_store.count_companies(connection, account_ids, context.sight)
    return [counts.get(account_id, 0) for account_id in account_ids]


async def load_member_pages(
    context: NumbersContext, keys: list[PageKey]
) -> Sequence[Slice[Member]]:
    async with context.database.reading(context.caller) as connection:
        return await load_pages(
            keys,
            lambda ids, page: account_store.find_pages_of_members(connection, ids, page),
        )


async def load_member_counts(context: NumbersContext, account_ids: list[str]) -> list[int]:
    async with context.database.reading(context.caller) as connection:
        counts = await account_store.count_members(connection, account_ids)
    return [counts.get(account_id, 0) for account_id in account_ids]


async def load_administrator_counts(
    context: NumbersContext, account_ids: list[str]
) -> list[int]:
    """The active ones of each account."""
    async with context.database.reading(context.caller) as connection:
        counts = await account_store.count_administrators(connection, account_ids)
    return [counts.get(account_id, 0) for account_id in account_ids]


async def load_number_pages(
    context: NumbersContext, keys: list[NumberPageKey]
) -> Sequence[Slice[TrackingNumber]]:
    """The numbers of each company, which the caller has been shown."""
    async with context.database.reading(context.caller) as connection:
        return await load_pages(
            keys,
            lambda ids, tab, page: number_store.find_page_of_each_company(
                connection, ids, tab, page
            ),
        )


async def load_number_counts(context: NumbersContext, keys: list[NumberCountKey]) -> list[int]:
    counts: dict[NumberCountKey, int] = {}
    async with context.database.reading(context.caller) as connection:
        for tab in dict.fromkeys(key[1] for key in keys):
            ids = [key[0] for key in keys if key[1] == tab]
            found = await count_numbers_of_companies(connection, ids, tab)
            counts |= {(each, tab): count for each, count in found.items()}
    return [counts.get(key, 0) for key in keys]
