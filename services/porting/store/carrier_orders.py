"""Carrier orders in PostgreSQL, and which line belongs to which."""

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Final

from libs.common.database import Connection, Row
from libs.common.paging import Key, Listing, Page, Slice, read_pages
from libs.contracts.phone_number import PhoneNumber
from services.porting.domain.carrier_orders import CarrierOrder, OrderKey
from services.porting.domain.lines import LineState
from services.porting.store.lines import LINE_COLUMNS, Line, read_line, read_lines

_ADD: Final = """
    INSERT INTO carrier_orders
      (id, port_request_id, account_id, losing_carrier, losing_carrier_key, country, is_toll_free,
       losing_account, billing_number, created_at, requested_firm_date)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
"""
# Each order with the states of its lines; of these companies only where some are named, and then
# without the orders that have none of theirs.
_FIND: Final = """
    SELECT o.id, o.port_request_id, o.losing_carrier, o.country, o.is_toll_free,
      o.losing_account, o.billing_number, o.created_at, o.requested_firm_date, o.sent_at,
      o.carrier_reference, counted.line_counts, counted.firm_date
    FROM carrier_orders AS o
    CROSS JOIN LATERAL (
      SELECT jsonb_object_agg(state, lines) AS line_counts,
        CASE WHEN bool_and(is_dated OR is_ended) THEN
          max(firm_date) FILTER (WHERE state NOT IN ('CANCELLED', 'NOT_PORTABLE'))
        END AS firm_date
      FROM (
        SELECT state, count(*) AS lines, max(firm_date) AS firm_date,
          bool_and(firm_date IS NOT NULL) AS is_dated,
          state IN ('PORTED', 'REVERTED', 'CANCELLED', 'NOT_PORTABLE') AS is_ended
        FROM lines
        WHERE carrier_order_id = o.id
          AND ($2::text[] IS NULL OR company_id = ANY($2))
        GROUP BY state
      ) AS by_state
    ) AS counted
    WHERE o.port_request_id = ANY($1::text[])
      AND ($2::text[] IS NULL OR counted.line_counts IS NOT NULL)
    ORDER BY o.id
"""
# The losing carrier of the lines, all or the named ones, and its orders' countries.
_FIND_CARRIERS: Final = """
    SELECT DISTINCT o.losing_carrier, o.country
    FROM lines
    JOIN carrier_orders AS o ON o.id = lines.carrier_order_id
    WHERE lines.port_request_id = $1
      AND ($2::text[] IS NULL OR lines.tracking_number = ANY($2))
"""
_FIND_UNASSIGNED: Final = """
    SELECT tracking_number
    FROM lines
    WHERE port_request_id = $1
      AND state = ANY($2::text[])
      AND carrier_order_id IS NULL
    ORDER BY id
"""
_ASSIGN: Final = """
    UPDATE lines
    SET carrier_order_id = $2
    WHERE port_request_id = $1
      AND tracking_number = ANY($3::text[])
"""
_ASSIGN_THOSE_OF: Final = """
    UPDATE lines
    SET carrier_order_id = $2
    WHERE port_request_id = $1
      AND carrier_order_id = ANY($3::text[])
"""
# What the desk has emptied before anybody saw it.
_REMOVE_EMPTY: Final = """
    DELETE FROM carrier_orders AS o
    WHERE o.port_request_id = $1
      AND o.sent_at IS NULL
      AND NOT EXISTS (SELECT FROM lines WHERE carrier_order_id = o.id)
"""
# The lines of orders that are older than this and not sent stand in none.
_DISSOLVE: Final = """
    UPDATE lines
    SET carrier_order_id = NULL
    FROM carrier_orders AS o
    WHERE o.port_request_id = $1
      AND o.sent_at IS NULL
      AND o.created_at < $2
      AND lines.carrier_order_id = o.id
"""
_SEND_LINES: Final = f"""
    UPDATE lines
    SET state = 'WITH_CARRIER'
    WHERE port_request_id = $1
      AND carrier_order_id = ANY($2::text[])
      AND state = ANY($3::text[])
    RETURNING {LINE_COLUMNS}
"""
# An order that is sent again, for a corrected line, keeps the day on which it first was.
_MARK_SENT: Final = """
    UPDATE carrier_orders
    SET sent_at = coalesce(sent_at, $2)
    WHERE id = ANY($1::text[])
"""
_REQUEST_FIRM_DATE: Final = """
    UPDATE carrier_orders
    SET requested_firm_date = $2
    WHERE id = ANY($1::text[])
"""
_KEEP_REFERENCE: Final = "UPDATE carrier_orders SET carrier_reference = $2 WHERE id = $1"
# The same page of the lines of each of many orders.
LINES_OF_ORDERS: Final = Listing(
    f"""
    SELECT line.*
    FROM unnest($1::text[]) AS wanted (order_id)
    CROSS JOIN LATERAL (
      SELECT {LINE_COLUMNS}
      FROM lines
      WHERE carrier_order_id = wanted.order_id
        AND ($2::text[] IS NULL OR company_id = ANY($2)) {{keyset}} {{order}}
    ) AS line
    """,
    parameters=2,
    keys=[Key(column="id", kind=str)],
)


async def add_carrier_order(
    connection: Connection, account_id: str, order: CarrierOrder
) -> None:
    key = order.key
    await connection.execute(
        _ADD,
        order.id,
        order.port_request_id,
        account_id,
        key.losing_carrier,
        order.carrier.key,
        key.country,
        key.is_toll_free,
        key.losing_account,
        key.billing_number,
        order.created_at,
        order.requested_firm_date,
    )


async def find_carrier_orders(
    connection: Connection, request_ids: Sequence[str], company_ids: Sequence[str] | None
) -> dict[str, list[CarrierOrder]]:
    """Of each request, the oldest first; one without any is missing."""
    found: dict[str, list[CarrierOrder]] = {}
    for row in await connection.fetch(_FIND, list(request_ids), company_ids):
        found.setdefault(row["port_request_id"], []).append(_order(row))
    return found


async def find_carriers(
    connection: Connection, request_id: str, numbers: Sequence[str] | None
) -> list[tuple[str, str]]:
    """Names and countries, of the lines that are in a carrier order."""
    rows = await connection.fetch(_FIND_CARRIERS, request_id, numbers)
    return [(row["losing_carrier"], row["country"]) for row in rows]


async def find_unassigned(
    connection: Connection, request_id: str, states: Sequence[str]
) -> list[PhoneNumber]:
    rows = await connection.fetch(_FIND_UNASSIGNED, request_id, list(states))
    return [PhoneNumber(row["tracking_number"]) for row in rows]


async def assign_lines(
    connection: Connection, request_id: str, order_id: str, numbers: Sequence[str]
) -> None:
    await connection.execute(_ASSIGN, request_id, order_id, list(numbers))


async def assign_lines_of_orders(
    connection: Connection, request_id: str, order_id: str, from_ids: Sequence[str]
) -> None:
    await connection.execute(_ASSIGN_THOSE_OF, request_id, order_id, list(from_ids))


async def remove_empty_orders(connection: Connection, request_id: str) -> None:
    await connection.execute(_REMOVE_EMPTY, request_id)


async def dissolve_orders(
    connection: Connection, request_id: str, older_than: datetime
) -> None:
    await connection.execute(_DISSOLVE, request_id, older_than)
    await remove_empty_orders(connection, request_id)


async def send_lines(
    connection: Connection,
    request_id: str,
    order_ids: Sequence[str],
    before: Sequence[str],
    sent_at: datetime,
) -> list[Line]:
    await connection.execute(_MARK_SENT, list(order_ids), sent_at)
    return read_lines(
        await connection.fetch(_SEND_LINES, request_id, list(order_ids), list(before))
    )


async def request_firm_date(
    connection: Connection, order_ids: Sequence[str], firm_date: date
) -> None:
    await connection.execute(_REQUEST_FIRM_DATE, list(order_ids), firm_date)


async def keep_reference(connection: Connection, order_id: str, reference: str) -> None:
    await connection.execute(_KEEP_REFERENCE, order_id, reference)


async def find_order_line_pages(
    connection: Connection,
    order_ids: Sequence[str],
    company_ids: Sequence[str] | None,
    page: Page,
) -> dict[str, Slice[Line]]:
    """An order without lines is missing."""
    pages = await read_pages(
        connection, LINES_OF_ORDERS, page, "carrier_order_id", list(order_ids), company_ids
    )
    return {order_id: rows.map(read_line) for order_id, rows in pages.items()}


def _order(row: Row) -> CarrierOrder:
    columns = dict(row)
    counts: Mapping[str, int] = json.loads(columns.pop("line_counts") or "{}")
    billing_number = columns["billing_number"]
    columns["billing_number"] = PhoneNumber(billing_number) if billing_number else None
    key = OrderKey(
        **{
            name: columns.pop(name)
            for name in (
                "losing_carrier",
                "country",
                "is_toll_free",
                "losing_account",
                "billing_number",
            )
        }
    )
    return CarrierOrder(
        **columns,
        key=key,
        line_counts={LineState(state): count for state, count in counts.items()},
    )
