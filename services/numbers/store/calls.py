"""Calls: which numbers they reach, and how many reached none."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from libs.common.database import Connection
from libs.contracts.phone_number import PhoneNumber
from services.numbers.domain.tracking_numbers import WAITING_FOR_A_CALL, TrackingNumber
from services.numbers.store.tracking_numbers import number_of

# Which of the called numbers wait for their first call. Calls for a number that is not live
# here are counted, those alone that are later than the last counted one: calls come without an
# inbox, and what is told again is no new call. All other calls cost this read and no write.
_LOCK_CALLED = """
    WITH calls AS (
      SELECT phone_number, called_at
      FROM unnest($1::text[], $2::timestamptz[]) AS told (phone_number, called_at)
    ),
    called AS (
      SELECT phone_number, min(called_at) AS called_at, max(called_at) AS last_called_at,
        count(*) AS call_count
      FROM calls
      GROUP BY phone_number
    ),
    counted AS (
      INSERT INTO unknown_calls (phone_number, call_count, last_called_at)
      SELECT phone_number, call_count, last_called_at
      FROM called
      WHERE NOT EXISTS (
        SELECT
        FROM tracking_numbers AS live
        WHERE live.phone_number = called.phone_number
          AND live.state NOT IN ('DISABLED', 'RELEASED')
      )
      ORDER BY phone_number
      ON CONFLICT (phone_number) DO UPDATE
      SET call_count = unknown_calls.call_count + (
          SELECT count(*)
          FROM calls
          WHERE calls.phone_number = unknown_calls.phone_number
            AND calls.called_at > unknown_calls.last_called_at
        ),
        last_called_at = excluded.last_called_at
      WHERE unknown_calls.last_called_at < excluded.last_called_at
    )
    SELECT number.id, account_id, company_id, version, state, number.phone_number,
      forwarding_number, name, source, port_request_id, line_id, port_out_id, ported_at,
      first_called_at, ported_out_at, disabled_at, disabled_by, called.called_at
    FROM called
    JOIN tracking_numbers AS number ON number.phone_number = called.phone_number
    WHERE number.state NOT IN ('DISABLED', 'RELEASED')
      AND number.state = ANY($3::text[])
    ORDER BY number.id
    FOR UPDATE OF number
"""


@dataclass(frozen=True, kw_only=True)
class CalledNumber:
    """`called_at` is the earliest call of the batch."""

    number: TrackingNumber
    called_at: datetime


async def lock_called_numbers(
    connection: Connection,
    phone_numbers: Sequence[PhoneNumber],
    called_at: Sequence[datetime],
) -> list[CalledNumber]:
    """Those that wait for their first call; calls for unknown numbers are counted."""
    rows = await connection.fetch(
        _LOCK_CALLED, phone_numbers, called_at, list(WAITING_FOR_A_CALL)
    )
    called = []
    for row in rows:
        columns = dict(row)
        earliest = columns.pop("called_at")
        called.append(CalledNumber(number=number_of(columns), called_at=earliest))
    return called
