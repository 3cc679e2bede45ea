"""Billing periods: every statement that reads or changes one."""

from collections.abc import Mapping, Sequence

from libs.common.database import Connection, Row
from libs.common.paging import Key, Listing, Page, Slice, read_page
from services.numbers.domain.billing_periods import (
    BillableNumber,
    BillablePart,
    BillableTotals,
    BillingPeriod,
    Month,
)
from services.numbers.domain.tracking_numbers import TrackingNumber

# The periods of some numbers, each number's oldest first.
_FIND = """
    SELECT period.account_id, period.number_id, period.id, period.version, period.started_at,
      period.ended_at
    FROM unnest($1::text[], $2::text[]) AS wanted (account_id, number_id)
    JOIN billing_periods AS period USING (account_id, number_id)
    ORDER BY period.number_id, period.started_at, period.ended_at
"""
# Adds what is new, and changes what was there.
_SAVE = """
    INSERT INTO billing_periods (account_id, number_id, id, version, started_at, ended_at)
    SELECT *
    FROM unnest(
      $1::text[], $2::text[], $3::text[], $4::integer[], $5::timestamptz[], $6::timestamptz[]
    )
    ON CONFLICT ON CONSTRAINT billing_periods_pkey DO UPDATE
    SET version = excluded.version, started_at = excluded.started_at,
      ended_at = excluded.ended_at
"""
# What of each period lies in a month. The last instant of a part is just before its end, so a
# number that is disabled at midnight is not billed for the day that begins then.
PARTS = """
    SELECT number_id, started_at, ended_at,
      daterange(
        (started_at AT TIME ZONE 'UTC')::date,
        ((ended_at - interval '1 microsecond') AT TIME ZONE 'UTC')::date,
        '[]'
      ) AS days
    FROM (
      SELECT number_id, greatest(started_at, $2) AS started_at,
        least(coalesce(ended_at, 'infinity'), $3) AS ended_at
      FROM billing_periods
      WHERE account_id = $1
        AND $2::timestamptz < $3::timestamptz
        AND started_at < $3
        AND coalesce(ended_at, 'infinity') > greatest(started_at, $2)
        {keyset}
    ) AS part
"""
# An account's numbers that cost their fee in a month.
OF_MONTH = Listing(
    """
    SELECT number_id, starts, ends, (
        SELECT sum(upper(stretch) - lower(stretch)) FROM unnest(days) AS stretch
      ) AS day_count
    FROM (
      SELECT number_id, array_agg(started_at ORDER BY started_at) AS starts,
        array_agg(ended_at ORDER BY started_at) AS ends, range_agg(days) AS days
      FROM ("""
    + PARTS
    + """) AS part
      GROUP BY number_id
      {order}
    ) AS billed
    ORDER BY number_id
""",
    parameters=3,
    keys=(Key(column="number_id", kind=str),),
)
_COUNT = (
    """
    SELECT count(*) AS number_count, coalesce(sum(day_count), 0)::bigint AS day_count
    FROM (
      SELECT (
        SELECT sum(upper(stretch) - lower(stretch)) FROM unnest(range_agg(days)) AS stretch
      ) AS day_count
      FROM ("""
    + PARTS.format(keyset="")
    + """) AS part
      GROUP BY number_id
    ) AS billed
"""
)


async def find_periods(
    connection: Connection, numbers: Sequence[TrackingNumber]
) -> Mapping[str, list[BillingPeriod]]:
    """By the number's id, the oldest first."""
    rows = await connection.fetch(
        _FIND, [number.account_id for number in numbers], [number.id for number in numbers]
    )
    found: dict[str, list[BillingPeriod]] = {}
    for row in rows:
        found.setdefault(row["number_id"], []).append(BillingPeriod(**row))
    return found


async def save_periods(connection: Connection, periods: Sequence[BillingPeriod]) -> None:
    await connection.execute(
        _SAVE,
        [period.account_id for period in periods],
        [period.number_id for period in periods],
        [period.id for period in periods],
        [period.version for period in periods],
        [period.started_at for period in periods],
        [period.ended_at for period in periods],
    )


async def find_page_of_month(
    connection: Connection, account_id: str, month: Month, page: Page
) -> Slice[BillableNumber]:
    rows = await read_page(
        connection, OF_MONTH, page, account_id, month.started_at, month.ended_at
    )
    return rows.map(_billable_number)


async def count_month(connection: Connection, account_id: str, month: Month) -> BillableTotals:
    row = await connection.fetchrow(_COUNT, account_id, month.started_at, month.ended_at)
    assert row is not None
    return BillableTotals(**row)


def _billable_number(row: Row) -> BillableNumber:
    return BillableNumber(
        number_id=row["number_id"],
        parts=tuple(
            BillablePart(started_at=start, ended_at=end)
            for start, end in zip(row["starts"], row["ends"], strict=True)
        ),
        day_count=row["day_count"],
    )
