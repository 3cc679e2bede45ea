"""The history of port-outs in PostgreSQL: rows are added and read, never changed."""

from collections.abc import Sequence
from typing import Final

from libs.common.database import Connection
from libs.common.paging import Key, Listing, Page, Slice, read_pages
from services.porting.domain.history import PortOutHistoryEntry

# Who acts is a setting of the transaction; where nothing is said, it is nobody in particular.
_ADD: Final = """
    INSERT INTO port_out_history
      (port_out_id, account_id, actor, version, at, event_type, status, number_count, reason,
       correlation_id)
    SELECT $1, $2, coalesce(nullif(current_setting('app.actor', true), ''), 'system'), added.*
    FROM unnest(
      $3::integer[], $4::timestamptz[], $5::text[], $6::text[], $7::integer[], $8::text[],
      $9::text[]
    ) AS added
"""
# Of each of many port-outs. `member:mem_…` finds the name.
HISTORY: Final = Listing(
    """
    SELECT entry.*
    FROM unnest($1::text[]) AS wanted (port_out_id)
    CROSS JOIN LATERAL (
      SELECT port_out_id, version, at, event_type, status, number_count, reason,
        correlation_id, actor,
        (SELECT name FROM members WHERE member_id = substr(actor, 8)) AS member_name
      FROM port_out_history
      WHERE port_out_id = wanted.port_out_id {keyset} {order}
    ) AS entry
    """,
    parameters=1,
    keys=[Key(column="version", kind=int)],
)


async def add_entries(
    connection: Connection,
    port_out_id: str,
    account_id: str,
    entries: Sequence[PortOutHistoryEntry],
) -> None:
    await connection.execute(
        _ADD,
        port_out_id,
        account_id,
        [entry.version for entry in entries],
        [entry.at for entry in entries],
        [entry.event_type for entry in entries],
        [entry.status for entry in entries],
        [entry.number_count for entry in entries],
        [entry.reason for entry in entries],
        [entry.correlation_id for entry in entries],
    )


async def find_history_pages(
    connection: Connection, port_out_ids: Sequence[str], page: Page
) -> dict[str, Slice[PortOutHistoryEntry]]:
    """A port-out without entries is missing."""
    pages = await read_pages(connection, HISTORY, page, "port_out_id", list(port_out_ids))
    return {
        port_out_id: rows.map(lambda row: PortOutHistoryEntry(**dict(row)))
        for port_out_id, rows in pages.items()
    }
