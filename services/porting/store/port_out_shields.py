"""Port-out shields in PostgreSQL, and the record of who did what to them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from libs.common.database import Connection, Row
from libs.common.ids import new_id
from libs.common.paging import Key, Listing, Page, Slice, read_pages
from libs.contracts.phone_number import PhoneNumber
from services.porting.domain.port_out_pins import PinTries
from services.porting.domain.port_out_shield import PortOutShield, ShieldAct


@dataclass(frozen=True, kw_only=True)
class ShieldRecord:
    """`actor` is such as `member:mem_…`, `support:<subject>` or `system`."""

    id: str
    account_id: str
    act: ShieldAct
    actor: str
    at: datetime
    tracking_numbers: Sequence[PhoneNumber]
    reason: str | None


_COLUMNS: Final = "id, account_id, version, pin_set_at, wrong_tries, last_wrong_at"
_MAKE: Final = """
    INSERT INTO port_out_shields (id, account_id)
    VALUES ($1, $2)
    ON CONFLICT ON CONSTRAINT one_shield_per_account DO NOTHING
"""
_LOCK: Final = f"SELECT {_COLUMNS} FROM port_out_shields WHERE account_id = $1 FOR UPDATE"
_LOCK_IF_FREE: Final = f"{_LOCK} SKIP LOCKED"
_LOCK_WITH_PIN: Final = f"""
    SELECT {_COLUMNS}, pin_hash
    FROM port_out_shields
    WHERE account_id = $1
    FOR UPDATE
"""
_FIND_MANY: Final = (
    f"SELECT {_COLUMNS} FROM port_out_shields WHERE account_id = ANY($1::text[])"
)
# What a report is judged by, without what it is compared with in secret.
_FIND_GATES: Final = """
    SELECT account_identifier, pin_hash IS NOT NULL AS has_pin
    FROM port_out_shields
    WHERE account_id = $1
"""
_SAVE_VERSION: Final = "UPDATE port_out_shields SET version = $2 WHERE id = $1"
# Another PIN is tried anew.
_SAVE_PIN: Final = """
    UPDATE port_out_shields
    SET pin_hash = $2, pin_set_at = $3, wrong_tries = 0, last_wrong_at = NULL
    WHERE id = $1
"""
_SAVE_TRIES: Final = """
    UPDATE port_out_shields
    SET wrong_tries = $2, last_wrong_at = $3
    WHERE id = $1
"""
# The first one stays: carriers may have it on their papers.
_KEEP_IDENTIFIER: Final = """
    UPDATE port_out_shields
    SET account_identifier = coalesce(account_identifier, $2)
    WHERE id = $1
    RETURNING account_identifier
"""
_ADD_RECORD: Final = """
    INSERT INTO port_out_shield_records
      (id, account_id, act, actor, at, tracking_numbers, reason)
    VALUES ($1, $2, $3, current_setting('app.actor'), $4, $5, $6)
"""
# Newest first, of each of many accounts.
RECORDS: Final = Listing(
    """
    SELECT record.*
    FROM unnest($1::text[]) AS wanted (account_id)
    CROSS JOIN LATERAL (
      SELECT id, account_id, act, actor, at, tracking_numbers, reason
      FROM port_out_shield_records
      WHERE account_id = wanted.account_id {keyset} {order}
    ) AS record
    """,
    parameters=1,
    keys=[Key(column="id", kind=str)],
    descending=True,
)


async def lock_shield(connection: Connection, account_id: str) -> PortOutShield:
    """Makes it where the account has none yet."""
    await connection.execute(_MAKE, new_id("shd"), account_id)
    row = await connection.fetchrow(_LOCK, account_id)
    assert row is not None
    return _shield(row)


async def lock_shield_if_free(connection: Connection, account_id: str) -> PortOutShield | None:
    row = await connection.fetchrow(_LOCK_IF_FREE, account_id)
    return _shield(row) if row else None


async def lock_shield_with_pin(
    connection: Connection, account_id: str
) -> tuple[PortOutShield, str | None]:
    """With the PIN's hash; for the worker alone. The account has a shield."""
    row = await connection.fetchrow(_LOCK_WITH_PIN, account_id)
    assert row is not None
    return _shield(row), row["pin_hash"]


async def find_shields(
    connection: Connection, account_ids: Sequence[str]
) -> dict[str, PortOutShield]:
    """By account; one without any is missing."""
    rows = await connection.fetch(_FIND_MANY, list(account_ids))
    return {row["account_id"]: _shield(row) for row in rows}


async def find_gates(connection: Connection, account_id: str) -> tuple[str | None, bool]:
    """The account identifier if it has one, and whether a PIN is asked for."""
    row = await connection.fetchrow(_FIND_GATES, account_id)
    return (row["account_identifier"], row["has_pin"]) if row else (None, False)


async def save_version(connection: Connection, shield: PortOutShield, version: int) -> None:
    await connection.execute(_SAVE_VERSION, shield.id, version)


async def save_pin(
    connection: Connection, shield: PortOutShield, pin_hash: str | None, at: datetime
) -> None:
    await connection.execute(_SAVE_PIN, shield.id, pin_hash, at if pin_hash else None)


async def save_tries(connection: Connection, shield: PortOutShield, tries: PinTries) -> None:
    await connection.execute(_SAVE_TRIES, shield.id, tries.wrong, tries.last_wrong_at)


async def keep_identifier(connection: Connection, shield: PortOutShield, made: str) -> str:
    """The account's own; `made` where it had none."""
    kept: str = await connection.fetchval(_KEEP_IDENTIFIER, shield.id, made)
    return kept


async def add_record(
    connection: Connection,
    account_id: str,
    act: ShieldAct,
    at: datetime,
    *,
    tracking_numbers: Sequence[PhoneNumber] = (),
    reason: str | None = None,
) -> None:
    await connection.execute(
        _ADD_RECORD, new_id("rec"), account_id, act, at, list(tracking_numbers), reason
    )


async def find_record_pages(
    connection: Connection, account_ids: Sequence[str], page: Page
) -> dict[str, Slice[ShieldRecord]]:
    """An account without records is missing."""
    pages = await read_pages(connection, RECORDS, page, "account_id", list(account_ids))
    return {account_id: rows.map(_record) for account_id, rows in pages.items()}


def _shield(row: Row) -> PortOutShield:
    return PortOutShield(
        id=row["id"],
        account_id=row["account_id"],
        version=row["version"],
        pin_set_at=row["pin_set_at"],
        tries=PinTries(wrong=row["wrong_tries"], last_wrong_at=row["last_wrong_at"]),
    )


def _record(row: Row) -> ShieldRecord:
    return ShieldRecord(
        **dict(row)
        | {
            "act": ShieldAct(row["act"]),
            "tracking_numbers": [PhoneNumber(each) for each in row["tracking_numbers"]],
        }
    )
