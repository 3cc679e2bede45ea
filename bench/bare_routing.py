"""The floor under a route: Starlette and asyncpg by hand, the same token, right and bytes."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from libs.common.caller import CallerResolver
from libs.common.database import Database
from libs.common.graphql.gateway_hop import EXTENSION, GatewayHop
from libs.common.graphql.rights import demand, machines
from libs.common.graphql.route import resolver_of
from services.numbers.settings import Settings

_ROUTE = """
    SELECT phone_number, forwarding_number, state
    FROM tracking_numbers
    WHERE phone_number = $1
      AND state NOT IN ('DISABLED', 'RELEASED')
"""


async def _no_reset(_connection: Any) -> None:
    """As the services' pool."""


def create_app() -> Starlette:
    settings = Settings()
    assert settings.gateway_secret is not None
    hop = GatewayHop(settings.gateway_secret.get_secret_value())
    right = machines("numbers:route")

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with asyncpg.create_pool(
            os.environ["BARE_DATABASE_URL"],
            min_size=1,
            max_size=8,
            reset=_no_reset,
            server_settings={"application_name": "bare", "jit": "off"},
        ) as pool:
            app.state.pool = pool
            app.state.callers = resolver_of(settings, Database(pool, "numbers"))
            yield

    async def answer(request: Request) -> Response:
        asked = orjson.loads(await request.body())
        query, variables = asked["query"], asked["variables"]
        assert hop.is_signed(query, variables, {EXTENSION: asked["extensions"][EXTENSION]})
        callers: CallerResolver = request.app.state.callers
        demand(right, await callers.resolve(request.headers.get("authorization"), None))
        pool: asyncpg.Pool = request.app.state.pool
        row = await pool.fetchrow(_ROUTE, variables["number"])
        assert row is not None
        route = {
            "phoneNumber": row["phone_number"],
            "forwardingNumber": row["forwarding_number"],
            "state": row["state"],
        }
        body = orjson.dumps({"data": {"routeFor": route}})
        return Response(body, media_type="application/json")

    async def is_ready(_request: Request) -> Response:
        return JSONResponse({})

    app = Starlette(
        routes=[Route("/graphql", answer, methods=["POST"]), Route("/readyz", is_ready)],
        lifespan=lifespan,
    )
    app.state.settings = settings
    return app
