"""A service's graph at /graphql, made from its settings."""

import httpx
from starlette.routing import BaseRoute, Route, WebSocketRoute

from libs.common.caller import CallerResolver
from libs.common.database import Database
from libs.common.graphql.endpoint import GraphEndpoint
from libs.common.graphql.schema import Graph
from libs.common.memberships import memberships_of
from libs.common.settings import Profile, ServiceSettings
from libs.common.tokens import IssuerKeys, TokenVerifier

# An issuer on this machine is asked directly, whatever proxy the environment names.
_PAST_THE_PROXY = {"all://127.0.0.1": None, "all://localhost": None}


def resolver_of(settings: ServiceSettings, database: Database) -> CallerResolver:
    """Also for routes that are not GraphQL; the HTTP client lives as long as the process."""
    verifier = TokenVerifier(
        IssuerKeys(str(settings.jwks_url), httpx.AsyncClient(mounts=_PAST_THE_PROXY)),
        issuer=settings.jwt_issuer,
        audience=settings.jwt_audience,
        production=settings.profile is Profile.PRODUCTION,
    )
    return CallerResolver(verifier, memberships_of(database))


def graph_routes(
    graph: Graph,
    *,
    settings: ServiceSettings,
    callers: CallerResolver,
    database: Database,
    room: object,
) -> list[BaseRoute]:
    secret = settings.gateway_secret
    endpoint = GraphEndpoint(
        graph,
        callers=callers,
        database=database,
        room=room,
        gateway_secret=secret.get_secret_value() if secret else None,
    )
    return [Route("/graphql", endpoint), WebSocketRoute("/graphql", endpoint)]
