"""Logins of members: who somebody is that a link names."""

from datetime import UTC, datetime

from libs.common.caller import Login, Member, Role
from libs.common.database import Connection

_FIND_LOGIN = """
    SELECT account_id, id, role, company_ids, login_issuer, login_subject
    FROM members
    WHERE id = $1
      AND active
"""


async def find_login(connection: Connection, member_id: str) -> Member | None:
    """As they are now, without a token; None for one who is a member no more."""
    row = await connection.fetchrow(_FIND_LOGIN, member_id)
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
        member_id=row["id"],
        role=role,
        company_ids=frozenset()
        if role is Role.ADMINISTRATOR
        else frozenset(row["company_ids"]),
    )
