"""Arguments that several fields of numbers take, each with its description."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, TypeAlias

import strawberry

from libs.common.graphql.errors import BadUserInput
from services.numbers.domain.inventory import (
    InventoryFilter,
    InventoryFilterError,
    NumberOrder,
    NumberType,
)
from services.numbers.domain.tracking_numbers import NumberState, NumberTab

_MOST_STATES = 20

Tab: TypeAlias = Annotated[
    NumberTab | None, strawberry.argument(description="Only this tab's numbers.")
]
Source: TypeAlias = Annotated[
    str | None, strawberry.argument(description="Only those with exactly this source.")
]
OfAccount: TypeAlias = Annotated[
    strawberry.ID | None,
    strawberry.argument(description="Of this account; yours where nothing is said."),
]
OfCompany: TypeAlias = Annotated[
    strawberry.ID | None, strawberry.argument(description="Of this company only.")
]
Search: TypeAlias = Annotated[
    str | None,
    strawberry.argument(
        description="At least 3 digits that a number begins or ends with, in any writing; "
        "or whole words of its name, in any case."
    ),
]
Order: TypeAlias = Annotated[NumberOrder, strawberry.argument(description="What comes first.")]


@strawberry.input(description="Which numbers are wanted; all that is said holds.")
class TrackingNumberFilter:
    states: list[NumberState] | None = strawberry.field(
        default=None, description="In one of these states."
    )
    type: NumberType | None = strawberry.field(
        default=None, description="Local or toll-free numbers only."
    )
    area_code: str | None = strawberry.field(
        default=None, description="With this area code, such as `212`."
    )


Filter: TypeAlias = Annotated[
    TrackingNumberFilter | None, strawberry.argument(description="Which of them.")
]


def read_filter(
    *,
    tab: NumberTab | None,
    source: str | None,
    account_id: str | None,
    company_id: str | None,
    filter: TrackingNumberFilter | None,
    search: str | None,
) -> InventoryFilter:
    """Raises `BadUserInput`."""
    more = filter or TrackingNumberFilter()
    if more.states is not None and len(more.states) > _MOST_STATES:
        raise BadUserInput(f"`states` names at most {_MOST_STATES}.")
    return InventoryFilter(
        account_id=account_id,
        company_id=company_id,
        tab=tab,
        source=source,
        states=more.states,
        type=more.type,
        area_code=more.area_code,
        search=search,
    )


@contextmanager
def bad_user_input() -> Iterator[None]:
    """What cannot be looked for is the request's fault."""
    try:
        yield
    except InventoryFilterError as error:
        raise BadUserInput(str(error)) from None
