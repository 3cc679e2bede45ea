"""Dispatches: what of the table holds for one notice, at the time when it is told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from services.notifications.domain.messages import Message
from services.notifications.domain.who_is_told import (
    TELLING,
    Audience,
    Channel,
    EventGroup,
    Telling,
)

# What happened longer ago is told to nobody: a copy that is filled anew alarms no one.
TOO_OLD: Final = timedelta(days=7)
# Later nothing is urgent any more, and a reminder is only shown: the next one comes anyway.
FRESH: Final = timedelta(days=1)
# So often a notice waits for the copies of people, not only of the account: half an hour.
PATIENCE: Final = 10


@dataclass(frozen=True, kw_only=True)
class DueNotice:
    """Whose copies are here: `has_account`; `has_people`, its requester and an administrator.

    How often it has waited for them, `waits`, is no failed attempt. `is_done` is a reminder of
    what has happened since.
    """

    notice_id: str
    message: Message
    account_id: str
    requester_id: str | None
    occurred_at: datetime
    content: Mapping[str, Any]
    attempts: int
    waits: int
    has_account: bool
    has_people: bool
    is_done: bool = False


@dataclass(frozen=True, kw_only=True)
class Dispatch:
    """To one audience; of `spared` nobody hears."""

    notice: DueNotice
    audience: Audience
    is_in_feed: bool
    is_mailed: bool
    group: EventGroup
    is_by_law: bool
    is_urgent: bool
    spared: str | None


def must_wait(notice: DueNotice) -> bool:
    if not notice.has_account:
        return True
    return not notice.has_people and notice.waits < PATIENCE


def is_too_old(notice: DueNotice, now: datetime) -> bool:
    return now - notice.occurred_at > TOO_OLD


def dispatches_of(notice: DueNotice, now: datetime) -> Sequence[Dispatch]:
    telling = TELLING[notice.message]
    is_fresh = now - notice.occurred_at <= FRESH
    return [
        Dispatch(
            notice=notice,
            audience=to.audience,
            is_in_feed=Channel.FEED in to.channels,
            is_mailed=Channel.MAIL in to.channels
            and _is_mailed_late(telling, is_fresh=is_fresh),
            group=telling.group,
            is_by_law=telling.is_by_law,
            is_urgent=telling.is_urgent and is_fresh,
            spared=notice.content.get("by") if telling.spares_doer else None,
        )
        for to in telling.to
        if to.where is None or to.where.holds(notice.content)
    ]


def _is_mailed_late(telling: Telling, *, is_fresh: bool) -> bool:
    return is_fresh or telling.group is not EventGroup.REMINDERS
