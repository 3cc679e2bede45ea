"""Health says what database and broker are."""

import asyncio
from urllib.parse import urlsplit

import httpx
import pytest
from starlette.applications import Starlette

from libs.common.health import health_routes
from tests.common.traffic import broker, eventually, running
from tests.journeys.wires import Wire


@pytest.fixture
async def app(database, amqp_url):
    app = Starlette(routes=health_routes())
    app.state.database = database
    app.state.broker = broker(amqp_url)
    return app


async def ask(app, path):
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        answer = await client.get(path)
    return answer.status_code, answer.json()


async def hold(_connection):
    await eventually(_never, within_s=60)


async def _never():
    return False


async def test_a_service_is_ready_with_its_database_and_its_broker(app):
    async def is_ready():
        return (await ask(app, "/readyz"))[0] == 200

    async with running(lambda: app.state.broker.keep_connected(hold)):
        await eventually(is_ready)
        assert await ask(app, "/readyz") == (200, {"database": True, "broker": True})


async def test_while_its_broker_is_frozen_it_is_not_ready_and_says_so_soon(app, amqp_url):
    url = urlsplit(amqp_url)
    wire = Wire(str(url.hostname), url.port or 5672)
    with wire.laid():
        login = url.netloc.rpartition("@")[0]
        through = url._replace(netloc=f"{login}@127.0.0.1:{wire.listen_port}")
        app.state.broker = broker(through.geturl())

        async def is_ready():
            return (await ask(app, "/readyz"))[0] == 200

        async with running(lambda: app.state.broker.keep_connected(hold)):
            await eventually(is_ready)
            wire.freeze()
            async with asyncio.timeout(3):
                assert await ask(app, "/readyz") == (503, {"database": True, "broker": False})
                assert await ask(app, "/readyz/database") == (200, {"database": True})
            wire.thaw()
            await eventually(is_ready)


async def test_without_a_broker_it_lives_and_is_not_ready(app):
    assert await ask(app, "/healthz") == (200, {"alive": True})
    assert await ask(app, "/readyz") == (503, {"database": True, "broker": False})


async def test_without_a_database_it_lives_and_is_not_ready(app):
    await app.state.database.close()

    assert await ask(app, "/healthz") == (200, {"alive": True})
    assert await ask(app, "/readyz") == (503, {"database": False, "broker": False})
    assert await ask(app, "/readyz/database") == (503, {"database": False})


async def test_before_it_has_opened_anything_it_is_not_ready():
    app = Starlette(routes=health_routes())

    assert await ask(app, "/readyz") == (503, {"database": False, "broker": False})
