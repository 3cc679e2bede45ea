"""Notices that could not be told: an operator sees them without their content, and redrives."""

import asyncio

import pytest

from libs.common.dev_issuer import DEVELOPMENT_AUDIENCE
from libs.common.operations import run_command
from libs.common.settings import Profile, ServiceSettings
from libs.common.tokens import DEVELOPMENT_ISSUER
from libs.contracts.topology import TOPOLOGY
from services.notifications import commands
from tests.databases import read_rows
from tests.notifications.facts import approved
from tests.notifications.telling import add_people, learn, mailed, tell


@pytest.fixture
def run(urls, amqp_url, capsys):
    settings = ServiceSettings(
        profile=Profile.DEVELOPMENT,
        database_url=urls.database_url,
        migrations_url=urls.migrations_url,
        amqp_url=amqp_url,
        jwks_url="http://127.0.0.1:9/jwks",
        jwt_issuer=DEVELOPMENT_ISSUER,
        jwt_audience=DEVELOPMENT_AUDIENCE,
    )

    async def call(*arguments):
        code = await asyncio.to_thread(
            run_command, "notifications", lambda: settings, TOPOLOGY, commands.OWN, arguments
        )
        said = capsys.readouterr()
        return code, said.out + said.err

    return call


async def let_die(database, **reasons):
    await add_people(database, mem_ada="ADMINISTRATOR")
    await learn(database, *(approved(each, requester_id="mem_ada") for each in reasons))
    async with database.working() as connection:
        for subject, reason in reasons.items():
            await connection.execute(
                "UPDATE notices SET state = 'dead', attempts = 150, reason = $2"
                " WHERE subject = $1",
                subject,
                reason,
            )


async def test_dead_notices_are_listed_by_reason_without_their_content(database, run):
    await let_die(database, pr_1="LookupError", pr_2="LookupError", pr_3="KeyError")

    code, said = await run("notices", "list", "--reason", "KeyError")

    assert code == 0
    assert "3 notices are dead." in said
    assert "      2  LookupError" in said
    assert "port_approved  pr_3  150 attempts  KeyError" in said
    assert "pr_1" not in said
    assert "Spring move" not in said


async def test_a_redriven_notice_is_told_and_the_act_is_on_record(database, run):
    await let_die(database, pr_1="LookupError", pr_3="KeyError")

    code, said = await run("notices", "redrive", "--reason", "KeyError")
    await tell(database)

    assert (code, said) == (0, "1 notices will be told again.\n")
    assert await mailed(database) == [("port_approved", "mem_ada")]
    assert await read_rows(database, "SELECT act, events, note FROM operator_acts") == [
        ("redriven", 1, "notices: KeyError")
    ]
    assert (await run("notices", "redrive", "--all"))[0] == 0
    assert (await run("notices", "redrive", "--all"))[0] == 1
    assert (await run("notices", "redrive"))[0] == 1
