"""Mails as support looks after them: what became of each, never what it said."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import orjson

from libs.common.database import Connection, Row
from libs.common.paging import Key, Listing, Page, Slice, read_page
from services.notifications.domain.mails import MailedNotice, MailState
from services.notifications.domain.messages import Message

# A digest's text needs no more of them.
_MOST_NOTICES: Final = 100
_COLUMNS: Final = f"""m.mail_id, m.account_id, m.recipient, m.member_id, m.name, m.address,
      m.locale, m.is_digest, m.state, m.code, m.reason, m.attempts, m.made_at, m.due_at,
      m.sent_at, ARRAY(
        SELECT jsonb_build_object(
          'message', n.message, 'subject', n.subject, 'occurred_at', n.occurred_at,
          'content', n.content
        )
        FROM mail_notices AS told
        JOIN notices AS n USING (notice_id)
        WHERE told.mail_id = m.mail_id
        ORDER BY n.occurred_at, n.notice_id
        LIMIT {_MOST_NOTICES}
      ) AS notices"""
_ASKED: Final = """
    ($1::text[] IS NULL OR m.state = ANY($1))
      AND ($2::text IS NULL OR m.account_id = $2)
      AND ($3::text IS NULL OR m.member_id = $3)"""

# The newest first.
MAILS: Final = Listing(
    f"""
    SELECT {_COLUMNS}
    FROM mails AS m
    WHERE {_ASKED}
      {{keyset}}
    {{order}}
    """,
    parameters=3,
    keys=(Key(column="m.mail_id", kind=str),),
    descending=True,
)
_COUNT: Final = f"SELECT count(*) FROM mails AS m WHERE {_ASKED}"
_FIND: Final = f"SELECT {_COLUMNS} FROM mails AS m WHERE m.mail_id = $1"
_LOCK: Final = "SELECT state, address FROM mails WHERE mail_id = $1 FOR UPDATE"
# A new edition has a Message-ID of its own: the receiver takes it for another mail.
_QUEUE_AGAIN: Final = """
    UPDATE mails
    SET state = 'queued', due_at = $2, attempts = 0, doubts = 0, edition = edition + 1,
      reason = NULL, code = NULL, first_tried_at = NULL
    WHERE mail_id = $1
"""
_FORGET_BOUNCES: Final = "DELETE FROM bouncing_addresses WHERE address = lower($1)"
STATEMENTS: Final = (*MAILS, _COUNT, _FIND, _LOCK, _QUEUE_AGAIN, _FORGET_BOUNCES)


@dataclass(frozen=True, kw_only=True)
class MailFilter:
    states: Sequence[MailState] | None = None
    account_id: str | None = None
    member_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class ListedMail:
    id: str
    account_id: str
    recipient: str
    member_id: str | None
    name: str
    address: str | None
    locale: str
    is_digest: bool
    state: MailState
    code: str | None
    reason: str | None
    attempts: int
    made_at: datetime
    due_at: datetime
    sent_at: datetime | None
    notices: Sequence[MailedNotice]


async def find_mails(
    connection: Connection, asked: MailFilter, page: Page
) -> Slice[ListedMail]:
    return (await read_page(connection, MAILS, page, *_arguments(asked))).map(_read)


async def count_mails(connection: Connection, asked: MailFilter) -> int:
    count: int = await connection.fetchval(_COUNT, *_arguments(asked))
    return count


async def find_mail(connection: Connection, mail_id: str) -> ListedMail | None:
    row = await connection.fetchrow(_FIND, mail_id)
    return _read(row) if row else None


async def lock_mail(
    connection: Connection, mail_id: str
) -> tuple[MailState, str | None] | None:
    """State and address."""
    row = await connection.fetchrow(_LOCK, mail_id)
    return (MailState(row["state"]), row["address"]) if row else None


async def queue_again(connection: Connection, mail_id: str, at: datetime) -> None:
    await connection.execute(_QUEUE_AGAIN, mail_id, at)


async def forget_bounces(connection: Connection, address: str) -> None:
    await connection.execute(_FORGET_BOUNCES, address)


def _arguments(asked: MailFilter) -> tuple[Sequence[str] | None, str | None, str | None]:
    return (asked.states, asked.account_id, asked.member_id)


def _read(row: Row) -> ListedMail:
    columns = dict(row)
    notices = [orjson.loads(each) for each in columns.pop("notices")]
    return ListedMail(
        id=columns.pop("mail_id"),
        state=MailState(columns.pop("state")),
        notices=[
            MailedNotice(
                message=Message(each["message"]),
                subject=each["subject"],
                occurred_at=datetime.fromisoformat(each["occurred_at"]),
                content=each["content"],
            )
            for each in notices
        ],
        **columns,
    )
