"""What people are reminded of, in PostgreSQL; for the worker alone."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import orjson

from libs.common.database import Connection, Row
from services.notifications.domain.messages import Message
from services.notifications.domain.reminders import NUMBERS_NAMED, Span
from services.notifications.domain.starts import Start
from services.notifications.domain.waiting import HeardRequest, Waiting

_SAVE_REQUESTS: Final = """
    INSERT INTO reminded_requests (
      port_request_id, version, account_id, company_id, requester_id, name, status
    )
    SELECT *
    FROM unnest(
      $1::text[], $2::integer[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[]
    )
    ON CONFLICT (port_request_id) DO UPDATE
    SET version = excluded.version, company_id = excluded.company_id,
      requester_id = excluded.requester_id, name = excluded.name, status = excluded.status,
      heard_at = now()
    WHERE reminded_requests.version < excluded.version
"""
# A thing's row comes with the first fact about it; where that begins its waiting as well, the
# row is whole.
_SAVE_WAITING: Final = """
    INSERT INTO awaited (
      thing, version, awaits, account_id, company_ids, port_request_id, start_version, message,
      key, subject, begun_at, counts_from, tracking_number, content
    )
    SELECT thing, heard.version, awaits, account_id, string_to_array(company_ids, ','),
      port_request_id, coalesce(start.version, 0), message, key, subject, begun_at,
      counts_from, tracking_number, content
    FROM unnest(
      $1::text[], $2::integer[], $3::text[], $4::text[], $5::text[], $6::text[]
    ) AS heard (thing, version, awaits, account_id, company_ids, port_request_id)
    LEFT JOIN unnest(
      $7::text[], $8::integer[], $9::text[], $10::text[], $11::text[], $12::timestamptz[],
      $13::timestamptz[], $14::text[], $15::jsonb[]
    ) AS start (
      thing, version, message, key, subject, begun_at, counts_from, tracking_number, content
    ) USING (thing)
    ON CONFLICT (thing) DO UPDATE
    SET version = excluded.version, awaits = excluded.awaits,
      company_ids = excluded.company_ids, heard_at = now()
    WHERE awaited.version < excluded.version
    RETURNING message, key
"""
# Of rows that were there before.
_SAVE_STARTS: Final = """
    UPDATE awaited
    SET start_version = heard.version, message = heard.message, key = heard.key,
      subject = heard.subject, begun_at = heard.begun_at, counts_from = heard.counts_from,
      tracking_number = heard.tracking_number, content = heard.content
    FROM unnest(
      $1::text[], $2::integer[], $3::text[], $4::text[], $5::text[], $6::timestamptz[],
      $7::timestamptz[], $8::text[], $9::jsonb[]
    ) AS heard (
      thing, version, message, key, subject, begun_at, counts_from, tracking_number, content
    )
    WHERE awaited.thing = heard.thing
      AND awaited.start_version < heard.version
    RETURNING awaited.message, awaited.key
"""
# The earliest that still wait under each key; null where none does.
_FIND_SPANS: Final = """
    SELECT asked.message, asked.key, first.begun_at, first.counts_from
    FROM unnest($1::text[], $2::text[]) AS asked (message, key)
    LEFT JOIN LATERAL (
      SELECT begun_at, counts_from
      FROM awaited
      WHERE awaited.message = asked.message
        AND awaited.key = asked.key
        AND awaited.is_waiting
      ORDER BY counts_from, begun_at
      LIMIT 1
    ) AS first ON true
"""
# Everything that waits under a key, told as one, with the database's own time: it is by that
# clock that timers fire.
_FIND_REMINDED: Final = """
    SELECT first.account_id, first.subject, first.begun_at, first.counts_from, first.content,
      first.port_request_id, r.name, r.requester_id, r.status,
      coalesce(a.is_disabled, false) AS account_is_disabled, clock_timestamp() AS now,
      (
        SELECT count(*)
        FROM awaited
        WHERE message = $1 AND key = $2 AND is_waiting
      ) AS thing_count,
      ARRAY(
        SELECT tracking_number
        FROM awaited
        WHERE message = $1 AND key = $2 AND is_waiting AND tracking_number IS NOT NULL
        ORDER BY tracking_number
        LIMIT $3
      ) AS tracking_numbers,
      ARRAY(
        SELECT DISTINCT company_id
        FROM awaited, unnest(company_ids) AS company_id
        WHERE message = $1 AND key = $2 AND is_waiting
        ORDER BY company_id
      ) AS company_ids
    FROM (
      SELECT *
      FROM awaited
      WHERE message = $1 AND key = $2 AND is_waiting
      ORDER BY counts_from, begun_at
      LIMIT 1
    ) AS first
    LEFT JOIN reminded_requests AS r ON r.port_request_id = first.port_request_id
    LEFT JOIN accounts AS a ON a.account_id = first.account_id
"""
STATEMENTS: Final = (
    _SAVE_REQUESTS,
    _SAVE_WAITING,
    _SAVE_STARTS,
    _FIND_SPANS,
    _FIND_REMINDED,
)


@dataclass(frozen=True, kw_only=True)
class Reminded:
    """All that waits under one key; `request` fields are None where we have not heard of it."""

    account_id: str
    account_is_disabled: bool
    company_ids: tuple[str, ...]
    subject: str
    span: Span
    content: Mapping[str, Any]
    thing_count: int
    tracking_numbers: Sequence[str]
    port_request_id: str | None
    request_name: str | None
    requester_id: str | None
    request_status: str | None
    now: datetime

    @property
    def is_of_request(self) -> bool:
        """A number that leaves has come by a request too; of that nobody is reminded then."""
        return self.subject == self.port_request_id


async def save_requests(connection: Connection, heard: Sequence[HeardRequest]) -> None:
    if heard:
        await connection.execute(
            _SAVE_REQUESTS,
            [each.id for each in heard],
            [each.version for each in heard],
            [each.account_id for each in heard],
            [each.company_id for each in heard],
            [each.requester_id for each in heard],
            [each.name for each in heard],
            [each.status for each in heard],
        )


async def save_waiting(
    connection: Connection, waiting: Sequence[Waiting], starts: Sequence[Start]
) -> set[tuple[Message, str]]:
    """Answers each message and key under which it may be otherwise now."""
    if not waiting:
        return set()
    begun = _columns_of(starts)
    changed = await connection.fetch(
        _SAVE_WAITING,
        [each.thing for each in waiting],
        [each.version for each in waiting],
        [each.awaits for each in waiting],
        [each.account_id for each in waiting],
        [",".join(each.company_ids) for each in waiting],
        [each.port_request_id for each in waiting],
        *begun,
    )
    if starts:
        changed += await connection.fetch(_SAVE_STARTS, *begun)
    return {(Message(row["message"]), row["key"]) for row in changed if row["message"]}


def _columns_of(starts: Sequence[Start]) -> list[list[Any]]:
    return [
        [each.thing for each in starts],
        [each.version for each in starts],
        [each.message for each in starts],
        [each.key for each in starts],
        [each.subject for each in starts],
        [each.span.begun_at for each in starts],
        [each.span.counts_from for each in starts],
        [each.tracking_number for each in starts],
        [orjson.dumps(each.content).decode() for each in starts],
    ]


async def find_spans(
    connection: Connection, keys: Iterable[tuple[Message, str]]
) -> dict[tuple[Message, str], Span | None]:
    """None where nothing waits under it any more."""
    asked = list(keys)
    rows = await connection.fetch(
        _FIND_SPANS, [message for message, _ in asked], [key for _, key in asked]
    )
    return {
        (Message(row["message"]), row["key"]): _span(row) if row["counts_from"] else None
        for row in rows
    }


async def find_reminded(connection: Connection, message: Message, key: str) -> Reminded | None:
    """None where nothing waits under it any more."""
    row = await connection.fetchrow(_FIND_REMINDED, message, key, NUMBERS_NAMED)
    if row is None:
        return None
    return Reminded(
        account_id=row["account_id"],
        account_is_disabled=row["account_is_disabled"],
        company_ids=tuple(row["company_ids"]),
        subject=row["subject"],
        span=_span(row),
        content=orjson.loads(row["content"]),
        thing_count=row["thing_count"],
        tracking_numbers=row["tracking_numbers"],
        port_request_id=row["port_request_id"],
        request_name=row["name"],
        requester_id=row["requester_id"],
        request_status=row["status"],
        now=row["now"],
    )


def _span(row: Row) -> Span:
    return Span(begun_at=row["begun_at"], counts_from=row["counts_from"])
