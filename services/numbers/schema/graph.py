"""Numbers' part of the graph: parse, one use case or one read, shape the answer."""

from libs.common.graphql.rights import ADMINISTRATORS, READERS, SIGNED_IN, SUPPORT
from libs.common.graphql.schema import Graph
from libs.contracts.graph import USER_ERROR_TYPES
from libs.contracts.scalars import CONTRACT_SCALARS
from services.numbers.schema import enums  # noqa: F401 - the enums are described there
from services.numbers.schema.mutations import Mutation
from services.numbers.schema.queries import Query

RIGHTS = {
    "viewer": SIGNED_IN,
    "account": READERS,
    "accounts": SUPPORT,
    "company": READERS,
    "trackingNumber": READERS,
    "trackingNumbers": READERS,
    "createAccount": SUPPORT,
    "disableTrackingNumber": ADMINISTRATORS | SUPPORT,
}


def build_graph(*, shows_schema: bool) -> Graph:
    return Graph(
        query=Query,
        mutation=Mutation,
        types=USER_ERROR_TYPES,
        rights=RIGHTS,
        shows_schema=shows_schema,
        scalars=CONTRACT_SCALARS,
    )
