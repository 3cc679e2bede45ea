"""The inventory in the graph: its list, its counts, its export."""

from collections.abc import Iterable

import strawberry

from libs.common.caller import Member, Support
from libs.common.graphql.connections import (
    After,
    Before,
    Connection,
    First,
    Last,
    connection_of,
    page_of,
)
from services.numbers.domain.export_names import SHOWN, name_export
from services.numbers.domain.inventory import NumberOrder
from services.numbers.domain.tracking_numbers import NumberTab
from services.numbers.schema.arguments import (
    Filter,
    OfAccount,
    OfCompany,
    Order,
    Search,
    Source,
    Tab,
    bad_user_input,
    read_filter,
)
from services.numbers.schema.context import NumbersInfo
from services.numbers.schema.types import TrackingNumber
from services.numbers.store.inventory import inventory_listing
from services.numbers.use_cases.inventory import count_inventory, list_inventory, resolve


@strawberry.type(
    description="How many numbers each tab has. Exact; null for more than 10,000 that a "
    "filter or a search finds."
)
class TrackingNumberCounts:
    pending: int | None = strawberry.field(description="In the tab Pending.")
    active: int | None = strawberry.field(description="In the tab Active.")
    disabled: int | None = strawberry.field(description="In the tab Disabled.")


@strawberry.type
class InventoryQuery:
    @strawberry.field(
        description="The inventory that you may see; support names an account or a company."
    )
    async def tracking_numbers(
        self,
        info: NumbersInfo,
        tab: Tab = None,
        source: Source = None,
        account_id: OfAccount = None,
        company_id: OfCompany = None,
        filter: Filter = None,
        search: Search = None,
        order_by: Order = NumberOrder.NEWEST_FIRST,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[TrackingNumber] | None:
        page = page_of(
            inventory_listing(order_by), first=first, after=after, last=last, before=before
        )
        asked = read_filter(
            tab=tab,
            source=source,
            account_id=account_id,
            company_id=company_id,
            filter=filter,
            search=search,
        )
        context = info.context
        with bad_user_input():
            async with context.database.reading(context.caller) as connection:
                found = await list_inventory(connection, context.sight, asked, order_by, page)

        async def count() -> int | None:
            async with context.database.reading(context.caller) as connection:
                counts = await count_inventory(connection, context.sight, asked)
            return _sum(counts.values())

        return connection_of(found.map(TrackingNumber.of), count)

    @strawberry.field(
        description="How many numbers each tab of the list has, under the same filter."
    )
    async def tracking_number_counts(
        self,
        info: NumbersInfo,
        source: Source = None,
        account_id: OfAccount = None,
        company_id: OfCompany = None,
        filter: Filter = None,
        search: Search = None,
    ) -> TrackingNumberCounts | None:
        asked = read_filter(
            tab=None,
            source=source,
            account_id=account_id,
            company_id=company_id,
            filter=filter,
            search=search,
        )
        context = info.context
        with bad_user_input():
            async with context.database.reading(context.caller) as connection:
                counts = await count_inventory(connection, context.sight, asked)
        return TrackingNumberCounts(
            pending=counts[NumberTab.PENDING],
            active=counts[NumberTab.ACTIVE],
            disabled=counts[NumberTab.DISABLED],
        )

    @strawberry.field(
        description="The same numbers as a CSV file: a link for five minutes, for you alone."
    )
    async def tracking_number_export_url(
        self,
        info: NumbersInfo,
        tab: Tab = None,
        source: Source = None,
        account_id: OfAccount = None,
        company_id: OfCompany = None,
        filter: Filter = None,
        search: Search = None,
        order_by: Order = NumberOrder.NEWEST_FIRST,
    ) -> str | None:
        asked = read_filter(
            tab=tab,
            source=source,
            account_id=account_id,
            company_id=company_id,
            filter=filter,
            search=search,
        )
        viewer = info.context.caller
        assert isinstance(viewer, Member | Support)
        with bad_user_input():
            async with info.context.database.reading(viewer) as connection:
                await resolve(connection, info.context.sight, asked)
        links = info.context.room.download_links
        return links.make(name_export(asked, order_by), SHOWN, viewer)


def _sum(counts: Iterable[int | None]) -> int | None:
    """Not known where one of them is not."""
    known = list(counts)
    return None if None in known else sum(count or 0 for count in known)
