"""Notices: one thing that happened or came due, and that people are to be told once."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from services.notifications.domain.messages import Message
from services.notifications.domain.number_contents import NUMBERS_NAMED

_COUNTED: Final = frozenset({"number_count", "order_count"})


@dataclass(frozen=True, kw_only=True)
class Notice:
    """`message` and `key` together are told once, whatever is redelivered, replayed or fired again.

    Of an event the key is `<subject>:<sequence>`, of a reminder the subject and which of its
    reminders it is. `content` is what its text needs, plain JSON: never a PIN, a token, or what a
    document says. It is told at `due_at`.
    """

    message: Message
    key: str
    account_id: str
    company_ids: tuple[str, ...]
    requester_id: str | None
    subject: str
    occurred_at: datetime
    due_at: datetime
    content: Mapping[str, Any]
    traceparent: str | None = None


def merged(gathered: Mapping[str, Any], newer: Mapping[str, Any]) -> dict[str, Any]:
    """The newer content with the numbers of both, of which at most some are named."""
    content = dict(newer)
    for count in _COUNTED & set(newer):
        content[count] = gathered[count] + newer[count]
    if "numbers" in newer:
        content["numbers"] = [*gathered["numbers"], *newer["numbers"]][:NUMBERS_NAMED]
    return content
