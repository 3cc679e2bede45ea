"""Types of the graph that other services own: porting knows only their ids."""

import strawberry
from strawberry.federation.schema_directives import Key
from strawberry.federation.types import FieldSet


@strawberry.federation.type(
    keys=[Key(fields=FieldSet("id"), resolvable=False)],
    description="A number in inventory.",
)
class TrackingNumber:
    id: strawberry.ID = strawberry.field(description="`num_…`.")


@strawberry.federation.type(
    keys=[Key(fields=FieldSet("id"), resolvable=False)],
    description="A company of an account.",
)
class Company:
    id: strawberry.ID = strawberry.field(description="`co_…`.")
