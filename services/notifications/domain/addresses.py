"""Where a port-out is told: the addresses known before anything about a member changed lately.

Whoever takes an account over changes its people first and ports its numbers out then.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

# A change younger than this is not trusted yet (47 CFR 52.37, 64.2010).
SETTLES_AFTER: Final = timedelta(hours=24)


@dataclass(frozen=True, kw_only=True)
class MemberAddress:
    """A member from this change of them on; `is_administrator` is false for who is out."""

    member_id: str
    version: int
    email: str
    is_administrator: bool
    changed_at: datetime


def people_to_tell(known: Iterable[MemberAddress], at: datetime) -> list[MemberAddress]:
    """Everybody who is an administrator at that instant or was one before the last day.

    So neither a new address, nor a lost role, nor a removed member keeps the mail from whoever
    had the account before. A member of less than a day has their first address.
    """
    by_member: dict[str, list[MemberAddress]] = {}
    for each in sorted(known, key=lambda each: each.version):
        if each.changed_at <= at:
            by_member.setdefault(each.member_id, []).append(each)
    return [_settled(changes, at) for changes in by_member.values() if _is_told(changes, at)]


def _is_told(changes: Sequence[MemberAddress], at: datetime) -> bool:
    return changes[-1].is_administrator or _settled(changes, at).is_administrator


def _settled(changes: Sequence[MemberAddress], at: datetime) -> MemberAddress:
    """As they were a day ago; as they came where they came since."""
    settled = [each for each in changes if each.changed_at <= at - SETTLES_AFTER]
    return settled[-1] if settled else changes[0]
