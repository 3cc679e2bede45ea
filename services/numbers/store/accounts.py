"""Accounts with their companies and members: every statement about them."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import asyncpg

from libs.common.caller import Role
from libs.common.database import Connection, Row
from libs.common.paging import Key, Listing, Page, Slice, read_page, read_pages
from libs.common.sight import Sight
from libs.contracts.company_names import company_key
from services.numbers.domain.accounts import Account, Company, Member, Standing
from services.numbers.domain.refusals import CompanyNamedTwice

_ADD_ACCOUNT = """
    INSERT INTO accounts
      (id, version, name, name_key, card_on_file, balance_current, in_good_standing, in_trial,
       standing_changed_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""
_ADD_COMPANIES = """
    INSERT INTO companies (id, account_id, name, name_key)
    SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[])
"""
_ADD_MEMBER = """
    INSERT INTO members
      (id, account_id, name, email, role, company_ids, login_issuer, login_subject, active)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""
ACCOUNTS = """
    SELECT id, version, name, card_on_file, balance_current, in_good_standing, in_trial,
      standing_changed_at, standing_sequence, disabled_at, disabled_by
    FROM accounts
"""
_FIND_ACCOUNTS = (
    ACCOUNTS
    + """
    WHERE id = ANY($1::text[])
      AND ($2::text IS NULL OR id = $2)
"""
)
_NEWEST_FIRST = (Key(column="id", kind=str),)
# Those whose name holds the text that is searched for; NULL means every one.
EVERY_ACCOUNT = Listing(
    ACCOUNTS
    + """
    WHERE ($1::text IS NULL OR strpos(name_key, $1) > 0)
      {keyset}
    {order}
""",
    parameters=1,
    keys=_NEWEST_FIRST,
    descending=True,
)
_COUNT_ACCOUNTS = """
    SELECT count(*)
    FROM accounts
    WHERE ($1::text IS NULL OR strpos(name_key, $1) > 0)
"""
# Those of the given ids that are in sight: NULL means every account, every company.
_FIND_COMPANIES = """
    SELECT id, account_id, name
    FROM companies
    WHERE id = ANY($1::text[])
      AND ($2::text IS NULL OR account_id = $2)
      AND ($3::text[] IS NULL OR id = ANY($3::text[]))
"""
# The same page of each account's companies in sight, newest first.
COMPANIES_OF_ACCOUNTS = Listing(
    """
    SELECT company.id, company.account_id, company.name
    FROM unnest($1::text[]) AS wanted (account_id)
    CROSS JOIN LATERAL (
      SELECT id, account_id, name
      FROM companies
      WHERE account_id = wanted.account_id
        AND ($2::text[] IS NULL OR id = ANY($2::text[]))
        {keyset}
      {order}
    ) AS company
""",
    parameters=2,
    keys=_NEWEST_FIRST,
    descending=True,
)
_COUNT_COMPANIES = """
    SELECT account_id, count(*)
    FROM companies
    WHERE account_id = ANY($1::text[])
      AND ($2::text[] IS NULL OR id = ANY($2::text[]))
    GROUP BY account_id
"""
_FIND_MEMBERS = """
    SELECT id, account_id, name, email, role, company_ids, login_issuer, login_subject, active
    FROM members
    WHERE id = ANY($1::text[])
      AND ($2::text IS NULL OR account_id = $2)
"""
# The same page of each account's members, newest first.
MEMBERS_OF_ACCOUNTS = Listing(
    """
    SELECT member.id, member.account_id, member.name, member.email, member.role,
      member.company_ids, member.login_issuer, member.login_subject, member.active
    FROM unnest($1::text[]) AS wanted (account_id)
    CROSS JOIN LATERAL (
      SELECT id, account_id, name, email, role, company_ids, login_issuer, login_subject, active
      FROM members
      WHERE account_id = wanted.account_id
        {keyset}
      {order}
    ) AS member
""",
    parameters=1,
    keys=_NEWEST_FIRST,
    descending=True,
)
_COUNT_MEMBERS = """
    SELECT account_id, count(*)
    FROM members
    WHERE account_id = ANY($1::text[])
    GROUP BY account_id
"""
_COUNT_ADMINISTRATORS = """
    SELECT account_id, count(*)
    FROM members
    WHERE account_id = ANY($1::text[])
      AND role = 'ADMINISTRATOR'
      AND active
    GROUP BY account_id
"""


async def add_account(connection: Connection, account: Account) -> None:
    standing = account.standing
    await connection.execute(
        _ADD_ACCOUNT,
        account.id,
        account.version,
        account.name,
        company_key(account.name),
        standing.card_on_file,
        standing.balance_current,
        standing.in_good_standing,
        standing.in_trial,
        standing.changed_at,
    )


async def add_companies(connection: Connection, companies: Sequence[Company]) -> None:
    """Raises `CompanyNamedTwice`."""
    with unique_names():
        await connection.execute(
            _ADD_COMPANIES,
            [company.id for company in companies],
            [company.account_id for company in companies],
            [company.name for company in companies],
            [company_key(company.name) for company in companies],
        )


@contextmanager
def unique_names() -> Iterator[None]:
    try:
        yield
    except asyncpg.UniqueViolationError as error:
        if error.constraint_name != "one_company_per_name":
            raise
        raise CompanyNamedTwice().at("input", "name") from None


async def add_members(connection: Connection, members: Sequence[Member]) -> None:
    await connection.executemany(
        _ADD_MEMBER,
        [
            (
                member.id,
                member.account_id,
                member.name,
                member.email,
                member.role,
                list(member.company_ids),
                member.login_issuer,
                member.login_subject,
                member.active,
            )
            for member in members
        ],
    )


async def find_accounts(
    connection: Connection, account_ids: Sequence[str], sight: Sight
) -> Mapping[str, Account]:
    rows = await connection.fetch(_FIND_ACCOUNTS, account_ids, sight.account_id)
    return {row["id"]: read_account(row) for row in rows}


async def find_page_of_accounts(
    connection: Connection, search: str | None, page: Page
) -> Slice[Account]:
    """`search` as `company_key` writes it."""
    return (await read_page(connection, EVERY_ACCOUNT, page, search)).map(read_account)


async def count_accounts(connection: Connection, search: str | None) -> int:
    count: int = await connection.fetchval(_COUNT_ACCOUNTS, search)
    return count


async def find_companies(
    connection: Connection, company_ids: Sequence[str], sight: Sight
) -> Mapping[str, Company]:
    rows = await connection.fetch(
        _FIND_COMPANIES, company_ids, sight.account_id, sight.company_ids
    )
    return {row["id"]: _company(row) for row in rows}


async def find_pages_of_companies(
    connection: Connection, account_ids: Sequence[str], sight: Sight, page: Page
) -> Mapping[str, Slice[Company]]:
    """One page for each account; those without companies are missing."""
    pages = await read_pages(
        connection, COMPANIES_OF_ACCOUNTS, page, "account_id", account_ids, sight.company_ids
    )
    return {account_id: rows.map(_company) for account_id, rows in pages.items()}


async def count_companies(
    connection: Connection, account_ids: Sequence[str], sight: Sight
) -> Mapping[str, int]:
    rows = await connection.fetch(_COUNT_COMPANIES, account_ids, sight.company_ids)
    return {row["account_id"]: row["count"] for row in rows}


async def find_members(
    connection: Connection, member_ids: Sequence[str], sight: Sight
) -> Mapping[str, Member]:
    rows = await connection.fetch(_FIND_MEMBERS, member_ids, sight.account_id)
    return {row["id"]: _member(row) for row in rows}


async def find_pages_of_members(
    connection: Connection, account_ids: Sequence[str], page: Page
) -> Mapping[str, Slice[Member]]:
    pages = await read_pages(connection, MEMBERS_OF_ACCOUNTS, page, "account_id", account_ids)
    return {account_id: rows.map(_member) for account_id, rows in pages.items()}


async def count_members(
    connection: Connection, account_ids: Sequence[str]
) -> Mapping[str, int]:
    rows = await connection.fetch(_COUNT_MEMBERS, account_ids)
    return {row["account_id"]: row["count"] for row in rows}


async def count_administrators(
    connection: Connection, account_ids: Sequence[str]
) -> Mapping[str, int]:
    """Those that are active."""
    rows = await connection.fetch(_COUNT_ADMINISTRATORS, account_ids)
    return {row["account_id"]: row["count"] for row in rows}


def read_account(row: Row) -> Account:
    return Account(
        id=row["id"],
        version=row["version"],
        name=row["name"],
        standing=Standing(
            card_on_file=row["card_on_file"],
            balance_current=row["balance_current"],
            in_good_standing=row["in_good_standing"],
            in_trial=row["in_trial"],
            changed_at=row["standing_changed_at"],
            sequence=row["standing_sequence"],
        ),
        disabled_at=row["disabled_at"],
        disabled_by=row["disabled_by"],
    )


def _company(row: Row) -> Company:
    return Company(**row)


def _member(row: Row) -> Member:
    columns = dict(row)
    return Member(
        **columns
        | {"role": Role(columns["role"]), "company_ids": tuple(columns["company_ids"])}
    )
