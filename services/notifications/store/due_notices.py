"""Due notices in PostgreSQL: claimed, ended or put off."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

import orjson

from libs.common.database import Connection, Row
from services.notifications.domain.dispatches import DueNotice
from services.notifications.domain.messages import Message
from services.notifications.domain.reminders import (
    ENDED_REQUESTS,
    OF_OPEN_REQUESTS,
    SCHEDULES,
)

COPY_MISSING: Final = "COPY_MISSING"


def is_done_with(notice: str, reminders: str) -> str:
    """Asks of a row of notices whether it reminds of what nobody waits for any more.

    Of a request that ended nothing waits, though no fact about its letter or lines has said so.
    """
    return f"""
      {notice}.message = ANY({reminders}::text[])
      AND EXISTS (SELECT FROM awaited WHERE awaited.subject = {notice}.subject)
      AND (
        NOT EXISTS (
          SELECT
          FROM awaited
          WHERE awaited.subject = {notice}.subject
            AND awaited.message = {notice}.message
            AND awaited.is_waiting
        )
        OR {notice}.message IN ({_listed(OF_OPEN_REQUESTS)})
        AND EXISTS (
          SELECT
          FROM reminded_requests
          WHERE reminded_requests.port_request_id = {notice}.subject
            AND reminded_requests.status IN ({_listed(ENDED_REQUESTS)})
        )
      )
    """


def _listed(words: Iterable[str]) -> str:
    return ", ".join(f"'{word}'" for word in sorted(words))


# One teller at a time: how many mails somebody got lately is counted. False: another one tells.
_LOCK = "SELECT pg_try_advisory_xact_lock(hashtext('portline telling'))"

# Due ones, the oldest first; a number's requester is its request's.
_CLAIM = f"""
    SELECT notice_id, message, account_id, occurred_at, content, whose.requester_id,
      CASE WHEN reason = 'COPY_MISSING' THEN 0 ELSE attempts END AS attempts,
      CASE WHEN reason = 'COPY_MISSING' THEN attempts ELSE 0 END AS waits,
      EXISTS (
        SELECT FROM accounts WHERE accounts.account_id = notices.account_id
      ) AND EXISTS (
        SELECT FROM members WHERE members.account_id = notices.account_id
      ) AS has_account,
      (coalesce(whose.requester_id, '') NOT LIKE 'mem\\_%' OR EXISTS (
        SELECT FROM members WHERE members.member_id = whose.requester_id
      )) AND coalesce((
        SELECT true
        FROM members
        WHERE members.account_id = notices.account_id
          AND members.role = 'ADMINISTRATOR'
        LIMIT 1
      ), false) AS has_people,
      {is_done_with("notices", "$3")} AS is_done
    FROM notices
    CROSS JOIN LATERAL (
      SELECT coalesce(
        notices.requester_id,
        (
          SELECT requester_id
          FROM status_changes
          WHERE status_changes.subject = notices.subject
            AND requester_id IS NOT NULL
          ORDER BY sequence DESC
          LIMIT 1
        )
      ) AS requester_id
    ) AS whose
    WHERE state = 'pending'
      AND due_at <= $2
    ORDER BY due_at, notice_id
    LIMIT $1
    FOR UPDATE OF notices SKIP LOCKED
"""
_END = """
    UPDATE notices
    SET state = $2, reason = $3
    WHERE notice_id = ANY($1::text[])
"""
_POSTPONE = """
    UPDATE notices
    SET reason = $2::text,
      attempts = CASE
        WHEN (coalesce(reason, $2) = 'COPY_MISSING') = ($2 = 'COPY_MISSING') THEN attempts + 1
        ELSE 1
      END,
      due_at = $3::timestamptz + make_interval(secs => least(600, 2 ^ least(attempts, 10)))
    WHERE notice_id = ANY($1::text[])
"""
STATEMENTS: Final = (_LOCK, _CLAIM, _END, _POSTPONE)


async def lock_telling(connection: Connection) -> bool:
    """Until the transaction ends nobody else tells; false where somebody does."""
    has_lock: bool = await connection.fetchval(_LOCK)
    return has_lock


async def lock_due_notices(
    connection: Connection, most: int, now: datetime
) -> list[DueNotice]:
    return [_read(row) for row in await connection.fetch(_CLAIM, most, now, list(SCHEDULES))]


async def end_notices(
    connection: Connection, notice_ids: Sequence[str], state: str, reason: str | None = None
) -> None:
    if notice_ids:
        await connection.execute(_END, notice_ids, state, reason)


async def postpone_notices(
    connection: Connection, notice_ids: Sequence[str], reason: str, now: datetime
) -> None:
    if notice_ids:
        await connection.execute(_POSTPONE, notice_ids, reason, now)


def _read(row: Row) -> DueNotice:
    return DueNotice(
        notice_id=row["notice_id"],
        message=Message(row["message"]),
        account_id=row["account_id"],
        requester_id=row["requester_id"],
        occurred_at=row["occurred_at"],
        content=orjson.loads(row["content"]),
        attempts=row["attempts"],
        waits=row["waits"],
        has_account=row["has_account"],
        has_people=row["has_people"],
        is_done=row["is_done"],
    )
