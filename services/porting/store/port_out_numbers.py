"""The numbers of port-outs in PostgreSQL, with the checklist of each."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from libs.common.database import Connection, Row
from libs.common.paging import Key, Listing, Page, Slice, read_pages
from libs.contracts.phone_number import PhoneNumber
from services.porting.domain.port_outs import PortOutNumber

_COLUMNS: Final = """
    tracking_number, number_id, company_id, ported_out_at, stays_since,
    gaining_carrier_confirmed_at, gaining_carrier_confirmed_by, test_call_from, test_called_at,
    test_call_recorded_by, disabled_at, disabled_by, confirmed_at
"""
_ADD: Final = """
    INSERT INTO port_out_numbers
      (port_out_id, account_id, tracking_number, number_id, company_id)
    SELECT $1, $2, added.*
    FROM unnest($3::text[], $4::text[], $5::text[]) AS added
"""
# Which of these leave by a port-out that is open, and by which.
_FIND_LEAVING: Final = """
    SELECT tracking_number, port_out_id
    FROM port_out_numbers
    WHERE tracking_number = ANY($1::text[])
      AND ported_out_at IS NULL
      AND stays_since IS NULL
"""
# Those of one port-out that are named, or all.
_FIND: Final = f"""
    SELECT {_COLUMNS}
    FROM port_out_numbers
    WHERE port_out_id = $1
      AND ($2::text[] IS NULL OR tracking_number = ANY($2))
    ORDER BY tracking_number
"""
_FIND_COMPANIES: Final = """
    SELECT DISTINCT company_id
    FROM port_out_numbers
    WHERE port_out_id = $1
    ORDER BY company_id
"""
# An event about a number is meant for the port-outs that are not done with it.
_FIND_OPEN_FOR_NUMBER: Final = """
    SELECT port_out_id, tracking_number
    FROM port_out_numbers
    WHERE number_id = $1
      AND confirmed_at IS NULL
      AND stays_since IS NULL
    ORDER BY port_out_id
"""
_LEAVE: Final = """
    UPDATE port_out_numbers
    SET ported_out_at = $3
    WHERE port_out_id = $1
      AND tracking_number = ANY($2::text[])
"""
_STAY: Final = """
    UPDATE port_out_numbers
    SET stays_since = $3
    WHERE port_out_id = $1
      AND tracking_number = ANY($2::text[])
"""
_SAVE: Final = """
    UPDATE port_out_numbers
    SET gaining_carrier_confirmed_at = $3, gaining_carrier_confirmed_by = $4,
      test_call_from = $5, test_called_at = $6, test_call_recorded_by = $7, disabled_at = $8,
      disabled_by = $9, confirmed_at = $10
    WHERE port_out_id = $1
      AND tracking_number = $2
"""
_COUNT_UNCONFIRMED: Final = """
    SELECT count(*)
    FROM port_out_numbers
    WHERE port_out_id = $1
      AND confirmed_at IS NULL
      AND stays_since IS NULL
"""
# Also one that is disabled: it still stands among the account's numbers.
_IS_IN_INVENTORY: Final = """
    SELECT EXISTS (
      SELECT FROM inventory_numbers
      WHERE tracking_number = $1
        AND account_id = $2
        AND state <> 'RELEASED'
    )
"""
# The same page of each port-out's numbers: the caller sees those of their companies.
NUMBERS: Final = Listing(
    f"""
    SELECT leaving.*
    FROM unnest($1::text[]) AS wanted (port_out_id)
    CROSS JOIN LATERAL (
      SELECT port_out_id, {_COLUMNS}
      FROM port_out_numbers
      WHERE port_out_id = wanted.port_out_id
        AND ($2::text[] IS NULL OR company_id = ANY($2)) {{keyset}} {{order}}
    ) AS leaving
    """,
    parameters=2,
    keys=[Key(column="tracking_number", kind=str)],
)


async def add_port_out_numbers(
    connection: Connection,
    port_out_id: str,
    account_id: str,
    numbers: Sequence[PortOutNumber],
) -> None:
    await connection.execute(
        _ADD,
        port_out_id,
        account_id,
        [number.tracking_number for number in numbers],
        [number.number_id for number in numbers],
        [number.company_id for number in numbers],
    )


async def find_leaving(connection: Connection, numbers: Sequence[str]) -> dict[str, str]:
    """By which open port-out each of them leaves; without those that leave by none."""
    rows = await connection.fetch(_FIND_LEAVING, list(numbers))
    return {row["tracking_number"]: row["port_out_id"] for row in rows}


async def find_port_out_numbers(
    connection: Connection, port_out_id: str, named: Sequence[str] | None = None
) -> list[PortOutNumber]:
    names = None if named is None else list(named)
    return [_number(row) for row in await connection.fetch(_FIND, port_out_id, names)]


async def find_companies(connection: Connection, port_out_id: str) -> list[str]:
    """The companies that have any of its numbers."""
    rows = await connection.fetch(_FIND_COMPANIES, port_out_id)
    return [row["company_id"] for row in rows]


async def find_open_port_outs(connection: Connection, number_id: str) -> list[tuple[str, str]]:
    """Each port-out that is not done with the number, and how it names it."""
    rows = await connection.fetch(_FIND_OPEN_FOR_NUMBER, number_id)
    return [(row["port_out_id"], row["tracking_number"]) for row in rows]


async def let_numbers_leave(
    connection: Connection, port_out_id: str, numbers: Sequence[PortOutNumber], at: datetime
) -> None:
    await connection.execute(_LEAVE, port_out_id, _names(numbers), at)


async def let_numbers_stay(
    connection: Connection, port_out_id: str, numbers: Sequence[PortOutNumber], at: datetime
) -> None:
    await connection.execute(_STAY, port_out_id, _names(numbers), at)


async def save_port_out_number(
    connection: Connection, port_out_id: str, number: PortOutNumber
) -> None:
    await connection.execute(
        _SAVE,
        port_out_id,
        number.tracking_number,
        number.gaining_carrier_confirmed_at,
        number.gaining_carrier_confirmed_by,
        number.test_call_from,
        number.test_called_at,
        number.test_call_recorded_by,
        number.disabled_at,
        number.disabled_by,
        number.confirmed_at,
    )


async def count_unconfirmed(connection: Connection, port_out_id: str) -> int:
    """How many are left to confirm before the port-out is over."""
    count: int = await connection.fetchval(_COUNT_UNCONFIRMED, port_out_id)
    return count


async def is_in_inventory(connection: Connection, number: str, account_id: str) -> bool:
    found: bool = await connection.fetchval(_IS_IN_INVENTORY, number, account_id)
    return found


async def find_number_pages(
    connection: Connection,
    port_out_ids: Sequence[str],
    company_ids: Sequence[str] | None,
    page: Page,
) -> dict[str, Slice[PortOutNumber]]:
    """The same page of each port-out's numbers; one without any is missing."""
    pages = await read_pages(
        connection, NUMBERS, page, "port_out_id", list(port_out_ids), company_ids
    )
    return {port_out_id: rows.map(_number) for port_out_id, rows in pages.items()}


def _names(numbers: Sequence[PortOutNumber]) -> list[str]:
    return [number.tracking_number for number in numbers]


def _number(row: Row) -> PortOutNumber:
    columns = dict(row)
    columns.pop("port_out_id", None)
    caller = columns["test_call_from"]
    return PortOutNumber(
        **{
            **columns,
            "tracking_number": PhoneNumber(columns["tracking_number"]),
            "test_call_from": PhoneNumber(caller) if caller else None,
        }
    )
