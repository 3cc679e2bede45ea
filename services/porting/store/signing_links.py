"""Signing links in PostgreSQL: found by the hash of their token, and only while they are good."""

from datetime import datetime
from typing import Final

from libs.common.database import Connection, Row
from services.porting.domain.signing import SigningLink

_COLUMNS: Final = """
    id, letter_id, port_request_id, account_id, nonce, token_hash, document_hash, expires_at
"""
_ADD: Final = f"""
    INSERT INTO signing_links ({_COLUMNS})
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""
# Wrong, used, void and expired ones are all the same: none.
_FIND: Final = f"""
    SELECT {_COLUMNS}
    FROM signing_links
    WHERE token_hash = $1
      AND used_at IS NULL
      AND voided_at IS NULL
      AND expires_at > clock_timestamp()
"""
_FIND_TO_DELIVER: Final = f"""
    SELECT {_COLUMNS}
    FROM signing_links
    WHERE id = $1
      AND used_at IS NULL
      AND voided_at IS NULL
      AND expires_at > clock_timestamp()
"""
_USE: Final = "UPDATE signing_links SET used_at = $2 WHERE id = $1 AND used_at IS NULL"
_VOID: Final = """
    UPDATE signing_links
    SET voided_at = clock_timestamp()
    WHERE letter_id = $1
      AND used_at IS NULL
      AND voided_at IS NULL
"""


async def add_link(connection: Connection, link: SigningLink) -> None:
    await connection.execute(
        _ADD,
        link.id,
        link.letter_id,
        link.port_request_id,
        link.account_id,
        link.nonce,
        link.token_hash,
        link.document_hash,
        link.expires_at,
    )


async def find_link(connection: Connection, token_hash: bytes) -> SigningLink | None:
    row = await connection.fetchrow(_FIND, token_hash)
    return _link(row) if row else None


async def find_link_to_deliver(connection: Connection, link_id: str) -> SigningLink | None:
    row = await connection.fetchrow(_FIND_TO_DELIVER, link_id)
    return _link(row) if row else None


async def use_link(connection: Connection, link_id: str, at: datetime) -> None:
    await connection.execute(_USE, link_id, at)


async def void_links(connection: Connection, letter_id: str) -> None:
    await connection.execute(_VOID, letter_id)


def _link(row: Row) -> SigningLink:
    return SigningLink(**dict(row))
