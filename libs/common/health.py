"""Health: alive while the process answers, ready while its own database and broker do.

What needs no broker, as reading does, is ready while the database is.
"""

import asyncio

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from libs.common.broker import Broker
from libs.common.database import Database


def health_routes() -> list[Route]:
    """Expects `database` and `broker` in the application's state."""
    return [
        Route("/healthz", _is_alive),
        Route("/readyz", _is_ready),
        Route("/readyz/database", _has_database),
    ]


async def _is_alive(_request: Request) -> JSONResponse:
    return JSONResponse({"alive": True})


async def _has_database(request: Request) -> JSONResponse:
    database: Database | None = getattr(request.app.state, "database", None)
    is_there = database is not None and await database.is_reachable()
    return JSONResponse({"database": is_there}, status_code=200 if is_there else 503)


async def _is_ready(request: Request) -> JSONResponse:
    parts = {"database": False, "broker": False}
    database: Database | None = getattr(request.app.state, "database", None)
    broker: Broker | None = getattr(request.app.state, "broker", None)
    if database is not None and broker is not None:
        parts["database"], parts["broker"] = await asyncio.gather(
            database.is_reachable(), broker.is_answering()
        )
    return JSONResponse(parts, status_code=200 if all(parts.values()) else 503)
