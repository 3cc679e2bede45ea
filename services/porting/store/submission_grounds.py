"""What drafts are judged by before they are submitted: all of it in one statement."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from libs.common.database import Connection, Row
from libs.contracts.phone_number import PhoneNumber
from services.porting.domain.documents import DocumentKind
from services.porting.domain.letters import Letter, LetterLine
from services.porting.domain.line_rules import Obstacle
from services.porting.domain.pins import PinAnswer
from services.porting.domain.requests import PortRequest
from services.porting.store.copies import Account
from services.porting.store.letters import LETTER_COLUMNS, read_letter

# A request's lines are arrays of one length in its one row. A document that was refused counts
# for nothing, and what we made ourselves proves nothing. Of what stands against a number, CLAIMED
# goes before OURS: it is preconfigured for another open request.
_GROUNDS_TEMPLATE: Final = f"""
    SELECT wanted.request_id, account.account_id, card_on_file, balance_current,
      in_good_standing, in_trial, is_disabled, {LETTER_COLUMNS}, draft.*,
      ARRAY(
        SELECT DISTINCT kind
        FROM documents
        WHERE documents.port_request_id = wanted.request_id
          AND review_state <> 'REFUSED'
          AND attached_by <> 'system'
      ) AS document_kinds,
      ARRAY(
        SELECT ARRAY[phone_number, min(obstacle)]
        FROM find_obstacles(wanted.request_id)
        GROUP BY phone_number, obstacle = 'LOOP'
        ORDER BY 1
      ) AS obstacles
    FROM {{wanted}} AS wanted (request_id, account_id)
    LEFT JOIN accounts AS account ON account.account_id = wanted.account_id
    LEFT JOIN letters ON letters.port_request_id = wanted.request_id
      AND letters.tracking_number IS NULL
      AND letters.state <> 'SUPERSEDED'
    CROSS JOIN LATERAL (
      SELECT array_agg(line.id) AS line_ids, array_agg(line.tracking_number) AS numbers,
        array_agg(line.company_id) AS company_ids,
        array_agg(line.account_number) AS account_numbers,
        array_agg(line.billing_number) AS billing_numbers,
        array_agg(line.answer) AS answers
      FROM (
        SELECT lines.id, lines.tracking_number, company_id, account_number, billing_number,
          coalesce(pins.answer, 'MISSING') AS answer
        FROM lines
        LEFT JOIN pins ON pins.line_id = lines.id
        WHERE lines.port_request_id = wanted.request_id
          AND lines.state <> 'NOT_PORTABLE'
        ORDER BY lines.id
      ) AS line
    ) AS draft
"""
# For one request the server keeps its plan; for many it makes one for their number.
_GROUNDS: Final = _GROUNDS_TEMPLATE.format(wanted="(VALUES ($1::text, $2::text))")
_GROUNDS_OF_MANY: Final = _GROUNDS_TEMPLATE.format(wanted="unnest($1::text[], $2::text[])")


@dataclass(frozen=True, kw_only=True)
class SubmissionGrounds:
    """`companies` has each number that ports, and the company that will have it.

    `obstacles` are what stands against numbers over all accounts, sorted.
    """

    account: Account | None
    letter: Letter | None
    document_kinds: frozenset[DocumentKind]
    lines: Sequence[LetterLine]
    companies: Mapping[PhoneNumber, str]
    obstacles: Sequence[tuple[PhoneNumber, Obstacle]]


async def find_grounds(connection: Connection, request: PortRequest) -> SubmissionGrounds:
    [row] = await connection.fetch(_GROUNDS, request.id, request.account_id)
    return _grounds(row)


async def find_grounds_of_many(
    connection: Connection, requests: Sequence[PortRequest]
) -> dict[str, SubmissionGrounds]:
    """By the request's id."""
    rows = await connection.fetch(
        _GROUNDS_OF_MANY,
        [request.id for request in requests],
        [request.account_id for request in requests],
    )
    return {row["request_id"]: _grounds(row) for row in rows}


def _grounds(row: Row) -> SubmissionGrounds:
    numbers = [PhoneNumber(number) for number in row["numbers"] or ()]
    return SubmissionGrounds(
        account=_account(row) if row["account_id"] else None,
        letter=read_letter(row) if row["id"] else None,
        document_kinds=frozenset(map(DocumentKind, row["document_kinds"])),
        lines=_lines(row, numbers) if numbers else (),
        companies=dict(zip(numbers, row["company_ids"] or (), strict=True)),
        obstacles=sorted(
            (PhoneNumber(number), Obstacle(obstacle)) for number, obstacle in row["obstacles"]
        ),
    )


def _account(row: Row) -> Account:
    return Account(
        account_id=row["account_id"],
        card_on_file=row["card_on_file"],
        balance_current=row["balance_current"],
        in_good_standing=row["in_good_standing"],
        in_trial=row["in_trial"],
        is_disabled=row["is_disabled"],
    )


def _lines(row: Row, numbers: Sequence[PhoneNumber]) -> list[LetterLine]:
    columns = zip(
        row["line_ids"],
        numbers,
        row["account_numbers"],
        row["billing_numbers"],
        row["answers"],
        strict=True,
    )
    return [
        LetterLine(
            id=line_id,
            tracking_number=number,
            account_number=account_number,
            billing_number=PhoneNumber(billing_number) if billing_number else None,
            pin_answer=PinAnswer(answer),
        )
        for line_id, number, account_number, billing_number, answer in columns
    ]
