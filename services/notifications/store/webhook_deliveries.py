"""What customers may receive, and the log of its deliveries, in PostgreSQL."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from libs.common.database import Connection, Row
from libs.common.events import CLOCK_SKEW, Event
from libs.common.ids import new_id
from libs.common.paging import Key, Listing, Page, Slice, read_page
from services.notifications.domain.webhook_deliveries import (
    AttemptFault,
    Delivery,
    DeliveryCause,
    DeliveryState,
    LoggedAttempt,
)
from services.notifications.domain.webhook_facts import TEST_TYPE, account_of, write_body
from services.notifications.domain.webhook_secrets import message_id_of

# Adds what is new, and answers who wants it: nobody what was before them, however late it is told.
_RECORD: Final = """
    WITH fresh AS (
      INSERT INTO webhook_events
        (id, account_id, type, source, subject, sequence, occurred_at, traceparent, body)
      SELECT *
      FROM unnest(
        $1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::integer[],
        $7::timestamptz[], $8::text[], $9::text[]
      )
      ON CONFLICT DO NOTHING
      RETURNING id, account_id, type, subject, sequence, occurred_at
    )
    SELECT fresh.id AS event_id, fresh.subject, fresh.sequence, e.id AS endpoint_id,
      e.account_id
    FROM fresh
    JOIN webhook_endpoints AS e ON e.account_id = fresh.account_id
    WHERE e.state = 'ENABLED'
      AND (e.event_types = '{}' OR fresh.type = ANY(e.event_types))
      AND fresh.occurred_at >= e.created_at - $10::interval
    ORDER BY fresh.subject, fresh.sequence
"""
_ADD: Final = """
    INSERT INTO webhook_deliveries
      (id, endpoint_id, account_id, event_id, message_id, cause, subject, sequence)
    SELECT id, endpoint_id, account_id, event_id, message_id, $8, subject, sequence
    FROM unnest(
      $1::text[], $2::text[], $3::text[], $4::uuid[], $5::text[], $6::text[], $7::integer[]
    ) AS given (id, endpoint_id, account_id, event_id, message_id, subject, sequence)
    ON CONFLICT DO NOTHING
"""
_ADD_TEST: Final = """
    INSERT INTO webhook_events
      (id, account_id, type, source, subject, sequence, occurred_at, body)
    SELECT $1, $2, $3, '/notifications', $4::text, coalesce(max(sequence), 0) + 1, $5, $6
    FROM webhook_events
    WHERE source = '/notifications'
      AND subject = $4::text
    RETURNING id AS event_id, subject, sequence, subject AS endpoint_id, account_id
"""
_FIND_EVENTS: Final = """
    SELECT id AS event_id, subject, sequence, $3::text AS endpoint_id, account_id
    FROM webhook_events
    WHERE id = ANY($1::uuid[])
      AND account_id = $2
      AND occurred_at >= $4
"""
# What an endpoint with these types would have received; all where there are none.
_FIND_WINDOW: Final = f"""
    SELECT id AS event_id, subject, sequence, $5::text AS endpoint_id, account_id
    FROM webhook_events
    WHERE account_id = $1
      AND occurred_at >= $2
      AND occurred_at < $3
      AND ($4::text[] = '{{}}' OR type = ANY($4))
      AND type <> '{TEST_TYPE}'
    ORDER BY occurred_at, id
    LIMIT $6
"""
_COLUMNS: Final = """d.id, d.endpoint_id, d.account_id, d.event_id, e.type AS event_type,
      d.message_id, d.cause, d.subject, d.sequence, d.state, d.attempts, d.due_at,
      d.created_at, d.finished_at"""
_ASKED: Final = """d.endpoint_id = $1
      AND ($2::text IS NULL OR d.account_id = $2)
      AND ($3::text[] IS NULL OR d.state = ANY($3))"""
DELIVERIES: Final = Listing(
    f"""
    SELECT {_COLUMNS}
    FROM webhook_deliveries AS d
    JOIN webhook_events AS e ON e.id = d.event_id
    WHERE {_ASKED}
      {{keyset}}
    {{order}}
    """,
    parameters=3,
    keys=(Key(column="d.id", kind=str),),
    descending=True,
)
_COUNT: Final = f"""
    SELECT count(*)
    FROM webhook_deliveries AS d
    WHERE {_ASKED}
"""
_FIND: Final = f"""
    SELECT {_COLUMNS}
    FROM webhook_deliveries AS d
    JOIN webhook_events AS e ON e.id = d.event_id
    WHERE d.id = $1
"""
# A name without an address and one within our network are one fault, or customers could tell
# them apart. Once they were two, and a replica of before still notes them so.
_FIND_ATTEMPTS: Final = """
    SELECT delivery_id, number, started_at, duration_ms, status_code,
      CASE fault WHEN 'NO_ADDRESS' THEN 'ADDRESS_NOT_ALLOWED' ELSE fault END AS fault, excerpt
    FROM webhook_attempts
    WHERE delivery_id = ANY($1::text[])
    ORDER BY delivery_id, number
"""
# What ended long ago, and what will never be sent.
_FORGET: Final = """
    DELETE FROM webhook_deliveries
    WHERE id IN (
      SELECT d.id
      FROM webhook_deliveries AS d
      WHERE d.finished_at < $1
      LIMIT $2
    )
"""
_FORGET_DELETED: Final = """
    DELETE FROM webhook_deliveries
    WHERE id IN (
      SELECT d.id
      FROM webhook_deliveries AS d
      JOIN webhook_endpoints AS e ON e.id = d.endpoint_id
      WHERE e.state = 'DELETED'
      LIMIT $1
    )
"""
STATEMENTS: Final = (
    _RECORD,
    _ADD,
    _ADD_TEST,
    _FIND_EVENTS,
    _FIND_WINDOW,
    *DELIVERIES,
    _COUNT,
    _FIND,
    _FIND_ATTEMPTS,
    _FORGET,
    _FORGET_DELETED,
)


async def record_events(connection: Connection, events: Sequence[Event]) -> list[Row]:
    """Answers, for each new event, the endpoints that want it."""
    return await connection.fetch(
        _RECORD,
        [event.id for event in events],
        [account_of(event) for event in events],
        [event.type for event in events],
        [event.source for event in events],
        [event.subject for event in events],
        [event.sequence for event in events],
        [event.time for event in events],
        [event.traceparent for event in events],
        [write_body(event) for event in events],
        CLOCK_SKEW,
    )


async def add_deliveries(
    connection: Connection, wanted: Iterable[Row], cause: DeliveryCause
) -> list[str]:
    """`wanted` is as `record_events` and the `find_` below answer; answers the new ids."""
    wanted = list(wanted)
    ids = [new_id("whd") for _ in wanted]
    if wanted:
        await connection.execute(
            _ADD,
            ids,
            [row["endpoint_id"] for row in wanted],
            [row["account_id"] for row in wanted],
            [row["event_id"] for row in wanted],
            [message_id_of(row["endpoint_id"], row["event_id"]) for row in wanted],
            [row["subject"] for row in wanted],
            [row["sequence"] for row in wanted],
            cause,
        )
    return ids


async def add_test_event(
    connection: Connection,
    *,
    event_id: UUID,
    account_id: str,
    endpoint_id: str,
    at: datetime,
    body: str,
) -> list[Row]:
    """To be called while the endpoint is locked: its tests are counted."""
    return await connection.fetch(
        _ADD_TEST, event_id, account_id, TEST_TYPE, endpoint_id, at, body
    )


async def find_events(
    connection: Connection,
    ids: Sequence[UUID],
    account_id: str,
    endpoint_id: str,
    *,
    since: datetime,
) -> list[Row]:
    return await connection.fetch(_FIND_EVENTS, ids, account_id, endpoint_id, since)


async def find_window(
    connection: Connection,
    account_id: str,
    endpoint_id: str,
    event_types: Sequence[str],
    *,
    since: datetime,
    until: datetime,
    limit: int,
) -> list[Row]:
    return await connection.fetch(
        _FIND_WINDOW, account_id, since, until, list(event_types), endpoint_id, limit
    )


async def find_page(
    connection: Connection,
    endpoint_id: str,
    account_id: str | None,
    states: Sequence[DeliveryState] | None,
    page: Page,
) -> Slice[Delivery]:
    asked = endpoint_id, account_id, states
    return (await read_page(connection, DELIVERIES, page, *asked)).map(_read)


async def count_deliveries(
    connection: Connection,
    endpoint_id: str,
    account_id: str | None,
    states: Sequence[DeliveryState] | None,
) -> int:
    count: int = await connection.fetchval(_COUNT, endpoint_id, account_id, states)
    return count


async def find_delivery(connection: Connection, delivery_id: str) -> Delivery | None:
    row = await connection.fetchrow(_FIND, delivery_id)
    return _read(row) if row else None


async def find_attempts(
    connection: Connection, delivery_ids: Sequence[str]
) -> dict[str, list[LoggedAttempt]]:
    found: dict[str, list[LoggedAttempt]] = {each: [] for each in delivery_ids}
    for row in await connection.fetch(_FIND_ATTEMPTS, delivery_ids):
        fault = AttemptFault(row["fault"]) if row["fault"] else None
        found[row["delivery_id"]].append(LoggedAttempt(**{**dict(row), "fault": fault}))
    return found


async def forget_deliveries(connection: Connection, before: datetime, limit: int) -> int:
    """Answers how many went."""
    ended = await connection.execute(_FORGET, before, limit)
    unsent = await connection.execute(_FORGET_DELETED, limit)
    return sum(int(each.rpartition(" ")[2]) for each in (ended, unsent))


def _read(row: Row) -> Delivery:
    return Delivery(
        **{
            **dict(row),
            "state": DeliveryState(row["state"]),
            "cause": DeliveryCause(row["cause"]),
        }
    )
