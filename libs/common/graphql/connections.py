"""Relay connections: how a list is asked for and answered.

page = page_of(LINES, first=first, after=after)
async with info.context.database.reading(caller) as connection:
    lines = await store.find_lines(connection, request_id, page)
return connection_of(lines.map(Line.of), count=count_lines)
"""

from collections.abc import Awaitable, Callable
from typing import Annotated, Generic, TypeAlias, TypeVar

import strawberry

from libs.common.graphql.errors import BadUserInput
from libs.common.paging import BadCursor, Listing, Page, Position, Slice, read_cursor

T = TypeVar("T")

First: TypeAlias = Annotated[
    int | None, strawberry.argument(description="The first so many, 25 where nothing is said.")
]
After: TypeAlias = Annotated[
    str | None, strawberry.argument(description="Behind this cursor.")
]
Last: TypeAlias = Annotated[int | None, strawberry.argument(description="The last so many.")]
Before: TypeAlias = Annotated[
    str | None, strawberry.argument(description="In front of this cursor.")
]

_DEFAULT_SIZE = 25
_LARGEST_SIZE = 100


@strawberry.federation.type(shareable=True, description="Where in a list a page lies.")
class PageInfo:
    has_next_page: bool = strawberry.field(description="More follows after `endCursor`.")
    has_previous_page: bool = strawberry.field(
        description="There is more before `startCursor`."
    )
    start_cursor: str | None = strawberry.field(description="The first edge's cursor.")
    end_cursor: str | None = strawberry.field(
        description="The last edge's cursor: `after` of the next page."
    )


@strawberry.type(description="One place in a list.")
class Edge(Generic[T]):
    cursor: str = strawberry.field(description="Names this place for `after` and `before`.")
    node: T = strawberry.field(description="What stands here.")


@strawberry.type(description="One page of a list.")
class Connection(Generic[T]):
    edges: list[Edge[T]] = strawberry.field(description="The page's places, in order.")
    page_info: PageInfo = strawberry.field(description="Where this page lies.")
    count: strawberry.Private[Callable[[], Awaitable[int | None]] | None] = None

    @strawberry.field(
        description="How many there are in all; counted only when asked, null if not known."
    )
    async def total_count(self) -> int | None:
        return await self.count() if self.count else None


@strawberry.federation.type(
    shareable=True, name="Edge", description="One place in a list that every service has."
)
class SharedEdge(Generic[T]):
    cursor: str = strawberry.field(description="Names this place for `after` and `before`.")
    node: T = strawberry.field(description="What stands here.")


@strawberry.federation.type(
    shareable=True,
    name="Connection",
    description="One page of a list that every service has of its own.",
)
class SharedConnection(Generic[T]):
    edges: list[SharedEdge[T]] = strawberry.field(description="The page's places, in order.")
    page_info: PageInfo = strawberry.field(description="Where this page lies.")
    count: strawberry.Private[Callable[[], Awaitable[int]]]

    @strawberry.field(description="How many there are in all; counted only when asked.")
    async def total_count(self) -> int | None:
        return await self.count()


def page_of(
    listing: Listing,
    *,
    first: int | None = None,
    after: str | None = None,
    last: int | None = None,
    before: str | None = None,
) -> Page:
    """Raises `BadUserInput`."""
    if first is not None and last is not None:
        raise BadUserInput("Give `first` or `last`, not both.")
    return Page(
        size=_size("last", last) if last is not None else _size("first", first),
        backward=last is not None,
        after=_position("after", after, listing),
        before=_position("before", before, listing),
    )


def _size(name: str, size: int | None) -> int:
    if size is None:
        return _DEFAULT_SIZE
    if not 1 <= size <= _LARGEST_SIZE:
        raise BadUserInput(f"`{name}` is 1 to {_LARGEST_SIZE}.")
    return size


def _position(name: str, cursor: str | None, listing: Listing) -> Position | None:
    if cursor is None:
        return None
    try:
        return read_cursor(cursor, listing.keys)
    except BadCursor:
        raise BadUserInput(f"`{name}` is not a cursor of this list.") from None


def connection_of(
    rows: Slice[T], count: Callable[[], Awaitable[int | None]] | None = None
) -> Connection[T]:
    """`count` runs only where `totalCount` is asked."""
    return Connection(
        edges=[
            Edge(cursor=cursor, node=node)
            for cursor, node in zip(rows.cursors, rows.rows, strict=True)
        ],
        page_info=_page_info(rows),
        count=count,
    )


def shared_connection_of(
    rows: Slice[T], count: Callable[[], Awaitable[int]]
) -> SharedConnection[T]:
    return SharedConnection(
        edges=[
            SharedEdge(cursor=cursor, node=node)
            for cursor, node in zip(rows.cursors, rows.rows, strict=True)
        ],
        page_info=_page_info(rows),
        count=count,
    )


def _page_info(rows: Slice[T]) -> PageInfo:
    return PageInfo(
        has_next_page=rows.has_next,
        has_previous_page=rows.has_previous,
        start_cursor=rows.cursors[0] if rows.cursors else None,
        end_cursor=rows.cursors[-1] if rows.cursors else None,
    )
