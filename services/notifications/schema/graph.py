"""What notifications adds to the graph: parse, one read or one stream, shape the answer."""

from libs.common.graphql.rights import READERS
from libs.common.graphql.schema import Graph
from services.notifications.schema.status_changes import Query, Subscription

RIGHTS = {
    "statusChanges": READERS,
    "portStatusChanged": READERS,
    "numberStatusChanged": READERS,
}


def build_graph(*, shows_schema: bool) -> Graph:
    return Graph(
        query=Query, subscription=Subscription, rights=RIGHTS, shows_schema=shows_schema
    )
