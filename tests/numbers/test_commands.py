"""What an operator runs by hand."""

import asyncio

import pytest

from libs.common.dev_issuer import DEVELOPMENT_AUDIENCE
from libs.common.tokens import DEVELOPMENT_ISSUER
from services.numbers import commands
from tests.numbers.test_consumers import listening


@pytest.fixture
def environment(monkeypatch, urls, amqp_url):
    for name, value in {
        "PROFILE": "development",
        "DATABASE_URL": urls.database_url,
        "MIGRATIONS_URL": urls.migrations_url,
        "AMQP_URL": amqp_url,
        "JWKS_URL": "http://127.0.0.1:9/jwks",
        "JWT_ISSUER": DEVELOPMENT_ISSUER,
        "JWT_AUDIENCE": DEVELOPMENT_AUDIENCE,
        "PUBLIC_URL": "http://numbers",
        "DOWNLOAD_SECRET": "0" * 64,
    }.items():
        monkeypatch.setenv(name, value)


async def test_a_replay_says_how_many_events_it_told(environment, database, amqp_url, capsys):
    async with listening(database, amqp_url):
        done = await asyncio.to_thread(commands.main, ["replay-accounts", "porting.events"])
    assert done == 0
    assert "told 0 events" in capsys.readouterr().out


async def test_a_replay_for_a_queue_that_nobody_has_is_refused(environment, capsys):
    assert await asyncio.to_thread(commands.main, ["replay-accounts", "nobody.events"]) == 1
    assert "nobody.events" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [[], ["replay-accounts"], ["replay"], ["help", "me"]])
def test_what_is_no_command_is_answered_with_how_to(arguments, capsys):
    assert commands.main(arguments) == 2
    assert "replay-accounts" in capsys.readouterr().err
