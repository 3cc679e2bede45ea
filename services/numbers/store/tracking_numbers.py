"""Tracking numbers: every statement that reads or changes one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from libs.common.database import Connection, Row
from libs.contracts.phone_number import PhoneNumber
from services.numbers.domain.tracking_numbers import (
    TABS,
    WAITING_FOR_A_CALL,
    NumberState,
    NumberTab,
    TrackingNumber,
)
from services.numbers.store.pages import Page, backwards

_NUMBERS = """
    SELECT id, account_id, company_id, version, state, phone_number, forwarding_number, name,
      source, port_request_id, line_id, port_out_id, ported_at, first_called_at, ported_out_at,
      disabled_at, disabled_by
    FROM tracking_numbers
"""
# Those of the given ids that are in a visible company: NULL means every company.
_FIND = (
    _NUMBERS
    + """
    WHERE id = ANY($1::text[])
      AND ($2::text[] IS NULL OR company_id = ANY($2::text[]))
"""
)
# One page of an account's numbers, newest first.
_PAGE_OF_ACCOUNT = (
    _NUMBERS
    + """
    JOIN (
      SELECT listed.id
      FROM unnest($2::text[]) AS shown (tab)
      CROSS JOIN LATERAL (
        SELECT id
        FROM tracking_numbers
        WHERE account_id = $1
          AND tab = shown.tab
          AND id < $3
          AND id > $4
        ORDER BY id DESC
        LIMIT $5
      ) AS listed
      ORDER BY listed.id DESC
      LIMIT $5
    ) AS page USING (id)
    ORDER BY id DESC
"""
)
# One page of the numbers of several companies together, newest first.
_PAGE_OF_COMPANIES = (
    _NUMBERS
    + """
    JOIN (
      SELECT listed.id
      FROM unnest($1::text[]) AS wanted (company_id)
      CROSS JOIN unnest($2::text[]) AS shown (tab)
      CROSS JOIN LATERAL (
        SELECT id
        FROM tracking_numbers
        WHERE company_id = wanted.company_id
          AND tab = shown.tab
          AND id < $3
          AND id > $4
        ORDER BY id DESC
        LIMIT $5
      ) AS listed
      ORDER BY listed.id DESC
      LIMIT $5
    ) AS page USING (id)
    ORDER BY id DESC
"""
)
# The same page of each of several companies.
_PAGE_OF_EACH_COMPANY = (
    _NUMBERS
    + """
    JOIN (
      SELECT chosen.id
      FROM unnest($1::text[]) AS wanted (company_id)
      CROSS JOIN LATERAL (
        SELECT listed.id
        FROM unnest($2::text[]) AS shown (tab)
        CROSS JOIN LATERAL (
          SELECT id
          FROM tracking_numbers
          WHERE company_id = wanted.company_id
            AND tab = shown.tab
            AND id < $3
            AND id > $4
          ORDER BY id DESC
          LIMIT $5
        ) AS listed
        ORDER BY listed.id DESC
        LIMIT $5
      ) AS chosen
    ) AS page USING (id)
    ORDER BY id DESC
"""
)
# How many numbers a list has over all its pages.
_COUNT_OF_ACCOUNT = """
    SELECT count(*)
    FROM tracking_numbers
    WHERE account_id = $1
      AND tab = ANY($2::text[])
"""
_COUNT_OF_EACH_COMPANY = """
    SELECT company_id, count(*)
    FROM tracking_numbers
    WHERE company_id = ANY($1::text[])
      AND tab = ANY($2::text[])
    GROUP BY company_id
"""
# The number that somebody wants to change.
_LOCK = (
    _NUMBERS
    + """
    WHERE id = $1
      AND ($2::text[] IS NULL OR company_id = ANY($2::text[]))
    FOR UPDATE
"""
)
# In the order of their ids, like all that lock several: nobody waits in a circle.
_LOCK_OF_LINES = (
    _NUMBERS
    + """
    WHERE account_id = $1
      AND line_id = ANY($2::text[])
    ORDER BY id
    FOR UPDATE
"""
)
# An account's live numbers among those of a port-out.
_LOCK_LIVE = (
    _NUMBERS
    + """
    WHERE account_id = $1
      AND phone_number = ANY($2::text[])
      AND state NOT IN ('DISABLED', 'RELEASED')
    ORDER BY id
    FOR UPDATE
"""
)
# Which of the called numbers wait for their first call; a number that is not live here is
# counted. Calls to all others cost this read and no write.
_LOCK_CALLED = """
    WITH called AS (
      SELECT phone_number, min(called_at) AS called_at, max(called_at) AS last_called_at,
        count(*) AS call_count
      FROM unnest($1::text[], $2::timestamptz[]) AS calls (phone_number, called_at)
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
      SET call_count = unknown_calls.call_count + excluded.call_count,
        last_called_at = greatest(unknown_calls.last_called_at, excluded.last_called_at)
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
# What a change may touch, for many numbers at once.
_SAVE = """
    UPDATE tracking_numbers AS number
    SET version = changed.version, state = changed.state, port_out_id = changed.port_out_id,
      ported_at = changed.ported_at, first_called_at = changed.first_called_at,
      ported_out_at = changed.ported_out_at, disabled_at = changed.disabled_at,
      disabled_by = changed.disabled_by
    FROM unnest(
      $1::text[], $2::integer[], $3::text[], $4::text[], $5::timestamptz[],
      $6::timestamptz[], $7::timestamptz[], $8::timestamptz[], $9::text[]
    ) AS changed (
      id, version, state, port_out_id, ported_at, first_called_at, ported_out_at,
      disabled_at, disabled_by
    )
    WHERE number.id = changed.id
"""


@dataclass(frozen=True, kw_only=True)
class CalledNumber:
    """`called_at` is the earliest call of the batch."""

    number: TrackingNumber
    called_at: datetime


async def find_numbers(
    connection: Connection, number_ids: Sequence[str], company_ids: Sequence[str] | None
) -> Mapping[str, TrackingNumber]:
    rows = await connection.fetch(_FIND, number_ids, company_ids)
    return {row["id"]: _number(row) for row in rows}


async def find_page_of_account(
    connection: Connection, account_id: str, tab: NumberTab | None, page: Page
) -> list[TrackingNumber]:
    sql = backwards(_PAGE_OF_ACCOUNT) if page.is_backwards else _PAGE_OF_ACCOUNT
    rows = await connection.fetch(sql, account_id, _tabs(tab), *page.bounds, page.limit)
    return [_number(row) for row in rows]


async def find_page_of_companies(
    connection: Connection, company_ids: Sequence[str], tab: NumberTab | None, page: Page
) -> list[TrackingNumber]:
    sql = backwards(_PAGE_OF_COMPANIES) if page.is_backwards else _PAGE_OF_COMPANIES
    rows = await connection.fetch(sql, company_ids, _tabs(tab), *page.bounds, page.limit)
    return [_number(row) for row in rows]


async def find_page_of_each_company(
    connection: Connection, company_ids: Sequence[str], tab: NumberTab | None, page: Page
) -> Mapping[str, list[TrackingNumber]]:
    sql = backwards(_PAGE_OF_EACH_COMPANY) if page.is_backwards else _PAGE_OF_EACH_COMPANY
    rows = await connection.fetch(sql, company_ids, _tabs(tab), *page.bounds, page.limit)
    pages: dict[str, list[TrackingNumber]] = {}
    for row in rows:
        pages.setdefault(row["company_id"], []).append(_number(row))
    return pages


async def count_numbers_of_account(
    connection: Connection, account_id: str, tab: NumberTab | None
) -> int:
    count: int = await connection.fetchval(_COUNT_OF_ACCOUNT, account_id, _tabs(tab))
    return count


async def count_numbers_of_companies(
    connection: Connection, company_ids: Sequence[str], tab: NumberTab | None
) -> Mapping[str, int]:
    rows = await connection.fetch(_COUNT_OF_EACH_COMPANY, company_ids, _tabs(tab))
    return {row["company_id"]: row["count"] for row in rows}


async def lock_number(
    connection: Connection, number_id: str, company_ids: Sequence[str] | None
) -> TrackingNumber | None:
    row = await connection.fetchrow(_LOCK, number_id, company_ids)
    return None if row is None else _number(row)


async def lock_numbers_of_lines(
    connection: Connection, account_id: str, line_ids: Sequence[str]
) -> list[TrackingNumber]:
    rows = await connection.fetch(_LOCK_OF_LINES, account_id, line_ids)
    return [_number(row) for row in rows]


async def lock_live_numbers(
    connection: Connection, account_id: str, phone_numbers: Sequence[PhoneNumber]
) -> list[TrackingNumber]:
    rows = await connection.fetch(_LOCK_LIVE, account_id, phone_numbers)
    return [_number(row) for row in rows]


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
        called.append(CalledNumber(number=_number(columns), called_at=earliest))
    return called


async def save_numbers(connection: Connection, numbers: Sequence[TrackingNumber]) -> None:
    await connection.execute(
        _SAVE,
        [number.id for number in numbers],
        [number.version for number in numbers],
        [number.state for number in numbers],
        [number.port_out_id for number in numbers],
        [number.ported_at for number in numbers],
        [number.first_called_at for number in numbers],
        [number.ported_out_at for number in numbers],
        [number.disabled_at for number in numbers],
        [number.disabled_by for number in numbers],
    )


def _tabs(tab: NumberTab | None) -> list[str]:
    return [tab] if tab is not None else list(dict.fromkeys(TABS.values()))


def _number(row: Row | Mapping[str, object]) -> TrackingNumber:
    columns = dict(row)
    return TrackingNumber(
        **columns
        | {
            "state": NumberState(columns["state"]),
            "phone_number": PhoneNumber(columns["phone_number"]),
            "forwarding_number": PhoneNumber(columns["forwarding_number"]),
        }
    )
