"""Whose turn it is, in the graph."""

from datetime import datetime

import strawberry

from services.porting.schema.statuses import WaitingOn


@strawberry.type(description="Whose turn it is, since when, and what un-sticks the request.")
class Turn:
    waiting_on: WaitingOn = strawberry.field(description="Whose turn it is.")
    since: datetime = strawberry.field(description="Since when.")
    remedy: str = strawberry.field(description="What un-sticks the request, as a sentence.")
