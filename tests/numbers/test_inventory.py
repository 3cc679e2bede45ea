"""The inventory's list: filtered, searched, sorted, in pages both ways, counted by tab."""

import asyncio
from contextlib import suppress

import pytest

from libs.common.caller import Role
from libs.common.graphql.connections import page_of
from libs.common.paging import Page, read_cursor
from libs.common.sight import EVERYTHING, Sight
from services.numbers.domain.inventory import (
    InventoryFilter,
    InventoryFilterError,
    NumberOrder,
    Search,
    read_area_code,
    read_search,
)
from services.numbers.domain.tracking_numbers import NumberState
from services.numbers.store import inventory as store
from services.numbers.store import number_words
from services.numbers.store.number_counts import recount
from services.numbers.use_cases.calls import receive_calls
from services.numbers.use_cases.inventory import list_inventory
from services.numbers.use_cases.recounting import recount_all
from tests.naughty import NAUGHTY
from tests.numbers.builders import (
    NOON,
    SUPPORT,
    a_line,
    add_number,
    found_account,
    new_account,
    phone,
    review,
)


@pytest.mark.parametrize(
    ("text", "search"),
    [
        ("212555", Search(beginnings=("+1212555",), ending="212555", words="212555")),
        ("(212) 555", Search(beginnings=("+1212555",), ending="212555")),
        ("+1 212-555", Search(beginnings=("+1212555",))),
        ("1212555", Search(beginnings=("+1212555",), ending="1212555", words="1212555")),
        (
            "\u202d212\u2011555\u202c",
            Search(beginnings=("+1212555",), ending="212555"),
        ),
        ("\uff12\uff11\uff12", Search(beginnings=("+1212",), ending="212", words="212")),
        (
            "02 9876",
            Search(beginnings=("+6129876", "+4429876"), ending="029876"),
        ),
        ("42", Search(words="42")),
        ("Route 66", Search(words="Route 66")),
        ("+61 2", Search(beginnings=("+612",))),
        ("  ", None),
        (None, None),
    ],
)
def test_what_is_typed_is_read_as_digits_and_as_words(text, search):
    assert read_search(text) == search


@pytest.mark.parametrize("text", ["+1", "%", "-", "x" * 101, "+ 12"])
def test_what_nothing_can_be_looked_for_by_is_refused(text):
    with pytest.raises(InventoryFilterError):
        read_search(text)


@pytest.mark.parametrize("text", ["21", "112", "2125", "21a", "", "\u0662\u0661\u0662"])
def test_an_area_code_has_three_digits(text):
    with pytest.raises(InventoryFilterError):
        read_area_code(text)


async def fill(database, house, *lines):
    """Numbers of one request, by their number, name and what else is said."""
    made = [
        a_line(
            house.companies[more.pop("company", "Dental")],
            number,
            name=name,
            **{"forwarding_number": "+16175550100"} | more,
        )
        for number, name, more in lines
    ]
    await review(database, house, made)


async def names_found(connection, house, text, order=NumberOrder.NAME, **more):
    asked = InventoryFilter(account_id=house.id, search=text, **more)
    found = await list_inventory(connection, EVERYTHING, asked, order, Page(size=100))
    return [number.name for number in found.rows]


@pytest.mark.requirement("S67")
async def test_a_search_finds_digits_at_either_end_and_whole_words(database):
    house, other = await found_account(database), await found_account(database)
    await fill(
        database,
        house,
        ("+12125550100", "Äpfel & Birnen", {}),
        ("+13125552120", "STRASSE 212", {}),
        ("+18005550212", "Spring flyer", {"company": "Garage"}),
        ("+14155550133", "spring-break 100%", {}),
        ("+14165550133", "東京 キャンペーン", {}),
    )
    async with database.transaction(SUPPORT) as connection:
        for text, names in {
            "212": ["Äpfel & Birnen", "Spring flyer", "STRASSE 212"],
            "+1 (212)": ["Äpfel & Birnen"],
            "0100": ["Äpfel & Birnen"],
            "(800) 555-0212": ["Spring flyer"],
            "0133": ["spring-break 100%", "東京 キャンペーン"],
            "9999": [],
            "SPRING": ["Spring flyer", "spring-break 100%"],
            "flyer Spring": ["Spring flyer"],
            "straße": ["STRASSE 212"],
            "a\u0308PFEL": ["Äpfel & Birnen"],
            "キャンペーン": ["東京 キャンペーン"],
            "spri": [],
            "s%": [],
            "spring_flyer": ["Spring flyer"],
            "spring nowhere": [],
            "100%": ["spring-break 100%"],
        }.items():
            assert (text, await names_found(connection, house, text)) == (text, names)
            newest = await names_found(connection, house, text, NumberOrder.NEWEST_FIRST)
            assert sorted(newest) == sorted(names)
            assert await names_found(connection, other, text) == []
        garage = Sight(account_id=house.id, company_ids=[house.companies["Garage"]])
        found = await list_inventory(
            connection, garage, InventoryFilter(search="212"), NumberOrder.NUMBER, Page()
        )
        assert [number.name for number in found.rows] == ["Spring flyer"]


async def test_no_text_breaks_the_search(database):
    house = await found_account(database)
    async with database.reading(SUPPORT) as connection:
        for text in NAUGHTY:
            with suppress(InventoryFilterError):
                assert await names_found(connection, house, text[:100]) == []


LIST = """query ($filter: TrackingNumberFilter, $search: String, $source: String, $company: ID) {
  trackingNumbers(filter: $filter, search: $search, source: $source, companyId: $company,
      orderBy: NUMBER) {
    totalCount edges { node { phoneNumber } } }
  trackingNumberCounts(filter: $filter, search: $search, source: $source,
      companyId: $company) { pending active disabled }
}"""


@pytest.mark.requirement("S3")
async def test_filters_hold_together_and_so_do_the_counts(door, database):
    house = await found_account(database)
    await fill(
        database,
        house,
        ("+12125550101", "One", {"source": "Flyer"}),
        ("+18885550102", "Two", {"source": "Flyer", "company": "Garage"}),
        ("+12135550103", "Three", {"source": "Radio"}),
    )
    async with database.working() as connection:
        await receive_calls(connection, ["+12135550103"], [NOON])
    for asked, pending, active in (
        ({}, ["+12125550101", "+18885550102"], ["+12135550103"]),
        ({"filter": {"areaCode": "212"}}, ["+12125550101"], []),
        ({"filter": {"type": "TOLL_FREE"}}, ["+18885550102"], []),
        ({"filter": {"type": "LOCAL"}}, ["+12125550101"], ["+12135550103"]),
        ({"filter": {"states": ["ACTIVE"]}}, [], ["+12135550103"]),
        ({"filter": {"states": []}}, [], []),
        ({"source": "Flyer", "filter": {"type": "LOCAL"}}, ["+12125550101"], []),
        ({"company": house.companies["Garage"]}, ["+18885550102"], []),
        ({"company": house.companies["Garage"], "search": "two"}, ["+18885550102"], []),
        ({"company": house.companies["Garage"], "search": "one"}, [], []),
        ({"search": "010"}, [], []),
    ):
        shown = await door.see(house.administrator, LIST, **asked)
        found = [edge["node"]["phoneNumber"] for edge in shown["trackingNumbers"]["edges"]]
        assert (asked, found) == (asked, sorted(pending + active))
        assert shown["trackingNumbers"]["totalCount"] == len(found)
        counts = {"pending": len(pending), "active": len(active), "disabled": 0}
        assert (asked, shown["trackingNumberCounts"]) == (asked, counts)
    for role, count in ((Role.MANAGER, 2), (Role.CLIENT_MANAGER, 2), (Role.VIEWER, 1)):
        shown = await door.see(house.callers[role], LIST)
        counts = shown["trackingNumberCounts"]
        assert counts["pending"] + counts["active"] == count
        assert shown["trackingNumbers"]["totalCount"] == count


@pytest.mark.parametrize(
    "asked", [{"filter": {"areaCode": "2"}}, {"search": "+1"}, {"search": "x" * 101}]
)
async def test_what_cannot_be_looked_for_is_bad_input(door, database, asked):
    house = await found_account(database)
    query = """query ($filter: TrackingNumberFilter, $search: String) {
      trackingNumbers(filter: $filter, search: $search) { totalCount } }"""
    assert await door.code(house.administrator, query, **asked) == "BAD_USER_INPUT"


@pytest.mark.parametrize("order", list(NumberOrder))
@pytest.mark.parametrize(
    ("text", "many"), [(None, 1_000), ("212", 1_000), ("same", 1_000), ("same", 1)]
)
async def test_pages_of_every_order_hold_each_number_once_in_both_directions(
    database, monkeypatch, order, text, many
):
    monkeypatch.setattr(number_words, "MANY", many)
    house = await found_account(database)
    names = ["Same b", "same Ä", "SAME a", "same b", "same Zebra", "a same", "Same b"]
    lines = [
        (phone((place * 5) % 7), name, {"company": "Garage" if place % 2 else "Dental"})
        for place, name in enumerate(names)
    ]
    await fill(database, house, *lines)
    async with database.working() as connection:
        await receive_calls(connection, [phone(1), phone(4)], [NOON, NOON])
    keys = store.inventory_listing(order).keys
    for sight in (EVERYTHING, Sight(company_ids=list(house.companies.values()))):
        asked = InventoryFilter(account_id=house.id, search=text)
        async with database.reading(house.administrator) as connection:

            async def read(page, asked=asked, sight=sight, connection=connection):
                return await list_inventory(connection, sight, asked, order, page)

            whole = [number.id for number in (await read(Page())).rows]
            assert len(set(whole)) == 7
            for is_backward in (False, True):
                seen, page, more = [], Page(size=2, backward=is_backward), True
                while more:
                    found = await read(page)
                    ids = [number.id for number in found.rows]
                    seen = [*ids, *seen] if is_backward else [*seen, *ids]
                    more = found.has_previous if is_backward else found.has_next
                    edge = read_cursor(found.cursors[0 if is_backward else -1], keys)
                    page = Page(
                        size=2,
                        backward=is_backward,
                        **{"before" if is_backward else "after": edge},
                    )
                assert (is_backward, seen) == (is_backward, whole)
    if order is NumberOrder.NAME and text is None:
        async with database.reading(SUPPORT) as connection:
            listed = await names_found(connection, house, None)
        assert [name.casefold().replace("ä", "a") for name in listed] == [
            "a same", "same a", "same a", "same b", "same b", "same b", "same zebra",
        ]  # fmt: skip


@pytest.mark.parametrize("name", ["\U0001d518" * 200, '"' * 200, "\\" * 200, "ﷺ" * 200])
async def test_the_longest_name_makes_a_cursor_that_is_read_again(database, name):
    house = await found_account(database)
    await fill(database, house, (phone(1), name, {}), (phone(2), name, {}))
    listing = store.inventory_listing(NumberOrder.NAME)
    async with database.reading(house.administrator) as connection:
        found = await list_inventory(
            connection, EVERYTHING, InventoryFilter(account_id=house.id),
            NumberOrder.NAME, Page(size=1),
        )  # fmt: skip
        (cursor,) = found.cursors
        after = page_of(listing, first=1, after=cursor)
        rest = await list_inventory(
            connection, EVERYTHING, InventoryFilter(account_id=house.id),
            NumberOrder.NAME, after,
        )  # fmt: skip
    assert [number.phone_number for number in rest.rows] == [phone(2)]


async def counts_and_truth(connection):
    counted = await connection.fetch(
        "SELECT account_id, company_id, tab, numbers FROM number_counts WHERE numbers <> 0"
    )
    true = await connection.fetch(
        """
        SELECT account_id, coalesce(company_id, ''), tab, count(*) AS numbers
        FROM tracking_numbers
        GROUP BY GROUPING SETS ((account_id, tab), (account_id, company_id, tab))
        """
    )
    return {tuple(row) for row in counted}, {tuple(row) for row in true}


async def test_counts_are_exact_after_many_transitions_at_once(database):
    companies = tuple(f"Company {place}" for place in range(4))
    house = await found_account(database, new_account(companies=companies, members=(
        new_account().members[0],)))  # fmt: skip

    async def move(place):
        numbers = [phone(place * 10 + each) for each in range(6)]
        lines = [
            a_line(
                house.companies[companies[(place + each) % 4]],
                number,
                forwarding_number="+16175550100",
            )
            for each, number in enumerate(numbers)
        ]
        await review(database, house, lines, port_request_id=f"pr_{place}")
        async with database.working() as connection:
            await receive_calls(connection, numbers[::2], [NOON] * 3)
        async with database.transaction(house.administrator) as connection:
            await connection.execute(
                "UPDATE tracking_numbers SET company_id = $1 WHERE phone_number = ANY($2)",
                house.companies[companies[place % 4]],
                numbers[:3],
            )
        async with database.working() as connection:
            await connection.execute(
                "DELETE FROM tracking_numbers WHERE phone_number = $1", numbers[0]
            )

    await asyncio.gather(*[move(place) for place in range(8)])
    async with database.working() as connection:
        counted, true = await counts_and_truth(connection)
        words = await connection.fetchval("SELECT count(*) FROM number_words")
    assert counted == true
    assert words == 2 * 8 * 5


async def test_counts_that_are_wrong_are_found_and_made_right(database):
    house = await found_account(database)
    await add_number(database, house, phone(1), state=NumberState.ACTIVE)
    async with database.working() as connection:
        assert await recount(connection, house.id) == []
        await connection.execute("UPDATE number_counts SET numbers = numbers + 5")
    assert await recount_all(database) == 12
    async with database.working() as connection:
        await connection.execute("UPDATE number_counts SET numbers = numbers + 5")
        wrong = await recount(connection, house.id)
        assert all(each.counted == each.numbers + 5 for each in wrong)
        assert sum(each.numbers for each in wrong if each.company_id) == 1
        assert await recount(connection, house.id) == []
        counted, true = await counts_and_truth(connection)
        assert counted == true


async def test_more_than_can_be_counted_under_a_filter_is_not_counted(database, monkeypatch):
    house = await found_account(database)
    await add_number(database, house, phone(1))
    await add_number(database, house, phone(2))
    monkeypatch.setattr(store, "MOST_COUNTED", 1)
    async with database.reading(SUPPORT) as connection:
        asked = store.Wanted(
            account_id=house.id,
            company_ids=None,
            tabs=["PENDING", "ACTIVE"],
            filters={"source": "Flyer"},
            searches={},
        )
        assert await store.count_inventory(connection, asked) == {"PENDING": None, "ACTIVE": 0}


async def test_a_new_name_is_found_by_its_words_and_by_no_old_one(database):
    house = await found_account(database)
    await fill(database, house, (phone(1), "Old radio", {}))
    async with database.transaction(house.administrator) as connection:
        await connection.execute("UPDATE tracking_numbers SET name = 'New radio'")
        assert await names_found(connection, house, "old") == []
        for text in ("new", "radio"):
            assert await names_found(connection, house, text) == ["New radio"]
