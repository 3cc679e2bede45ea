"""Port-outs in PostgreSQL, with the checklist of each of their numbers."""

from collections.abc import Sequence
from typing import Final

from libs.common.database import Connection, Row
from libs.common.paging import Key, Listing, Page, Slice, read_page, read_pages
from libs.contracts.phone_number import PhoneNumber
from services.porting.domain.port_outs import PortOut, PortOutNumber, PortOutStatus

_COLUMNS: Final = """
    id, account_id, gaining_carrier, reference, status, received_at, answer_by, version,
    authorized_by, firm_date, ported_out_at
"""
_NUMBER_COLUMNS: Final = """
    tracking_number, number_id, company_id, gaining_carrier_confirmed_at,
    gaining_carrier_confirmed_by, test_call_from, test_called_at, test_call_recorded_by,
    disabled_at, confirmed_at
"""
# The same report twice makes one port-out.
_ADD: Final = """
    INSERT INTO port_outs
      (id, account_id, gaining_carrier, reference, status, received_at, answer_by, version)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
    ON CONFLICT ON CONSTRAINT one_port_out_per_reference DO NOTHING
    RETURNING id
"""
_ADD_NUMBERS: Final = """
    INSERT INTO port_out_numbers
      (port_out_id, account_id, tracking_number, number_id, company_id)
    SELECT $1, $2, added.*
    FROM unnest($3::text[], $4::text[], $5::text[]) AS added
"""
_LOCK: Final = f"SELECT {_COLUMNS} FROM port_outs WHERE id = $1 FOR UPDATE"
# Those still open for a number: an event about it is meant for them.
_OPEN_FOR_NUMBER: Final = """
    SELECT DISTINCT port_out_id
    FROM port_out_numbers
    WHERE number_id = $1
      AND confirmed_at IS NULL
"""
_SAVE: Final = """
    UPDATE port_outs
    SET status = $2, version = $3, authorized_by = $4, firm_date = $5, ported_out_at = $6
    WHERE id = $1
"""
_SAVE_NUMBER: Final = """
    UPDATE port_out_numbers
    SET gaining_carrier_confirmed_at = $3, gaining_carrier_confirmed_by = $4,
      test_call_from = $5, test_called_at = $6, test_call_recorded_by = $7, disabled_at = $8,
      confirmed_at = $9
    WHERE port_out_id = $1
      AND tracking_number = $2
"""
# Those of `ids` that the caller may see: one of their companies has one of the numbers.
_FIND: Final = f"""
    SELECT {_COLUMNS}
    FROM port_outs
    WHERE id = ANY($1::text[])
      AND ($2::text IS NULL OR account_id = $2)
      AND (
        $3::text[] IS NULL
        OR EXISTS (
          SELECT FROM port_out_numbers AS number
          WHERE number.port_out_id = port_outs.id AND number.company_id = ANY($3)
        )
      )
"""
PORT_OUTS: Final = Listing(
    f"""
    SELECT {_COLUMNS}
    FROM port_outs
    WHERE ($1::text IS NULL OR account_id = $1)
      AND (
        $2::text[] IS NULL
        OR EXISTS (
          SELECT FROM port_out_numbers AS number
          WHERE number.port_out_id = port_outs.id AND number.company_id = ANY($2)
        )
      ) {{keyset}} {{order}}
    """,
    parameters=2,
    keys=[Key(column="id", kind=str)],
    descending=True,
)
_COUNT: Final = """
    SELECT count(*)
    FROM port_outs
    WHERE ($1::text IS NULL OR account_id = $1)
      AND (
        $2::text[] IS NULL
        OR EXISTS (
          SELECT FROM port_out_numbers AS number
          WHERE number.port_out_id = port_outs.id AND number.company_id = ANY($2)
        )
      )
"""
_FIND_NUMBERS: Final = f"""
    SELECT {_NUMBER_COLUMNS}
    FROM port_out_numbers
    WHERE port_out_id = $1
    ORDER BY tracking_number
"""
# The same page of each port-out's numbers: the caller sees those of their companies.
NUMBERS: Final = Listing(
    f"""
    SELECT leaving.*
    FROM unnest($1::text[]) AS wanted (port_out_id)
    CROSS JOIN LATERAL (
      SELECT port_out_id, {_NUMBER_COLUMNS}
      FROM port_out_numbers
      WHERE port_out_id = wanted.port_out_id
        AND ($2::text[] IS NULL OR company_id = ANY($2)) {{keyset}} {{order}}
    ) AS leaving
    """,
    parameters=2,
    keys=[Key(column="tracking_number", kind=str)],
)


async def add_port_out(
    connection: Connection, port_out: PortOut, numbers: Sequence[PortOutNumber]
) -> bool:
    """False where this gaining carrier has reported the same reference before."""
    added = await connection.fetchval(
        _ADD,
        port_out.id,
        port_out.account_id,
        port_out.gaining_carrier,
        port_out.reference,
        port_out.status,
        port_out.received_at,
        port_out.answer_by,
        port_out.version,
    )
    if added is None:
        return False
    await connection.execute(
        _ADD_NUMBERS,
        port_out.id,
        port_out.account_id,
        [number.tracking_number for number in numbers],
        [number.number_id for number in numbers],
        [number.company_id for number in numbers],
    )
    return True


async def lock_port_out(connection: Connection, port_out_id: str) -> PortOut | None:
    row = await connection.fetchrow(_LOCK, port_out_id)
    return _port_out(row) if row else None


async def find_open_port_outs(connection: Connection, number_id: str) -> list[str]:
    rows = await connection.fetch(_OPEN_FOR_NUMBER, number_id)
    return [row["port_out_id"] for row in rows]


async def save_port_out(connection: Connection, port_out: PortOut) -> None:
    await connection.execute(
        _SAVE,
        port_out.id,
        port_out.status,
        port_out.version,
        port_out.authorized_by,
        port_out.firm_date,
        port_out.ported_out_at,
    )


async def save_port_out_number(
    connection: Connection, port_out_id: str, number: PortOutNumber
) -> None:
    await connection.execute(
        _SAVE_NUMBER,
        port_out_id,
        number.tracking_number,
        number.gaining_carrier_confirmed_at,
        number.gaining_carrier_confirmed_by,
        number.test_call_from,
        number.test_called_at,
        number.test_call_recorded_by,
        number.disabled_at,
        number.confirmed_at,
    )


async def find_port_outs(
    connection: Connection,
    ids: Sequence[str],
    account_id: str | None,
    company_ids: Sequence[str] | None,
) -> dict[str, PortOut]:
    rows = await connection.fetch(_FIND, list(ids), account_id, company_ids)
    return {row["id"]: _port_out(row) for row in rows}


async def find_port_out_page(
    connection: Connection,
    account_id: str | None,
    company_ids: Sequence[str] | None,
    page: Page,
) -> Slice[PortOut]:
    rows = await read_page(connection, PORT_OUTS, page, account_id, company_ids)
    return rows.map(_port_out)


async def count_port_outs(
    connection: Connection, account_id: str | None, company_ids: Sequence[str] | None
) -> int:
    count: int = await connection.fetchval(_COUNT, account_id, company_ids)
    return count


async def find_port_out_numbers(
    connection: Connection, port_out_id: str
) -> list[PortOutNumber]:
    return [_number(row) for row in await connection.fetch(_FIND_NUMBERS, port_out_id)]


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


def _port_out(row: Row) -> PortOut:
    return PortOut(**{**dict(row), "status": PortOutStatus(row["status"])})


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
