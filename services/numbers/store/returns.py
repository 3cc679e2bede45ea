"""Numbers that come back into use: every statement that only these need."""

from collections.abc import Sequence

from libs.common.database import Connection
from libs.contracts.phone_number import PhoneNumber
from services.numbers.domain.tracking_numbers import TrackingNumber
from services.numbers.store.tracking_numbers import NUMBER_COLUMNS, number_of

# Those that a port-out took along, wherever they stand since.
_LOCK_OF_PORT_OUT = f"""
    SELECT {NUMBER_COLUMNS}
    FROM tracking_numbers
    WHERE account_id = $1
      AND phone_number = ANY($2::text[])
      AND port_out_id = $3
    ORDER BY id
    FOR UPDATE
"""
# Those whose telephone number has meanwhile come to us again, as another number in inventory.
_FIND_REPLACED = """
    SELECT number.id
    FROM tracking_numbers AS number
    JOIN tracking_numbers AS other USING (phone_number)
    WHERE number.id = ANY($1::text[])
      AND other.id <> number.id
      AND (
        other.state NOT IN ('DISABLED', 'RELEASED')
        OR other.state = 'DISABLED' AND other.ported_out_at IS NULL
      )
"""
# Over all accounts: which of these would ring at one that is in inventory.
_FIND_CHAINED = """
    SELECT number.id
    FROM tracking_numbers AS number
    JOIN find_live_numbers($2::text[]) AS live ON live.phone_number = number.forwarding_number
    WHERE number.id = ANY($1::text[])
"""


async def lock_numbers_of_port_out(
    connection: Connection,
    account_id: str,
    port_out_id: str,
    phone_numbers: Sequence[PhoneNumber],
) -> list[TrackingNumber]:
    rows = await connection.fetch(_LOCK_OF_PORT_OUT, account_id, phone_numbers, port_out_id)
    return [number_of(row) for row in rows]


async def find_replaced(connection: Connection, number_ids: Sequence[str]) -> set[str]:
    rows = await connection.fetch(_FIND_REPLACED, number_ids)
    return {row["id"] for row in rows}


async def find_chained(connection: Connection, numbers: Sequence[TrackingNumber]) -> set[str]:
    """The ids of those that ring at one that is in inventory, of whatever account."""
    rows = await connection.fetch(
        _FIND_CHAINED,
        [number.id for number in numbers],
        [number.forwarding_number for number in numbers],
    )
    return {row["id"] for row in rows}
