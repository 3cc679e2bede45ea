"""Port-out locks in PostgreSQL: those of numbers and those of whole accounts."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from libs.common.database import Connection, Row
from libs.contracts.phone_number import PhoneNumber
from services.porting.domain.port_out_shield import PortOutLock

_COLUMNS: Final = """
    number_id, tracking_number, locked_at, locked_by, unlock_asked_by, unlocks_at
"""
# Those of the account itself and of some of its numbers.
_FIND: Final = f"""
    SELECT {_COLUMNS}
    FROM port_out_locks
    WHERE account_id = $1
      AND number_id = ANY($2::text[])
"""
_FIND_OF_ACCOUNTS: Final = f"""
    SELECT account_id, {_COLUMNS}
    FROM port_out_locks
    WHERE account_id = ANY($1::text[])
      AND number_id = ''
"""
# What holds for each number: its own lock and that of the account which has it now.
_FIND_OF_NUMBERS: Final = """
    SELECT number.number_id AS asked, held.number_id, held.tracking_number, locked_at, locked_by,
      unlock_asked_by, unlocks_at
    FROM inventory_numbers AS number
    LEFT JOIN port_out_locks AS held
      ON held.account_id = number.account_id
      AND held.number_id IN ('', number.number_id)
    WHERE number.number_id = ANY($1::text[])
      AND ($2::text IS NULL OR number.account_id = $2)
      AND ($3::text[] IS NULL OR number.company_id = ANY($3))
"""
_SAVE: Final = """
    INSERT INTO port_out_locks (account_id, number_id, tracking_number, locked_at, locked_by,
      unlock_asked_by, unlocks_at)
    SELECT $1, saved.*
    FROM unnest(
      $2::text[], $3::text[], $4::timestamptz[], $5::text[], $6::text[], $7::timestamptz[]
    ) AS saved
    ON CONFLICT ON CONSTRAINT one_lock_per_number DO UPDATE
    SET locked_at = excluded.locked_at, locked_by = excluded.locked_by,
      unlock_asked_by = excluded.unlock_asked_by, unlocks_at = excluded.unlocks_at
"""
_NEXT_UNLOCK: Final = "SELECT min(unlocks_at) FROM port_out_locks WHERE account_id = $1"
_REMOVE_UNLOCKED: Final = f"""
    DELETE FROM port_out_locks
    WHERE account_id = $1
      AND unlocks_at <= $2
    RETURNING {_COLUMNS}
"""
_OF_THE_ACCOUNT: Final = ""


async def find_locks(
    connection: Connection, account_id: str, number_ids: Sequence[str]
) -> dict[str | None, PortOutLock]:
    """By number, that of the whole account under None."""
    asked = [_OF_THE_ACCOUNT, *number_ids]
    found = [_lock(row) for row in await connection.fetch(_FIND, account_id, asked)]
    return {lock.number_id: lock for lock in found}


async def find_account_locks(
    connection: Connection, account_ids: Sequence[str]
) -> dict[str, PortOutLock]:
    rows = await connection.fetch(_FIND_OF_ACCOUNTS, list(account_ids))
    return {row["account_id"]: _lock(row) for row in rows}


async def find_locks_of_numbers(
    connection: Connection,
    number_ids: Sequence[str],
    account_id: str | None,
    company_ids: Sequence[str] | None,
) -> dict[str, list[PortOutLock]]:
    """A number that is unknown, or in none of these companies, is missing."""
    found: dict[str, list[PortOutLock]] = {}
    for row in await connection.fetch(
        _FIND_OF_NUMBERS, list(number_ids), account_id, company_ids
    ):
        locks = found.setdefault(row["asked"], [])
        if row["locked_at"] is not None:
            locks.append(_lock(row))
    return found


async def save_locks(
    connection: Connection, account_id: str, locks: Sequence[PortOutLock]
) -> None:
    await connection.execute(
        _SAVE,
        account_id,
        [lock.number_id or _OF_THE_ACCOUNT for lock in locks],
        [lock.tracking_number for lock in locks],
        [lock.locked_at for lock in locks],
        [lock.locked_by for lock in locks],
        [lock.unlock_asked_by for lock in locks],
        [lock.unlocks_at for lock in locks],
    )


async def find_next_unlock(connection: Connection, account_id: str) -> datetime | None:
    found: datetime | None = await connection.fetchval(_NEXT_UNLOCK, account_id)
    return found


async def remove_unlocked(
    connection: Connection, account_id: str, at: datetime
) -> list[PortOutLock]:
    """Those that had cooled off by then."""
    rows = await connection.fetch(_REMOVE_UNLOCKED, account_id, at)
    return [_lock(row) for row in rows]


def _lock(row: Row) -> PortOutLock:
    number = row["tracking_number"]
    return PortOutLock(
        number_id=row["number_id"] or None,
        tracking_number=PhoneNumber(number) if number else None,
        locked_at=row["locked_at"],
        locked_by=row["locked_by"],
        unlock_asked_by=row["unlock_asked_by"],
        unlocks_at=row["unlocks_at"],
    )
