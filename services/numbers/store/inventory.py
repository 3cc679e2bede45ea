"""The inventory as it is listed: filtered, searched, sorted, counted.

Each set of filters is a statement of its own, so that the planner sees what is asked.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, TypeAlias

from libs.common.database import Connection, Row
from libs.common.paging import Key, Listing, Page, Slice, read_page
from services.numbers.domain.inventory import NumberOrder
from services.numbers.domain.tracking_numbers import NumberTab, TrackingNumber
from services.numbers.store.number_counts import sum_counts
from services.numbers.store.tracking_numbers import NUMBER_COLUMNS, number_of

Asked: TypeAlias = frozenset[str]

# Beyond so many, numbers under a filter are not counted.
MOST_COUNTED: Final = 10_000

_KEYS: Final = {
    NumberOrder.NEWEST_FIRST: (Key(column="id", kind=str),),
    NumberOrder.NUMBER: (Key(column="phone_number", kind=str), Key(column="id", kind=str)),
    NumberOrder.NAME: (Key(column="name_key", kind=str), Key(column="id", kind=str)),
}
# Digits only, so `:` comes right after all that begin so. Comparisons, not LIKE: behind
# row-level security only what is leakproof uses an index.
_FILTERS: Final = {
    "source": "AND source = {0}",
    "states": "AND state = ANY({0}::text[])",
    "is_toll_free": "AND is_toll_free = {0}::boolean",
    "area": "AND phone_number >= {0} AND phone_number < {0} || ':'",
    "other_words": """
        AND cardinality({0}::text[]) = (
          SELECT count(*)
          FROM number_words AS other
          WHERE other.account_id = $1
            AND other.word = ANY({0}::text[])
            AND other.number_id = tracking_numbers.id
        )
""",
}
# What is looked for: each is read by itself, in the list's order, then all are merged.
_SEARCHES: Final = {
    "beginning": """
    SELECT {columns}
    FROM tracking_numbers
    WHERE {where}
      AND phone_number >= {0}
      AND phone_number < {0} || ':'
""",
    "other_beginning": """
    SELECT {columns}
    FROM tracking_numbers
    WHERE {where}
      AND phone_number >= {0}
      AND phone_number < {0} || ':'
""",
    "ending": """
    SELECT {columns}
    FROM tracking_numbers
    WHERE {where}
      AND reversed_number >= reverse({0})
      AND reversed_number < reverse({0}) || ':'
""",
    # From the word to its numbers, each looked at by itself: the planner takes the numbers of an
    # account for a small part of those that have a word of the account.
    "word": """
    SELECT {columns}
    FROM (
      SELECT number_id AS id
      FROM number_words
      WHERE account_id = $1
        AND word = {0}
    ) AS named
    JOIN LATERAL (
      SELECT id, phone_number, name_key
      FROM tracking_numbers
      WHERE id = named.id
        AND {where}
      OFFSET 0
    ) AS looked_at USING (id)
    WHERE true
""",
    "common_word": """
    SELECT {columns}
    FROM tracking_numbers
    JOIN (
      SELECT number_id AS id
      FROM number_words
      WHERE account_id = $1
        AND word = {0}
    ) AS named USING (id)
    WHERE {where}
""",
}
SEES_COMPANIES: Final = "companies"
NOTHING_SOUGHT: Final = "nothing"
# What these find comes in order over all tabs, or is little.
_AT_ONCE: Final = Asked({"ending", "word"})
_FORMS: Final = {
    "page": """
    SELECT {numbers}, name_key
    FROM tracking_numbers
    JOIN (
      SELECT found.id
      FROM (
        {found}
      ) AS found
      {{order}}
    ) AS page USING (id)
    {{order}}
""",
    # The first of each tab, of these the first: each tab is read in the list's order.
    "each tab": """
    (
      SELECT listed.*
      FROM unnest($2::text[]) AS shown (tab)
      {companies}
      CROSS JOIN LATERAL (
        {branch} {{keyset}} {{order}}
      ) AS listed
      {{order}}
    )
""",
    "all": "SELECT {columns} FROM tracking_numbers WHERE {where}",
    "each company": "CROSS JOIN unnest($3::text[]) AS wanted (company_id)",
    "count": """
    SELECT shown.tab, (
      SELECT count(*)
      FROM (
        SELECT
        FROM (
          {found}
        ) AS found
        LIMIT {most}
      ) AS counted
    ) AS numbers
    FROM unnest($2::text[]) AS shown (tab)
""",
}
# With a filter or a search the best way depends on how rare it is.
_PLAN_FOR_THESE_VALUES = "SET LOCAL plan_cache_mode = force_custom_plan"


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which numbers of one account; `values` are what is asked, by the names used here.

    `company_ids` None means every company.
    """

    account_id: str
    company_ids: Sequence[str] | None
    tabs: Sequence[NumberTab]
    filters: Mapping[str, Any]
    searches: Mapping[str, Any]


@cache
def inventory_listing(order: NumberOrder, asked: Asked = frozenset()) -> Listing:
    """The parameters are account, tabs, companies where they are limited, then what is asked."""
    columns = ", ".join(key.column for key in _KEYS[order])
    walks_companies = SEES_COMPANIES in asked and not asked & _SEARCHES.keys()
    found = [
        f"({branch} {{keyset}} {{order}})"
        if name in _AT_ONCE
        else _FORMS["each tab"].format(
            branch=branch,
            companies=_FORMS["each company"] if walks_companies else "",
        )
        for name, branch in _write_branches(
            asked, columns, walks_companies=walks_companies, at_once=_AT_ONCE
        )
    ]
    return Listing(
        _FORMS["page"].format(numbers=NUMBER_COLUMNS, found="\nUNION\n".join(found)),
        parameters=len(asked) + 2,
        keys=_KEYS[order],
        descending=order is NumberOrder.NEWEST_FIRST,
    )


def every_statement() -> Iterator[str]:
    """Each filter alone and all together, for the test that prepares them."""
    names = [SEES_COMPANIES, *_FILTERS, *_SEARCHES]
    for asked in [Asked(), *(Asked({name}) for name in names), Asked(names)]:
        yield _counting(asked)
        for order in NumberOrder:
            yield from inventory_listing(order, asked)


async def find_inventory_page(
    connection: Connection, wanted: Wanted, order: NumberOrder, page: Page
) -> Slice[TrackingNumber]:
    asked, values = await _ask(connection, wanted)
    rows = await read_page(connection, inventory_listing(order, asked), page, *values)
    return rows.map(_number)


async def count_inventory(
    connection: Connection, wanted: Wanted
) -> Mapping[NumberTab, int | None]:
    """By tab; None for more than `MOST_COUNTED` under a filter."""
    if not wanted.filters and not wanted.searches:
        exact = await sum_counts(connection, wanted.account_id, wanted.company_ids)
        return {tab: exact.get(tab, 0) for tab in wanted.tabs}
    asked, values = await _ask(connection, wanted)
    rows = await connection.fetch(_counting(asked), *values)
    counts: dict[str, int] = {row["tab"]: row["numbers"] for row in rows}
    return {tab: counts[tab] if counts[tab] <= MOST_COUNTED else None for tab in wanted.tabs}


async def _ask(connection: Connection, wanted: Wanted) -> tuple[Asked, list[Any]]:
    values: list[Any] = [wanted.account_id, list(wanted.tabs)]
    asked = set[str]()
    if wanted.company_ids is not None:
        asked.add(SEES_COMPANIES)
        values.append(list(wanted.company_ids))
    for names, given in ((_FILTERS, wanted.filters), (_SEARCHES, wanted.searches)):
        asked |= given.keys()
        values += [given[name] for name in names if name in given]
    if wanted.filters or wanted.searches:
        await connection.execute(_PLAN_FOR_THESE_VALUES)
    return frozenset(asked), values


@cache
def _counting(asked: Asked) -> str:
    limit = MOST_COUNTED + 1
    branches = _write_branches(asked, "id")
    return _FORMS["count"].format(
        found="\nUNION\n".join(f"({branch} LIMIT {limit})" for _, branch in branches),
        most=limit,
    )


def _write_branches(
    asked: Asked,
    columns: str,
    *,
    walks_companies: bool = False,
    at_once: Asked = frozenset(),
) -> Iterator[tuple[str, str]]:
    """One statement for each thing that is looked for, or the one where nothing is.

    Those in `at_once` read all tabs together, the others the tab `shown.tab`.
    """
    places = _places(asked)
    conditions = [_FILTERS[name].format(places[name]) for name in _FILTERS if name in asked]
    if SEES_COMPANIES in asked:
        company = "wanted.company_id" if walks_companies else "ANY($3::text[])"
        conditions.insert(0, f"AND company_id = {company}")
    for name in [each for each in _SEARCHES if each in asked] or [NOTHING_SOUGHT]:
        tab = "ANY($2::text[])" if name in at_once else "shown.tab"
        where = "\n  ".join(["account_id = $1", f"AND tab = {tab}", *conditions])
        form = _SEARCHES.get(name, _FORMS["all"])
        yield name, form.format(places.get(name), columns=columns, where=where)


def _places(asked: Asked) -> dict[str, str]:
    names: Iterable[str] = (
        name for name in (SEES_COMPANIES, *_FILTERS, *_SEARCHES) if name in asked
    )
    return {name: f"${place}" for place, name in enumerate(names, 3)}


def _number(row: Row) -> TrackingNumber:
    columns = dict(row)
    del columns["name_key"]
    return number_of(columns)
