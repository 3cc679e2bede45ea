"""The floor under a list: Starlette and asyncpg by hand, the same token, rights and bytes."""

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

from libs.common.caller import CallerResolver, Member
from libs.common.database import Database
from libs.common.graphql.gateway_hop import EXTENSION, GatewayHop
from libs.common.graphql.rights import READERS, demand
from libs.common.graphql.route import resolver_of
from services.porting.settings import Settings

_LINES = """
    SELECT r.name, r.status, l.id, l.tracking_number, l.state
    FROM port_requests AS r
    JOIN lines AS l ON l.port_request_id = r.id
    WHERE r.id = $1
      AND r.account_id = $2
    ORDER BY l.id
    LIMIT 20
"""


async def _no_reset(_connection: Any) -> None:
    """As the services' pool."""


def create_app() -> Starlette:
    settings = Settings()
    secret = settings.gateway_secret
    assert secret is not None
    hop = GatewayHop(secret.get_secret_value())

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
            app.state.callers = resolver_of(settings, Database(pool, "porting"))
            yield

    async def answer(request: Request) -> Response:
        asked = orjson.loads(await request.body())
        query, variables = asked["query"], asked["variables"]
        assert hop.is_signed(query, variables, {EXTENSION: asked["extensions"][EXTENSION]})
        callers: CallerResolver = request.app.state.callers
        caller = await callers.resolve(request.headers.get("authorization"), None)
        demand(READERS, caller)
        assert isinstance(caller, Member)
        pool: asyncpg.Pool = request.app.state.pool
        rows = await pool.fetch(_LINES, variables["id"], caller.account_id)
        lines = [
            {
                "node": {
                    "id": row["id"],
                    "phoneNumber": row["tracking_number"],
                    "state": row["state"],
                }
            }
            for row in rows
        ]
        found = {
            "id": variables["id"],
            "name": rows[0]["name"],
            "status": rows[0]["status"],
            "lines": {"edges": lines},
        }
        body = orjson.dumps({"data": {"portRequest": found}})
        return Response(body, media_type="application/json")

    async def is_ready(_request: Request) -> Response:
        return JSONResponse({})

    app = Starlette(
        routes=[Route("/graphql", answer, methods=["POST"]), Route("/readyz", is_ready)],
        lifespan=lifespan,
    )
    app.state.settings = settings
    return app
