"""Numbers' graph over HTTP, in this process, with real tokens."""

from dataclasses import dataclass
from functools import cache
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.routing import Route

from libs.common.caller import CallerResolver, Member
from libs.common.database import Database
from libs.common.dev_issuer import (
    DEVELOPMENT_AUDIENCE,
    JWKS_PATH,
    IssuerKey,
    create_app,
    sign_token,
)
from libs.common.download_links import DownloadLinks
from libs.common.graphql.endpoint import GraphEndpoint
from libs.common.graphql.schema import Graph
from libs.common.memberships import memberships_of
from libs.common.tokens import DEVELOPMENT_ISSUER, IssuerKeys, TokenVerifier
from services.numbers.routes.exports import EXPORTS, export_routes
from services.numbers.schema.context import Room
from services.numbers.schema.graph import build_graph
from services.numbers.use_cases.number_changes import ChangeRules


@cache
def _graph() -> Graph:
    """Dear to build, and keeps nothing of who asked."""
    return build_graph(shows_schema=True)


def open_door(database: Database, key: IssuerKey) -> "Door":
    issuer = httpx.AsyncClient(transport=httpx.ASGITransport(create_app(key)))
    verifier = TokenVerifier(
        IssuerKeys(f"http://issuer{JWKS_PATH}", issuer),
        issuer=DEVELOPMENT_ISSUER,
        audience=DEVELOPMENT_AUDIENCE,
        production=False,
    )
    links = DownloadLinks("http://numbers", "0" * 64, EXPORTS)
    endpoint = GraphEndpoint(
        _graph(),
        callers=CallerResolver(verifier, memberships_of(database)),
        database=database,
        room=Room(download_links=links, change_rules=ChangeRules(allow_fictional=True)),
    )
    app = Starlette(routes=[Route("/graphql", endpoint), *export_routes(database, links)])
    return Door(httpx.AsyncClient(transport=httpx.ASGITransport(app)), key)


@dataclass(frozen=True)
class Door:
    client: httpx.AsyncClient
    key: IssuerKey

    def bearer(self, caller: Member | str | None) -> dict[str, str]:
        """A member by their login; others by their scopes, or "stranger"."""
        match caller:
            case None:
                return {}
            case Member():
                token = sign_token(
                    self.key, subject=caller.login.subject, account_id=caller.account_id
                )
            case "stranger":
                token = sign_token(self.key, subject="stranger")
            case scopes:
                token = sign_token(self.key, subject=scopes, scopes=scopes.split())
        return {"authorization": f"Bearer {token}"}

    async def ask(self, caller: Member | str | None, query: str, **variables: Any) -> Any:
        answer = await self.client.post(
            "http://numbers/graphql",
            json={"query": query, "variables": variables},
            headers=self.bearer(caller),
        )
        return answer.json()

    async def see(self, caller: Member | str | None, query: str, **variables: Any) -> Any:
        answer = await self.ask(caller, query, **variables)
        assert "errors" not in answer, answer
        return answer["data"]

    async def code(self, caller: Member | str | None, query: str, **variables: Any) -> Any:
        """The one top-level error's code, or None."""
        answer = await self.ask(caller, query, **variables)
        if "errors" not in answer:
            return None
        (error,) = answer["errors"]
        return error["extensions"]["code"]
