"""What a request has of companies that its reader does not see, in PostgreSQL."""

from collections.abc import Collection, Sequence
from typing import Final

from libs.common.database import Connection
from libs.contracts.phone_number import PhoneNumber
from services.porting.domain.lines import LineState

# Requests with a line of none of these companies.
_FIND_MIXED: Final = """
    SELECT wanted.request_id
    FROM unnest($1::text[]) AS wanted (request_id)
    WHERE EXISTS (
      SELECT FROM lines
      WHERE port_request_id = wanted.request_id
        AND company_id <> ALL($2::text[])
    )
"""
# The numbers that stand on hidden lines alone.
_FIND_NUMBERS: Final = """
    SELECT port_request_id, number
    FROM lines
    CROSS JOIN LATERAL (VALUES (tracking_number), (forwarding_number)) AS named (number)
    WHERE port_request_id = ANY($1::text[])
      AND company_id <> ALL($2::text[])
    EXCEPT
    SELECT port_request_id, number
    FROM lines
    CROSS JOIN LATERAL (
      VALUES (tracking_number), (forwarding_number), (billing_number)
    ) AS named (number)
    WHERE port_request_id = ANY($1::text[])
      AND company_id = ANY($2::text[])
"""

_FIND_STATES_SEEN: Final = """
    SELECT DISTINCT port_request_id, state
    FROM lines
    WHERE port_request_id = ANY($1::text[])
      AND company_id = ANY($2::text[])
"""


async def find_mixed_requests(
    connection: Connection, request_ids: Collection[str], company_ids: Sequence[str] | None
) -> set[str]:
    """Those that have lines of other companies; none where `company_ids` is no limit."""
    if company_ids is None or not request_ids:
        return set()
    rows = await connection.fetch(_FIND_MIXED, list(request_ids), list(company_ids))
    return {row["request_id"] for row in rows}


async def find_hidden_numbers(
    connection: Connection, request_ids: Collection[str], company_ids: Sequence[str] | None
) -> dict[str, set[PhoneNumber]]:
    """By request, what lines of other companies have; a request without such is missing."""
    if company_ids is None or not request_ids:
        return {}
    hidden: dict[str, set[PhoneNumber]] = {}
    for row in await connection.fetch(_FIND_NUMBERS, list(request_ids), list(company_ids)):
        hidden.setdefault(row["port_request_id"], set()).add(PhoneNumber(row["number"]))
    return hidden


async def find_states_seen(
    connection: Connection, request_ids: Sequence[str], company_ids: Sequence[str]
) -> dict[str, set[LineState]]:
    """The states that each request's lines in these companies are in."""
    found: dict[str, set[LineState]] = {request_id: set() for request_id in request_ids}
    for row in await connection.fetch(_FIND_STATES_SEEN, list(request_ids), list(company_ids)):
        found[row["port_request_id"]].add(LineState(row["state"]))
    return found
