"""What resolvers find beside the caller and the database."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final, Generic, TypeAlias, TypeVar

from strawberry.types import Info

from libs.common.graphql.context import Context
from libs.common.vault import Vault
from services.notifications.domain.status_changes import LoggedChange
from services.notifications.integrations.webhook_posts import AddressGate
from services.notifications.live_feed.feed import LiveFeed

Shown = TypeVar("Shown")

_MOST_KEPT: Final = 256


class RecentChanges(Generic[Shown]):
    """The last changes as the graph shows them: all streams are given the same object."""

    def __init__(self) -> None:
        self._shown: OrderedDict[int, Shown] = OrderedDict()

    def show(self, change: LoggedChange, make: Callable[[LoggedChange], Shown]) -> Shown:
        shown = self._shown.get(change.log_id)
        if shown is None:
            shown = self._shown[change.log_id] = make(change)
            if len(self._shown) > _MOST_KEPT:
                self._shown.popitem(last=False)
        return shown


@dataclass(frozen=True, kw_only=True)
class Room:
    """`wake_webhooks` is called once there may be something to send."""

    feed: LiveFeed
    vault: Vault
    webhook_gate: AddressGate
    webhook_overlap: timedelta
    wake_webhooks: Callable[[], None]
    recent_changes: RecentChanges[Any] = field(default_factory=RecentChanges)


RoomInfo: TypeAlias = Info[Context[Room], None]
