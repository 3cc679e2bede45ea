"""What notifications adds to the graph: parse, one read or one stream, shape the answer."""

from libs.common.graphql.rights import READERS, SUPPORT
from libs.common.graphql.schema import Graph
from services.notifications.schema.live_changes import Subscription
from services.notifications.schema.status_changes import Query

RIGHTS = {
    "statusChanges": READERS,
    "portStatusChanged": READERS,
    "deskQueueChanged": SUPPORT,
    "numberStatusChanged": READERS,
}


def build_graph(*, shows_schema: bool) -> Graph:
    return Graph(
        query=Query, subscription=Subscription, rights=RIGHTS, shows_schema=shows_schema
    )
