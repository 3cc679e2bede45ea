"""Numbers' part of the graph: parse, one use case or one read, shape the answer."""

import strawberry

from libs.common.graphql.rights import (
    ADMINISTRATORS,
    READERS,
    REQUESTERS,
    SIGNED_IN,
    SUPPORT,
    machines,
)
from libs.common.graphql.schema import Graph
from libs.contracts.graph import USER_ERROR_TYPES
from libs.contracts.scalars import CONTRACT_SCALARS
from services.numbers.schema import enums  # noqa: F401 - the enums are described there
from services.numbers.schema.account_mutations import AccountMutation
from services.numbers.schema.billing_mutations import BillingMutation
from services.numbers.schema.billing_queries import BillingQuery
from services.numbers.schema.call_queries import CallQuery
from services.numbers.schema.company_mutations import CompanyMutation
from services.numbers.schema.inventory_queries import InventoryQuery
from services.numbers.schema.member_mutations import MemberMutation
from services.numbers.schema.mutations import NumbersMutation
from services.numbers.schema.number_change_mutations import NumberChangeMutation
from services.numbers.schema.operations import (
    OPERATIONS_RIGHTS,
    OperationsMutation,
    OperationsQuery,
)
from services.numbers.schema.queries import NumbersQuery
from services.numbers.schema.routing_queries import RoutingQuery

RIGHTS = {
    "viewer": SIGNED_IN,
    "account": READERS,
    "accounts": SUPPORT,
    "company": READERS,
    "trackingNumber": READERS,
    "trackingNumbers": READERS,
    "trackingNumberCounts": READERS,
    "trackingNumberExportUrl": READERS,
    "createAccount": SUPPORT,
    "renameAccount": SUPPORT,
    "changeStanding": SUPPORT,
    "reportStanding": machines("accounts:report"),
    "disableAccount": ADMINISTRATORS | SUPPORT,
    "reactivateAccount": SUPPORT,
    "addCompany": ADMINISTRATORS | SUPPORT,
    "renameCompany": ADMINISTRATORS | SUPPORT,
    "addMember": ADMINISTRATORS | SUPPORT,
    "changeMember": ADMINISTRATORS | SUPPORT,
    "deactivateMember": ADMINISTRATORS | SUPPORT,
    "reactivateMember": ADMINISTRATORS | SUPPORT,
    "disableTrackingNumber": ADMINISTRATORS | SUPPORT,
    "disableTrackingNumbers": ADMINISTRATORS | SUPPORT,
    "updateTrackingNumber": REQUESTERS | SUPPORT,
    "updateTrackingNumbers": REQUESTERS | SUPPORT,
    "unknownCalls": SUPPORT,
    "routeFor": machines("numbers:route"),
    "routesFor": machines("numbers:route"),
    "billableNumbers": ADMINISTRATORS | SUPPORT | machines("billing:read"),
    "restoreTrackingNumber": ADMINISTRATORS | SUPPORT,
    "changePortOutDisabling": ADMINISTRATORS | SUPPORT,
    **OPERATIONS_RIGHTS,
}


@strawberry.type
class Query(
    NumbersQuery, InventoryQuery, CallQuery, RoutingQuery, BillingQuery, OperationsQuery
):
    pass


@strawberry.type
class Mutation(
    NumbersMutation,
    AccountMutation,
    CompanyMutation,
    MemberMutation,
    NumberChangeMutation,
    BillingMutation,
    OperationsMutation,
):
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
