"""Where numbers ring now, for the telephony system."""

from collections.abc import Sequence
from typing import Annotated, Final, Self

import strawberry

from libs.common.graphql.errors import BadUserInput
from libs.contracts.phone_number import PhoneNumber
from services.numbers.domain import routing
from services.numbers.domain.tracking_numbers import NumberState
from services.numbers.schema.context import NumbersContext, NumbersInfo
from services.numbers.store.routing import find_routes

MOST_NUMBERS: Final = 100


@strawberry.type(description="Where a number rings now.")
class Route:
    phone_number: PhoneNumber = strawberry.field(description="The number that was called.")
    forwarding_number: PhoneNumber = strawberry.field(description="Where its calls go.")
    state: NumberState = strawberry.field(description="Where the number stands.")
    tracking_number_id: strawberry.ID = strawberry.field(description="`num_…`.")
    account_id: strawberry.ID = strawberry.field(description="Whose it is: `acc_…`.")
    company_id: strawberry.ID = strawberry.field(description="The company's: `co_…`.")

    @classmethod
    def of(cls, route: routing.Route) -> Self:
        return cls(
            phone_number=route.phone_number,
            forwarding_number=route.forwarding_number,
            state=route.state,
            tracking_number_id=strawberry.ID(route.number_id),
            account_id=strawberry.ID(route.account_id),
            company_id=strawberry.ID(route.company_id),
        )


@strawberry.type
class RoutingQuery:
    @strawberry.field(
        description="Where a number rings now, from the moment that it is preconfigured until "
        "it is disabled; null for one that rings nowhere here. For machines with the scope "
        "`numbers:route`."
    )
    async def route_for(
        self,
        info: NumbersInfo,
        number: Annotated[
            PhoneNumber, strawberry.argument(description="The number that is called.")
        ],
    ) -> Route | None:
        route = await info.context.loader(_load_routes).load(number)
        return Route.of(route) if route else None

    @strawberry.field(
        description="Where each of these numbers rings now, in their order: `routeFor` for up "
        "to 100 at once."
    )
    async def routes_for(
        self,
        info: NumbersInfo,
        numbers: Annotated[
            list[PhoneNumber], strawberry.argument(description="The numbers, at most 100.")
        ],
    ) -> list[Route | None] | None:
        if len(numbers) > MOST_NUMBERS:
            raise BadUserInput(f"`numbers` has at most {MOST_NUMBERS}.")
        routes = await info.context.loader(_load_routes).load_many(numbers)
        return [Route.of(route) if route else None for route in routes]


async def _load_routes(
    context: NumbersContext, numbers: list[PhoneNumber]
) -> Sequence[routing.Route | None]:
    found = await find_routes(context.database, numbers)
    return [found.get(number) for number in numbers]
