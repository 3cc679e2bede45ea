"""What an operator runs by hand."""

import asyncio

import pytest

from libs.common.dev_issuer import DEVELOPMENT_AUDIENCE
from libs.common.tokens import DEVELOPMENT_ISSUER
from services.numbers import commands
from tests.numbers.builders import add_number, found_account, phone
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


async def test_counts_that_are_wrong_make_the_check_fail_once(environment, database, capsys):
    house = await found_account(database)
    await add_number(database, house, phone(1))
    async with database.working() as connection:
        await connection.execute("UPDATE number_counts SET numbers = numbers + 1")
    assert await asyncio.to_thread(commands.main, ["recount"]) == 1
    assert "2 counts were wrong" in capsys.readouterr().out
    assert await asyncio.to_thread(commands.main, ["recount"]) == 0


@pytest.mark.parametrize("arguments", [[], ["replay-accounts"], ["replay"], ["help", "me"]])
def test_what_is_no_command_is_answered_with_how_to(arguments, capsys):
    assert commands.main(arguments) == 2
    assert "usage: python -m services.numbers.commands" in capsys.readouterr().err
