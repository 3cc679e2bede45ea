"""What a request's estimate is made of, read from its papers and lines."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from libs.common.database import Connection, Row
from libs.common.ids import made_at
from services.porting.domain.documents import PROOFS
from services.porting.domain.estimates import Received

# Of requests that are submitted and not finished. The dates only where some line has one, and
# then null as long as another has none; dates and carriers of lines in these companies only,
# where some are named.
_FIND: Final = """
    SELECT r.id, r.submitted_at, r.line_count, letter.id AS letter_id, letter.signed_at,
      coalesce(ordered.carriers, ARRAY[letter.carrier]) AS carriers, proof.proof_at,
      proof.is_replaced, earlier.has_signed, dated.first_day, dated.last_day, coalesce(dated.is_whole, false)
        AS has_firm_dates
    FROM port_requests AS r
    LEFT JOIN LATERAL (
      SELECT id, signed_at, subscriber ->> 'losing_carrier' AS carrier
      FROM letters
      WHERE port_request_id = r.id
        AND tracking_number IS NULL
        AND state <> 'SUPERSEDED'
    ) AS letter ON true
    CROSS JOIN LATERAL (
      SELECT count(*) > 0 AS has_signed
      FROM letters
      WHERE port_request_id = r.id
        AND tracking_number IS NULL
        AND state = 'SUPERSEDED'
        AND signed_at IS NOT NULL
    ) AS earlier
    CROSS JOIN LATERAL (
      SELECT min(attached_at) FILTER (WHERE review_state <> 'REFUSED') AS proof_at,
        bool_or(review_state = 'REFUSED' AND attached_at <= r.submitted_at) AS is_replaced
      FROM documents
      WHERE port_request_id = r.id
        AND kind = ANY($2::text[])
    ) AS proof
    CROSS JOIN LATERAL (
      SELECT array_agg(DISTINCT losing_carrier) AS carriers
      FROM carrier_orders AS o
      WHERE port_request_id = r.id
        AND ($3::text[] IS NULL OR EXISTS (
          SELECT FROM lines
          WHERE carrier_order_id = o.id
            AND company_id = ANY($3)
        ))
    ) AS ordered
    LEFT JOIN LATERAL (
      SELECT min(firm_date) AS first_day, max(firm_date) AS last_day,
        bool_and(firm_date IS NOT NULL) AS is_whole
      FROM lines
      WHERE port_request_id = r.id
        AND state NOT IN ('PORTED', 'CANCELLED', 'REVERTED', 'NOT_PORTABLE')
        AND ($3::text[] IS NULL OR company_id = ANY($3))
    ) AS dated ON r.earliest_firm_date < 'infinity'
    WHERE r.id = ANY($1::text[])
      AND r.is_open
      AND r.submitted_at IS NOT NULL
"""


@dataclass(frozen=True, kw_only=True)
class EstimateGround:
    """`firm_dates`: the first and last, where every line that has still to move has one."""

    received: Received
    line_count: int
    carriers: Sequence[str]
    firm_dates: tuple[date, date] | None


async def find_estimate_grounds(
    connection: Connection, request_ids: Sequence[str], company_ids: Sequence[str] | None
) -> dict[str, EstimateGround]:
    """One that is not submitted, or finished, is missing."""
    rows = await connection.fetch(_FIND, list(request_ids), sorted(PROOFS), company_ids)
    return {row["id"]: _ground(row) for row in rows}


def _ground(row: Row) -> EstimateGround:
    submitted_at, letter_id = row["submitted_at"], row["letter_id"]
    received = Received(
        submitted_at=submitted_at,
        proof_at=row["proof_at"],
        signed_at=row["signed_at"],
        has_lost_proof=bool(row["is_replaced"]),
        # One that was signed and replaced while this was a draft was never relied upon.
        has_lost_letter=row["has_signed"]
        and letter_id is not None
        and made_at(letter_id) > submitted_at,
    )
    return EstimateGround(
        received=received,
        line_count=row["line_count"],
        carriers=[name for name in row["carriers"] if name],
        firm_dates=(row["first_day"], row["last_day"]) if row["has_firm_dates"] else None,
    )
