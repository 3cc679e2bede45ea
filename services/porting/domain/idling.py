"""Requests that nobody touches: how long each may lie, and when its owner is warned."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from services.porting.domain.requests import PortRequest, PortRequestStatus

# Before the end.
WARNINGS: Final = (timedelta(days=7), timedelta(days=1))
# The limits are settings that only the timer knows: it looks first after this.
FIRST_LOOK: Final = timedelta(days=1)
IDLES: Final = frozenset(
    {
        PortRequestStatus.DRAFT,
        PortRequestStatus.AWAITING_AUTHORIZATION,
        PortRequestStatus.AWAITING_SIGNATURE,
        PortRequestStatus.ACTION_REQUIRED,
    }
)


@dataclass(frozen=True, kw_only=True)
class IdleLimits:
    """`unfinished` is for drafts and what waits for a person, `faulty` for ACTION_REQUIRED."""

    unfinished: timedelta
    faulty: timedelta

    def end_of(self, request: PortRequest, idle_since: datetime) -> datetime | None:
        """None for one that has no clock."""
        if request.status not in IDLES:
            return None
        is_faulty = request.status is PortRequestStatus.ACTION_REQUIRED
        return idle_since + (self.faulty if is_faulty else self.unfinished)


def is_warning_due(ends_at: datetime, now: datetime) -> bool:
    return now >= ends_at - max(WARNINGS)


def next_look(ends_at: datetime, now: datetime) -> datetime:
    """The next warning, or the end."""
    return min(
        (ends_at - before for before in (*WARNINGS, timedelta()) if ends_at - before > now),
        default=ends_at,
    )
