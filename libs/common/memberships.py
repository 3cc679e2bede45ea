"""Which memberships a login has, by our own rows."""

from libs.common.caller import FindMemberships, Membership, Role
from libs.common.database import Database

# The one thing the login role may call: it answers for the login it is given, nothing else.
_FIND_MEMBERSHIPS = """
    SELECT account_id, member_id, role, company_ids, account_is_disabled
    FROM find_memberships($1, $2)
"""


def memberships_of(database: Database) -> FindMemberships:
    async def find_memberships(issuer: str, subject: str) -> list[Membership]:
        return [
            Membership(
                account_id=row["account_id"],
                member_id=row["member_id"],
                role=Role(row["role"]),
                company_ids=frozenset(row["company_ids"]),
                account_is_disabled=row["account_is_disabled"],
            )
            for row in await database.fetch(_FIND_MEMBERSHIPS, issuer, subject)
        ]

    return find_memberships
