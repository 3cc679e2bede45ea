"""Calls: which of the called numbers they may change, and how many reached none."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from libs.common.database import Connection, Row
from libs.common.paging import Key, Listing, Page, Slice, read_page
from libs.common.sight import EVERYTHING
from libs.contracts.phone_number import PhoneNumber
from services.numbers.domain.calls import CalledNumber, UnknownCalls
from services.numbers.domain.tracking_numbers import RINGS_THROUGH
from services.numbers.store.tracking_numbers import find_numbers

# All but the numbers that are simply in use: those calls cost this one read, and no write.
FIND_UNUSUAL = """
    SELECT phone_number
    FROM unnest($1::text[]) AS called (phone_number)
    WHERE NOT EXISTS (
      SELECT
      FROM tracking_numbers AS live
      WHERE live.phone_number = called.phone_number
        AND live.state NOT IN ('DISABLED', 'RELEASED')
        AND (
          live.state = 'ACTIVE'
          OR live.state = 'PORTING_OUT' AND live.first_called_at IS NOT NULL
          OR live.state = 'PORTED_OUT' AND live.called_after_port_out_at > live.ported_out_at
        )
    )
"""
# Those that a call may change, in the order of their ids: nobody waits in a circle. Until when
# somebody else had the number is known by its former rows, until when nobody by counted calls.
_LOCK_CALLED = """
    SELECT number.id, number.added_at,
      greatest(former.disabled_at, nobody.last_called_at) AS silent_until
    FROM tracking_numbers AS number
    LEFT JOIN LATERAL (
      SELECT max(disabled_at) AS disabled_at
      FROM tracking_numbers
      WHERE phone_number = number.phone_number
        AND id <> number.id
        AND disabled_at IS NOT NULL
    ) AS former ON true
    LEFT JOIN unknown_calls AS nobody ON nobody.phone_number = number.phone_number
    WHERE number.phone_number = ANY($1::text[])
      AND number.state NOT IN ('DISABLED', 'RELEASED')
      AND number.state IN (
        'PRECONFIGURED', 'AWAITING_FIRST_CALL', 'PORTING_OUT', 'PORTED_OUT'
      )
    ORDER BY number.id
    FOR UPDATE OF number
"""
# Those alone that are later than the last counted one: calls come without an inbox, and what is
# told again is no new call.
_COUNT_UNKNOWN = """
    WITH calls AS (
      SELECT phone_number, called_at
      FROM unnest($1::text[], $2::timestamptz[]) AS told (phone_number, called_at)
    )
    INSERT INTO unknown_calls (phone_number, call_count, first_called_at, last_called_at)
    SELECT phone_number, count(*), min(called_at), max(called_at)
    FROM calls
    WHERE NOT EXISTS (
      SELECT
      FROM tracking_numbers AS live
      WHERE live.phone_number = calls.phone_number
        AND live.state NOT IN ('DISABLED', 'RELEASED')
        AND live.state = ANY($3::text[])
    )
    GROUP BY phone_number
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
"""
# Numbers with calls that reached nobody, the latest call first.
UNKNOWN_CALLS = Listing(
    """
    SELECT phone_number, call_count, first_called_at, last_called_at
    FROM unknown_calls
    WHERE true
      {keyset}
    {order}
""",
    parameters=0,
    keys=(Key(column="last_called_at", kind=datetime), Key(column="phone_number", kind=str)),
    descending=True,
)
_COUNT_UNKNOWN_NUMBERS = "SELECT count(*) FROM unknown_calls"


async def find_unusual(
    connection: Connection, phone_numbers: Collection[PhoneNumber]
) -> set[str]:
    """All but those that are in use, where one more call changes nothing."""
    rows = await connection.fetch(FIND_UNUSUAL, list(phone_numbers))
    return {row["phone_number"] for row in rows}


async def lock_called_numbers(
    connection: Connection, phone_numbers: Collection[PhoneNumber]
) -> list[CalledNumber]:
    """Those that wait for their first call, or for the first after they left."""
    rows = await connection.fetch(_LOCK_CALLED, list(phone_numbers))
    if not rows:
        return []
    numbers = await find_numbers(connection, [row["id"] for row in rows], EVERYTHING)
    return [
        CalledNumber(
            number=numbers[row["id"]],
            added_at=row["added_at"],
            silent_until=row["silent_until"],
        )
        for row in rows
    ]


async def count_unknown_calls(
    connection: Connection, calls: Mapping[PhoneNumber, Sequence[datetime]]
) -> None:
    """Of these calls, those for numbers that ring nowhere."""
    await connection.execute(
        _COUNT_UNKNOWN,
        [number for number, times in calls.items() for _ in times],
        [at for times in calls.values() for at in times],
        list(RINGS_THROUGH),
    )


async def find_page_of_unknown_calls(
    connection: Connection, page: Page
) -> Slice[UnknownCalls]:
    rows = await read_page(connection, UNKNOWN_CALLS, page)
    return rows.map(_unknown_calls)


async def count_unknown_numbers(connection: Connection) -> int:
    count: int = await connection.fetchval(_COUNT_UNKNOWN_NUMBERS)
    return count


def _unknown_calls(row: Row) -> UnknownCalls:
    return UnknownCalls(
        phone_number=PhoneNumber(row["phone_number"]),
        call_count=row["call_count"],
        first_called_at=row["first_called_at"],
        last_called_at=row["last_called_at"],
    )
