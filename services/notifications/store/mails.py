"""Mails in PostgreSQL: claimed by one worker, and what became of each."""

from datetime import datetime
from typing import Final

import orjson

from libs.common.database import Connection, Row
from services.notifications.domain.mails import (
    BOUNCES_COUNT_FOR,
    LEASE,
    MOST_BOUNCES,
    Mail,
    MailedNotice,
    Verdict,
)
from services.notifications.domain.messages import Message
from services.notifications.domain.reminders import SCHEDULES
from services.notifications.domain.who_is_told import TELLING, TO_ADMINISTRATORS_ALONE
from services.notifications.store.due_notices import is_done_with

# A digest of a bad day has an end.
_MOST_NOTICES: Final = 100

# The next due mail that nobody else is sending.
_CLAIM: Final = """
    WITH due AS (
      SELECT mail_id
      FROM mails
      WHERE state = 'queued' AND due_at <= $1
      ORDER BY due_at, mail_id
      LIMIT 1
      FOR UPDATE SKIP LOCKED
    )
    UPDATE mails
    SET state = 'sending', attempts = attempts + 1, claimed_until = $1 + $2,
      first_tried_at = coalesce(first_tried_at, $1)
    FROM due
    WHERE mails.mail_id = due.mail_id
    RETURNING mails.mail_id, edition, account_id, recipient, member_id, name, address, locale,
      is_digest, attempts, doubts, first_tried_at, traceparent,
      (SELECT a.name FROM accounts AS a WHERE a.account_id = mails.account_id) AS account_name,
      (
        SELECT h.time_zone
        FROM notification_habits AS h
        WHERE h.member_id = mails.member_id
      ) AS time_zone,
      EXISTS (
        SELECT
        FROM bouncing_addresses AS b
        WHERE b.address = lower(mails.address)
          AND b.suppressed_at IS NOT NULL
      ) AS is_suppressed
"""
# What a mail tells, the oldest first: it may have waited for a day, so nothing that its reader
# may not see any more, unless the law wants it told, and no reminder of what is done.
_FIND_NOTICES: Final = f"""
    SELECT n.message, n.subject, n.occurred_at, n.content, r.name AS requester_name,
      count(*) OVER () AS total
    FROM mail_notices AS told
    JOIN notices AS n USING (notice_id)
    LEFT JOIN members AS r ON r.member_id = n.requester_id
    WHERE told.mail_id = $1
      AND (
        n.message = ANY($3::text[])
        OR NOT EXISTS (
          SELECT
          FROM members AS m
          JOIN accounts AS a USING (account_id)
          WHERE m.member_id = $4::text
            AND NOT (
              m.is_active
              AND NOT a.is_disabled
              AND m.role <> 'VIEWER'
              AND (
                m.role = 'ADMINISTRATOR'
                OR n.message <> ALL($6::text[])
                AND (
                  m.company_ids && n.company_ids
                  OR n.company_ids = '{{}}' AND n.requester_id = m.member_id
                )
              )
              AND (
                m.role <> 'CLIENT_MANAGER' OR coalesce(n.requester_id, $4) = m.member_id
              )
            )
        )
      )
      AND NOT ({is_done_with("n", "$5")})
    ORDER BY n.occurred_at, n.notice_id
    LIMIT $2
"""
_BY_LAW: Final = [each for each, telling in TELLING.items() if telling.is_by_law]
# Not one that was taken for lost meanwhile.
_SAVE: Final = """
    UPDATE mails
    SET state = $3, due_at = coalesce($4, due_at), code = coalesce($5, code), reason = $6,
      doubts = doubts + $7, claimed_until = NULL,
      sent_at = CASE WHEN $3 = 'sent' THEN $8 ELSE sent_at END
    WHERE mail_id = $1 AND state = 'sending' AND attempts = $2
    RETURNING true
"""
# Tries whose worker is gone.
_FIND_LOST: Final = """
    SELECT mail_id, attempts, doubts, ARRAY(
        SELECT n.message
        FROM mail_notices AS told
        JOIN notices AS n USING (notice_id)
        WHERE told.mail_id = mails.mail_id
        LIMIT $2
      ) AS messages
    FROM mails
    WHERE state = 'sending' AND claimed_until < $1
    ORDER BY claimed_until
    LIMIT 100
    FOR UPDATE SKIP LOCKED
"""
# The mail of a bounce that was told later, where this is its first.
_SAVE_BOUNCE: Final = """
    UPDATE mails
    SET state = 'bounced', code = $3, reason = $4
    WHERE mail_id = $1 AND edition = $2 AND state IN ('sent', 'maybe_sent')
    RETURNING address
"""
_IS_MAIL: Final = "SELECT EXISTS (SELECT FROM mails WHERE mail_id = $1 AND edition = $2)"
# Old bounces do not count any more; a complaint suppresses at once.
_COUNT_BOUNCE: Final = """
    INSERT INTO bouncing_addresses AS b
      (address, bounces, last_bounced_at, last_code, suppressed_at)
    VALUES (
      lower($1), 1, $2::timestamptz, $3, CASE WHEN $6::boolean THEN $2::timestamptz END
    )
    ON CONFLICT (address) DO UPDATE
    SET bounces = CASE
        WHEN b.last_bounced_at < $2::timestamptz - $4::interval THEN 1
        ELSE b.bounces + 1
      END,
      last_bounced_at = $2::timestamptz,
      last_code = $3,
      suppressed_at = CASE
        WHEN b.suppressed_at IS NOT NULL THEN b.suppressed_at
        WHEN $6::boolean
          OR b.last_bounced_at >= $2::timestamptz - $4::interval
          AND b.bounces + 1 >= $5::integer
        THEN $2::timestamptz
      END
"""
STATEMENTS: Final = (
    _CLAIM,
    _FIND_NOTICES,
    _SAVE,
    _FIND_LOST,
    _SAVE_BOUNCE,
    _IS_MAIL,
    _COUNT_BOUNCE,
)


async def claim_mail(connection: Connection, now: datetime) -> Mail | None:
    row = await connection.fetchrow(_CLAIM, now, LEASE)
    if row is None:
        return None
    notices = await connection.fetch(
        _FIND_NOTICES,
        row["mail_id"],
        _MOST_NOTICES,
        _BY_LAW,
        row["member_id"],
        list(SCHEDULES),
        list(TO_ADMINISTRATORS_ALONE),
    )
    return Mail(
        id=row["mail_id"],
        edition=row["edition"],
        account_id=row["account_id"],
        account_name=row["account_name"],
        recipient=row["recipient"],
        member_id=row["member_id"],
        name=row["name"],
        address=row["address"],
        is_suppressed=row["is_suppressed"],
        locale=row["locale"],
        time_zone=row["time_zone"],
        is_digest=row["is_digest"],
        attempts=row["attempts"],
        doubts=row["doubts"],
        first_tried_at=row["first_tried_at"],
        traceparent=row["traceparent"],
        notices=tuple(_notice_of(notice) for notice in notices),
        more=notices[0]["total"] - len(notices) if notices else 0,
    )


async def save_verdict(
    connection: Connection, mail_id: str, attempts: int, verdict: Verdict, now: datetime
) -> bool:
    """False where the try was taken for lost meanwhile."""
    saved = await connection.fetchval(
        _SAVE,
        mail_id,
        attempts,
        verdict.state,
        verdict.due_at,
        verdict.code,
        verdict.reason,
        int(verdict.is_doubt),
        now,
    )
    return saved is not None


async def lock_lost(connection: Connection, now: datetime) -> list[Row]:
    """Their `mail_id`, `attempts`, `doubts` and `messages`."""
    return await connection.fetch(_FIND_LOST, now, _MOST_NOTICES)


async def save_bounce(
    connection: Connection, mail_id: str, edition: int, *, code: str, reason: str
) -> tuple[bool, str | None]:
    """Whether this is news of that mail, and the address that it went to, where we know it."""
    row = await connection.fetchrow(_SAVE_BOUNCE, mail_id, edition, code, reason)
    return (row is not None, row["address"] if row else None)


async def is_mail(connection: Connection, mail_id: str, edition: int) -> bool:
    return bool(await connection.fetchval(_IS_MAIL, mail_id, edition))


async def count_bounce(
    connection: Connection,
    address: str,
    *,
    code: str,
    at: datetime,
    is_complaint: bool = False,
) -> None:
    await connection.execute(
        _COUNT_BOUNCE, address, at, code, BOUNCES_COUNT_FOR, MOST_BOUNCES, is_complaint
    )


def _notice_of(row: Row) -> MailedNotice:
    requester = {"requester_name": row["requester_name"]} if row["requester_name"] else {}
    return MailedNotice(
        message=Message(row["message"]),
        subject=row["subject"],
        occurred_at=row["occurred_at"],
        content={**requester, **orjson.loads(row["content"])},
    )
