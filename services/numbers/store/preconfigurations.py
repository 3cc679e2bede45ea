"""Preconfigurations: lines that porting has readied, and how they become numbers at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from operator import itemgetter

from libs.common.database import Connection
from libs.contracts.phone_number import PhoneNumber
from services.numbers.domain.preconfigurations import (
    AnnouncedLine,
    FaultyLine,
    LinesMissingError,
    Preconfiguration,
)
from services.numbers.store.turns import take_turn

# Keeps a batch of lines until the review of their port request starts; a replayed one not, whose
# review has been: the next review would take it for its own.
_ADD_LINES = """
    INSERT INTO announced_lines
      (port_request_id, sequence, line_id, batch, batches, number_id, company_id, phone_number,
      forwarding_number, name, source)
    SELECT $1, $2, line_id, $3, $4, number_id, company_id, phone_number, forwarding_number,
      name, source
    FROM unnest(
      $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[], $11::text[]
    ) AS line (line_id, number_id, company_id, phone_number, forwarding_number, name, source)
    WHERE NOT EXISTS (
      SELECT
      FROM preconfigurations
      WHERE port_request_id = $1
        AND review > $2
    )
    ON CONFLICT ON CONSTRAINT one_announcement_per_line DO NOTHING
"""
_ADD = """
    INSERT INTO preconfigurations (port_request_id, account_id)
    VALUES ($1, $2)
    ON CONFLICT DO NOTHING
"""
_LOCK = """
    SELECT port_request_id, account_id, version, review
    FROM preconfigurations
    WHERE port_request_id = $1
    FOR UPDATE
"""
_SAVE = """
    UPDATE preconfigurations
    SET version = $2, review = $3
    WHERE port_request_id = $1
"""
# How many lines and how many of their batches have come.
_COUNT_LINES = """
    SELECT count(*) AS lines, count(DISTINCT batch) AS batches, max(batches) AS expected
    FROM announced_lines
    WHERE port_request_id = $1
      AND sequence < $2
"""
# Lines that cannot be preconfigured, and why. A number that this very line has got in an earlier
# review is its own. What is disabled and has not left is still ours, and rings nowhere. What has
# left and may yet be returned rings then where it did.
_FIND_FAULTY_LINES = """
    WITH line AS (
      SELECT line_id, phone_number, forwarding_number, company_id,
        row_number() OVER (PARTITION BY phone_number ORDER BY line_id) > 1 AS is_repeated
      FROM announced_lines
      WHERE port_request_id = $1
        AND sequence < $2
    ),
    checked AS (
      SELECT line_id, phone_number,
        is_repeated OR EXISTS (
          SELECT
          FROM tracking_numbers AS live
          WHERE live.phone_number = line.phone_number
            AND live.state NOT IN ('DISABLED', 'RELEASED')
            AND live.line_id IS DISTINCT FROM line.line_id
        ) OR EXISTS (
          SELECT
          FROM tracking_numbers AS disabled
          WHERE disabled.phone_number = line.phone_number
            AND disabled.state = 'DISABLED'
            AND disabled.ported_out_at IS NULL
        ) AS is_taken,
        forwarding_number IN (SELECT phone_number FROM line) OR EXISTS (
          SELECT
          FROM tracking_numbers AS live
          WHERE live.phone_number = line.forwarding_number
            AND live.state NOT IN ('DISABLED', 'RELEASED')
        ) OR EXISTS (
          SELECT
          FROM tracking_numbers AS disabled
          WHERE disabled.phone_number = line.forwarding_number
            AND disabled.state = 'DISABLED'
            AND disabled.ported_out_at IS NULL
        ) OR EXISTS (
          SELECT
          FROM tracking_numbers AS ringing
          WHERE ringing.forwarding_number = line.phone_number
            AND ringing.state NOT IN ('DISABLED', 'RELEASED')
            AND (ringing.state = 'PRECONFIGURED' OR ringing.account_id = $3)
            AND ringing.line_id IS DISTINCT FROM line.line_id
        ) OR EXISTS (
          SELECT
          FROM tracking_numbers AS gone
          JOIN port_out_numbers AS leaving USING (port_out_id, phone_number)
          WHERE gone.phone_number = line.forwarding_number
            AND gone.forwarding_number = line.phone_number
            AND gone.state = 'DISABLED'
            AND gone.ported_out_at IS NOT NULL
            AND leaving.state IN ('LEAVING', 'LEFT')
        ) AS loops,
        company_id IN (
          SELECT id FROM companies WHERE account_id = $3
        ) AS company_is_known
      FROM line
    )
    SELECT line_id, phone_number, is_taken, loops, count(*) OVER () AS faulty_count
    FROM checked
    WHERE is_taken OR loops OR NOT company_is_known OR $5
    ORDER BY line_id
    LIMIT $4
"""
# All lines become numbers in one statement. A line that has its number from an earlier review
# brings its corrections, as long as the number has not rung or ported. What it only repeats does
# not undo what was changed here meanwhile.
_ADD_NUMBERS = """
    INSERT INTO tracking_numbers
      (id, account_id, company_id, state, phone_number, forwarding_number, name, source,
      port_request_id, line_id)
    SELECT number_id, $3, company_id, 'PRECONFIGURED', phone_number, forwarding_number, name,
      source, port_request_id, line_id
    FROM announced_lines
    WHERE port_request_id = $1
      AND sequence < $2
    ON CONFLICT ON CONSTRAINT one_number_per_line DO UPDATE
    SET phone_number = excluded.phone_number,
      company_id = CASE tracking_numbers.announced ->> 'company_id'
        WHEN excluded.company_id THEN tracking_numbers.company_id
        ELSE excluded.company_id
      END,
      forwarding_number = CASE tracking_numbers.announced ->> 'forwarding_number'
        WHEN excluded.forwarding_number THEN tracking_numbers.forwarding_number
        ELSE excluded.forwarding_number
      END,
      name = CASE tracking_numbers.announced ->> 'name'
        WHEN excluded.name THEN tracking_numbers.name
        ELSE excluded.name
      END,
      source = CASE tracking_numbers.announced ->> 'source'
        WHEN excluded.source THEN tracking_numbers.source
        ELSE excluded.source
      END,
      announced = CASE
        WHEN tracking_numbers.announced IS NOT NULL THEN jsonb_build_object(
          'company_id', excluded.company_id,
          'forwarding_number', excluded.forwarding_number,
          'name', excluded.name,
          'source', excluded.source
        )
      END
    WHERE tracking_numbers.state = 'PRECONFIGURED'
    RETURNING id, line_id, phone_number, company_id
"""
_COUNT_ADDED = """
    SELECT count(*)
    FROM announced_lines
    WHERE port_request_id = $1
      AND sequence < $2
"""
# The numbers of all lines, also of those that have rung and stay as they are.
_FIND_ADDED = """
    SELECT number.id, line.line_id, number.phone_number, number.company_id
    FROM announced_lines AS line
    JOIN tracking_numbers AS number ON number.line_id = line.line_id
    WHERE line.port_request_id = $1
      AND line.sequence < $2
"""
_DELETE_LINES = """
    DELETE FROM announced_lines
    WHERE port_request_id = $1
      AND sequence < $2
"""


@dataclass(frozen=True, kw_only=True)
class AddedNumber:
    number_id: str
    line_id: str
    phone_number: PhoneNumber
    company_id: str


async def add_announced_lines(
    connection: Connection,
    port_request_id: str,
    sequence: int,
    lines: Sequence[AnnouncedLine],
    *,
    batch: int,
    batches: int,
) -> None:
    await connection.execute(
        _ADD_LINES,
        port_request_id,
        sequence,
        batch,
        batches,
        [line.line_id for line in lines],
        [line.number_id for line in lines],
        [line.company_id for line in lines],
        [line.phone_number for line in lines],
        [line.forwarding_number for line in lines],
        [line.name for line in lines],
        [line.source for line in lines],
    )


async def lock_preconfiguration(
    connection: Connection, port_request_id: str, account_id: str
) -> Preconfiguration:
    """Makes it where there is none; nobody else preconfigures until the transaction ends."""
    await take_turn(connection)
    await connection.execute(_ADD, port_request_id, account_id)
    row = await connection.fetchrow(_LOCK, port_request_id)
    assert row is not None
    return Preconfiguration(**row)


async def save_preconfiguration(
    connection: Connection, preconfiguration: Preconfiguration
) -> None:
    await connection.execute(
        _SAVE,
        preconfiguration.port_request_id,
        preconfiguration.version,
        preconfiguration.review,
    )


async def find_faulty_lines(
    connection: Connection,
    port_request_id: str,
    review: int,
    account_id: str,
    *,
    account_is_disabled: bool,
    most: int,
) -> tuple[list[FaultyLine], int]:
    """Answers at most `most` of them, and how many there are; of a disabled account, all are.

    Raises `LinesMissingError` while a batch of lines has not been received.
    """
    counts = await connection.fetchrow(_COUNT_LINES, port_request_id, review)
    assert counts is not None
    if not counts["lines"] or counts["batches"] < counts["expected"]:
        raise LinesMissingError
    rows = await connection.fetch(
        _FIND_FAULTY_LINES, port_request_id, review, account_id, most, account_is_disabled
    )
    faulty = [
        FaultyLine(
            line_id=row["line_id"],
            phone_number=PhoneNumber(row["phone_number"]),
            is_taken=row["is_taken"],
            loops=row["loops"],
            account_is_disabled=account_is_disabled,
        )
        for row in rows
    ]
    return faulty, rows[0]["faulty_count"] if rows else 0


async def add_preconfigured_numbers(
    connection: Connection, port_request_id: str, review: int, account_id: str
) -> list[AddedNumber]:
    rows = await connection.fetch(_ADD_NUMBERS, port_request_id, review, account_id)
    if len(rows) < await connection.fetchval(_COUNT_ADDED, port_request_id, review):
        rows = await connection.fetch(_FIND_ADDED, port_request_id, review)
    return [
        AddedNumber(
            number_id=row["id"],
            line_id=row["line_id"],
            phone_number=PhoneNumber(row["phone_number"]),
            company_id=row["company_id"],
        )
        for row in sorted(rows, key=itemgetter("line_id"))
    ]


async def delete_announced_lines(
    connection: Connection, port_request_id: str, review: int
) -> None:
    await connection.execute(_DELETE_LINES, port_request_id, review)
