"""What can be asked of porting."""

from collections.abc import Sequence
from enum import Enum
from typing import Annotated, Final, TypeAlias

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
from libs.common.graphql.enums import publish_enum
from libs.common.graphql.errors import BadUserInput
from libs.common.sight import sight_of
from services.porting.domain.rejections import REJECTION_CODES
from services.porting.domain.requests import PortRequestStatus
from services.porting.schema.context import PortingInfo
from services.porting.schema.faults import RejectionCode
from services.porting.schema.loaders import load_requests
from services.porting.schema.requests import PortRequest
from services.porting.store import requests as request_store


@strawberry.input(description="Which port requests are wanted.")
class PortRequestFilter:
    account_id: strawberry.ID | None = strawberry.field(
        default=None, description="Of one account; support only sees several."
    )
    company_id: strawberry.ID | None = strawberry.field(
        default=None, description="Made for one company."
    )
    statuses: list[PortRequestStatus] | None = strawberry.field(
        default=None, description="In one of these statuses."
    )
    requester_id: strawberry.ID | None = strawberry.field(
        default=None, description="Made by this member."
    )
    search: str | None = strawberry.field(
        default=None, description="With this in the name, in capitals or not."
    )


RequestId: TypeAlias = Annotated[strawberry.ID, strawberry.argument(description="`pr_…`.")]


class PortRequestOrder(Enum):
    """Each by the listing that reads it."""

    NEWEST_FIRST = "NEWEST_FIRST"
    OLDEST_FIRST = "OLDEST_FIRST"
    NAME = "NAME"
    LATEST_CHANGE_FIRST = "LATEST_CHANGE_FIRST"


publish_enum(
    PortRequestOrder,
    description="The order of a list of port requests.",
    values={
        PortRequestOrder.NEWEST_FIRST: "By creation, the newest first.",
        PortRequestOrder.OLDEST_FIRST: "By creation, the oldest first.",
        PortRequestOrder.NAME: "By name.",
        PortRequestOrder.LATEST_CHANGE_FIRST: "By the last change of status, the latest first.",
    },
)
_LISTINGS: Final = {
    PortRequestOrder.NEWEST_FIRST: request_store.REQUESTS,
    PortRequestOrder.OLDEST_FIRST: request_store.REQUESTS_OLDEST_FIRST,
    PortRequestOrder.NAME: request_store.REQUESTS_BY_NAME,
    PortRequestOrder.LATEST_CHANGE_FIRST: request_store.REQUESTS_BY_CHANGE,
}
_LONGEST_SEARCH: Final = 120


@strawberry.type
class PortingQuery:
    @strawberry.field(description="One port request; null where unknown or not yours.")
    async def port_request(self, info: PortingInfo, id: RequestId) -> PortRequest | None:
        request = await info.context.loader(load_requests).load(id)
        return PortRequest.of(request) if request else None

    @strawberry.field(description="The port requests that you may see, newest first.")
    async def port_requests(
        self,
        info: PortingInfo,
        filter: Annotated[
            PortRequestFilter | None, strawberry.argument(description="Which of them.")
        ] = None,
        order_by: Annotated[
            PortRequestOrder,
            strawberry.argument(description="A cursor belongs to the order it was read in."),
        ] = PortRequestOrder.NEWEST_FIRST,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[PortRequest] | None:
        listing = _LISTINGS[order_by]
        page = page_of(listing, first=first, after=after, last=last, before=before)
        wanted = filter or PortRequestFilter()
        if wanted.search is not None and len(wanted.search) > _LONGEST_SEARCH:
            raise BadUserInput(f"`search` has at most {_LONGEST_SEARCH} characters.")
        sight = sight_of(info.context.caller)
        assert sight is not None
        filters = request_store.Filters(
            account_id=_narrow(sight.account_id, wanted.account_id),
            company_ids=_narrow_companies(sight.company_ids, wanted.company_id),
            requester_id=_narrow(sight.requester_id, wanted.requester_id),
            search=wanted.search,
            statuses=[status.value for status in wanted.statuses]
            if wanted.statuses is not None
            else None,
        )
        async with info.context.database.reading(info.context.caller) as connection:
            found = await request_store.find_request_page(connection, listing, filters, page)

        async def count() -> int:
            async with info.context.database.reading(info.context.caller) as connection:
                return await request_store.count_requests(connection, filters)

        return connection_of(found.map(PortRequest.of), count)

    @strawberry.field(
        description="Every reason for which a carrier may refuse; null where you may not ask."
    )
    def rejection_codes(self) -> list[RejectionCode] | None:
        return [RejectionCode.of(code) for code in REJECTION_CODES.values()]


def _narrow(seen: str | None, wanted: str | None) -> str | None:
    """A wish never widens what is seen; a foreign account is an empty list."""
    if wanted is None or seen is None:
        return wanted or seen
    return seen if wanted == seen else ""


def _narrow_companies(seen: Sequence[str] | None, wanted: str | None) -> Sequence[str] | None:
    if wanted is None:
        return seen
    return [wanted] if seen is None or wanted in seen else []
