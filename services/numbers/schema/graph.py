"""Numbers' part of the graph: parse, one use case or one read, shape the answer."""

import strawberry

from libs.common.graphql.rights import (
    ADMINISTRATORS,
    READERS,
    SIGNED_IN,
    SUPPORT,
    machines,
)
from libs.common.graphql.schema import Graph
from libs.contracts.graph import USER_ERROR_TYPES
from libs.contracts.scalars import CONTRACT_SCALARS
from services.numbers.schema import (
    enums,  # noqa: F401 - the enums are described there
    mutations,
    queries,
)
from services.numbers.schema.billing_mutations import BillingMutation
from services.numbers.schema.billing_queries import BillingQuery
from services.numbers.schema.call_queries import CallQuery
from services.numbers.schema.routing_queries import RoutingQuery

RIGHTS = {
    "viewer": SIGNED_IN,
    "account": READERS,
    "accounts": SUPPORT,
    "company": READERS,
    "trackingNumber": READERS,
    "trackingNumbers": READERS,
    "unknownCalls": SUPPORT,
    "routeFor": machines("numbers:route"),
    "routesFor": machines("numbers:route"),
    "billableNumbers": ADMINISTRATORS | SUPPORT | machines("billing:read"),
    "createAccount": SUPPORT,
    "disableTrackingNumber": ADMINISTRATORS | SUPPORT,
    "restoreTrackingNumber": ADMINISTRATORS | SUPPORT,
    "changePortOutDisabling": ADMINISTRATORS | SUPPORT,
}


@strawberry.type
class Query(queries.Query, CallQuery, RoutingQuery, BillingQuery):
    pass


@strawberry.type
class Mutation(mutations.Mutation, BillingMutation):
    pass


def build_graph(*, shows_schema: bool) -> Graph:
    return Graph(
        query=Query,
        mutation=Mutation,
        types=USER_ERROR_TYPES,
        rights=RIGHTS,
        shows_schema=shows_schema,
        scalars=CONTRACT_SCALARS,
    )
