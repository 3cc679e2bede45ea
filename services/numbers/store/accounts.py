"""Accounts with their companies and members: every statement about them."""

from collections.abc import Mapping, Sequence

from libs.common.caller import Role
from libs.common.database import Connection, Row
from services.numbers.domain.accounts import Account, Company, Member, company_key
from services.numbers.store.pages import Page, backwards

_ADD_ACCOUNT = """
    INSERT INTO accounts
      (id, version, name, card_on_file, balance_current, in_good_standing, in_trial)
    VALUES ($1, $2, $3, $4, $5, $6, $7)
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
_FIND_ACCOUNTS = """
    SELECT id, version, name, card_on_file, balance_current, in_good_standing, in_trial
    FROM accounts
    WHERE id = ANY($1::text[])
"""
# One page of every account, newest first.
_PAGE_OF_ACCOUNTS = """
    SELECT id, version, name, card_on_file, balance_current, in_good_standing, in_trial
    FROM accounts
    WHERE id < $1
      AND id > $2
    ORDER BY id DESC
    LIMIT $3
"""
_COUNT_ACCOUNTS = "SELECT count(*) FROM accounts"
# Those of the given ids that are visible: NULL means every company.
_FIND_COMPANIES = """
    SELECT id, account_id, name
    FROM companies
    WHERE id = ANY($1::text[])
      AND ($2::text[] IS NULL OR id = ANY($2::text[]))
"""
# The same page of each account's visible companies, newest first.
_PAGE_OF_COMPANIES = """
    SELECT company.id, company.account_id, company.name
    FROM unnest($1::text[]) AS wanted (account_id)
    CROSS JOIN LATERAL (
      SELECT id, account_id, name
      FROM companies
      WHERE account_id = wanted.account_id
        AND ($2::text[] IS NULL OR id = ANY($2::text[]))
        AND id < $3
        AND id > $4
      ORDER BY id DESC
      LIMIT $5
    ) AS company
    ORDER BY company.id DESC
"""
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
"""
# The same page of each account's members, newest first.
_PAGE_OF_MEMBERS = """
    SELECT member.id, member.account_id, member.name, member.email, member.role,
      member.company_ids, member.login_issuer, member.login_subject, member.active
    FROM unnest($1::text[]) AS wanted (account_id)
    CROSS JOIN LATERAL (
      SELECT id, account_id, name, email, role, company_ids, login_issuer, login_subject, active
      FROM members
      WHERE account_id = wanted.account_id
        AND id < $2
        AND id > $3
      ORDER BY id DESC
      LIMIT $4
    ) AS member
    ORDER BY member.id DESC
"""
_COUNT_MEMBERS = """
    SELECT account_id, count(*)
    FROM members
    WHERE account_id = ANY($1::text[])
    GROUP BY account_id
"""


async def add_account(connection: Connection, account: Account) -> None:
    await connection.execute(
        _ADD_ACCOUNT,
        account.id,
        account.version,
        account.name,
        account.card_on_file,
        account.balance_current,
        account.in_good_standing,
        account.in_trial,
    )


async def add_companies(connection: Connection, companies: Sequence[Company]) -> None:
    await connection.execute(
        _ADD_COMPANIES,
        [company.id for company in companies],
        [company.account_id for company in companies],
        [company.name for company in companies],
        [company_key(company.name) for company in companies],
    )


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
    connection: Connection, account_ids: Sequence[str]
) -> Mapping[str, Account]:
    rows = await connection.fetch(_FIND_ACCOUNTS, account_ids)
    return {row["id"]: Account(**row) for row in rows}


async def find_page_of_accounts(connection: Connection, page: Page) -> list[Account]:
    sql = backwards(_PAGE_OF_ACCOUNTS) if page.is_backwards else _PAGE_OF_ACCOUNTS
    rows = await connection.fetch(sql, *page.bounds, page.limit)
    return [Account(**row) for row in rows]


async def count_accounts(connection: Connection) -> int:
    count: int = await connection.fetchval(_COUNT_ACCOUNTS)
    return count


async def find_companies(
    connection: Connection, ids: Sequence[str], company_ids: Sequence[str] | None
) -> Mapping[str, Company]:
    """Of `ids`, those in the visible `company_ids`; None means every company."""
    rows = await connection.fetch(_FIND_COMPANIES, ids, company_ids)
    return {row["id"]: Company(**row) for row in rows}


async def find_page_of_companies(
    connection: Connection,
    account_ids: Sequence[str],
    company_ids: Sequence[str] | None,
    page: Page,
) -> Mapping[str, list[Company]]:
    sql = backwards(_PAGE_OF_COMPANIES) if page.is_backwards else _PAGE_OF_COMPANIES
    rows = await connection.fetch(sql, account_ids, company_ids, *page.bounds, page.limit)
    pages: dict[str, list[Company]] = {}
    for row in rows:
        pages.setdefault(row["account_id"], []).append(Company(**row))
    return pages


async def count_companies(
    connection: Connection, account_ids: Sequence[str], company_ids: Sequence[str] | None
) -> Mapping[str, int]:
    rows = await connection.fetch(_COUNT_COMPANIES, account_ids, company_ids)
    return {row["account_id"]: row["count"] for row in rows}


async def find_members(
    connection: Connection, member_ids: Sequence[str]
) -> Mapping[str, Member]:
    rows = await connection.fetch(_FIND_MEMBERS, member_ids)
    return {row["id"]: _member(row) for row in rows}


async def find_page_of_members(
    connection: Connection, account_ids: Sequence[str], page: Page
) -> Mapping[str, list[Member]]:
    sql = backwards(_PAGE_OF_MEMBERS) if page.is_backwards else _PAGE_OF_MEMBERS
    rows = await connection.fetch(sql, account_ids, *page.bounds, page.limit)
    pages: dict[str, list[Member]] = {}
    for row in rows:
        pages.setdefault(row["account_id"], []).append(_member(row))
    return pages


async def count_members(
    connection: Connection, account_ids: Sequence[str]
) -> Mapping[str, int]:
    rows = await connection.fetch(_COUNT_MEMBERS, account_ids)
    return {row["account_id"]: row["count"] for row in rows}


def _member(row: Row) -> Member:
    columns = dict(row)
    return Member(
        **columns
        | {"role": Role(columns["role"]), "company_ids": tuple(columns["company_ids"])}
    )
