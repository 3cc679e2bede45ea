"""Changes of accounts, companies and members; whoever changes one holds its account's row."""

from collections.abc import Sequence

from libs.common.database import Connection
from libs.common.sight import Sight
from libs.contracts.company_names import company_key
from services.numbers.domain.accounts import Account, Company, Member
from services.numbers.store.accounts import ACCOUNTS, read_account, unique_names

# The account itself, or that of a company or a member: nobody else changes any part of it now.
_LOCK = (
    ACCOUNTS
    + """
    WHERE id = $1
      AND ($2::text IS NULL OR id = $2)
    FOR UPDATE
"""
)
_LOCK_OF_COMPANY = (
    ACCOUNTS
    + """
    WHERE id = (SELECT account_id FROM companies WHERE id = $1)
      AND ($2::text IS NULL OR id = $2)
    FOR UPDATE
"""
)
_LOCK_OF_MEMBER = (
    ACCOUNTS
    + """
    WHERE id = (SELECT account_id FROM members WHERE id = $1)
      AND ($2::text IS NULL OR id = $2)
    FOR UPDATE
"""
)
# Keeps the account as it is until the transaction ends, and keeps nobody else from doing so.
_HOLD = "SELECT disabled_at IS NOT NULL FROM accounts WHERE id = $1 FOR SHARE"
_SAVE_NAME = """
    UPDATE accounts
    SET version = $2, name = $3, name_key = $4
    WHERE id = $1
"""
_SAVE_STANDING = """
    UPDATE accounts
    SET version = $2, card_on_file = $3, balance_current = $4, in_good_standing = $5,
      in_trial = $6, standing_changed_at = $7, standing_sequence = $8
    WHERE id = $1
"""
_SAVE_DISABLED = """
    UPDATE accounts
    SET version = $2, disabled_at = $3, disabled_by = $4
    WHERE id = $1
"""
_SAVE_VERSION = "UPDATE accounts SET version = $2 WHERE id = $1"
_SAVE_COMPANY = "UPDATE companies SET name = $2, name_key = $3 WHERE id = $1"
_SAVE_MEMBER = """
    UPDATE members
    SET name = $2, email = $3, role = $4, company_ids = $5, active = $6
    WHERE id = $1
"""
_COUNT_COMPANIES = "SELECT count(*) FROM companies WHERE account_id = $1"
_COUNT_MEMBERS = "SELECT count(*) FROM members WHERE account_id = $1"
_FIND_OWN_COMPANIES = """
    SELECT id
    FROM companies
    WHERE account_id = $1
      AND id = ANY($2::text[])
"""
_HAS_LOGIN = """
    SELECT EXISTS (
      SELECT
      FROM members
      WHERE account_id = $1
        AND login_issuer = $2
        AND login_subject = $3
    )
"""
# Besides the one that is named.
_HAS_OTHER_ADMINISTRATOR = """
    SELECT EXISTS (
      SELECT
      FROM members
      WHERE account_id = $1
        AND id <> $2
        AND role = 'ADMINISTRATOR'
        AND active
    )
"""
_IS_ADMINISTRATOR = """
    SELECT EXISTS (
      SELECT
      FROM members
      WHERE id = $1
        AND role = 'ADMINISTRATOR'
        AND active
    )
"""


async def lock_account(
    connection: Connection, account_id: str, sight: Sight
) -> Account | None:
    return await _lock(connection, _LOCK, account_id, sight)


async def lock_account_of_company(
    connection: Connection, company_id: str, sight: Sight
) -> Account | None:
    return await _lock(connection, _LOCK_OF_COMPANY, company_id, sight)


async def lock_account_of_member(
    connection: Connection, member_id: str, sight: Sight
) -> Account | None:
    return await _lock(connection, _LOCK_OF_MEMBER, member_id, sight)


async def _lock(
    connection: Connection, statement: str, some_id: str, sight: Sight
) -> Account | None:
    row = await connection.fetchrow(statement, some_id, sight.account_id)
    return read_account(row) if row else None


async def hold_account(connection: Connection, account_id: str) -> bool:
    """Whether it is disabled; so it stays until the transaction ends."""
    return bool(await connection.fetchval(_HOLD, account_id))


async def save_name(connection: Connection, account: Account) -> None:
    await connection.execute(
        _SAVE_NAME, account.id, account.version, account.name, company_key(account.name)
    )


async def save_standing(connection: Connection, account: Account) -> None:
    standing = account.standing
    await connection.execute(
        _SAVE_STANDING,
        account.id,
        account.version,
        standing.card_on_file,
        standing.balance_current,
        standing.in_good_standing,
        standing.in_trial,
        standing.changed_at,
        standing.sequence,
    )


async def save_disabled(connection: Connection, account: Account) -> None:
    await connection.execute(
        _SAVE_DISABLED, account.id, account.version, account.disabled_at, account.disabled_by
    )


async def save_version(connection: Connection, account_id: str, version: int) -> None:
    await connection.execute(_SAVE_VERSION, account_id, version)


async def save_company(connection: Connection, company: Company) -> None:
    """Raises `CompanyNamedTwice`."""
    with unique_names():
        await connection.execute(
            _SAVE_COMPANY, company.id, company.name, company_key(company.name)
        )


async def save_member(connection: Connection, member: Member) -> None:
    await connection.execute(
        _SAVE_MEMBER,
        member.id,
        member.name,
        member.email,
        member.role,
        list(member.company_ids),
        member.active,
    )


async def count_companies_of(connection: Connection, account_id: str) -> int:
    count: int = await connection.fetchval(_COUNT_COMPANIES, account_id)
    return count


async def count_members_of(connection: Connection, account_id: str) -> int:
    count: int = await connection.fetchval(_COUNT_MEMBERS, account_id)
    return count


async def find_own_companies(
    connection: Connection, account_id: str, company_ids: Sequence[str]
) -> set[str]:
    """Those of the given ids that are the account's."""
    rows = await connection.fetch(_FIND_OWN_COMPANIES, account_id, company_ids)
    return {row["id"] for row in rows}


async def has_login(
    connection: Connection, account_id: str, issuer: str, subject: str
) -> bool:
    return bool(await connection.fetchval(_HAS_LOGIN, account_id, issuer, subject))


async def has_other_administrator(
    connection: Connection, account_id: str, member_id: str
) -> bool:
    return bool(await connection.fetchval(_HAS_OTHER_ADMINISTRATOR, account_id, member_id))


async def is_administrator(connection: Connection, member_id: str) -> bool:
    """As the rows say now: a token or a session may remember more."""
    return bool(await connection.fetchval(_IS_ADMINISTRATOR, member_id))
