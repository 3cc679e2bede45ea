"""Members' feeds in PostgreSQL: each member's own entries, in the order of their commits."""

from collections.abc import Sequence
from typing import Any, Final

import orjson

from libs.common.caller import Member
from libs.common.database import Connection, Row
from libs.common.paging import Key, Listing, Page, Slice, read_page, write_cursor
from libs.common.sight import NOTHING, sight_of
from services.notifications.domain.feed_entries import FeedEntry, FeedWatch, NewEntries
from services.notifications.domain.who_is_told import TO_ADMINISTRATORS_ALONE

_COLUMNS: Final = """e.entry_id, e.place, e.account_id, e.member_id, e.read_at,
      n.message, n.subject, n.occurred_at, n.content"""

_TO_ADMINISTRATORS: Final = ", ".join(f"'{each}'" for each in sorted(TO_ADMINISTRATORS_ALONE))
# A member's entries, but for those of companies and requests that are theirs no longer, and of
# what only administrators are told, who alone have every company.
_SEEN: Final = f"""e.account_id = $1
      AND e.member_id = $2
      AND ($3::text[] IS NULL OR cardinality(e.company_ids) = 0 OR e.company_ids && $3)
      AND ($4::text IS NULL OR e.requester_id IS NULL OR e.requester_id = $4)
      AND ($3::text[] IS NULL OR NOT EXISTS (
        SELECT
        FROM notices AS theirs
        WHERE theirs.notice_id = e.notice_id
          AND theirs.message IN ({_TO_ADMINISTRATORS})
      ))"""
# What of them is asked for.
_ASKED: Final = """($5::text[] IS NULL OR n.message = ANY($5))
      AND ($6::text IS NULL OR e.company_ids @> ARRAY[$6])
      AND ($7::text IS NULL OR n.subject = $7)"""
_KEYS: Final = (Key(column="e.place", kind=int),)


def _listing(condition: str = "", *, descending: bool = True) -> Listing:
    return Listing(
        f"""
    SELECT {_COLUMNS}
    FROM feed_entries AS e
    JOIN notices AS n USING (notice_id)
    WHERE {_SEEN}
      AND {_ASKED}
      {condition}
      {{keyset}}
    {{order}}
    """,
        parameters=7,
        keys=_KEYS,
        descending=descending,
    )


ENTRIES: Final = _listing()
# The index of what is unread is used where the statement says so.
_UNREAD_ENTRIES: Final = _listing("AND e.read_at IS NULL")
_ENTRIES_AS_THEY_CAME: Final = _listing(descending=False)

_COUNT: Final = f"""
    SELECT count(*)
    FROM feed_entries AS e
    JOIN notices AS n USING (notice_id)
    WHERE {_SEEN}
      AND {_ASKED}
      AND (e.read_at IS NULL OR NOT $8)
"""
# From the index alone.
_COUNT_UNREAD: Final = f"""
    SELECT count(*)
    FROM feed_entries AS e
    WHERE {_SEEN}
      AND e.read_at IS NULL
"""
# No further than $9.
_COUNT_MISSED: Final = f"""
    SELECT count(*)
    FROM (
      SELECT
      FROM feed_entries AS e
      JOIN notices AS n USING (notice_id)
      WHERE {_SEEN}
        AND {_ASKED}
        AND e.place > $8
      LIMIT $9
    ) AS missed
"""
_FIND_BY_ID: Final = f"""
    SELECT {_COLUMNS}
    FROM feed_entries AS e
    JOIN notices AS n USING (notice_id)
    WHERE {_SEEN}
      AND e.entry_id = ANY($5::text[])
"""
# What was read stays read since then.
_MARK_READ: Final = f"""
    UPDATE feed_entries AS e
    SET read_at = clock_timestamp()
    WHERE {_SEEN}
      AND e.entry_id = ANY($5::text[])
      AND e.read_at IS NULL
"""
_MARK_ALL_READ: Final = f"""
    UPDATE feed_entries AS e
    SET read_at = clock_timestamp()
    WHERE {_SEEN}
      AND e.place <= $5
      AND e.read_at IS NULL
"""
_FIND_MEMBERS_LAST_PLACE: Final = """
    SELECT coalesce(max(place), 0)
    FROM feed_entries
    WHERE account_id = $1
      AND member_id = $2
"""
# In which language a member is told.
_FIND_LOCALE: Final = "SELECT locale FROM notification_habits WHERE member_id = $1"
_FIND_LAST_PLACE: Final = "SELECT coalesce(max(place), 0) FROM feed_entries"
# Whose feeds grew between two places, for the feeds of our replicas.
_FIND_READERS: Final = """
    SELECT DISTINCT account_id, member_id
    FROM feed_entries
    WHERE place > $1
      AND place <= $2
"""
STATEMENTS: Final = (
    *ENTRIES,
    *_UNREAD_ENTRIES,
    *_ENTRIES_AS_THEY_CAME,
    _COUNT,
    _COUNT_UNREAD,
    _COUNT_MISSED,
    _FIND_BY_ID,
    _MARK_READ,
    _MARK_ALL_READ,
    _FIND_MEMBERS_LAST_PLACE,
    _FIND_LOCALE,
    _FIND_LAST_PLACE,
    _FIND_READERS,
)


async def find_page(
    connection: Connection, reader: Member, watch: FeedWatch, page: Page
) -> Slice[FeedEntry]:
    """The newest first."""
    listing = _UNREAD_ENTRIES if watch.only_unread else ENTRIES
    rows = await read_page(connection, listing, page, *_seen(reader), *_asked(watch))
    return rows.map(_read)


async def count_entries(connection: Connection, reader: Member, watch: FeedWatch) -> int:
    asked = (*_seen(reader), *_asked(watch), watch.only_unread)
    count: int = await connection.fetchval(_COUNT, *asked)
    return count


async def count_unread(connection: Connection, reader: Member) -> int:
    count: int = await connection.fetchval(_COUNT_UNREAD, *_seen(reader))
    return count


async def count_missed(
    connection: Connection, reader: Member, watch: FeedWatch, *, after: int, limit: int
) -> int:
    """Counts no further than `limit`."""
    asked = (*_seen(reader), *_asked(watch), after, limit)
    count: int = await connection.fetchval(_COUNT_MISSED, *asked)
    return count


async def find_missed(
    connection: Connection, reader: Member, watch: FeedWatch, *, after: int, limit: int
) -> list[FeedEntry]:
    """What a stream that came as far as `after` is to be told next, as it was committed."""
    page = Page(size=limit, after=(after,))
    asked = (*_seen(reader), *_asked(watch))
    rows = await read_page(connection, _ENTRIES_AS_THEY_CAME, page, *asked)
    return list(rows.map(_read).rows)


async def find_by_id(
    connection: Connection, reader: Member, entry_ids: Sequence[str]
) -> dict[str, FeedEntry]:
    rows = await connection.fetch(_FIND_BY_ID, *_seen(reader), entry_ids)
    return {row["entry_id"]: _read(row) for row in rows}


async def mark_read(connection: Connection, reader: Member, entry_ids: Sequence[str]) -> None:
    await connection.execute(_MARK_READ, *_seen(reader), entry_ids)


async def mark_all_read(connection: Connection, reader: Member, up_to: int) -> None:
    await connection.execute(_MARK_ALL_READ, *_seen(reader), up_to)


async def find_last_place_of(connection: Connection, reader: Member) -> int:
    place: int = await connection.fetchval(
        _FIND_MEMBERS_LAST_PLACE, reader.account_id, reader.member_id
    )
    return place


async def find_locale(connection: Connection, reader: Member) -> str:
    locale: str | None = await connection.fetchval(_FIND_LOCALE, reader.member_id)
    return locale or "en"


async def find_last_place(connection: Connection) -> int:
    """Of all feeds: for the feeds of our replicas alone."""
    place: int = await connection.fetchval(_FIND_LAST_PLACE)
    return place


async def find_readers(connection: Connection, after: int, up_to: int) -> NewEntries:
    """Who got entries there: for the feeds of our replicas alone."""
    readers: dict[str, list[str]] = {}
    for row in await connection.fetch(_FIND_READERS, after, up_to):
        readers.setdefault(row["account_id"], []).append(row["member_id"])
    return NewEntries(members_by_account=readers)


def _seen(reader: Member) -> tuple[Any, ...]:
    sight = sight_of(reader) or NOTHING
    return reader.account_id, reader.member_id, sight.company_ids, sight.requester_id


def _asked(watch: FeedWatch) -> tuple[Any, ...]:
    return watch.messages, watch.company_id, watch.subject


def cursor_of(entry: FeedEntry) -> str:
    return write_cursor([entry.place])


def _read(row: Row) -> FeedEntry:
    return FeedEntry(
        entry_id=row["entry_id"],
        place=row["place"],
        account_id=row["account_id"],
        member_id=row["member_id"],
        message=row["message"],
        subject=row["subject"],
        occurred_at=row["occurred_at"],
        read_at=row["read_at"],
        content=orjson.loads(row["content"]),
    )
