"""Types of the graph that other services own: notifications knows only their ids."""

from typing import Final

import strawberry
from strawberry.federation.schema_directives import Key
from strawberry.federation.types import FieldSet

_BY_ID: Final = (Key(fields=FieldSet("id"), resolvable=False),)


@strawberry.federation.type(
    keys=_BY_ID, description="Numbers that a customer moves here together."
)
class PortRequest:
    id: strawberry.ID = strawberry.field(description="Such as `pr_…`.")


@strawberry.federation.type(
    keys=_BY_ID, description="Numbers that a gaining carrier takes away."
)
class PortOut:
    id: strawberry.ID = strawberry.field(description="Such as `po_…`.")


@strawberry.federation.type(keys=_BY_ID, description="A number in our inventory.")
class TrackingNumber:
    id: strawberry.ID = strawberry.field(description="Such as `num_…`.")


@strawberry.federation.type(keys=_BY_ID, description="A customer.")
class Account:
    id: strawberry.ID = strawberry.field(description="Such as `acc_…`.")
