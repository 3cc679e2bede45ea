"""What went between us and carriers, as the desk reads it."""

from collections.abc import Sequence
from typing import Final

from libs.common.database import Connection, Row
from libs.common.paging import Key, Listing, Page, Slice, read_page
from services.porting.domain.carriers import MessageDirection, MessageRecord, MessageState

_COLUMNS: Final = """
    id, seq, direction, kind, carrier, reference, order_version, port_request_id, numbers, raw,
    state, reason, times, attempts, confirmed_at, recorded_at, next_attempt_at
"""
# Newest first; of one request, in one of some states, or all where NULL.
MESSAGES: Final = Listing(
    f"""
    SELECT {_COLUMNS}
    FROM carrier_messages
    WHERE ($1::text IS NULL OR port_request_id = $1)
      AND ($2::text[] IS NULL OR state = ANY($2)) {{keyset}} {{order}}
    """,
    parameters=2,
    keys=[Key(column="seq", kind=int)],
    descending=True,
)
_COUNT: Final = """
    SELECT count(*)
    FROM carrier_messages
    WHERE ($1::text IS NULL OR port_request_id = $1)
      AND ($2::text[] IS NULL OR state = ANY($2))
"""
_FIND: Final = f"SELECT {_COLUMNS} FROM carrier_messages WHERE id = $1"
# One that was given up is due again, with all its tries.
_TRY_AGAIN: Final = f"""
    UPDATE carrier_messages
    SET state = 'waiting', reason = NULL, attempts = 0, next_attempt_at = clock_timestamp()
    WHERE id = $1
      AND state = 'dead'
    RETURNING {_COLUMNS}
"""


async def find_message_page(
    connection: Connection,
    request_id: str | None,
    states: Sequence[MessageState] | None,
    page: Page,
) -> Slice[MessageRecord]:
    rows = await read_page(connection, MESSAGES, page, request_id, _names(states))
    return rows.map(_record)


async def count_messages(
    connection: Connection, request_id: str | None, states: Sequence[MessageState] | None
) -> int:
    counted: int = await connection.fetchval(_COUNT, request_id, _names(states))
    return counted


async def find_message(connection: Connection, message_id: str) -> MessageRecord | None:
    row = await connection.fetchrow(_FIND, message_id)
    return _record(row) if row else None


async def try_message_again(connection: Connection, message_id: str) -> MessageRecord | None:
    """None where it was not given up."""
    row = await connection.fetchrow(_TRY_AGAIN, message_id)
    return _record(row) if row else None


def _names(states: Sequence[MessageState] | None) -> list[str] | None:
    return None if states is None else [state.value for state in states]


def _record(row: Row) -> MessageRecord:
    columns = dict(row)
    columns.pop("seq")
    return MessageRecord(
        **columns
        | {
            "direction": MessageDirection(columns["direction"]),
            "state": MessageState(columns["state"]),
        }
    )
