"""How many numbers each tab has: counters that follow every change of a number.

An account's own are those of the company ''.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from libs.common.database import Connection
from services.numbers.domain.tracking_numbers import NumberTab
from services.numbers.store.tracking_numbers import shown_tabs

# From the counters: exact, and the same work for any number of numbers.
_SUM_COUNTS = """
    SELECT tab, sum(numbers)::bigint AS numbers
    FROM number_counts
    WHERE account_id = $1
      AND company_id = ANY(coalesce($2::text[], ARRAY['']))
    GROUP BY tab
"""
# How many numbers of a tab each company has, from the counters.
_COUNT_OF_EACH_COMPANY = """
    SELECT company_id, sum(numbers)::bigint AS numbers
    FROM number_counts
    WHERE company_id = ANY($1::text[])
      AND tab = ANY($2::text[])
    GROUP BY company_id
"""
# Whoever changes a number of the account waits here, or is seen below.
_LOCK_COUNTS = """
    INSERT INTO number_counts AS counted (account_id, company_id, tab, numbers)
    SELECT $1, company_id, tab, 0
    FROM (
      SELECT id FROM companies WHERE account_id = $1
      UNION ALL
      SELECT ''
    ) AS counting (company_id)
    CROSS JOIN unnest(ARRAY['PENDING', 'ACTIVE', 'DISABLED', 'HIDDEN']) AS tab
    ORDER BY company_id COLLATE "C", tab COLLATE "C"
    ON CONFLICT ON CONSTRAINT one_count_per_tab DO UPDATE
    SET numbers = counted.numbers
"""
# Puts right what is wrong, and tells it.
_RECOUNT = """
    WITH actual AS (
      SELECT coalesce(company_id, '') AS company_id, tab, count(*) AS numbers
      FROM tracking_numbers
      WHERE account_id = $1
      GROUP BY GROUPING SETS ((tab), (company_id, tab))
    ),
    wrong AS (
      SELECT company_id, tab, counted.numbers AS counted, coalesce(actual.numbers, 0) AS numbers
      FROM number_counts AS counted
      LEFT JOIN actual USING (company_id, tab)
      WHERE account_id = $1
        AND counted.numbers <> coalesce(actual.numbers, 0)
    )
    UPDATE number_counts
    SET numbers = wrong.numbers
    FROM wrong
    WHERE number_counts.account_id = $1
      AND number_counts.company_id = wrong.company_id
      AND number_counts.tab = wrong.tab
    RETURNING wrong.company_id, wrong.tab, wrong.counted, wrong.numbers
"""
_FIND_ACCOUNTS_AFTER = "SELECT id FROM accounts WHERE id > $1 ORDER BY id LIMIT $2"


@dataclass(frozen=True, kw_only=True)
class WrongCount:
    """`counted` is what the counter said, `numbers` how many there are."""

    company_id: str
    tab: str
    counted: int
    numbers: int


async def sum_counts(
    connection: Connection, account_id: str, company_ids: Sequence[str] | None
) -> Mapping[str, int]:
    """By tab; None means every company."""
    rows = await connection.fetch(_SUM_COUNTS, account_id, company_ids)
    return {row["tab"]: row["numbers"] for row in rows}


async def count_numbers_of_companies(
    connection: Connection, company_ids: Sequence[str], tab: NumberTab | None
) -> Mapping[str, int]:
    rows = await connection.fetch(_COUNT_OF_EACH_COMPANY, company_ids, shown_tabs(tab))
    return {row["company_id"]: row["numbers"] for row in rows}


async def recount(connection: Connection, account_id: str) -> list[WrongCount]:
    """Counts an account's numbers anew; answers what was wrong and now is right."""
    await connection.execute(_LOCK_COUNTS, account_id)
    return [WrongCount(**row) for row in await connection.fetch(_RECOUNT, account_id)]


async def find_accounts_after(
    connection: Connection, account_id: str, *, most: int
) -> list[str]:
    rows = await connection.fetch(_FIND_ACCOUNTS_AFTER, account_id, most)
    return [row["id"] for row in rows]
