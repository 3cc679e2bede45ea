"""Whether accounts have their numbers disabled when these leave: every statement about it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from libs.common.database import Connection
from libs.common.sight import Sight

_FIND = """
    SELECT disables_ported_out
    FROM accounts
    WHERE id = $1
"""
_FIND_OF_EACH = """
    SELECT id, disables_ported_out
    FROM accounts
    WHERE id = ANY($1::text[])
"""
_LOCK = """
    SELECT version, disables_ported_out
    FROM accounts
    WHERE id = $1
      AND ($2::text IS NULL OR id = $2)
    FOR UPDATE
"""
_SAVE = """
    UPDATE accounts
    SET version = $2, disables_ported_out = $3
    WHERE id = $1
"""


@dataclass(frozen=True, kw_only=True)
class PortOutDisabling:
    """`version` is the account's."""

    version: int
    disables_ported_out: bool


async def find_disables_ported_out(connection: Connection, account_id: str) -> bool:
    return bool(await connection.fetchval(_FIND, account_id))


async def find_disables_ported_out_of_each(
    connection: Connection, account_ids: Sequence[str]
) -> Mapping[str, bool]:
    rows = await connection.fetch(_FIND_OF_EACH, account_ids)
    return {row["id"]: row["disables_ported_out"] for row in rows}


async def lock_port_out_disabling(
    connection: Connection, account_id: str, sight: Sight
) -> PortOutDisabling | None:
    row = await connection.fetchrow(_LOCK, account_id, sight.account_id)
    return None if row is None else PortOutDisabling(**row)


async def save_port_out_disabling(
    connection: Connection, account_id: str, disabling: PortOutDisabling
) -> None:
    await connection.execute(
        _SAVE, account_id, disabling.version, disabling.disables_ported_out
    )
