"""Notices that could not be told: an operator sees them without their content, and redrives."""

import asyncio
from functools import cache

import pytest

from libs.common.broker import Broker
from libs.common.dev_issuer import DEVELOPMENT_AUDIENCE
from libs.common.graphql.context import Context
from libs.common.graphql.schema import Graph
from libs.common.metrics import ServiceMetrics
from libs.common.operations import run_command
from libs.common.settings import Profile, ServiceSettings
from libs.common.tokens import DEVELOPMENT_ISSUER
from libs.contracts.topology import TOPOLOGY
from services.notifications import commands
from services.notifications.app import DEAD_NOTICES
from services.notifications.schema.graph import build_graph
from tests.databases import read_rows
from tests.notifications.callers import SUPPORT
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

    assert (code, said) == (
        0,
        "1 notices will be told after all, but for those of more than 7 days ago.\n",
    )
    assert await mailed(database) == [("port_approved", "mem_ada")]
    assert await read_rows(database, "SELECT act, events, note FROM operator_acts") == [
        ("redriven", 1, "notices: KeyError")
    ]
    assert (await run("notices", "redrive", "--all"))[0] == 0
    assert (await run("notices", "redrive", "--all"))[0] == 1
    assert (await run("notices", "redrive"))[0] == 1


@cache
def graph() -> Graph:
    return build_graph(shows_schema=True)


async def ask(database, query, **variables):
    context = Context(caller=SUPPORT, database=database, callers=None, room=None)
    answer = await graph().execute(query, variables, context_value=context)
    assert answer.errors is None
    return answer.data


LIST = """
query Dead($reason: String, $after: String) {
  deadNotices(reason: $reason, first: 1, after: $after) {
    totalCount
    pageInfo { hasNextPage endCursor }
    edges { node { message subject reason attempts } }
  }
}
"""
REDRIVE = """
mutation Redrive($input: RedriveDeadNoticesInput!) {
  redriveDeadNotices(input: $input) { redriven userErrors { code path } }
}
"""


async def test_support_pages_through_dead_notices_and_redrives_those_of_one_reason(database):
    await let_die(database, pr_1="LookupError", pr_2="LookupError", pr_3="KeyError")

    first = (await ask(database, LIST, reason="LookupError"))["deadNotices"]
    second = (
        await ask(database, LIST, reason="LookupError", after=first["pageInfo"]["endCursor"])
    )["deadNotices"]
    wish = {"reason": "LookupError", "idempotencyKey": "k1"}
    done = [await ask(database, REDRIVE, input=wish) for _ in range(2)]
    left = (await ask(database, LIST))["deadNotices"]
    await tell(database)

    assert (first["totalCount"], first["pageInfo"]["hasNextPage"]) == (2, True)
    found = [*first["edges"], *second["edges"]]
    assert sorted(edge["node"]["subject"] for edge in found) == ["pr_1", "pr_2"]
    assert found[0]["node"] | {"subject": ""} == {
        "message": "port_approved",
        "subject": "",
        "reason": "LookupError",
        "attempts": 150,
    }
    assert done == 2 * [{"redriveDeadNotices": {"redriven": 2, "userErrors": []}}]
    assert [edge["node"]["subject"] for edge in left["edges"]] == ["pr_3"]
    assert await mailed(database) == 2 * [("port_approved", "mem_ada")]


@pytest.mark.parametrize("wish", [{}, {"reason": "KeyError", "all": True}])
async def test_a_wish_that_names_no_one_choice_is_refused(database, wish):
    answer = await ask(database, REDRIVE, input=wish)
    assert answer["redriveDeadNotices"] == {
        "redriven": 0,
        "userErrors": [{"code": "INVALID", "path": ["input"]}],
    }


async def test_dead_notices_are_counted_for_whoever_scrapes(database):
    await let_die(database, pr_1="LookupError", pr_2="KeyError")
    nowhere = Broker(url="amqp://127.0.0.1:9/", topology=TOPOLOGY, name="sample")
    scraped = await ServiceMetrics(database, nowhere, [], [DEAD_NOTICES]).scrape()
    assert b"portline_dead_notices 2.0" in scraped
