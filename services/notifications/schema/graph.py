"""The graph of notifications."""

from libs.common.graphql.rights import READERS
from libs.common.graphql.schema import Graph
from services.notifications.schema.status_changes import Query, Subscription


def build_graph(*, shows_schema: bool) -> Graph:
    return Graph(
        query=Query,
        subscription=Subscription,
        rights={
            "statusChanges": READERS,
            "portStatusChanged": READERS,
            "numberStatusChanged": READERS,
        },
        shows_schema=shows_schema,
    )
