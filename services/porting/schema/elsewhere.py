"""Types of the graph that other services own: porting knows their ids, and little else."""

from typing import Self

import strawberry
from strawberry.federation.schema_directives import Key
from strawberry.federation.types import FieldSet

from services.porting.schema.context import PortingInfo
from services.porting.schema.port_out_shields import (
    PortOutLock,
    load_number_locks,
    lock_of_number,
)


@strawberry.federation.type(keys=["id"], description="A number in inventory.")
class TrackingNumber:
    id: strawberry.ID = strawberry.field(description="`num_…`.")
    port_out_lock: PortOutLock | None = strawberry.field(
        resolver=lock_of_number,
        description="What keeps it from being ported out: its own lock or the account's.",
    )

    @classmethod
    async def resolve_reference(cls, info: PortingInfo, id: strawberry.ID) -> Self | None:
        seen = await info.context.loader(load_number_locks).load(id)
        return cls(id=id) if seen else None


@strawberry.federation.type(
    keys=[Key(fields=FieldSet("id"), resolvable=False)],
    description="A company of an account.",
)
class Company:
    id: strawberry.ID = strawberry.field(description="`co_…`.")
