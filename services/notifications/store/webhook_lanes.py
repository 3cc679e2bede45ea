"""What the webhook worker claims and notes in PostgreSQL: endpoints' lanes and their attempts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from libs.common.database import Connection
from libs.common.vault import Sealed
from services.notifications.domain.webhook_deliveries import Attempt, DueDelivery
from services.notifications.domain.webhook_endpoints import DisabledReason, WebhookEndpoint
from services.notifications.store.webhook_endpoints import read_endpoint

# An ordered endpoint gets nothing of a subject before what came earlier of it has ended.
_DUE: Final = """d.state = 'PENDING'
        AND d.due_at <= now()
        AND NOT (
          {endpoint}.is_ordered
          AND EXISTS (
            SELECT
            FROM webhook_deliveries AS former
            WHERE former.endpoint_id = d.endpoint_id
              AND former.subject = d.subject
              AND former.state = 'PENDING'
              AND (former.sequence, former.id) < (d.sequence, d.id)
          )
        )"""
# Leases endpoints that have something due and that nobody else sends to, the longest unserved first.
_LEASE: Final = f"""
    WITH free AS (
      SELECT e.id
      FROM webhook_endpoints AS e
      WHERE e.state = 'ENABLED'
        AND e.leased_until <= now()
        AND e.rests_until <= now()
        AND (e.failures > 0) = $1
        AND EXISTS (
          SELECT
          FROM webhook_deliveries AS d
          WHERE d.endpoint_id = e.id
            AND {_DUE.format(endpoint="e")}
        )
      ORDER BY e.leased_until
      LIMIT $2
      FOR UPDATE OF e SKIP LOCKED
    )
    UPDATE webhook_endpoints AS e
    SET leased_until = clock_timestamp() + $3::interval
    FROM free
    WHERE e.id = free.id
    RETURNING e.id, e.account_id, e.url, e.version, e.leased_until, e.failures,
      e.failing_since
"""
# A statement of its own: it sees what the lease before this one has noted.
_FIND_DUE: Final = f"""
    SELECT leased.id AS endpoint_id, due.*
    FROM webhook_endpoints AS leased
    CROSS JOIN LATERAL (
      SELECT d.id, d.message_id, d.attempts, ev.body, ev.traceparent
      FROM webhook_deliveries AS d
      JOIN webhook_events AS ev ON ev.id = d.event_id
      WHERE d.endpoint_id = leased.id
        AND {_DUE.format(endpoint="leased")}
      ORDER BY d.due_at, d.id
      LIMIT $2
    ) AS due
    WHERE leased.id = ANY($1::text[])
"""
_FIND_SECRETS: Final = """
    SELECT endpoint_id, number, key_id, box
    FROM webhook_secrets
    WHERE endpoint_id = ANY($1::text[])
      AND (ends_at IS NULL OR ends_at > now())
    ORDER BY endpoint_id, number DESC
"""
# An attempt that was made twice, after a lease ran out, is noted once.
_NOTE: Final = """
    WITH made AS (
      SELECT *
      FROM unnest(
        $1::text[], $2::integer[], $3::timestamptz[], $4::integer[], $5::integer[],
        $6::text[], $7::text[], $8::text[], $9::timestamptz[]
      ) AS made (
        delivery_id, number, started_at, duration_ms, status_code, fault, excerpt, state,
        due_at
      )
    ),
    noted AS (
      UPDATE webhook_deliveries AS d
      SET attempts = made.number, state = made.state, due_at = made.due_at,
        finished_at = CASE WHEN made.state = 'PENDING' THEN NULL ELSE made.due_at END
      FROM made
      WHERE d.id = made.delivery_id
        AND d.state = 'PENDING'
        AND d.attempts = made.number - 1
      RETURNING d.id, d.account_id
    )
    INSERT INTO webhook_attempts (
      delivery_id, number, account_id, started_at, duration_ms, status_code, fault, excerpt
    )
    SELECT made.delivery_id, made.number, noted.account_id, made.started_at,
      made.duration_ms, made.status_code, made.fault, made.excerpt
    FROM made
    JOIN noted ON noted.id = made.delivery_id
    ON CONFLICT ON CONSTRAINT one_attempt_per_number DO NOTHING
"""
# Whose lease ran out releases nobody else's. What was tried before an administrator changed the
# endpoint says nothing about what it is now.
_RELEASE: Final = """
    UPDATE webhook_endpoints AS e
    SET leased_until = clock_timestamp(),
      (failures, failing_since, rests_until) = (
        SELECT known.failures, known.failing_since, known.rests_until
        FROM (
          VALUES
            (true, ended.failures, ended.failing_since, ended.rests_until),
            (false, e.failures, e.failing_since, e.rests_until)
        ) AS known (is_same, failures, failing_since, rests_until)
        WHERE known.is_same = (e.version = ended.version)
      )
    FROM unnest(
      $1::text[], $2::integer[], $3::timestamptz[], $4::integer[], $5::timestamptz[],
      $6::timestamptz[]
    ) AS ended (id, version, leased_until, failures, failing_since, rests_until)
    WHERE e.id = ended.id
      AND e.leased_until = ended.leased_until
"""
_DISABLE: Final = """
    UPDATE webhook_endpoints
    SET state = 'DISABLED', disabled_reason = $2, disabled_at = clock_timestamp(),
      version = version + 1
    WHERE id = $1
      AND version = $3
      AND state = 'ENABLED'
    RETURNING id, account_id, url, description, event_types, is_ordered, state,
      disabled_reason, disabled_at, failing_since, version, created_at
"""
STATEMENTS: Final = (_LEASE, _FIND_DUE, _FIND_SECRETS, _NOTE, _RELEASE, _DISABLE)


@dataclass(frozen=True, kw_only=True)
class Lane:
    """An endpoint that is leased, and what is due there; the newest secret first."""

    endpoint_id: str
    account_id: str
    url: str
    version: int
    leased_until: datetime
    failures: int
    failing_since: datetime | None
    secrets: Sequence[tuple[int, Sealed]]
    due: Sequence[DueDelivery]


@dataclass(frozen=True, kw_only=True)
class EndedLane:
    endpoint_id: str
    version: int
    leased_until: datetime
    failures: int
    failing_since: datetime | None
    rests_until: datetime
    disabled_reason: DisabledReason | None


async def take_lanes(
    connection: Connection, *, failing: bool, most: int, deliveries: int, lease: timedelta
) -> list[Lane]:
    leased = await connection.fetch(_LEASE, failing, most, lease)
    ids = [row["id"] for row in leased]
    if not ids:
        return []
    due: dict[str, list[DueDelivery]] = {each: [] for each in ids}
    for row in await connection.fetch(_FIND_DUE, ids, deliveries):
        columns = dict(row)
        due[columns.pop("endpoint_id")].append(DueDelivery(**columns))
    secrets: dict[str, list[tuple[int, Sealed]]] = {each: [] for each in ids}
    for row in await connection.fetch(_FIND_SECRETS, ids):
        sealed = Sealed(key_id=row["key_id"], box=row["box"])
        secrets[row["endpoint_id"]].append((row["number"], sealed))
    return [
        Lane(
            endpoint_id=row["id"],
            account_id=row["account_id"],
            url=row["url"],
            version=row["version"],
            leased_until=row["leased_until"],
            failures=row["failures"],
            failing_since=row["failing_since"],
            secrets=secrets[row["id"]],
            due=due[row["id"]],
        )
        for row in leased
    ]


async def note_attempts(connection: Connection, attempts: Sequence[Attempt]) -> None:
    await connection.execute(
        _NOTE,
        [each.delivery_id for each in attempts],
        [each.number for each in attempts],
        [each.started_at for each in attempts],
        [each.duration_ms for each in attempts],
        [each.answer.status_code for each in attempts],
        [each.answer.fault for each in attempts],
        [each.answer.excerpt for each in attempts],
        [each.state for each in attempts],
        [each.due_at for each in attempts],
    )


async def release_lanes(connection: Connection, ended: Sequence[EndedLane]) -> None:
    await connection.execute(
        _RELEASE,
        [each.endpoint_id for each in ended],
        [each.version for each in ended],
        [each.leased_until for each in ended],
        [each.failures for each in ended],
        [each.failing_since for each in ended],
        [each.rests_until for each in ended],
    )


async def disable_endpoint(
    connection: Connection, endpoint_id: str, version: int, reason: DisabledReason
) -> WebhookEndpoint | None:
    """None where somebody has disabled or changed it since that version."""
    row = await connection.fetchrow(_DISABLE, endpoint_id, reason, version)
    return read_endpoint(row) if row else None
