"""How one statement tells notices to everybody who is to hear of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from libs.common.database import Connection
from libs.common.ids import new_id
from services.notifications.domain.dispatches import Dispatch

# Everybody of every audience, once for each notice; then their entries and mails. `stem` begins
# the ids of one notice, which a number of the row ends.
_TELL = """
    WITH
    -- Each audience of each notice, with what the notice, its account and its company say. What
    -- a manager submitted stays a manager's (S47), whatever they have become.
    asked AS MATERIALIZED (
      SELECT given.*, notices.account_id, notices.company_ids, notices.traceparent,
        accounts.is_disabled,
        coalesce((
          SELECT requester.role = 'ADMINISTRATOR' AND requester.is_active
          FROM members AS requester
          WHERE requester.member_id = given.requester_id
        ), false) AND NOT EXISTS (
          SELECT
          FROM notices AS wanted
          WHERE wanted.subject = notices.subject
            AND wanted.message = 'authorization_wanted'
        ) AS is_administrators,
        (SELECT default_delivery(notices.company_ids, event_group, 'feed')) AS feed_default,
        (SELECT default_delivery(notices.company_ids, event_group, 'mail')) AS mail_default
      FROM unnest(
        $1::text[], $2::text[], $3::boolean[], $4::boolean[], $5::text[], $6::boolean[],
        $7::boolean[], $8::text[], $9::text[], $10::text[]
      ) AS given (
        notice_id, audience, in_feed, mailed, event_group, by_law, urgent, spared,
        requester_id, stem
      )
      JOIN notices ON notices.notice_id = given.notice_id
      JOIN accounts ON accounts.account_id = notices.account_id
    ),
    -- The members of each audience; one may be in several.
    reached AS (
      SELECT asked.*, members.member_id, members.name, members.email AS address,
        mailed AND members.role <> 'VIEWER' AS by_mail
      FROM asked
      JOIN members ON members.account_id = asked.account_id
      WHERE members.is_active
        AND (by_law OR NOT is_disabled)
        AND members.member_id IS DISTINCT FROM spared
        AND CASE audience
          WHEN 'requester' THEN members.member_id = asked.requester_id
          WHEN 'administrators' THEN members.role = 'ADMINISTRATOR'
          WHEN 'copied administrators'
            THEN members.role = 'ADMINISTRATOR' AND NOT is_administrators
          WHEN 'company' THEN members.role IN ('MANAGER', 'VIEWER')
        END
        AND (
          members.role = 'ADMINISTRATOR'
          OR members.company_ids && asked.company_ids
          OR audience = 'requester' AND asked.company_ids = '{}'
        )
      UNION ALL
      SELECT asked.*, known.member_id, coalesce(members.name, ''), known.address,
        mailed AND known.address IS NOT NULL
      FROM asked
      JOIN unnest($11::text[], $12::text[], $13::text[]) AS known (
        notice_id, member_id, address
      ) ON known.notice_id = asked.notice_id
      LEFT JOIN members ON members.member_id = known.member_id
      WHERE audience = 'administrators on known addresses'
    ),
    -- Each member once for each notice, numbered for the ids of what they get.
    people AS MATERIALIZED (
      SELECT notice_id, member_id, account_id, stem, event_group, by_law, urgent, traceparent,
        feed_default, mail_default, max(name) AS name, max(address) AS address,
        bool_or(in_feed) AS in_feed, bool_or(by_mail) AS by_mail,
        row_number() OVER () AS number
      FROM reached
      GROUP BY notice_id, member_id, account_id, stem, event_group, by_law, urgent,
        traceparent, feed_default, mail_default
    ),
    -- Their feed entries, unless they switched the group off.
    entries AS (
      INSERT INTO feed_entries (entry_id, notice_id, account_id, member_id)
      SELECT 'ntf_' || stem || lpad(to_hex(number), 6, '0'), notice_id, people.account_id,
        member_id
      FROM people
      LEFT JOIN notification_choices AS chosen
        ON chosen.owner_id = member_id
        AND chosen.event_group = people.event_group
        AND chosen.channel = 'feed'
      WHERE in_feed
        AND (by_law OR coalesce(delivery, feed_default) <> 'off')
      ON CONFLICT ON CONSTRAINT one_entry_per_member DO NOTHING
      RETURNING entry_id, notice_id, account_id, member_id
    ),
    -- Who gets a mail, and when at the earliest: by their choices, quiet hours and day's mail; and
    -- those who are no members.
    timed AS (
      SELECT notice_id, people.account_id, member_id AS recipient, member_id, name, address,
        stem, number, by_law, traceparent, coalesce(locale, 'en') AS locale,
        CASE WHEN NOT urgent THEN quiet_from END AS quiet_from, quiet_until, time_zone,
        CASE
          WHEN by_law OR urgent AND coalesce(delivery, mail_default) <> 'off' THEN 'at_once'
          ELSE coalesce(delivery, mail_default)
        END AS delivery,
        CASE
          WHEN urgent THEN $15::timestamptz
          WHEN NOT by_law AND coalesce(delivery, mail_default) = 'daily'
            THEN next_time_of_day(
              $15, coalesce(digest_at, '08:00'), coalesce(time_zone, 'UTC')
            )
          WHEN quiet_from IS NULL THEN $15::timestamptz
          ELSE after_quiet_hours($15, quiet_from, quiet_until, time_zone)
        END AS due_at
      FROM people
      LEFT JOIN notification_habits AS habits USING (member_id)
      LEFT JOIN notification_choices AS chosen
        ON chosen.owner_id = member_id
        AND chosen.event_group = people.event_group
        AND chosen.channel = 'mail'
      WHERE by_mail
      UNION ALL
      SELECT asked.notice_id, asked.account_id, others.recipient, NULL, others.name,
        others.address, stem, 1000000 + row_number() OVER (), true, traceparent,
        coalesce(locale, 'en'), NULL, NULL, NULL, 'at_once', $15
      FROM asked
      JOIN unnest($16::text[], $17::text[], $18::text[], $19::text[], $20::text[]) AS others (
        notice_id, audience, recipient, name, address
      ) ON others.notice_id = asked.notice_id AND others.audience = asked.audience
      LEFT JOIN notification_habits AS habits
        ON habits.member_id = asked.requester_id AND asked.audience = 'signer'
      WHERE mailed
        AND (asked.audience = 'support' OR NOT is_disabled)
    ),
    -- Which mail of its hour each would be, without those that were written before.
    counted AS (
      SELECT timed.*,
        row_number() OVER (PARTITION BY recipient ORDER BY stem) + coalesce(lately, 0) AS place
      FROM timed
      LEFT JOIN LATERAL (
        SELECT count(*) AS lately
        FROM mails
        WHERE mails.recipient = timed.recipient
          AND mails.due_at > timed.due_at - interval '1 hour'
          AND mails.due_at <= timed.due_at
      ) AS got ON NOT by_law AND delivery = 'at_once'
      WHERE delivery <> 'off'
        AND NOT EXISTS (
          SELECT
          FROM mail_notices
          WHERE mail_notices.notice_id = timed.notice_id
            AND mail_notices.recipient = timed.recipient
        )
    ),
    -- A mail of its own, or a place in the digest of the day or of a full hour.
    placed AS MATERIALIZED (
      SELECT counted.*,
        delivery = 'daily' OR NOT by_law AND place > $14 AS in_digest,
        CASE
          WHEN delivery <> 'daily' AND NOT by_law AND place > $14
            THEN after_quiet_hours(
              date_trunc('hour', due_at) + interval '1 hour', quiet_from, quiet_until,
              coalesce(time_zone, 'UTC')
            )
          ELSE due_at
        END AS mailed_at,
        'mail_' || stem || lpad(to_hex(number), 6, '0') AS mail_id
      FROM counted
    ),
    -- Mails of one notice.
    singles AS (
      INSERT INTO mails (
        mail_id, account_id, recipient, member_id, name, address, locale, due_at, traceparent
      )
      SELECT mail_id, account_id, recipient, member_id, name, address, locale, mailed_at,
        traceparent
      FROM placed
      WHERE NOT in_digest
    ),
    -- Digests, new or queued already.
    digests AS (
      INSERT INTO mails (
        mail_id, account_id, recipient, member_id, name, address, locale, is_digest, due_at
      )
      SELECT DISTINCT ON (recipient, mailed_at) mail_id, account_id, recipient, member_id, name,
        address, locale, true, mailed_at
      FROM placed
      WHERE in_digest
      ORDER BY recipient, mailed_at, mail_id
      ON CONFLICT (recipient, due_at) WHERE is_digest AND state = 'queued' DO UPDATE
      SET address = excluded.address, locale = excluded.locale
      RETURNING mail_id, recipient, due_at
    ),
    -- What each mail tells.
    named AS (
      INSERT INTO mail_notices (mail_id, notice_id, recipient)
      SELECT coalesce(digests.mail_id, placed.mail_id), notice_id, placed.recipient
      FROM placed
      LEFT JOIN digests
        ON in_digest
        AND digests.recipient = placed.recipient
        AND digests.due_at = placed.mailed_at
    )
    SELECT entry_id, notice_id, account_id, member_id
    FROM entries
"""
STATEMENTS: Final = (_TELL,)


@dataclass(frozen=True, kw_only=True)
class KnownAddress:
    """No address where another member gets the mail there."""

    notice_id: str
    member_id: str
    address: str | None


@dataclass(frozen=True, kw_only=True)
class NoMember:
    """Somebody who is told and is no member; without an address whoever sends it finds it."""

    notice_id: str
    audience: str
    recipient: str
    name: str
    address: str | None


@dataclass(frozen=True, kw_only=True)
class MadeEntry:
    """A feed entry of just now; what it says is read by whoever shows it."""

    entry_id: str
    notice_id: str
    account_id: str
    member_id: str


async def add_entries_and_mails(
    connection: Connection,
    dispatches: Sequence[Dispatch],
    known: Sequence[KnownAddress],
    others: Sequence[NoMember],
    *,
    mails_per_hour: int,
    now: datetime,
) -> list[MadeEntry]:
    """Answers the new entries. Of an hour's mails the last is the digest of what is more."""
    stems: dict[str, str] = {}
    for each in dispatches:
        stems.setdefault(each.notice.notice_id, new_id("ntf").removeprefix("ntf_")[:20])
    rows = await connection.fetch(
        _TELL,
        [each.notice.notice_id for each in dispatches],
        [each.audience for each in dispatches],
        [each.is_in_feed for each in dispatches],
        [each.is_mailed for each in dispatches],
        [each.group for each in dispatches],
        [each.is_by_law for each in dispatches],
        [each.is_urgent for each in dispatches],
        [each.spared for each in dispatches],
        [each.notice.requester_id for each in dispatches],
        [stems[each.notice.notice_id] for each in dispatches],
        [each.notice_id for each in known],
        [each.member_id for each in known],
        [each.address for each in known],
        mails_per_hour - 1,
        now,
        [each.notice_id for each in others],
        [each.audience for each in others],
        [each.recipient for each in others],
        [each.name for each in others],
        [each.address for each in others],
    )
    return [MadeEntry(**dict(row)) for row in rows]
