"""The same list of many things at once."""

from libs.common.graphql.pages import load_pages
from libs.common.paging import Page, Slice, empty_page

SMALL, LARGE = Page(size=1), Page(size=100)


def rows(*names):
    return Slice(rows=names, cursors=names, has_next=False, has_previous=False)


class Shelf:
    """Says which lists were asked for at once, and has one for each id but `none`."""

    def __init__(self):
        self.asked = []

    async def find(self, ids, *asked):
        self.asked.append((ids, *asked))
        return {each: rows(f"{each} {asked}") for each in ids if each != "none"}


async def test_all_that_ask_for_the_same_page_cost_one_statement():
    shelf = Shelf()

    pages = await load_pages([("a", SMALL), ("none", SMALL), ("b", SMALL)], shelf.find)

    assert shelf.asked == [(["a", "none", "b"], SMALL)]
    assert pages == [rows(f"a {(SMALL,)}"), empty_page(), rows(f"b {(SMALL,)}")]


async def test_each_gets_what_it_asked_for_in_the_order_of_the_keys():
    shelf = Shelf()
    keys = [("a", "x", SMALL), ("a", "y", SMALL), ("b", "x", LARGE), ("b", "x", SMALL)]

    pages = await load_pages(keys, shelf.find)

    assert shelf.asked == [
        (["a", "b"], "x", SMALL),
        (["a"], "y", SMALL),
        (["b"], "x", LARGE),
    ]
    assert pages == [rows(f"{key[0]} {key[1:]}") for key in keys]


async def test_nobody_asking_costs_nothing():
    shelf = Shelf()
    assert await load_pages([], shelf.find) == []
    assert shelf.asked == []
