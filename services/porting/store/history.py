"""The history of port requests in PostgreSQL: rows are added and read, never changed."""

from collections.abc import Sequence
from typing import Final

import orjson

from libs.common.database import Connection, Row
from libs.common.paging import Key, Listing, Page, Slice, read_pages
from services.porting.domain.history import HistoryEntry

_SET_ACTOR: Final = "SELECT set_config('app.actor', $1, true)"
# Of each of many requests; internal entries only where asked. `member:mem_…` finds the name.
HISTORY: Final = Listing(
    """
    SELECT entry.*
    FROM unnest($1::text[]) AS wanted (request_id)
    CROSS JOIN LATERAL (
      SELECT port_request_id, version, at, event_type, status, line_counts, reason,
        correlation_id, is_internal, actor,
        (SELECT name FROM members WHERE member_id = substr(actor, 8)) AS member_name
      FROM history
      WHERE port_request_id = wanted.request_id
        AND ($2 OR NOT is_internal) {keyset} {order}
    ) AS entry
    """,
    parameters=2,
    keys=[Key(column="version", kind=int)],
)
_COUNT_OF_MANY: Final = """
    SELECT port_request_id, count(*) AS entries
    FROM history
    WHERE port_request_id = ANY($1::text[])
      AND ($2 OR NOT is_internal)
    GROUP BY port_request_id
"""


async def set_actor(connection: Connection, actor: str) -> None:
    await connection.execute(_SET_ACTOR, actor)


async def find_history_pages(
    connection: Connection, request_ids: Sequence[str], page: Page, *, with_internal: bool
) -> dict[str, Slice[HistoryEntry]]:
    """A request without entries is missing."""
    pages = await read_pages(
        connection, HISTORY, page, "port_request_id", list(request_ids), with_internal
    )
    return {request_id: rows.map(_entry) for request_id, rows in pages.items()}


async def count_entries(
    connection: Connection, request_ids: Sequence[str], *, with_internal: bool
) -> dict[str, int]:
    rows = await connection.fetch(_COUNT_OF_MANY, list(request_ids), with_internal)
    return {row["port_request_id"]: row["entries"] for row in rows}


def _entry(row: Row) -> HistoryEntry:
    columns = dict(row)
    return HistoryEntry(**columns | {"line_counts": orjson.loads(columns["line_counts"])})
