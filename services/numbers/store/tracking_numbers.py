"""Tracking numbers: every statement that reads or changes one."""

from collections.abc import Mapping, Sequence

from libs.common.database import Connection, Row
from libs.common.paging import Key, Listing, Page, Slice, read_page, read_pages
from libs.common.sight import Sight
from libs.contracts.phone_number import PhoneNumber
from services.numbers.domain.tracking_numbers import (
    TABS,
    NumberState,
    NumberTab,
    TrackingNumber,
)

_NUMBERS = """
    SELECT id, account_id, company_id, version, state, phone_number, forwarding_number, name,
      source, port_request_id, line_id, port_out_id, ported_at, first_called_at, ported_out_at,
      disabled_at, disabled_by, called_after_port_out_at
    FROM tracking_numbers
"""
# Those of the given ids that are in sight: NULL means every account, every company.
_FIND = (
    _NUMBERS
    + """
    WHERE id = ANY($1::text[])
      AND ($2::text IS NULL OR account_id = $2)
      AND ($3::text[] IS NULL OR company_id = ANY($3::text[]))
"""
)
_NEWEST_FIRST = (Key(column="id", kind=str),)
# An account's numbers, newest first: the first of each tab, and of these the first.
OF_ACCOUNT = Listing(
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
          AND ($3::text IS NULL OR source = $3)
          {keyset}
        {order}
      ) AS listed
      {order}
    ) AS page USING (id)
    {order}
""",
    parameters=3,
    keys=_NEWEST_FIRST,
    descending=True,
)
# The numbers of several companies together, newest first.
OF_COMPANIES = Listing(
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
          AND ($3::text IS NULL OR source = $3)
          {keyset}
        {order}
      ) AS listed
      {order}
    ) AS page USING (id)
    {order}
""",
    parameters=3,
    keys=_NEWEST_FIRST,
    descending=True,
)
# The same page of each of several companies.
OF_EACH_COMPANY = Listing(
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
            {keyset}
          {order}
        ) AS listed
        {order}
      ) AS chosen
    ) AS page USING (id)
""",
    parameters=2,
    keys=_NEWEST_FIRST,
    descending=True,
)
# How many numbers a list has over all its pages.
_COUNT_OF_ACCOUNT = """
    SELECT count(*)
    FROM tracking_numbers
    WHERE account_id = $1
      AND tab = ANY($2::text[])
      AND ($3::text IS NULL OR source = $3)
"""
_COUNT_OF_EACH_COMPANY = """
    SELECT company_id, count(*)
    FROM tracking_numbers
    WHERE company_id = ANY($1::text[])
      AND tab = ANY($2::text[])
      AND ($3::text IS NULL OR source = $3)
    GROUP BY company_id
"""
# The number that somebody wants to change.
_LOCK = (
    _NUMBERS
    + """
    WHERE id = $1
      AND ($2::text IS NULL OR account_id = $2)
      AND ($3::text[] IS NULL OR company_id = ANY($3::text[]))
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
# What a change may touch, for many numbers at once.
_SAVE = """
    UPDATE tracking_numbers AS number
    SET version = changed.version, state = changed.state, port_out_id = changed.port_out_id,
      ported_at = changed.ported_at, first_called_at = changed.first_called_at,
      ported_out_at = changed.ported_out_at, disabled_at = changed.disabled_at,
      disabled_by = changed.disabled_by,
      called_after_port_out_at = changed.called_after_port_out_at
    FROM unnest(
      $1::text[], $2::integer[], $3::text[], $4::text[], $5::timestamptz[],
      $6::timestamptz[], $7::timestamptz[], $8::timestamptz[], $9::text[], $10::timestamptz[]
    ) AS changed (
      id, version, state, port_out_id, ported_at, first_called_at, ported_out_at,
      disabled_at, disabled_by, called_after_port_out_at
    )
    WHERE number.id = changed.id
"""


async def find_numbers(
    connection: Connection, number_ids: Sequence[str], sight: Sight
) -> Mapping[str, TrackingNumber]:
    rows = await connection.fetch(_FIND, number_ids, sight.account_id, sight.company_ids)
    return {row["id"]: number_of(row) for row in rows}


async def find_page_of_account(
    connection: Connection,
    account_id: str,
    tab: NumberTab | None,
    source: str | None,
    page: Page,
) -> Slice[TrackingNumber]:
    rows = await read_page(connection, OF_ACCOUNT, page, account_id, _tabs(tab), source)
    return rows.map(number_of)


async def find_page_of_companies(
    connection: Connection,
    company_ids: Sequence[str],
    tab: NumberTab | None,
    source: str | None,
    page: Page,
) -> Slice[TrackingNumber]:
    rows = await read_page(connection, OF_COMPANIES, page, company_ids, _tabs(tab), source)
    return rows.map(number_of)


async def find_page_of_each_company(
    connection: Connection, company_ids: Sequence[str], tab: NumberTab | None, page: Page
) -> Mapping[str, Slice[TrackingNumber]]:
    pages = await read_pages(
        connection, OF_EACH_COMPANY, page, "company_id", company_ids, _tabs(tab)
    )
    return {company_id: rows.map(number_of) for company_id, rows in pages.items()}


async def count_numbers_of_account(
    connection: Connection, account_id: str, tab: NumberTab | None, source: str | None
) -> int:
    count: int = await connection.fetchval(_COUNT_OF_ACCOUNT, account_id, _tabs(tab), source)
    return count


async def count_numbers_of_companies(
    connection: Connection,
    company_ids: Sequence[str],
    tab: NumberTab | None,
    source: str | None,
) -> Mapping[str, int]:
    rows = await connection.fetch(_COUNT_OF_EACH_COMPANY, company_ids, _tabs(tab), source)
    return {row["company_id"]: row["count"] for row in rows}


async def lock_number(
    connection: Connection, number_id: str, sight: Sight
) -> TrackingNumber | None:
    row = await connection.fetchrow(_LOCK, number_id, sight.account_id, sight.company_ids)
    return None if row is None else number_of(row)


async def lock_numbers_of_lines(
    connection: Connection, account_id: str, line_ids: Sequence[str]
) -> list[TrackingNumber]:
    rows = await connection.fetch(_LOCK_OF_LINES, account_id, line_ids)
    return [number_of(row) for row in rows]


async def lock_live_numbers(
    connection: Connection, account_id: str, phone_numbers: Sequence[PhoneNumber]
) -> list[TrackingNumber]:
    rows = await connection.fetch(_LOCK_LIVE, account_id, phone_numbers)
    return [number_of(row) for row in rows]


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
        [number.called_after_port_out_at for number in numbers],
    )


def _tabs(tab: NumberTab | None) -> list[str]:
    return [tab] if tab is not None else list(dict.fromkeys(TABS.values()))


def number_of(row: Row | Mapping[str, object]) -> TrackingNumber:
    columns = dict(row)
    return TrackingNumber(
        **columns
        | {
            "state": NumberState(columns["state"]),
            "phone_number": PhoneNumber(columns["phone_number"]),
            "forwarding_number": PhoneNumber(columns["forwarding_number"]),
        }
    )
