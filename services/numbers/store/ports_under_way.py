"""Copies of porting's ports, as far as they tie an account; and all that ties it, read at once."""

from collections.abc import Mapping, Sequence

from libs.common.database import Connection
from libs.contracts.phone_number import PhoneNumber
from services.numbers.domain.account_actions import Ties
from services.numbers.domain.ports_under_way import LeavingNews, PortRequestNews

# A batch may hold one request twice: its newest news is kept, and never over newer news.
_KEEP_PORT_REQUESTS = """
    INSERT INTO port_requests (port_request_id, account_id, is_open, version)
    SELECT DISTINCT ON (port_request_id) port_request_id, account_id, is_open, version
    FROM unnest($1::text[], $2::text[], $3::boolean[], $4::integer[])
      AS heard (port_request_id, account_id, is_open, version)
    ORDER BY port_request_id, version DESC
    ON CONFLICT (port_request_id) DO UPDATE
    SET is_open = excluded.is_open, version = excluded.version
    WHERE port_requests.version < excluded.version
"""
# A batch may hold one number twice. What is confirmed stays so, unless the number comes back.
_KEEP_LEAVING = """
    INSERT INTO port_out_numbers (port_out_id, phone_number, account_id, state, version)
    SELECT DISTINCT ON (port_out_id, phone_number)
      port_out_id, phone_number, account_id, state, version
    FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::integer[])
      AS heard (port_out_id, phone_number, account_id, state, version)
    ORDER BY port_out_id, phone_number, version DESC
    ON CONFLICT ON CONSTRAINT one_state_per_number_of_a_port_out DO UPDATE
    SET state = excluded.state, version = excluded.version
    WHERE port_out_numbers.version < excluded.version
      AND NOT (port_out_numbers.state = 'CONFIRMED' AND excluded.state = 'LEFT')
"""
# Those that stay, by what has been heard of a port-out.
_FIND_STAYING = """
    SELECT phone_number
    FROM port_out_numbers
    WHERE port_out_id = $1
      AND phone_number = ANY($2::text[])
      AND state = 'STAYED'
"""
# What still ties each account.
_FIND_TIES = """
    SELECT wanted.account_id,
      EXISTS (
        SELECT
        FROM port_requests
        WHERE account_id = wanted.account_id
          AND is_open
      ) AS has_open_port_in,
      EXISTS (
        SELECT
        FROM port_out_numbers
        WHERE account_id = wanted.account_id
          AND state = 'LEAVING'
      ) AS has_open_port_out,
      EXISTS (
        SELECT
        FROM port_out_numbers
        WHERE account_id = wanted.account_id
          AND state = 'LEFT'
      ) AS has_unconfirmed,
      EXISTS (
        SELECT
        FROM tracking_numbers
        WHERE account_id = wanted.account_id
          AND tab IN ('PENDING', 'ACTIVE')
      ) AS has_numbers
    FROM unnest($1::text[]) AS wanted (account_id)
"""


async def keep_port_requests(connection: Connection, news: Sequence[PortRequestNews]) -> None:
    await connection.execute(
        _KEEP_PORT_REQUESTS,
        [each.port_request_id for each in news],
        [each.account_id for each in news],
        [each.is_open for each in news],
        [each.version for each in news],
    )


async def keep_leaving_numbers(connection: Connection, news: Sequence[LeavingNews]) -> None:
    await connection.execute(
        _KEEP_LEAVING,
        [each.port_out_id for each in news],
        [each.phone_number for each in news],
        [each.account_id for each in news],
        [each.state for each in news],
        [each.version for each in news],
    )


async def find_staying_numbers(
    connection: Connection, port_out_id: str, phone_numbers: Sequence[PhoneNumber]
) -> set[str]:
    rows = await connection.fetch(_FIND_STAYING, port_out_id, phone_numbers)
    return {row["phone_number"] for row in rows}


async def find_ties(connection: Connection, account_ids: Sequence[str]) -> Mapping[str, Ties]:
    rows = await connection.fetch(_FIND_TIES, account_ids)
    return {
        row["account_id"]: Ties(
            has_open_port_in=row["has_open_port_in"],
            has_open_port_out=row["has_open_port_out"],
            has_unconfirmed=row["has_unconfirmed"],
            has_numbers=row["has_numbers"],
        )
        for row in rows
    }
