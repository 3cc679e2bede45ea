"""Copies of accounts, companies and members, each as new as the newest version heard."""

from collections.abc import Sequence
from typing import Any, Final

from libs.common.caller import Role
from libs.common.database import Connection
from libs.common.events import Event
from libs.contracts.number_events import AccountState, CompanyChanged, MemberChanged

# A batch may hold one thing twice: only its newest version is written, and never over a newer.
_SAVE_ACCOUNTS = """
    INSERT INTO accounts (account_id, version, name, is_disabled)
    SELECT DISTINCT ON (account_id) account_id, version, name, is_disabled
    FROM unnest($1::text[], $2::integer[], $3::text[], $4::boolean[])
      AS heard (account_id, version, name, is_disabled)
    ORDER BY account_id, version DESC
    ON CONFLICT (account_id) DO UPDATE
    SET version = excluded.version, name = excluded.name, is_disabled = excluded.is_disabled
    WHERE accounts.version < excluded.version
"""
_SAVE_COMPANIES = """
    INSERT INTO companies (company_id, account_id, version, name)
    SELECT DISTINCT ON (company_id) company_id, account_id, version, name
    FROM unnest($1::text[], $2::integer[], $3::text[], $4::text[])
      AS heard (account_id, version, company_id, name)
    ORDER BY company_id, version DESC
    ON CONFLICT (company_id) DO UPDATE
    SET version = excluded.version, name = excluded.name
    WHERE companies.version < excluded.version
"""
_SAVE_MEMBERS = """
    INSERT INTO members (
      member_id, account_id, version, name, email, role, company_ids, login_issuer,
      login_subject, is_active
    )
    SELECT DISTINCT ON (member_id) member_id, account_id, version, name, email, role,
      string_to_array(company_ids, ','), login_issuer, login_subject, is_active
    FROM unnest(
      $1::text[], $2::integer[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
      $8::text[], $9::text[], $10::boolean[]
    ) AS heard (
      account_id, version, member_id, name, email, role, company_ids, login_issuer,
      login_subject, is_active
    )
    ORDER BY member_id, version DESC
    ON CONFLICT (member_id) DO UPDATE
    SET version = excluded.version, name = excluded.name, email = excluded.email,
      role = excluded.role, company_ids = excluded.company_ids,
      login_issuer = excluded.login_issuer, login_subject = excluded.login_subject,
      is_active = excluded.is_active
    WHERE members.version < excluded.version
"""
STATEMENTS: Final = (_SAVE_ACCOUNTS, _SAVE_COMPANIES, _SAVE_MEMBERS)


async def save_copies(connection: Connection, events: Sequence[Event]) -> None:
    accounts: list[tuple[Any, ...]] = []
    companies: list[tuple[Any, ...]] = []
    members: list[tuple[Any, ...]] = []
    for event in events:
        version = (event.subject, event.sequence)
        match event.fact:
            case AccountState() as account:
                accounts.append((*version, account.name, account.disabled))
            case CompanyChanged() as company:
                companies.append((*version, company.company_id, company.name))
            case MemberChanged() as member:
                members.append((*version, *_member_columns(member)))
            case _:
                raise TypeError(f"{event.type} is no part of an account")
    for statement, rows in (
        (_SAVE_ACCOUNTS, accounts),
        (_SAVE_COMPANIES, companies),
        (_SAVE_MEMBERS, members),
    ):
        if rows:
            await connection.execute(statement, *map(list, zip(*rows, strict=True)))


def _member_columns(member: MemberChanged) -> tuple[Any, ...]:
    return (
        member.member_id,
        member.name,
        member.email,
        Role(member.role),
        ",".join(member.company_ids),
        member.login_issuer,
        member.login_subject,
        member.active,
    )
