"""Letters of Authorization in PostgreSQL; one stands for each request, older ones are superseded."""

import json
from collections.abc import Sequence
from dataclasses import asdict, fields
from typing import Any, Final

from libs.common.database import Connection, Row
from libs.contracts.phone_number import PhoneNumber
from services.porting.domain.letters import (
    Letter,
    LetterLine,
    LetterState,
    LosingAccount,
    ServiceAddress,
    Signature,
    Signer,
    Subscriber,
)
from services.porting.domain.pins import PinAnswer

LETTER_COLUMNS: Final = """
    id, port_request_id, state, subscriber, accounts, tracking_number, signer, recipient_name,
    recipient_email, sent_at, viewed_at, signer_name, signed_at, document_hash, declined_at,
    decline_reason, expired_at, document_id,
    (
      SELECT jsonb_object_agg(pins.holder, pins.answer)
      FROM pins
      WHERE pins.port_request_id = letters.port_request_id
        AND pins.line_id IS NULL
    ) AS pin_answers
"""
_NAMES: Final = tuple(each.name for each in fields(Letter))
# The request's standing letter, or the one of a number, is no longer the one that counts.
_SUPERSEDE: Final = """
    UPDATE letters
    SET state = 'SUPERSEDED'
    WHERE port_request_id = $1
      AND state <> 'SUPERSEDED'
      AND tracking_number IS NOT DISTINCT FROM $2
"""
_ADD: Final = """
    INSERT INTO letters
      (id, port_request_id, account_id, tracking_number, state, subscriber, accounts, signer,
       recipient_name, recipient_email)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
"""
_SAVE: Final = """
    UPDATE letters
    SET state = $2, subscriber = $3, accounts = $4, signer = $5, recipient_name = $6,
      recipient_email = $7, sent_at = $8, viewed_at = $9, document_hash = $10, declined_at = $11,
      decline_reason = $12, expired_at = $13
    WHERE id = $1
"""
_SAVE_SIGNATURE: Final = """
    UPDATE letters
    SET state = 'SIGNED', signer = $2, signer_name = $3, signed_at = $4, signed_by = $5,
      consent_version = $6, address_mark = $7, drawn_signature = $8, document_hash = $9,
      content = $10, render_after = clock_timestamp()
    WHERE id = $1
"""
_FIND_STANDING_TEMPLATE: Final = f"""
    SELECT {LETTER_COLUMNS}
    FROM letters
    WHERE port_request_id {{wanted}}
      AND tracking_number IS NULL
      AND state <> 'SUPERSEDED'
"""
# For one request the server keeps its plan; for many it makes one for their number.
_FIND_STANDING: Final = _FIND_STANDING_TEMPLATE.format(wanted="= $1")
_FIND_STANDING_OF_MANY: Final = _FIND_STANDING_TEMPLATE.format(wanted="= ANY($1::text[])")
# Those of single lines, beside the request's letter.
_FIND_OF_LINES: Final = f"""
    SELECT {LETTER_COLUMNS}
    FROM letters
    WHERE port_request_id = $1
      AND tracking_number IS NOT NULL
      AND state <> 'SUPERSEDED'
"""
_FIND: Final = f"SELECT {LETTER_COLUMNS} FROM letters WHERE id = $1"
_FIND_CONTENT: Final = "SELECT content FROM letters WHERE id = $1"
# What a letter covers: every line that can still move.
_FIND_LINES: Final = """
    SELECT lines.id, lines.tracking_number, lines.account_number, lines.billing_number,
      coalesce(pins.answer, 'MISSING') AS pin_answer
    FROM lines
    LEFT JOIN pins ON pins.line_id = lines.id
    WHERE lines.port_request_id = $1
      AND lines.state NOT IN ('CANCELLED', 'NOT_PORTABLE', 'REVERTED')
      AND ($2::text IS NULL OR lines.tracking_number = $2)
    ORDER BY lines.id
"""


async def supersede_letter_of(
    connection: Connection, request_id: str, tracking_number: str | None
) -> None:
    """The request's own letter, or the one of this line alone."""
    await connection.execute(_SUPERSEDE, request_id, tracking_number)


async def add_letter(connection: Connection, account_id: str, letter: Letter) -> None:
    await connection.execute(
        _ADD,
        letter.id,
        letter.port_request_id,
        account_id,
        letter.tracking_number,
        letter.state,
        json.dumps(asdict(letter.subscriber)),
        json.dumps([asdict(account) for account in letter.accounts]),
        letter.signer,
        letter.recipient_name,
        letter.recipient_email,
    )


async def save_letter(connection: Connection, letter: Letter) -> None:
    """All but a signature."""
    await connection.execute(
        _SAVE,
        letter.id,
        letter.state,
        json.dumps(asdict(letter.subscriber)),
        json.dumps([asdict(account) for account in letter.accounts]),
        letter.signer,
        letter.recipient_name,
        letter.recipient_email,
        letter.sent_at,
        letter.viewed_at,
        letter.document_hash,
        letter.declined_at,
        letter.decline_reason,
        letter.expired_at,
    )


async def save_signature(
    connection: Connection,
    letter_id: str,
    signer: Signer,
    signature: Signature,
    content: dict[str, Any],
    document_hash: str,
) -> None:
    """With what was signed; it waits to be rendered from now on."""
    await connection.execute(
        _SAVE_SIGNATURE,
        letter_id,
        signer,
        signature.name,
        signature.at,
        signature.by,
        signature.consent_version,
        signature.address_mark,
        signature.drawn,
        document_hash,
        json.dumps(content),
    )


async def find_letters(
    connection: Connection, request_ids: Sequence[str]
) -> dict[str, Letter]:
    """The standing letter of each request, by the request's id."""
    rows = await connection.fetch(_FIND_STANDING_OF_MANY, list(request_ids))
    return {row["port_request_id"]: read_letter(row) for row in rows}


async def find_standing_letter(connection: Connection, request_id: str) -> Letter | None:
    """The request's own, not one of a single line."""
    row = await connection.fetchrow(_FIND_STANDING, request_id)
    return read_letter(row) if row else None


async def find_line_letters(
    connection: Connection, request_id: str
) -> dict[PhoneNumber, Letter]:
    """Standing letters of one line alone, by its number."""
    letters = [read_letter(row) for row in await connection.fetch(_FIND_OF_LINES, request_id)]
    return {letter.tracking_number: letter for letter in letters if letter.tracking_number}


async def find_letter(connection: Connection, letter_id: str) -> Letter | None:
    row = await connection.fetchrow(_FIND, letter_id)
    return read_letter(row) if row else None


async def find_content(connection: Connection, letter_id: str) -> dict[str, Any] | None:
    """What was signed; none for what was not."""
    content = await connection.fetchval(_FIND_CONTENT, letter_id)
    return json.loads(content) if content else None


async def find_letter_lines(
    connection: Connection, request_id: str, tracking_number: str | None = None
) -> list[LetterLine]:
    rows = await connection.fetch(_FIND_LINES, request_id, tracking_number)
    return [
        LetterLine(
            **{
                **dict(row),
                "tracking_number": PhoneNumber(row["tracking_number"]),
                "billing_number": _phone(row["billing_number"]),
                "pin_answer": PinAnswer(row["pin_answer"]),
            }
        )
        for row in rows
    ]


def read_letter(row: Row) -> Letter:
    """The row may have more columns than the letter's."""
    subscriber = json.loads(row["subscriber"])
    signer, number = row["signer"], row["tracking_number"]
    return Letter(
        **{
            **{name: row[name] for name in _NAMES},
            "state": LetterState(row["state"]),
            "subscriber": Subscriber(
                **{
                    **subscriber,
                    "service_address": ServiceAddress(**subscriber["service_address"]),
                    "billing_number": _phone(subscriber["billing_number"]),
                    "remaining_billing_number": _phone(
                        subscriber.get("remaining_billing_number")
                    ),
                }
            ),
            "accounts": tuple(_account(each) for each in json.loads(row["accounts"])),
            "pin_answers": {
                holder: PinAnswer(answer)
                for holder, answer in json.loads(row["pin_answers"] or "{}").items()
            },
            "signer": Signer(signer) if signer else None,
            "tracking_number": _phone(number),
        }
    )


def _account(account: dict[str, Any]) -> LosingAccount:
    return LosingAccount(
        **{
            **account,
            "billing_number": _phone(account["billing_number"]),
            "tracking_numbers": tuple(map(PhoneNumber, account["tracking_numbers"])),
        }
    )


def _phone(text: str | None) -> PhoneNumber | None:
    return PhoneNumber(text) if text else None
