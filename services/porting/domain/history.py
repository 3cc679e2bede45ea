"""A request's history: one entry for each fact, and who is said to have made it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from libs.common.caller import Caller, Support


class ActorKind(StrEnum):
    MEMBER = "MEMBER"
    SUPPORT = "SUPPORT"
    CARRIER = "CARRIER"
    SYSTEM = "SYSTEM"


_KINDS: Final[Mapping[str, ActorKind]] = {
    "member": ActorKind.MEMBER,
    "support": ActorKind.SUPPORT,
    "carrier": ActorKind.CARRIER,
}


@dataclass(frozen=True, kw_only=True)
class _Entry:
    """What was said of somebody: such as `member:mem_…`, `support:<subject>`, `system`."""

    actor: str | None = None
    member_name: str | None = None

    @property
    def actor_kind(self) -> ActorKind:
        kind, _, _ = (self.actor or "").partition(":")
        return _KINDS.get(kind, ActorKind.SYSTEM)

    def actor_shown_to(self, caller: Caller) -> str:
        """Which person of support acted is for support alone."""
        _, _, name = (self.actor or "").partition(":")
        if self.actor_kind is ActorKind.SYSTEM:
            return "Portline"
        if self.actor_kind is ActorKind.SUPPORT and not isinstance(caller, Support):
            return "Portline support"
        return self.member_name or name


@dataclass(frozen=True, kw_only=True)
class HistoryEntry(_Entry):
    """`version` is the event's; `status` and `line_counts` are the request's after it.

    `actor` is such as `member:mem_…`, `support:<subject>`, `carrier:<name>`, `system`; the
    transaction knows it, so a new entry leaves it to the store. `correlation_id` is the trace's.
    """

    port_request_id: str
    version: int
    at: datetime
    event_type: str
    status: str
    line_counts: Mapping[str, int]
    reason: str | None
    correlation_id: str | None
    is_internal: bool


@dataclass(frozen=True, kw_only=True)
class PortOutHistoryEntry(_Entry):
    """`version` is that of the change's last event; `number_count` how many it was about."""

    port_out_id: str
    version: int
    at: datetime
    event_type: str
    status: str
    number_count: int
    reason: str | None
    correlation_id: str | None


def shown_actor(actor: str) -> str:
    """Of `member:mem_…` or a bare id that id; else `support` or `system`: which person is for support."""
    kind, _, name = actor.partition(":")
    return name if kind == "member" else kind
