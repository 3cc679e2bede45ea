"""Signed letters that wait to be a sealed PDF, in PostgreSQL."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from libs.common.database import Connection
from services.porting.domain.letters import Signature
from services.porting.domain.pins import PinAnswer


@dataclass(frozen=True, kw_only=True)
class SignedLetter:
    """All that the press needs; `accounts` names who holds the PIN of an account number."""

    id: str
    port_request_id: str
    attempts: int
    content: Mapping[str, Any]
    document_hash: str
    signature: Signature
    accounts: Mapping[str, str]
    pin_answers: Mapping[str, PinAnswer]


# The next that is due, put off in the same step: whoever takes it may die over it.
_TAKE: Final = """
    UPDATE letters
    SET render_attempts = render_attempts + 1,
      render_after = clock_timestamp()
        + make_interval(secs => least(3600, 30 * 2 ^ least(render_attempts, 8)))
    WHERE id = (
      SELECT id
      FROM letters
      WHERE render_after <= clock_timestamp()
      ORDER BY render_after
      LIMIT 1
      FOR UPDATE SKIP LOCKED
    )
    RETURNING id, port_request_id, render_attempts, content, document_hash, signer_name, signed_at,
      signed_by, consent_version, address_mark, drawn_signature, subscriber, accounts,
      (
        SELECT jsonb_object_agg(pins.holder, pins.answer)
        FROM pins
        WHERE pins.port_request_id = letters.port_request_id
          AND pins.line_id IS NULL
      ) AS pin_answers
"""
_IS_RENDERED: Final = "SELECT rendered_at IS NOT NULL FROM letters WHERE id = $1"
_FINISH: Final = """
    UPDATE letters
    SET rendered_at = $2, document_id = $3, render_after = NULL
    WHERE id = $1
"""


async def take_letter(connection: Connection) -> SignedLetter | None:
    row = await connection.fetchrow(_TAKE)
    if row is None:
        return None
    return SignedLetter(
        id=row["id"],
        port_request_id=row["port_request_id"],
        attempts=row["render_attempts"],
        content=json.loads(row["content"]),
        document_hash=row["document_hash"],
        signature=Signature(
            name=row["signer_name"],
            at=row["signed_at"],
            by=row["signed_by"],
            consent_version=row["consent_version"],
            address_mark=row["address_mark"],
            drawn=row["drawn_signature"],
        ),
        accounts={
            json.loads(row["subscriber"])["account_number"]: row["port_request_id"],
            **{each["account_number"]: each["id"] for each in json.loads(row["accounts"])},
        },
        pin_answers={
            holder: PinAnswer(answer)
            for holder, answer in json.loads(row["pin_answers"] or "{}").items()
        },
    )


async def is_rendered(connection: Connection, letter_id: str) -> bool:
    rendered: bool = await connection.fetchval(_IS_RENDERED, letter_id)
    return rendered


async def finish_rendering(
    connection: Connection, letter_id: str, at: datetime, document_id: str
) -> None:
    await connection.execute(_FINISH, letter_id, at, document_id)
