"""What notifications adds to the graph: parse, one read or one stream, shape the answer."""

import strawberry

from libs.common.graphql.rights import READERS
from libs.common.graphql.schema import Graph
from libs.contracts.graph import USER_ERROR_TYPES
from services.notifications.schema.operations import (
    OPERATIONS_RIGHTS,
    OperationsMutation,
    OperationsQuery,
)
from services.notifications.schema.status_changes import Query as StatusChangeQuery
from services.notifications.schema.status_changes import Subscription

RIGHTS = {
    "statusChanges": READERS,
    "portStatusChanged": READERS,
    "numberStatusChanged": READERS,
    **OPERATIONS_RIGHTS,
}


@strawberry.type
class Query(StatusChangeQuery, OperationsQuery):
    pass


@strawberry.type
class Mutation(OperationsMutation):
    pass


def build_graph(*, shows_schema: bool) -> Graph:
    return Graph(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        types=USER_ERROR_TYPES,
        rights=RIGHTS,
        shows_schema=shows_schema,
    )
