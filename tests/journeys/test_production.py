"""The production profile: what it refuses to start with, in one sentence, and what it hides."""

import os
import secrets
import subprocess
import sys

import pytest
from pydantic import ValidationError

from deploy.local.listen_ports import LOOPBACK, choose_listen_port
from deploy.local.places import GATEWAY, ROOT, find_node_package
from deploy.local.programs import Program, Programs
from deploy.local.stack import SERVICES
from libs.common.settings import explain
from libs.common.tokens import DEVELOPMENT_ISSUER
from services.notifications.settings import Settings as NotificationsSettings
from services.numbers.settings import Settings as NumbersSettings
from services.porting.settings import Settings as PortingSettings
from tests.journeys.asking import codes_of, post

pytestmark = pytest.mark.journey

GOOD = {
    "PROFILE": "production",
    "DATABASE_URL": "postgresql://nobody:x@127.0.0.1:1/none",
    "MIGRATIONS_URL": "postgresql://nobody:x@127.0.0.1:1/none",
    "AMQP_URL": "amqp://nobody:x@127.0.0.1:1/",
    "JWKS_URL": "https://login.example/keys",
    "JWT_ISSUER": "https://login.example",
    "JWT_AUDIENCE": "portline",
    "GATEWAY_SECRET": secrets.token_hex(32),
    "FILES_URL": "file:///nowhere",
    "UPLOAD_SECRET": secrets.token_hex(32),
    "DOWNLOAD_SECRET": secrets.token_hex(32),
    "PIN_KEYS": secrets.token_hex(32),
    "LETTER_SECRET": secrets.token_hex(32),
    "WEBHOOK_KEYS": secrets.token_hex(32),
    "SEAL_KEY_FILE": "/nowhere.pem",
    "PUBLIC_URL": "https://portline.example",
}
WRONG = {
    "the development issuer": {"JWT_ISSUER": DEVELOPMENT_ISSUER},
    "no secret for the hop": {"GATEWAY_SECRET": None},
    "a secret that can be guessed": {"GATEWAY_SECRET": "hunter2"},
    "no profile at all and the development issuer": {
        "PROFILE": None,
        "JWT_ISSUER": DEVELOPMENT_ISSUER,
    },
    "an unknown profile": {"PROFILE": "staging"},
    "no database": {"DATABASE_URL": None},
    "a listen port in words": {"LISTEN_PORT": "http"},
}


def command_of(name):
    if name == "gateway":
        node = find_node_package()
        assert node is not None
        return [node / "bin/node", GATEWAY / "server.mjs"]
    return [sys.executable, "-m", "libs.common.serve", f"services.{name}.app:create_app"]


def start(name, changes):
    settings = {**GOOD, "LISTEN_PORT": str(choose_listen_port()), **changes}
    given = {key: value for key, value in settings.items() if value is not None}
    return subprocess.run(
        command_of(name),
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **given},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_refuses_settings_that_open_it_in_one_sentence(service):
    run = start(service, WRONG["the development issuer"])

    assert run.returncode == 1
    assert "Traceback" not in run.stderr + run.stdout
    assert run.stderr.count("\n") == 1
    assert "JWT_ISSUER" in run.stderr


@pytest.mark.parametrize("fault", WRONG)
@pytest.mark.parametrize(
    "settings",
    [PortingSettings, NumbersSettings, NotificationsSettings],
    ids=lambda each: each.__module__,
)
def test_each_of_them_is_one_sentence_without_the_secret(settings, fault, monkeypatch):
    for name, value in {**GOOD, "LISTEN_PORT": "8000", **WRONG[fault]}.items():
        if value is None:
            monkeypatch.delenv(name, raising=False)
        else:
            monkeypatch.setenv(name, value)

    with pytest.raises(ValidationError) as refused:
        settings()

    sentences = explain(refused.value)
    assert [[*WRONG[fault]][-1] in each for each in sentences] == [True]
    assert "hunter2" not in sentences[0]


@pytest.mark.parametrize(
    "fault",
    ["the development issuer", "no secret for the hop", "a secret that can be guessed"],
)
def test_the_gateway_refuses_them_too(fault):
    run = start("gateway", WRONG[fault])

    assert run.returncode == 1
    assert run.stderr.count("\n") == 1
    assert next(iter(WRONG[fault])) in run.stderr
    assert "hunter2" not in run.stderr + run.stdout


def test_a_service_without_its_servers_ends_and_tells_no_password():
    run = start("notifications", {})

    assert run.returncode != 0
    assert "Traceback" not in run.stderr
    assert ":x@" not in run.stderr + run.stdout


@pytest.fixture
def production_gateway(session_guard, stack, tmp_path):
    """Of the production profile, in front of the stack's services."""
    listen_port = choose_listen_port()
    programs = Programs(session_guard, tmp_path)
    url = f"http://{LOOPBACK}:{listen_port}"
    settings = {
        **GOOD,
        "PATH": os.environ["PATH"],
        "GATEWAY_LISTEN_PORT": str(listen_port),
        **{f"{name.upper()}_URL": f"{stack.urls[name]}/graphql" for name in SERVICES},
    }
    program = Program(
        name="gateway",
        command=command_of("gateway"),
        env=settings,
        ready_url=f"{url}/readiness",
    )
    try:
        programs.start([program], lambda _line: None)
        yield url
    finally:
        programs.stop()


async def test_production_shows_no_schema_and_helps_nobody_guess_it(production_gateway):
    for query in (
        "{ __schema { types { name } } }",
        '{ __type(name: "Account") { name } }',
        "{ portRequest { id } }",
        "{ portRequst(id: 1) { id } }",
        "{ _service { sdl } }",
    ):
        answer = await post(production_gateway, query)
        assert "BAD_USER_INPUT" in codes_of(answer.json()), query
        assert "Did you mean" not in answer.text
        assert not answer.json().get("data")
