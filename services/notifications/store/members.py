"""Members as our copies have them."""

from collections.abc import Sequence
from typing import Final

from libs.common.database import Connection
from services.notifications.domain.telling import KnownMember

_FIND: Final = """
    SELECT member_id, version, email, role, login_issuer, login_subject, is_active
    FROM members
    WHERE member_id = ANY($1::text[])
"""
STATEMENTS: Final = (_FIND,)


async def find_known_members(
    connection: Connection, member_ids: Sequence[str]
) -> dict[str, KnownMember]:
    return {
        row["member_id"]: KnownMember(
            version=row["version"],
            email=row["email"],
            role=row["role"],
            login=(row["login_issuer"], row["login_subject"]),
            is_active=row["is_active"],
        )
        for row in await connection.fetch(_FIND, member_ids)
    }
