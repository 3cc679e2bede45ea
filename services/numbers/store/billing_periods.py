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
# A period of the account that costs something in the month.
IN_MONTH = """
    account_id = $1
      AND $2::timestamptz < $3::timestamptz
      AND started_at < $3
      AND coalesce(ended_at, 'infinity') > greatest(started_at, $2)
"""
# Whose numbers make a page: the index gives them in order, and the rest is read for them alone.
ON_PAGE = f"""
    AND number_id IN (
      SELECT DISTINCT number_id
      FROM billing_periods
      WHERE {IN_MONTH}
        {{keyset}}
      {{order}}
    )
"""


def _parts(chosen: str) -> str:
    """What of each period lies in a month, with its days in UTC.

    The last instant of a part is just before its end: a number that is disabled at midnight is
    not billed for the day that begins then. A day that an earlier part of the number has counted
    is not counted again.
    """
    return f"""
    SELECT number_id, started_at, ended_at, last_day - first_day
      + CASE WHEN lag(last_day) OVER parts = first_day THEN 0 ELSE 1 END AS day_count,
      lag(last_day) OVER parts IS NULL AS is_first
    FROM (
      SELECT number_id, started_at, ended_at, (started_at AT TIME ZONE 'UTC')::date AS first_day,
        ((ended_at - interval '1 microsecond') AT TIME ZONE 'UTC')::date AS last_day
      FROM (
        SELECT number_id, greatest(started_at, $2) AS started_at,
          least(coalesce(ended_at, 'infinity'), $3) AS ended_at
        FROM billing_periods
        WHERE {IN_MONTH}
          {chosen}
      ) AS part
    ) AS part
    WINDOW parts AS (PARTITION BY number_id ORDER BY started_at)
    """


# An account's numbers that cost their fee in a month.
OF_MONTH = Listing(
    f"""
    SELECT number_id, array_agg(started_at ORDER BY started_at) AS starts,
      array_agg(ended_at ORDER BY started_at) AS ends, sum(day_count) AS day_count
    FROM ({_parts(ON_PAGE)}) AS part
    GROUP BY number_id
    {{order}}
""",
    parameters=3,
    keys=(Key(column="number_id", kind=str),),
)
_COUNT = f"""
    SELECT count(*) FILTER (WHERE is_first) AS number_count,
      coalesce(sum(day_count), 0) AS day_count
    FROM ({_parts("")}) AS part
"""


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
