"""A graph made from a service's settings, on its own rows."""

import asyncpg
import httpx
import pytest
from pydantic import SecretStr
from starlette.applications import Starlette

from libs.common.caller import Membership, Role
from libs.common.dev_issuer import DEVELOPMENT_AUDIENCE, sign_token
from libs.common.graphql.route import graph_routes, resolver_of
from libs.common.memberships import memberships_of
from libs.common.settings import Profile, ServiceSettings
from libs.common.tokens import DEVELOPMENT_ISSUER
from tests.common.sample import SECRET, Room, a_graph


@pytest.fixture
async def with_ann(urls):
    """The function that every service's own migrations give its login role."""
    owner = await asyncpg.connect(urls.migrations_url)
    await owner.execute("""
        CREATE FUNCTION find_memberships(issuer text, subject text)
        RETURNS TABLE (
          account_id text, member_id text, role text, company_ids text[],
          account_is_disabled boolean
        )
        LANGUAGE sql SECURITY DEFINER AS $$
          SELECT 'acc_1', 'mem_1', 'MANAGER', ARRAY['co_1', 'co_2'], true
          WHERE subject = 'ann'
        $$;
        GRANT EXECUTE ON FUNCTION find_memberships TO sample;
    """)
    await owner.close()


def settings(url, **changes) -> ServiceSettings:
    return ServiceSettings(
        **{
            "profile": Profile.DEVELOPMENT,
            "database_url": SecretStr(url),
            "migrations_url": SecretStr(url),
            "amqp_url": SecretStr("amqp://nowhere"),
            "jwks_url": "http://127.0.0.1:9/jwks",
            "jwt_issuer": DEVELOPMENT_ISSUER,
            "jwt_audience": DEVELOPMENT_AUDIENCE,
            **changes,
        }
    )


async def test_memberships_are_read_from_our_own_rows(with_ann, database):
    find = memberships_of(database)

    assert await find("issuer", "nobody") == []
    assert await find("issuer", "ann") == [
        Membership(
            account_id="acc_1",
            member_id="mem_1",
            role=Role.MANAGER,
            company_ids=frozenset({"co_1", "co_2"}),
            account_is_disabled=True,
        )
    ]


async def ask(database, chosen: ServiceSettings, **headers):
    routes = graph_routes(
        a_graph(),
        settings=chosen,
        callers=resolver_of(chosen, database),
        database=database,
        room=Room(),
    )
    transport = httpx.ASGITransport(Starlette(routes=routes))
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        return await client.post("/graphql", json={"query": "{ open }"}, headers=headers)


async def test_a_services_settings_make_its_graph(urls, database):
    answer = await ask(database, settings(urls.database_url))

    assert answer.json() == {"data": {"open": "to all"}}


async def test_a_services_gateway_secret_is_demanded(urls, database):
    answer = await ask(database, settings(urls.database_url, gateway_secret=SecretStr(SECRET)))

    assert answer.status_code == 401


async def test_an_issuer_that_cannot_be_reached_makes_nobody_unauthenticated(
    urls, database, issuer_key
):
    token = sign_token(issuer_key, subject="ann")

    answer = await ask(database, settings(urls.database_url), authorization=f"Bearer {token}")

    assert answer.status_code == 503
    assert answer.json()["errors"][0]["extensions"]["code"] == "UNAVAILABLE"


async def test_production_does_not_start_with_the_development_issuer(urls):
    with pytest.raises(ValueError, match="refused in production"):
        settings(
            urls.database_url, profile=Profile.PRODUCTION, gateway_secret=SecretStr(SECRET)
        )
