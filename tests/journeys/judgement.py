"""What must be true after the crashes, by SQL that shares no code with the product."""

import asyncpg

from tests.journeys.crashes import CrashedRun

EVENTS_PER_REQUEST = 4
TOLD_PER_REQUEST = 3

_UNPUBLISHED = "SELECT count(*) FROM outbox"
_REQUESTS_BEHIND = "SELECT count(*) FROM port_requests WHERE version <> $1"
# Each request's events are there, numbered 1 to n, none twice.
_WITH_GAPS = """
    SELECT count(*)
    FROM (
      SELECT subject
      FROM event_log
      GROUP BY subject
      HAVING count(*) <> $1
        OR min(sequence) <> 1
        OR max(sequence) <> $1
        OR count(DISTINCT sequence) <> $1
        OR count(DISTINCT event_id) <> $1
    ) AS broken
"""
_RECORDED = "SELECT count(DISTINCT subject) FROM event_log"
_RECORDED_IDS = """
    SELECT md5(string_agg(event_id::text || subject || sequence, ',' ORDER BY event_id))
    FROM event_log
"""
_TOLD_IDS = """
    SELECT md5(string_agg(event_id::text || subject || sequence, ',' ORDER BY event_id))
    FROM event_log
    WHERE type <> 'porting.draft_changed.v1'
"""
_APPLIED_IDS = """
    SELECT md5(string_agg(event_id::text || subject || sequence, ',' ORDER BY event_id))
    FROM status_changes
"""
_RECEIVED_IDS = """
    SELECT md5(string_agg(event_id::text || subject || sequence, ',' ORDER BY event_id))
    FROM inbox
    WHERE state = 'applied'
"""
_NOTICED = "SELECT count(*) FROM notices WHERE message = 'port_submitted'"
_NOT_APPLIED = "SELECT count(*) FROM inbox WHERE state <> 'applied'"
_APPLIED = "SELECT count(*) FROM status_changes"
_LAST_LOG_ID = "SELECT last_log_id FROM status_log"
# A subject's versions rise in the order in which they were committed here.
_OUT_OF_ORDER = """
    SELECT count(*)
    FROM (
      SELECT sequence, lag(sequence) OVER (PARTITION BY subject ORDER BY log_id) AS before
      FROM status_changes
    ) AS ordered
    WHERE before >= sequence
"""
_LATE = "SELECT count(*) FROM status_changes WHERE is_late"
_STATUSES = "SELECT md5(string_agg(id || status, ',' ORDER BY id)) FROM port_requests"
_TOLD_STATUSES = """
    SELECT md5(string_agg(subject || status, ',' ORDER BY subject))
    FROM (
      SELECT DISTINCT ON (subject) subject, status
      FROM status_changes
      ORDER BY subject, log_id DESC
    ) AS newest
"""


async def judge(run: CrashedRun, how_many: int) -> None:
    porting = await asyncpg.connect(run.porting_url)
    notifications = await asyncpg.connect(run.notifications_url)
    try:
        await _judge(porting, notifications, how_many)
    finally:
        await porting.close()
        await notifications.close()


async def _judge(
    porting: asyncpg.Connection, notifications: asyncpg.Connection, how_many: int
) -> None:
    assert await porting.fetchval(_UNPUBLISHED) == 0
    assert await porting.fetchval(_RECORDED) == how_many
    assert await porting.fetchval(_WITH_GAPS, EVENTS_PER_REQUEST) == 0
    assert await porting.fetchval(_REQUESTS_BEHIND, EVENTS_PER_REQUEST) == 0

    told = await porting.fetchval(_TOLD_IDS)
    assert await notifications.fetchval(_APPLIED_IDS) == told, "lost, or applied twice"
    recorded = await porting.fetchval(_RECORDED_IDS)
    assert await notifications.fetchval(_RECEIVED_IDS) == recorded
    assert await notifications.fetchval(_NOTICED) == how_many, "people told twice, or never"
    assert await notifications.fetchval(_NOT_APPLIED) == 0
    assert await notifications.fetchval(_APPLIED) == TOLD_PER_REQUEST * how_many
    assert await notifications.fetchval(_LAST_LOG_ID) == TOLD_PER_REQUEST * how_many

    assert await notifications.fetchval(_OUT_OF_ORDER) == 0
    assert await notifications.fetchval(_LATE) == 0
    statuses = await porting.fetchval(_STATUSES)
    assert await notifications.fetchval(_TOLD_STATUSES) == statuses
