"""Feed entries: what a member is told inside the product."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, kw_only=True)
class FeedEntry:
    """`place` counts in the order of commits; `content` is what the text of `message` needs."""

    entry_id: str
    place: int
    account_id: str
    member_id: str
    message: str
    subject: str
    occurred_at: datetime
    read_at: datetime | None
    content: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class FeedWatch:
    """What of their feed a member asks for; absent means any. `subject` is what it is about."""

    messages: tuple[str, ...] | None = None
    company_id: str | None = None
    subject: str | None = None
    only_unread: bool = False


@dataclass(frozen=True, kw_only=True)
class NewEntries:
    """Which members have entries that they had not: by account, for our replicas alone."""

    members_by_account: Mapping[str, Sequence[str]]
