"""Port-outs in PostgreSQL, one by one and in lists."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from libs.common.database import Connection, Row
from libs.common.paging import Key, Listing, Page, Slice, read_page
from services.porting.domain.port_outs import PortOut, PortOutStatus

_COLUMNS: Final = """
    id, account_id, gaining_carrier, reference, report_version, supplements, status,
    status_since, received_at, answer_by, version, leaving_count, authorized_by, firm_date,
    ported_out_at, rejection_code, rejection_note, review_by, disputed_at, dispute_statement
"""
_ADD: Final = """
    INSERT INTO port_outs
      (id, account_id, gaining_carrier, reference, report_version, supplements, status,
       status_since, received_at, answer_by, version, leaving_count)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
"""
_LOCK: Final = f"SELECT {_COLUMNS} FROM port_outs WHERE id = $1 FOR UPDATE"
# Every port-out that a carrier's reference has made, in their order.
_LOCK_OF_REFERENCE: Final = f"""
    SELECT {_COLUMNS}
    FROM port_outs
    WHERE gaining_carrier = $1
      AND reference = $2
    ORDER BY id
    FOR UPDATE
"""
_SAVE: Final = """
    UPDATE port_outs
    SET status = $2, status_since = $3, version = $4, leaving_count = $5, authorized_by = $6,
      firm_date = $7, ported_out_at = $8, rejection_code = $9, rejection_note = $10,
      review_by = $11, disputed_at = $12, dispute_statement = $13
    WHERE id = $1
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
# A number is looked for among those that the caller sees.
_WANTED_CONDITION: Final = """
    WHERE ($1::text IS NULL OR account_id = $1)
      AND (
        ($2::text[] IS NULL AND $4::text IS NULL)
        OR EXISTS (
          SELECT FROM port_out_numbers AS number
          WHERE number.port_out_id = port_outs.id
            AND ($2::text[] IS NULL OR number.company_id = ANY($2))
            AND ($4::text IS NULL OR number.tracking_number = $4)
        )
      )
      AND ($3::text[] IS NULL OR status = ANY($3))
      AND ($5::text IS NULL OR gaining_carrier = $5)
      AND ($6::text IS NULL OR reference = $6)
"""
PORT_OUTS: Final = Listing(
    f"SELECT {_COLUMNS} FROM port_outs {_WANTED_CONDITION} {{keyset}} {{order}}",
    parameters=6,
    keys=[Key(column="id", kind=str)],
    descending=True,
)
_COUNT: Final = f"SELECT count(*) FROM port_outs {_WANTED_CONDITION}"


@dataclass(frozen=True, kw_only=True)
class PortOutFilters:
    """None means no limit."""

    account_id: str | None = None
    company_ids: Sequence[str] | None = None
    statuses: Sequence[str] | None = None
    tracking_number: str | None = None
    gaining_carrier: str | None = None
    reference: str | None = None

    @property
    def arguments(self) -> tuple[object, ...]:
        return (
            self.account_id,
            self.company_ids,
            self.statuses,
            self.tracking_number,
            self.gaining_carrier,
            self.reference,
        )


async def add_port_out(connection: Connection, port_out: PortOut) -> None:
    await connection.execute(
        _ADD,
        port_out.id,
        port_out.account_id,
        port_out.gaining_carrier,
        port_out.reference,
        port_out.report_version,
        port_out.supplements,
        port_out.status,
        port_out.status_since,
        port_out.received_at,
        port_out.answer_by,
        port_out.version,
        port_out.leaving_count,
    )


async def lock_port_out(connection: Connection, port_out_id: str) -> PortOut | None:
    row = await connection.fetchrow(_LOCK, port_out_id)
    return _port_out(row) if row else None


async def lock_port_outs_of(
    connection: Connection, gaining_carrier: str, reference: str
) -> list[PortOut]:
    rows = await connection.fetch(_LOCK_OF_REFERENCE, gaining_carrier, reference)
    return [_port_out(row) for row in rows]


async def save_port_out(connection: Connection, port_out: PortOut) -> None:
    await connection.execute(
        _SAVE,
        port_out.id,
        port_out.status,
        port_out.status_since,
        port_out.version,
        port_out.leaving_count,
        port_out.authorized_by,
        port_out.firm_date,
        port_out.ported_out_at,
        port_out.rejection_code,
        port_out.rejection_note,
        port_out.review_by,
        port_out.disputed_at,
        port_out.dispute_statement,
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
    connection: Connection, filters: PortOutFilters, page: Page
) -> Slice[PortOut]:
    rows = await read_page(connection, PORT_OUTS, page, *filters.arguments)
    return rows.map(_port_out)


async def count_port_outs(connection: Connection, filters: PortOutFilters) -> int:
    count: int = await connection.fetchval(_COUNT, *filters.arguments)
    return count


def _port_out(row: Row) -> PortOut:
    return PortOut(**{**dict(row), "status": PortOutStatus(row["status"])})
