"""What resolvers find beside the caller and the database."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeAlias

from strawberry.types import Info

from libs.common.graphql.context import Context
from libs.common.vault import Vault
from services.notifications.integrations.webhook_posts import AddressGate
from services.notifications.live_feed.feed import LiveFeed


@dataclass(frozen=True, kw_only=True)
class Room:
    """`wake_webhooks` is called once there may be something to send."""

    feed: LiveFeed
    vault: Vault
    webhook_gate: AddressGate
    webhook_overlap: timedelta
    wake_webhooks: Callable[[], None]


RoomInfo: TypeAlias = Info[Context[Room], None]
