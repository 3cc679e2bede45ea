"""Pages by keyset: every row once, whatever the direction."""

import base64
import json
from datetime import UTC, datetime, timedelta

import asyncpg
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.common.paging import (
    BadCursor,
    Key,
    Listing,
    Page,
    read_cursor,
    read_page,
    write_cursor,
)

KEYS = (Key(column="l.made_at", kind=datetime), Key(column="l.id", kind=str))
START = datetime(2026, 1, 1, tzinfo=UTC)
# Two rows share each instant, so that the second key decides.
ROWS = [(START + timedelta(hours=n // 2), f"ln_{n:02}") for n in range(7)]


def a_listing(*, descending=False) -> Listing:
    return Listing(
        """
        SELECT l.id, l.made_at
        FROM lines_of_test AS l
        WHERE l.account_id = $1 {keyset}
        {order}
        """,
        parameters=1,
        keys=KEYS,
        descending=descending,
    )


@pytest.fixture
async def connection(servers):
    opened = await asyncpg.connect(servers.postgres_url)
    await opened.execute(
        "CREATE TEMP TABLE lines_of_test (account_id text, made_at timestamptz, id text)"
    )
    await opened.executemany(
        "INSERT INTO lines_of_test VALUES ($1, $2, $3)",
        [("acc_1", *row) for row in ROWS] + [("acc_2", START, "ln_99")],
    )
    yield opened
    await opened.close()


async def ids(connection, page, *, descending=False):
    found = await read_page(connection, a_listing(descending=descending), page, "acc_1")
    return found, [row["id"] for row in found.rows]


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("backward", [False, True])
@pytest.mark.parametrize("size", [1, 2, 3, 7, 10])
async def test_page_after_page_shows_every_row_once_and_in_order(
    connection, descending, backward, size
):
    seen, bound = [], None
    for _ in range(10):
        page = (
            Page(size=size, backward=True, before=bound)
            if backward
            else Page(size=size, after=bound)
        )
        found, page_ids = await ids(connection, page, descending=descending)
        seen = page_ids + seen if backward else seen + page_ids
        if not (found.has_previous if backward else found.has_next):
            break
        bound = read_cursor(found.cursors[0 if backward else -1], KEYS)

    assert seen == sorted((line_id for _, line_id in ROWS), reverse=descending)


async def test_a_page_may_lie_between_two_cursors(connection):
    found, between = await ids(connection, Page(after=ROWS[1], before=ROWS[5]))

    assert between == ["ln_02", "ln_03", "ln_04"]
    assert (found.has_next, found.has_previous) == (False, True)


async def test_every_statement_can_be_prepared(connection):
    statements = list(a_listing())

    for statement in statements:
        await connection.prepare(statement)
    assert len(set(statements)) == 8


async def test_a_mapped_slice_keeps_its_cursors(connection):
    found, _ = await ids(connection, Page(size=2))

    mapped = found.map(lambda row: row["id"].upper())

    assert mapped.rows == ["LN_00", "LN_01"]
    assert (mapped.cursors, mapped.has_next) == (found.cursors, True)


@given(
    st.datetimes(timezones=st.just(UTC)),
    st.text(
        alphabet=st.characters(blacklist_characters="\0", blacklist_categories=["Cs"]),
        max_size=40,
    ),
)
def test_a_cursor_is_read_as_it_was_written(made_at, id):
    assert read_cursor(write_cursor([made_at, id]), KEYS) == (made_at, id)


def opaque(value) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(value)).rstrip(b"=").decode()


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "x",
        "é",
        "!!!!",
        "W10=",
        "x" * 600,
        opaque(None),
        opaque({}),
        opaque([]),
        opaque([1, 2]),
        opaque(["2026-01-01T00:00:00Z"]),
        opaque(["soon", "a"]),
        opaque(["2026-01-01T00:00:00", "a"]),
        opaque(["2026-01-01T00:00:00Z", "a\x00b"]),
        opaque(["2026-01-01T00:00:00Z", "a" * 201]),
        opaque(["2026-01-01T00:00:00Z", 5]),
        opaque([True, "a"]),
        "[]",
        "A",
        "AAAA\n",
    ],
)
def test_a_foreign_cursor_is_refused(cursor):
    with pytest.raises(BadCursor):
        read_cursor(cursor, KEYS)


@given(
    st.text(max_size=60)
    | st.binary(max_size=60).map(lambda b: base64.urlsafe_b64encode(b).decode())
)
def test_no_cursor_ends_otherwise(cursor):
    try:
        made_at, line_id = read_cursor(cursor, KEYS)
    except BadCursor:
        return
    assert isinstance(made_at, datetime)
    assert isinstance(line_id, str)


@pytest.mark.parametrize("value", [2**63, -(2**63) - 1, 1.5, "1", True, None])
def test_a_whole_number_stays_one_that_the_database_can_hold(value):
    with pytest.raises(BadCursor):
        read_cursor(
            base64.urlsafe_b64encode(json.dumps([value]).encode()).decode(),
            [Key(column="n", kind=int)],
        )
