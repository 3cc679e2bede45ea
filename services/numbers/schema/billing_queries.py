"""What an invoice run asks."""

import re
from datetime import UTC, datetime
from typing import Annotated, Final

import strawberry

from libs.common.caller import Machine
from libs.common.graphql.connections import (
    After,
    Before,
    First,
    Last,
    connection_of,
    page_of,
)
from libs.common.graphql.errors import BadUserInput
from libs.common.sight import Sight
from services.numbers.domain.billing_periods import Month
from services.numbers.schema.billing_types import BillableMonth, BillableNumber
from services.numbers.schema.context import NumbersInfo
from services.numbers.store import billing_periods as store
from services.numbers.store.tracking_numbers import find_numbers

_MONTH: Final = re.compile(r"([2-9][0-9]{3})-(0[1-9]|1[0-2])")


@strawberry.type
class BillingQuery:
    @strawberry.field(
        description="What an account's numbers cost fees for in a month, minutes aside: for "
        "administrators, support, and an invoice run (machine scope `billing:read`). A number "
        "is charged from the instant of its port until it is disabled; a port itself costs "
        "nothing. Months and days are those of UTC. Null for an account that is not yours."
    )
    async def billable_numbers(
        self,
        info: NumbersInfo,
        account_id: Annotated[strawberry.ID, strawberry.argument(description="`acc_…`.")],
        month: Annotated[str, strawberry.argument(description="Such as `2026-03`.")],
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> BillableMonth | None:
        page = page_of(store.OF_MONTH, first=first, after=after, last=last, before=before)
        asked = _parse_month(month).until(datetime.now(UTC))
        context = info.context
        is_machine = isinstance(context.caller, Machine)
        if not is_machine and not context.sight.has_account(account_id):
            return None
        # A machine belongs to no account, and this one reads of every account: its scope says so.
        reading = (
            context.database.working()
            if is_machine
            else context.database.reading(context.caller)
        )
        async with reading as connection:
            billed = await store.find_page_of_month(connection, account_id, asked, page)
            totals = await store.count_month(connection, account_id, asked)
            numbers = await find_numbers(
                connection,
                [each.number_id for each in billed.rows],
                Sight(account_id=account_id),
            )

        async def count() -> int:
            return totals.number_count

        return BillableMonth(
            month=month,
            from_=asked.started_at,
            until=asked.ended_at,
            number_count=totals.number_count,
            day_count=totals.day_count,
            numbers=connection_of(
                billed.map(lambda each: BillableNumber.of(each, numbers[each.number_id])),
                count,
            ),
        )


def _parse_month(text: str) -> Month:
    if not (match := _MONTH.fullmatch(text)):
        raise BadUserInput("`month` is a year and a month, such as `2026-03`.")
    return Month.of(int(match[1]), int(match[2]))
