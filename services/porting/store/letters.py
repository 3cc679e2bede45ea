"""Letters of Authorization in PostgreSQL; one stands for each request, older ones are superseded."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Final

from libs.common.database import Connection, Row
from libs.contracts.phone_number import PhoneNumber
from services.porting.domain.letters import Letter, LetterState, ServiceAddress, Subscriber

_COLUMNS: Final = """
    id, port_request_id, state, subscriber, signer_name, signed_at, signed_by, document_hash
"""
# The request's standing letter is no longer the one that counts.
_SUPERSEDE: Final = """
    UPDATE letters
    SET state = 'SUPERSEDED'
    WHERE port_request_id = $1
      AND state <> 'SUPERSEDED'
"""
_ADD: Final = """
    INSERT INTO letters (id, port_request_id, account_id, state, subscriber)
    VALUES ($1, $2, $3, $4, $5)
"""
_FIND_STANDING: Final = f"""
    SELECT {_COLUMNS}
    FROM letters
    WHERE port_request_id = ANY($1::text[])
      AND state <> 'SUPERSEDED'
"""
_SAVE_SIGNATURE: Final = """
    UPDATE letters
    SET state = $2, signer_name = $3, signed_at = $4, signed_by = $5, document_hash = $6
    WHERE id = $1
"""


async def supersede_letter(connection: Connection, request_id: str) -> None:
    await connection.execute(_SUPERSEDE, request_id)


async def add_letter(connection: Connection, account_id: str, letter: Letter) -> None:
    await connection.execute(
        _ADD,
        letter.id,
        letter.port_request_id,
        account_id,
        letter.state,
        json.dumps(asdict(letter.subscriber)),
    )


async def find_letters(
    connection: Connection, request_ids: Sequence[str]
) -> dict[str, Letter]:
    """The standing letter of each request, by the request's id."""
    rows = await connection.fetch(_FIND_STANDING, list(request_ids))
    return {row["port_request_id"]: _letter(row) for row in rows}


async def save_signature(connection: Connection, letter: Letter) -> None:
    await connection.execute(
        _SAVE_SIGNATURE,
        letter.id,
        letter.state,
        letter.signer_name,
        letter.signed_at,
        letter.signed_by,
        letter.document_hash,
    )


def _letter(row: Row) -> Letter:
    subscriber = json.loads(row["subscriber"])
    return Letter(
        **{
            **dict(row),
            "state": LetterState(row["state"]),
            "subscriber": Subscriber(
                **{
                    **subscriber,
                    "service_address": ServiceAddress(**subscriber["service_address"]),
                    "billing_number": PhoneNumber(subscriber["billing_number"]),
                }
            ),
        }
    )
