"""PINs in PostgreSQL: what was answered, and the sealed secret while it is needed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from libs.common.database import Connection
from libs.common.vault import Sealed
from services.porting.domain.lines import TERMINAL
from services.porting.domain.pins import PinAnswer


@dataclass(frozen=True, kw_only=True)
class KeptPin:
    """`holder` is the request (its letter's own block), a losing account (`la_…`) or a line."""

    id: str
    holder: str
    answer: PinAnswer
    sealed: Sealed | None
    line_id: str | None = None


# An answer of before goes with its row: what was sealed under that id opens nowhere else.
_REPLACE: Final = """
    DELETE FROM pins
    WHERE port_request_id = $1
      AND holder = ANY($2::text[])
"""
_ADD: Final = """
    INSERT INTO pins
      (port_request_id, account_id, given_at, id, holder, line_id, answer, key_id, sealed)
    SELECT $1, $2, $3, kept.*
    FROM unnest($4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::bytea[]) AS kept
"""
_FIND_SEALED: Final = """
    SELECT id, key_id, sealed
    FROM pins
    WHERE port_request_id = $1
      AND holder = $2
      AND sealed IS NOT NULL
"""
_FIND_ALL_SEALED: Final = """
    SELECT id, key_id, sealed
    FROM pins
    WHERE port_request_id = $1
      AND sealed IS NOT NULL
"""
# A line's as soon as the line cannot move any more; an account's once none of its lines can;
# that of the letter's own block with the last line of all.
_FORGET: Final = """
    UPDATE pins
    SET sealed = NULL, key_id = NULL, forgotten_at = clock_timestamp()
    WHERE port_request_id = $1
      AND key_id IS NOT NULL
      AND (
        NOT EXISTS (SELECT FROM lines WHERE port_request_id = $1 AND state <> ALL($2::text[]))
        OR line_id IN (
          SELECT id
          FROM lines
          WHERE port_request_id = $1
            AND state = ANY($2::text[])
        )
        OR holder IN (
          SELECT account->>'id'
          FROM letters
          CROSS JOIN LATERAL jsonb_array_elements(letters.accounts) AS account
          WHERE letters.port_request_id = $1
            AND letters.state <> 'SUPERSEDED'
            AND NOT EXISTS (
              SELECT
              FROM lines
              WHERE port_request_id = $1
                AND state <> ALL($2::text[])
                AND (
                  account->'tracking_numbers' ? lines.tracking_number
                  OR lines.account_number = account->>'account_number'
                )
            )
        )
      )
"""
_ACTOR: Final = "SELECT current_setting('app.actor')"
_ADD_USE: Final = """
    INSERT INTO pin_uses (id, account_id, port_request_id, holder, used_by, reason)
    VALUES ($1, $2, $3, $4, $5, $6)
"""
# Those under another key than the newest; who rotates beside us takes others.
_TAKE_OLD: Final = """
    SELECT id, key_id, sealed
    FROM pins
    WHERE key_id <> $1
    LIMIT $2
    FOR UPDATE SKIP LOCKED
"""
_RESEAL: Final = """
    UPDATE pins
    SET key_id = $1, sealed = resealed.sealed
    FROM unnest($2::text[], $3::bytea[]) AS resealed (id, sealed)
    WHERE pins.id = resealed.id
"""


async def keep_pins(
    connection: Connection,
    request_id: str,
    account_id: str,
    at: datetime,
    kept: Sequence[KeptPin],
) -> None:
    """Each in the place of what its holder had before."""
    if not kept:
        return
    await connection.execute(_REPLACE, request_id, [pin.holder for pin in kept])
    await connection.execute(
        _ADD,
        request_id,
        account_id,
        at,
        [pin.id for pin in kept],
        [pin.holder for pin in kept],
        [pin.line_id for pin in kept],
        [pin.answer for pin in kept],
        [pin.sealed.key_id if pin.sealed else None for pin in kept],
        [pin.sealed.box if pin.sealed else None for pin in kept],
    )


async def remove_pins(connection: Connection, request_id: str, holders: Sequence[str]) -> None:
    await connection.execute(_REPLACE, request_id, list(holders))


async def find_sealed_pin(
    connection: Connection, request_id: str, holder: str
) -> tuple[str, Sealed] | None:
    """The row's id, and what is sealed in it."""
    row = await connection.fetchrow(_FIND_SEALED, request_id, holder)
    if row is None:
        return None
    return row["id"], Sealed(key_id=row["key_id"], box=row["sealed"])


async def find_sealed_pins(connection: Connection, request_id: str) -> dict[str, Sealed]:
    """By the row's id, whoever holds them."""
    rows = await connection.fetch(_FIND_ALL_SEALED, request_id)
    return {row["id"]: Sealed(key_id=row["key_id"], box=row["sealed"]) for row in rows}


async def forget_pins(connection: Connection, request_id: str) -> None:
    """Of what cannot move any more."""
    await connection.execute(_FORGET, request_id, sorted(TERMINAL))


async def find_actor(connection: Connection) -> str:
    actor: str = await connection.fetchval(_ACTOR)
    return actor


async def add_pin_use(
    connection: Connection,
    use_id: str,
    account_id: str,
    request_id: str,
    holder: str,
    used_by: str,
    reason: str,
) -> None:
    await connection.execute(_ADD_USE, use_id, account_id, request_id, holder, used_by, reason)


async def take_old_pins(
    connection: Connection, newest_key_id: str, most: int
) -> dict[str, Sealed]:
    rows = await connection.fetch(_TAKE_OLD, newest_key_id, most)
    return {row["id"]: Sealed(key_id=row["key_id"], box=row["sealed"]) for row in rows}


async def reseal_pins(
    connection: Connection, newest_key_id: str, boxes: Mapping[str, bytes]
) -> None:
    await connection.execute(_RESEAL, newest_key_id, list(boxes), list(boxes.values()))
