"""Types of the graph that other services own: numbers knows only their ids."""

import strawberry
from strawberry.federation.schema_directives import Key
from strawberry.federation.types import FieldSet


@strawberry.federation.type(
    keys=[Key(fields=FieldSet("id"), resolvable=False)],
    description="What a customer names, fills in and submits to port numbers in.",
)
class PortRequest:
    id: strawberry.ID = strawberry.field(description="`pr_…`.")
