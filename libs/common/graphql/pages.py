"""The same list of many things at once: one statement for each page that is asked for."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeVar, TypeVarTuple

from libs.common.paging import Slice, empty_page

Row = TypeVar("Row")
Asked = TypeVarTuple("Asked")


async def load_pages(
    keys: Sequence[tuple[str, *Asked]],
    find: Callable[[list[str], *Asked], Awaitable[Mapping[str, Slice[Row]]]],
) -> list[Slice[Row]]:
    """A key is the id of the thing that has the list, and what is asked of it: a page, a filter.

    `find(ids, *asked)` answers by id; as a rule all ask for the same, and it is called once.
    """
    found: dict[tuple[str, *Asked], Slice[Row]] = {}
    for asked in dict.fromkeys(key[1:] for key in keys):
        ids = [key[0] for key in keys if key[1:] == asked]
        found |= {(owner, *asked): rows for owner, rows in (await find(ids, *asked)).items()}
    return [found.get(key) or empty_page() for key in keys]
