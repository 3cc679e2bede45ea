"""Pages of a list by keyset: what is asked for, the SQL that reads it, and what came."""

import base64
import binascii
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from itertools import product
from typing import Any, Generic, TypeAlias, TypeVar
from uuid import UUID

import orjson

from libs.common.database import Connection, Row

T = TypeVar("T")
U = TypeVar("U")
Position: TypeAlias = tuple[Any, ...]

_LONGEST_CURSOR = 512
_LONGEST_TEXT = 200
_BIGINT = 2**63


class BadCursor(ValueError):
    """Not a cursor of this list."""


@dataclass(frozen=True, kw_only=True)
class Key:
    """A column that orders a list.

    `column` as in the statement, such as `r.created_at`; the row has it under the name after
    the dot. `kind` is `datetime`, `date`, `str`, `int` or `UUID`.
    """

    column: str
    kind: type

    @property
    def name(self) -> str:
        return self.column.rpartition(".")[2]

    @property
    def sql_type(self) -> str:
        kinds = {
            datetime: "timestamptz",
            date: "date",
            str: "text",
            int: "bigint",
            UUID: "uuid",
        }
        return kinds[self.kind]


@dataclass(frozen=True, kw_only=True)
class Page:
    """At most `size` rows, the last ones where `backward`."""

    size: int = 25
    backward: bool = False
    after: Position | None = None
    before: Position | None = None


@dataclass(frozen=True, kw_only=True)
class Slice(Generic[T]):
    """The rows of one page in the list's order, and a cursor for each."""

    rows: Sequence[T]
    cursors: Sequence[str]
    has_next: bool
    has_previous: bool

    def map(self, change: Callable[[T], U]) -> "Slice[U]":
        return Slice(
            rows=[change(row) for row in self.rows],
            cursors=self.cursors,
            has_next=self.has_next,
            has_previous=self.has_previous,
        )


def empty_page() -> Slice[Any]:
    return Slice(rows=(), cursors=(), has_next=False, has_previous=False)


class Listing:
    """A statement that ends `… WHERE … {keyset} {order}`, with `parameters` of its own.

    `{keyset}` stands where one more `AND …` may stand. The keys together are unique, none is
    null, and all run the same way.
    """

    def __init__(
        self, sql: str, *, parameters: int, keys: Sequence[Key], descending: bool = False
    ) -> None:
        self.keys = tuple(keys)
        self._sql = sql
        self._parameters = parameters
        self._descending = descending

    @cached_property
    def _statements(self) -> dict[tuple[bool, bool, bool], str]:
        answers = (False, True)
        return {shape: self._statement(*shape) for shape in product(answers, answers, answers)}

    def __iter__(self) -> Iterator[str]:
        """Every statement it can send, for the test that prepares them."""
        return iter(self._statements.values())

    def statement(self, page: Page) -> tuple[str, list[Any]]:
        """The SQL and the arguments after the statement's own."""
        bounds = [bound for bound in (page.after, page.before) if bound is not None]
        shape = (page.after is not None, page.before is not None, page.backward)
        arguments = [value for bound in bounds for value in bound]
        return self._statements[shape], [*arguments, page.size + 1]

    def sort(self, rows: Sequence[Row], page: Page) -> list[Row]:
        """In the order in which the statement reads them."""
        return sorted(
            rows,
            key=lambda row: tuple(row[key.name] for key in self.keys),
            reverse=self._descending is not page.backward,
        )

    def cursor_of(self, row: Row) -> str:
        return write_cursor([row[key.name] for key in self.keys])

    def _statement(self, has_after: bool, has_before: bool, backward: bool) -> str:  # noqa: FBT001 - one shape of three answers
        number = self._parameters
        keyset = ""
        for is_asked, beyond in (
            (has_after, "<" if self._descending else ">"),
            (has_before, ">" if self._descending else "<"),
        ):
            if is_asked:
                keyset += f"\n  AND {self._compare(beyond, number)}"
                number += len(self.keys)
        direction = "DESC" if self._descending is not backward else "ASC"
        order = ", ".join(f"{key.column} {direction}" for key in self.keys)
        return self._sql.format(keyset=keyset, order=f"ORDER BY {order}\nLIMIT ${number + 1}")

    def _compare(self, beyond: str, number: int) -> str:
        columns = ", ".join(key.column for key in self.keys)
        values = ", ".join(
            f"${number + place}::{key.sql_type}" for place, key in enumerate(self.keys, 1)
        )
        return f"({columns}) {beyond} ({values})"


async def read_page(
    connection: Connection, listing: Listing, page: Page, *arguments: Any
) -> Slice[Row]:
    sql, rest = listing.statement(page)
    return _cut(listing, page, await connection.fetch(sql, *arguments, *rest))


async def read_pages(
    connection: Connection, listing: Listing, page: Page, parent: str, *arguments: Any
) -> dict[str, Slice[Row]]:
    """The same page of the list of each parent, by the row's column `parent`.

    The statement holds `{keyset}` and `{order}` in a lateral join; a parent without rows is
    missing.
    """
    sql, rest = listing.statement(page)
    lists: dict[str, list[Row]] = {}
    for row in await connection.fetch(sql, *arguments, *rest):
        lists.setdefault(row[parent], []).append(row)
    return {key: _cut(listing, page, listing.sort(rows, page)) for key, rows in lists.items()}


def _cut(listing: Listing, page: Page, rows: list[Row]) -> Slice[Row]:
    has_more = len(rows) > page.size
    rows = rows[: page.size]
    if page.backward:
        rows.reverse()
    return Slice(
        rows=rows,
        cursors=[listing.cursor_of(row) for row in rows],
        has_next=page.before is not None if page.backward else has_more,
        has_previous=has_more if page.backward else page.after is not None,
    )


def write_cursor(position: Sequence[Any]) -> str:
    # asyncpg's UUID is one that orjson does not know.
    written = orjson.dumps(position, default=str)
    return base64.urlsafe_b64encode(written).rstrip(b"=").decode()


def read_cursor(cursor: str, keys: Sequence[Key]) -> Position:
    """Raises `BadCursor`: whatever a client sends ends as values of the right types."""
    if len(cursor) > _LONGEST_CURSOR:
        raise BadCursor
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        values = orjson.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (UnicodeEncodeError, binascii.Error, orjson.JSONDecodeError):
        raise BadCursor from None
    if not isinstance(values, list) or len(values) != len(keys):
        raise BadCursor
    return tuple(_read_value(value, key.kind) for value, key in zip(values, keys, strict=True))


def _read_value(value: object, kind: type) -> object:
    if kind is int and type(value) is int and -_BIGINT <= value < _BIGINT:
        return value
    if isinstance(value, str) and len(value) <= _LONGEST_TEXT and "\0" not in value:
        if kind is str:
            return value
        if kind is UUID:
            return _read_uuid(value)
        if kind is not int:
            return _read_time(value) if kind is datetime else _read_day(value)
    raise BadCursor


def _read_uuid(value: str) -> UUID:
    try:
        return UUID(value)
    except ValueError:
        raise BadCursor from None


def _read_day(value: str) -> date:
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise BadCursor from None


def _read_time(value: str) -> datetime:
    try:
        time = datetime.fromisoformat(value)
    except ValueError:
        raise BadCursor from None
    if time.tzinfo is None:
        raise BadCursor
    return time
