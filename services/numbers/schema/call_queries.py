"""Calls that reached nobody, for support."""

from datetime import datetime
from typing import Self

import strawberry

from libs.common.graphql.connections import (
    After,
    Before,
    Connection,
    First,
    Last,
    connection_of,
    page_of,
)
from libs.contracts.phone_number import PhoneNumber
from services.numbers.domain import calls
from services.numbers.schema.context import NumbersInfo
from services.numbers.store import calls as store


@strawberry.type(description="Calls that reached us for a number that rings nowhere here.")
class UnknownCalls:
    phone_number: PhoneNumber = strawberry.field(description="The number that was called.")
    national_format: str = strawberry.field(
        description="The number as it is written at home: `(212) 555-0142`."
    )
    call_count: int = strawberry.field(description="How many calls there were.")
    first_called_at: datetime = strawberry.field(description="When the first one came.")
    last_called_at: datetime = strawberry.field(description="When the latest one came.")

    @classmethod
    def of(cls, unknown: calls.UnknownCalls) -> Self:
        return cls(
            phone_number=unknown.phone_number,
            national_format=unknown.phone_number.national_format,
            call_count=unknown.call_count,
            first_called_at=unknown.first_called_at,
            last_called_at=unknown.last_called_at,
        )


@strawberry.type
class CallQuery:
    @strawberry.field(
        description="Numbers that ring nowhere here and are called all the same, the latest "
        "call first; for support."
    )
    async def unknown_calls(
        self,
        info: NumbersInfo,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[UnknownCalls] | None:
        page = page_of(store.UNKNOWN_CALLS, first=first, after=after, last=last, before=before)
        context = info.context
        async with context.database.reading(context.caller) as connection:
            found = await store.find_page_of_unknown_calls(connection, page)

        async def count() -> int:
            async with context.database.reading(context.caller) as connection:
                return await store.count_unknown_numbers(connection)

        return connection_of(found.map(UnknownCalls.of), count)
