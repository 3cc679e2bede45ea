"""Whether accounts have their numbers disabled when these leave: every statement about it."""

from collections.abc import Mapping, Sequence

from libs.common.database import Connection

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
_SAVE = "UPDATE accounts SET disables_ported_out = $2 WHERE id = $1"


async def find_disables_ported_out(connection: Connection, account_id: str) -> bool:
    return bool(await connection.fetchval(_FIND, account_id))


async def find_disables_ported_out_of_each(
    connection: Connection, account_ids: Sequence[str]
) -> Mapping[str, bool]:
    rows = await connection.fetch(_FIND_OF_EACH, account_ids)
    return {row["id"]: row["disables_ported_out"] for row in rows}


async def save_disables_ported_out(
    connection: Connection,
    account_id: str,
    answer: bool,  # noqa: FBT001 - the one value saved
) -> None:
    await connection.execute(_SAVE, account_id, answer)
