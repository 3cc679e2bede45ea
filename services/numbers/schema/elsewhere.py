"""Types of the graph that other services own: numbers knows only their ids."""

import strawberry
from strawberry.federation.schema_directives import Key


@strawberry.federation.type(
    keys=[Key(fields="id", resolvable=False)],  # type: ignore[list-item] # strawberry takes both
    description="What a customer names, fills in and submits to port numbers in.",
)
class PortRequest:
    id: strawberry.ID = strawberry.field(description="`pr_…`.")
