"""What the resolvers are given: the caller, the database, and loaders; nothing of our own."""

from typing import TypeAlias

from strawberry.types import Info

from libs.common.graphql.context import Context

NumbersContext: TypeAlias = Context[None]
NumbersInfo: TypeAlias = Info[NumbersContext, None]
