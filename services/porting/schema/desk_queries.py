"""The port desk's queue in the graph."""

import re
from datetime import date, datetime
from typing import Annotated, Final

import strawberry

from libs.common.caller import login_of
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
from services.porting.domain.losing_carriers import losing_carrier_key
from services.porting.domain.requests import WaitingOn
from services.porting.schema.context import PortingInfo
from services.porting.schema.requests import PortRequest
from services.porting.schema.statuses import PortRequestStatus
from services.porting.store import desk_queue as queue_store
from services.porting.store.desk_queue import QueueFilters, QueueOrder, queue_listing

_LONGEST_SEARCH: Final = 100
# As people write a number, or its beginning; three digits at least.
_NUMBER: Final = re.compile(r"\+?[\d\s().-]{3,}")
_FEWEST_DIGITS: Final = 3
_NATIONAL_DIGITS: Final = 10

publish_enum(
    QueueOrder,
    name="DeskQueueOrder",
    description="What comes first in the port desk's queue.",
    values={
        QueueOrder.LONGEST_WAITING: "What has stood as it stands for the longest time.",
        QueueOrder.FIRST_SUBMITTED: "What was submitted first.",
        QueueOrder.SOONEST_FIRM_DATE: "What moves next; last what has no firm date.",
        QueueOrder.MOST_LINES: "What has the most numbers.",
        QueueOrder.ACCOUNT: "What belongs to one account stands together.",
    },
)


@strawberry.input(
    description="Which requests of the queue are wanted; all that is said holds."
)
class DeskQueueFilter:
    statuses: list[PortRequestStatus] | None = strawberry.field(
        default=None, description="In one of these statuses."
    )
    waiting_on: WaitingOn | None = strawberry.field(
        default=None, description="Whose turn it is."
    )
    losing_carrier: str | None = strawberry.field(
        default=None, description="With a carrier order to this carrier, in any writing."
    )
    country: str | None = strawberry.field(
        default=None, description="With a carrier order in this country, such as `CA`."
    )
    claimed_by: str | None = strawberry.field(
        default=None, description="Claimed by this person of the desk."
    )
    claimed_by_me: bool | None = strawberry.field(
        default=None, description="True: claimed by you."
    )
    unclaimed: bool | None = strawberry.field(
        default=None, description="True: claimed by nobody; false: claimed by somebody."
    )
    account_id: strawberry.ID | None = strawberry.field(
        default=None, description="Of one account."
    )
    company_id: strawberry.ID | None = strawberry.field(
        default=None, description="Made for one company."
    )
    submitted_before: datetime | None = strawberry.field(
        default=None, description="Submitted before this time."
    )
    firm_date_before: date | None = strawberry.field(
        default=None, description="With a number that moves before this day."
    )


@strawberry.type
class DeskQuery:
    @strawberry.field(
        description="Support: every request that is submitted and not finished, of all accounts."
    )
    async def desk_queue(
        self,
        info: PortingInfo,
        filter: Annotated[
            DeskQueueFilter | None, strawberry.argument(description="Which of them.")
        ] = None,
        search: Annotated[
            str | None,
            strawberry.argument(
                description="A part of the request's or account's name, an id, or how a number begins."
            ),
        ] = None,
        order_by: Annotated[
            QueueOrder, strawberry.argument(description="What comes first.")
        ] = QueueOrder.LONGEST_WAITING,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[PortRequest] | None:
        page = page_of(
            queue_listing(order_by), first=first, after=after, last=last, before=before
        )
        filters = _filters(info, filter or DeskQueueFilter(), search)
        async with info.context.database.reading(info.context.caller) as connection:
            found = await queue_store.find_queue_page(connection, filters, order_by, page)

        async def count() -> int:
            async with info.context.database.reading(info.context.caller) as connection:
                return await queue_store.count_queue(connection, filters)

        return connection_of(found.map(PortRequest.of), count)


def _filters(info: PortingInfo, wanted: DeskQueueFilter, search: str | None) -> QueueFilters:
    me = login_of(info.context.caller)
    text = " ".join((search or "").replace("\0", "").lower().split())
    if len(text) > _LONGEST_SEARCH:
        raise BadUserInput(f"`search` may have at most {_LONGEST_SEARCH} characters.")
    return QueueFilters(
        statuses=[status.value for status in wanted.statuses]
        if wanted.statuses is not None
        else None,
        waiting_on=wanted.waiting_on,
        losing_carrier=losing_carrier_key(wanted.losing_carrier)
        if wanted.losing_carrier is not None
        else None,
        country=wanted.country,
        claimed_by=me.subject if me and wanted.claimed_by_me else wanted.claimed_by,
        is_claimed=None if wanted.unclaimed is None else not wanted.unclaimed,
        account_id=wanted.account_id,
        company_id=wanted.company_id,
        submitted_before=wanted.submitted_before,
        firm_date_before=wanted.firm_date_before,
        text=text or None,
        number_prefix=_number_prefix(text),
    )


def _number_prefix(text: str) -> str | None:
    """`(212) 555` and `+1 212 555` are `+1212555`; None for what is no number."""
    digits = "".join(each for each in text if each in "0123456789")
    if not _NUMBER.fullmatch(text) or len(digits) < _FEWEST_DIGITS:
        return None
    if text.startswith("+"):
        return f"+{digits}"
    if len(digits) > _NATIONAL_DIGITS and digits.startswith("1"):
        digits = digits[1:]
    return f"+1{digits}"
