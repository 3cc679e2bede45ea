"""What resolvers find beside the caller and the database."""

from dataclasses import dataclass
from typing import TypeAlias

from strawberry.types import Info

from libs.common.graphql.context import Context
from services.notifications.live_feed.feed import LiveFeed


@dataclass(frozen=True, kw_only=True)
class Room:
    feed: LiveFeed


RoomInfo: TypeAlias = Info[Context[Room], None]
