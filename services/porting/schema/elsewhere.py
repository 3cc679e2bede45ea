"""Types of the graph that other services own: porting knows only their ids."""

import strawberry
from strawberry.federation.schema_directives import Key


@strawberry.federation.type(
    keys=[Key(fields="id", resolvable=False)],  # type: ignore[list-item] # strawberry takes both
    description="A number in inventory.",
)
class TrackingNumber:
    id: strawberry.ID = strawberry.field(description="`num_…`.")


@strawberry.federation.type(
    keys=[Key(fields="id", resolvable=False)],  # type: ignore[list-item] # strawberry takes both
    description="A company of an account.",
)
class Company:
    id: strawberry.ID = strawberry.field(description="`co_…`.")
