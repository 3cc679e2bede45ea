"""Copies of what `numbers` owns, kept by its events and guarded by their version."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from libs.common.caller import Login, Member, Role
from libs.common.database import Connection
from libs.contracts.number_events import AccountState, CompanyChanged, MemberChanged
from libs.contracts.phone_number import PhoneNumber


@dataclass(frozen=True, kw_only=True)
class Account:
    account_id: str
    card_on_file: bool
    balance_current: bool
    in_good_standing: bool
    in_trial: bool
    is_disabled: bool


@dataclass(frozen=True, kw_only=True)
class InventoryNumber:
    number_id: str
    account_id: str
    company_id: str
    tracking_number: PhoneNumber
    state: str
    port_request_id: str | None
    version: int


_COPY_ACCOUNTS: Final = """
    INSERT INTO accounts
      (account_id, version, name, card_on_file, balance_current, in_good_standing, in_trial,
       is_disabled)
    SELECT DISTINCT ON (account_id) *
    FROM unnest(
      $1::text[], $2::integer[], $3::text[], $4::boolean[], $5::boolean[], $6::boolean[],
      $7::boolean[], $8::boolean[]
    ) AS copied (account_id, version, name, card, balance, standing, trial, disabled)
    ORDER BY account_id, version DESC
    ON CONFLICT (account_id) DO UPDATE
    SET name = excluded.name, card_on_file = excluded.card_on_file,
      balance_current = excluded.balance_current,
      in_good_standing = excluded.in_good_standing, in_trial = excluded.in_trial,
      is_disabled = excluded.is_disabled, version = excluded.version
    WHERE accounts.version < excluded.version
"""
_COPY_COMPANIES: Final = """
    INSERT INTO companies (company_id, account_id, version, name)
    SELECT DISTINCT ON (company_id) *
    FROM unnest($1::text[], $2::text[], $3::integer[], $4::text[])
      AS copied (company_id, account_id, version, name)
    ORDER BY company_id, version DESC
    ON CONFLICT (company_id) DO UPDATE
    SET name = excluded.name, version = excluded.version
    WHERE companies.version < excluded.version
"""
_COPY_MEMBER: Final = """
    INSERT INTO members
      (member_id, account_id, version, name, role, company_ids, login_issuer, login_subject,
       active)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
    ON CONFLICT (member_id) DO UPDATE
    SET name = excluded.name, role = excluded.role, company_ids = excluded.company_ids,
      login_issuer = excluded.login_issuer, login_subject = excluded.login_subject,
      active = excluded.active, version = excluded.version
    WHERE members.version < excluded.version
"""
_COPY_NUMBERS: Final = """
    INSERT INTO inventory_numbers
      (number_id, account_id, company_id, tracking_number, state, port_request_id, version)
    SELECT DISTINCT ON (number_id) *
    FROM unnest(
      $1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::integer[]
    ) AS copied (number_id, account_id, company_id, tracking_number, state, request, version)
    ORDER BY number_id, version DESC
    ON CONFLICT (number_id) DO UPDATE
    SET account_id = excluded.account_id, company_id = excluded.company_id,
      state = excluded.state, version = excluded.version
    WHERE inventory_numbers.version < excluded.version
"""
_FIND_ACCOUNT: Final = """
    SELECT account_id, card_on_file, balance_current, in_good_standing, in_trial, is_disabled
    FROM accounts
    WHERE account_id = $1
"""
_FIND_COMPANIES: Final = "SELECT company_id, name FROM companies WHERE account_id = $1"
_FIND_MEMBER_NAME: Final = "SELECT name FROM members WHERE member_id = $1"
_FIND_MEMBER: Final = """
    SELECT account_id, member_id, role, company_ids, login_issuer, login_subject
    FROM members
    WHERE member_id = $1
      AND active
"""
# Ids sort by time of making.
_FIND_FIRST_ADMINISTRATOR: Final = """
    SELECT member_id
    FROM members
    WHERE account_id = $1
      AND role = 'ADMINISTRATOR'
      AND active
    ORDER BY member_id
    LIMIT 1
"""
_FIND_NUMBERS: Final = """
    SELECT number_id, account_id, company_id, tracking_number, state, port_request_id, version
    FROM inventory_numbers
    WHERE tracking_number = ANY($1::text[])
      AND state NOT IN ('DISABLED', 'RELEASED')
"""


async def copy_accounts(
    connection: Connection, copies: Sequence[tuple[str, int, AccountState]]
) -> None:
    await connection.execute(
        _COPY_ACCOUNTS,
        [account_id for account_id, _, _ in copies],
        [version for _, version, _ in copies],
        [fact.name for _, _, fact in copies],
        [fact.card_on_file for _, _, fact in copies],
        [fact.balance_current for _, _, fact in copies],
        [fact.in_good_standing for _, _, fact in copies],
        [fact.in_trial for _, _, fact in copies],
        [fact.disabled for _, _, fact in copies],
    )


async def copy_companies(
    connection: Connection, copies: Sequence[tuple[str, int, CompanyChanged]]
) -> None:
    await connection.execute(
        _COPY_COMPANIES,
        [fact.company_id for _, _, fact in copies],
        [account_id for account_id, _, _ in copies],
        [version for _, version, _ in copies],
        [fact.name for _, _, fact in copies],
    )


async def copy_members(
    connection: Connection, copies: Sequence[tuple[str, int, MemberChanged]]
) -> None:
    """One by one in a pipeline: arrays of arrays of unequal length have no unnest."""
    await connection.executemany(
        _COPY_MEMBER,
        [
            (
                fact.member_id,
                account_id,
                version,
                fact.name,
                fact.role,
                fact.company_ids,
                fact.login_issuer,
                fact.login_subject,
                fact.active,
            )
            for account_id, version, fact in copies
        ],
    )


async def copy_numbers(connection: Connection, copies: Sequence[InventoryNumber]) -> None:
    await connection.execute(
        _COPY_NUMBERS,
        [copy.number_id for copy in copies],
        [copy.account_id for copy in copies],
        [copy.company_id for copy in copies],
        [copy.tracking_number for copy in copies],
        [copy.state for copy in copies],
        [copy.port_request_id for copy in copies],
        [copy.version for copy in copies],
    )


async def find_account(connection: Connection, account_id: str) -> Account | None:
    row = await connection.fetchrow(_FIND_ACCOUNT, account_id)
    return Account(**dict(row)) if row else None


async def find_company_names(connection: Connection, account_id: str) -> dict[str, str]:
    """The account's companies: id to name."""
    rows = await connection.fetch(_FIND_COMPANIES, account_id)
    return {row["company_id"]: row["name"] for row in rows}


async def find_member_name(connection: Connection, member_id: str) -> str:
    name: str = await connection.fetchval(_FIND_MEMBER_NAME, member_id)
    return name


async def find_first_administrator(connection: Connection, account_id: str) -> str | None:
    """The member's id."""
    found: str | None = await connection.fetchval(_FIND_FIRST_ADMINISTRATOR, account_id)
    return found


async def find_member(connection: Connection, member_id: str) -> Member | None:
    """As they are now, without a token; None for one who is a member no more."""
    row = await connection.fetchrow(_FIND_MEMBER, member_id)
    if row is None:
        return None
    role = Role(row["role"])
    return Member(
        login=Login(
            issuer=row["login_issuer"],
            subject=row["login_subject"],
            expires_at=datetime.now(UTC),
        ),
        account_id=row["account_id"],
        member_id=row["member_id"],
        role=role,
        company_ids=frozenset()
        if role is Role.ADMINISTRATOR
        else frozenset(row["company_ids"]),
    )


async def find_inventory_numbers(
    connection: Connection, numbers: Sequence[str]
) -> list[InventoryNumber]:
    """Those of `numbers` that are in inventory and not disabled."""
    return [
        InventoryNumber(
            **{**dict(row), "tracking_number": PhoneNumber(row["tracking_number"])}
        )
        for row in await connection.fetch(_FIND_NUMBERS, list(numbers))
    ]
