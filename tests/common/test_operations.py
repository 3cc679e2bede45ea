"""What an operator runs by hand, the same in every service."""

import asyncio
import os
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from libs.common import command_line, inbox, operator_acts
from libs.common.broker import declare
from libs.common.command_line import Command, say
from libs.common.dev_issuer import DEVELOPMENT_AUDIENCE
from libs.common.operations import run_command
from libs.common.settings import Profile, ServiceSettings
from libs.common.tokens import DEVELOPMENT_ISSUER
from tests.common.test_dead_events import Bench
from tests.common.test_replay import publish_once
from tests.common.traffic import QUEUE, TOPOLOGY, Noted, channel, event, take


async def _greet(_hand, given):
    say(f"Hello {given.command.name}.")
    return 3


OWN = (Command(name="greet", help="greets", run=_greet),)


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
            run_command,
            "sample",
            lambda: settings,
            TOPOLOGY,
            OWN,
            [str(each) for each in arguments],
        )
        said = capsys.readouterr()
        return code, said.out + said.err

    return call


@pytest.fixture
async def bench(database, monkeypatch):
    monkeypatch.setattr(inbox, "_FIRST_DELAY_S", 0)
    made = Bench(database)
    made.poison = {"one", "two"}
    await made.receive(
        event("one", 1, Noted(state="secret")),
        event("one", 2, Noted()),
        event("two", 1, Noted()),
    )
    return made


async def test_the_dead_are_listed_with_their_groups_a_page_at_a_time(run, bench):
    code, first = await run("dead", "list", "--first", 1)
    cursor = first.rpartition("--after ")[2].strip()
    _, second = await run("dead", "list", "--after", cursor)

    assert code == 0
    assert "2 events are dead." in first
    assert f"2  {Noted.type}  LookupError" in first
    assert "two 1  0 behind  LookupError" in first
    assert "one 1  1 behind  LookupError" in second
    assert "are dead" not in second
    assert "--after" not in second


async def test_one_is_shown_and_its_body_only_where_it_is_asked_for(run, bench):
    event_id = (await bench.ids())[0]
    _, shown = await run("dead", "show", event_id)
    [*acts_before] = await bench.see("SELECT FROM operator_acts")
    _, with_body = await run("dead", "show", event_id, "--body")

    assert "waiting_behind: 1" in shown
    assert "occurred_at:    20" in shown
    assert "secret" not in shown
    assert acts_before == []
    assert '"state":"secret"' in with_body
    [(act, actor, looked_at)] = await bench.see(
        "SELECT act, actor, event_id FROM operator_acts"
    )
    assert (act, looked_at) == ("looked", event_id)
    assert actor.startswith("operator:")
    assert (await run("dead", "show", uuid4()))[0] == 1


async def test_a_group_is_redriven_after_the_fix(run, bench):
    bench.poison = {"two"}
    wanted = ("--reason", "LookupError", "--type", Noted.type)
    assert await run("dead", "redrive", *wanted) == (0, "2 events will be worked again.\n")
    await bench.work()
    assert bench.told == [("one", 1), ("one", 2)]
    bench.poison = set()
    assert (await run("dead", "redrive", "--all"))[0] == 0
    await bench.work()
    assert bench.told[2:] == [("two", 1)]
    assert await run("dead", "redrive", "--all") == (1, "0 events will be worked again.\n")
    code, said = await run("dead", "redrive", "--type", Noted.type)
    assert (code, "Which?" in said) == (1, True)


async def test_a_redrive_that_could_mean_more_than_it_names_does_nothing(run, bench):
    for wanted in (
        ("--all", "--type", Noted.type),
        ("--all", uuid4()),
        (uuid4(), "--reason", "LookupError", "--type", Noted.type),
        (uuid4(), "--type", Noted.type),
    ):
        code, said = await run("dead", "redrive", *wanted)
        assert (code, "Which?" in said) == (1, True)

    _, listed = await run("dead", "list")
    assert "2 events are dead." in listed


async def test_what_is_dropped_is_said_with_what_it_means_and_stays_on_record(run, bench):
    event_id = (await bench.ids())[0]
    code, said = await run("dead", "drop", event_id, "--why", "sent by mistake")
    again = await run("dead", "drop", event_id, "--why", "sent by mistake")
    _, listed = await run("dead", "dropped")

    assert code == 0
    assert f"{event_id} is dropped. What event 1 of one says is unknown here" in said
    assert again == (1, f"No dead events: {event_id}.\n")
    assert ": sent by mistake" in listed


async def test_a_replay_tells_what_was_recorded_in_the_time_named(run, database, amqp_url):
    async with channel(amqp_url) as opened:
        await declare(opened, TOPOLOGY)
    await publish_once(database, event("one", 1), event("one", 2, Noted()))
    hour = timedelta(hours=1)
    now = datetime.now(UTC).replace(tzinfo=None)
    around = ("--since", now - hour, "--until", (now + hour).isoformat() + "Z")

    code, said = await run("replay", "--to", QUEUE.name, "--type", Noted.type, *around)

    assert (code, said) == (0, f"{QUEUE.name} was told 1 events again.\n")
    assert [message.type for message in await take(amqp_url, 1)] == [Noted.type]
    assert await run("replay", "--to", "nowhere", "--keep-ids") == (
        1,
        "There is no queue nowhere: start its service first.\n",
    )
    assert (
        "told 0 events"
        in (await run("replay", "--to", QUEUE.name, "--until", "2026-01-01"))[1]
    )


async def test_what_waits_is_told(run, bench):
    code, said = await run("delivery")
    assert code == 0
    assert "dead_events:            2" in said
    assert "outbox_oldest_at:       -" in said


async def test_an_environment_that_is_wrong_is_named_and_its_values_are_not(
    monkeypatch, capsys
):
    for name in ServiceSettings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("GATEWAY_SECRET", "too-short")
    code = await asyncio.to_thread(
        run_command, "sample", ServiceSettings, TOPOLOGY, OWN, ["delivery"]
    )
    said = capsys.readouterr().err
    assert code == 1
    assert {"DATABASE_URL: Field required", "AMQP_URL: Field required"} <= {*said.splitlines()}
    assert "GATEWAY_SECRET: " in said
    assert "too-short" not in said


async def test_a_database_out_of_reach_is_said_in_a_line(run, urls, monkeypatch):
    async def refuse(*_given):
        raise ConnectionRefusedError

    monkeypatch.setattr(command_line, "open_database", refuse)
    assert await run("delivery") == (
        1,
        "The database or the broker is out of reach: ConnectionRefusedError.\n",
    )


async def test_a_user_without_a_name_is_recorded_by_number(run, bench, monkeypatch):
    def nobody():
        raise KeyError

    monkeypatch.setattr(operator_acts.getpass, "getuser", nobody)
    await run("dead", "redrive", "--all")
    [(actor,)] = await bench.see("SELECT actor FROM operator_acts")
    assert actor == f"operator:{os.getuid()}"


async def test_a_service_s_own_commands_stand_beside_the_common_ones(run):
    assert await run("greet") == (3, "Hello greet.\n")
    code, said = await run("--help")
    assert code == 0
    assert all(name in said for name in ("dead", "replay", "delivery", "greet"))


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["dead"],
        ["dead", "show", "nobody"],
        ["dead", "list", "--first", "0"],
        ["dead", "list", "--after", "nowhere"],
        ["dead", "drop", str(uuid4())],
        ["dead", "drop", str(uuid4()), "--why", " "],
        ["replay"],
        ["replay", "--to", "x", "--since", "yesterday"],
    ],
)
async def test_what_is_no_command_is_answered_with_how_to(run, arguments):
    code, said = await run(*arguments)
    assert code == 2
    assert said.startswith("usage: python -m services.sample.commands")
