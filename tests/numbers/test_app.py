"""The assembled service: it migrates, listens, answers, and goes when told."""

import secrets

import httpx
import pytest

from libs.common.dev_issuer import DEVELOPMENT_AUDIENCE
from libs.common.tokens import DEVELOPMENT_ISSUER
from services.numbers.app import create_app


@pytest.fixture
def environment(urls, amqp_url, monkeypatch):
    for name, value in {
        "PROFILE": "development",
        "DATABASE_URL": urls.database_url,
        "MIGRATIONS_URL": urls.migrations_url,
        "AMQP_URL": amqp_url,
        "JWKS_URL": "http://127.0.0.1:1/jwks.json",
        "JWT_ISSUER": DEVELOPMENT_ISSUER,
        "JWT_AUDIENCE": DEVELOPMENT_AUDIENCE,
        "CALL_SECRETS": secrets.token_hex(32),
        "PUBLIC_URL": "http://numbers",
        "DOWNLOAD_SECRET": "0" * 64,
    }.items():
        monkeypatch.setenv(name, value)


async def test_the_service_becomes_ready_and_shows_its_graph(environment):
    app = create_app()
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://numbers") as client,
    ):
        for _ in range(400):
            ready = await client.get("/readyz")
            if ready.status_code == 200:
                break
        assert ready.json() == {"database": True, "broker": True}
        answer = await client.post("/graphql", json={"query": "{ _service { sdl } }"})
        assert (await client.post("/calls", json={})).json()["code"] == "NOT_SIGNED"
        assert "type TrackingNumber" in answer.json()["data"]["_service"]["sdl"]
