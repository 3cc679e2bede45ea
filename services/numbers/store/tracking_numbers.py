"""Tracking numbers: every statement that reads or changes one."""

from collections.abc import Mapping, Sequence

from libs.common.database import Connection, Row
from libs.common.paging import Key, Listing, Page, Slice, read_pages
from libs.common.sight import Sight
from libs.contracts.phone_number import PhoneNumber
from services.numbers.domain.tracking_numbers import (
    TABS,
    NumberState,
    NumberTab,
    TrackingNumber,
)

NUMBER_COLUMNS = """
      id, account_id, company_id, version, state, phone_number, forwarding_number, name,
      source, port_request_id, line_id, port_out_id, ported_at, first_called_at, ported_out_at,
      disabled_at, disabled_by, quarantined_at, called_after_port_out_at, line_ended_at
"""
_NUMBERS = f"""
    SELECT {NUMBER_COLUMNS}
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
_LOCK_SEVERAL = (
    _NUMBERS
    + """
    WHERE id = ANY($1::text[])
      AND ($2::text IS NULL OR account_id = $2)
      AND ($3::text[] IS NULL OR company_id = ANY($3::text[]))
    ORDER BY id
    FOR UPDATE
"""
)
_LOCK_OF_LINES = (
    _NUMBERS
    + """
    WHERE account_id = $1
      AND line_id = ANY($2::text[])
    ORDER BY id
    FOR UPDATE
"""
)
# An account's numbers among those of a port-out that are here: live, or disabled and still ours.
_LOCK_OURS = (
    _NUMBERS
    + """
    WHERE account_id = $1
      AND phone_number = ANY($2::text[])
      AND (
        state NOT IN ('DISABLED', 'RELEASED')
        OR state = 'DISABLED' AND ported_out_at IS NULL
      )
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
      disabled_by = changed.disabled_by, quarantined_at = changed.quarantined_at,
      called_after_port_out_at = changed.called_after_port_out_at,
      line_ended_at = changed.line_ended_at
    FROM unnest(
      $1::text[], $2::integer[], $3::text[], $4::text[], $5::timestamptz[],
      $6::timestamptz[], $7::timestamptz[], $8::timestamptz[], $9::text[], $10::timestamptz[],
      $11::timestamptz[], $12::timestamptz[]
    ) AS changed (
      id, version, state, port_out_id, ported_at, first_called_at, ported_out_at,
      disabled_at, disabled_by, quarantined_at, called_after_port_out_at, line_ended_at
    )
    WHERE number.id = changed.id
"""
# What a customer may choose, for many numbers at once. The first time before a number has rung or
# ported, what its line said is kept beside.
_SAVE_CHOICES = """
    UPDATE tracking_numbers AS number
    SET version = changed.version, company_id = changed.company_id,
      forwarding_number = changed.forwarding_number, name = changed.name,
      source = changed.source,
      announced = CASE
        WHEN number.announced IS NULL AND number.state = 'PRECONFIGURED'
        THEN jsonb_build_object(
          'company_id', number.company_id,
          'forwarding_number', number.forwarding_number,
          'name', number.name,
          'source', number.source
        )
        ELSE number.announced
      END
    FROM unnest(
      $1::text[], $2::integer[], $3::text[], $4::text[], $5::text[], $6::text[]
    ) AS changed (id, version, company_id, forwarding_number, name, source)
    WHERE number.id = changed.id
"""
# Over all accounts: whether a number is in inventory.
_IS_LIVE = "SELECT EXISTS (SELECT FROM find_live_numbers(ARRAY[$1::text]))"


async def find_numbers(
    connection: Connection, number_ids: Sequence[str], sight: Sight
) -> Mapping[str, TrackingNumber]:
    rows = await connection.fetch(_FIND, number_ids, sight.account_id, sight.company_ids)
    return {row["id"]: number_of(row) for row in rows}


async def find_page_of_each_company(
    connection: Connection, company_ids: Sequence[str], tab: NumberTab | None, page: Page
) -> Mapping[str, Slice[TrackingNumber]]:
    pages = await read_pages(
        connection, OF_EACH_COMPANY, page, "company_id", company_ids, shown_tabs(tab)
    )
    return {company_id: rows.map(number_of) for company_id, rows in pages.items()}


async def lock_number(
    connection: Connection, number_id: str, sight: Sight
) -> TrackingNumber | None:
    row = await connection.fetchrow(_LOCK, number_id, sight.account_id, sight.company_ids)
    return None if row is None else number_of(row)


async def lock_numbers(
    connection: Connection, number_ids: Sequence[str], sight: Sight
) -> dict[str, TrackingNumber]:
    rows = await connection.fetch(
        _LOCK_SEVERAL, number_ids, sight.account_id, sight.company_ids
    )
    return {row["id"]: number_of(row) for row in rows}


async def lock_numbers_of_lines(
    connection: Connection, account_id: str, line_ids: Sequence[str]
) -> list[TrackingNumber]:
    rows = await connection.fetch(_LOCK_OF_LINES, account_id, line_ids)
    return [number_of(row) for row in rows]


async def lock_numbers_of_ours(
    connection: Connection, account_id: str, phone_numbers: Sequence[PhoneNumber]
) -> list[TrackingNumber]:
    rows = await connection.fetch(_LOCK_OURS, account_id, phone_numbers)
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
        [number.quarantined_at for number in numbers],
        [number.called_after_port_out_at for number in numbers],
        [number.line_ended_at for number in numbers],
    )


async def save_choices(connection: Connection, numbers: Sequence[TrackingNumber]) -> None:
    """Company, forwarding number, name and source, and the version."""
    await connection.execute(
        _SAVE_CHOICES,
        [number.id for number in numbers],
        [number.version for number in numbers],
        [number.company_id for number in numbers],
        [number.forwarding_number for number in numbers],
        [number.name for number in numbers],
        [number.source for number in numbers],
    )


async def is_live(connection: Connection, phone_number: PhoneNumber) -> bool:
    """Whether it is in inventory, of whatever account."""
    live: bool = await connection.fetchval(_IS_LIVE, phone_number)
    return live


def shown_tabs(tab: NumberTab | None) -> list[str]:
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
