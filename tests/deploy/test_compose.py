"""docker-compose.yml against what it starts: settings, listen ports, images, health, secrets."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from deploy.local.docker import POSTGRES_IMAGE, RABBITMQ_IMAGE
from deploy.local.places import ROOT
from deploy.local.setup import UV_VERSION
from services.notifications.settings import Settings as NotificationsSettings
from services.numbers.settings import Settings as NumbersSettings
from services.porting.settings import Settings as PortingSettings

TEXT = (ROOT / "docker-compose.yml").read_text()
COMPOSE = yaml.safe_load(TEXT)
PARTS = COMPOSE["services"]
SETTINGS = {
    "porting": PortingSettings,
    "numbers": NumbersSettings,
    "notifications": NotificationsSettings,
}
ON_SCREEN = 130
SERVICE_RECIPE = ROOT / "deploy/service.Dockerfile"
GATEWAY_RECIPE = ROOT / "deploy/gateway.Dockerfile"
MAILBOX_RECIPE = ROOT / "deploy/mailbox.Dockerfile"
NEVER_TOLD = re.compile(r"PASS|SECRET|_URL$")

each_service = pytest.mark.parametrize("service", SETTINGS)


def instructions(recipe: Path) -> list[str]:
    whole = recipe.read_text().replace("\\\n", " ")
    return [line for line in whole.splitlines() if line and not line.startswith("#")]


def resolve(text: str) -> str:
    """What compose makes of a value: each variable stands for a secret of 64 characters."""
    return re.sub(r"\$\{[^}]+\}", "5" * 64, str(text))


def environment_of(service: str) -> dict[str, str]:
    """What has no value is given on from .env where that sets it."""
    given = PARTS[service]["environment"]
    return {name: resolve(value) for name, value in given.items() if value is not None}


def test_it_holds_the_three_services_their_servers_and_the_gateway():
    assert set(PARTS) == {*SETTINGS, "gateway", "postgres", "rabbitmq", "mailbox"}
    assert PARTS["mailbox"]["profiles"] == ["development"]
    assert len(TEXT.splitlines()) <= ON_SCREEN


@each_service
def test_a_service_gets_every_setting_that_it_must_have_and_none_that_it_does_not_know(
    service,
):
    fields = SETTINGS[service].model_fields
    required = {name.upper() for name, field in fields.items() if field.is_required()}

    given = set(PARTS[service]["environment"])

    assert required <= given
    assert given <= {name.upper() for name in fields}


@each_service
def test_a_service_starts_with_what_compose_gives_it(service, monkeypatch):
    for name, value in environment_of(service).items():
        monkeypatch.setenv(name, value)
    for name in ("JWKS_URL", "PUBLIC_URL", "TOKEN_URL"):
        monkeypatch.setenv(name, "https://login.example/keys")
    monkeypatch.setenv("SMTP_URL", "smtps://name:password@mail.example")
    monkeypatch.setenv("MAIL_FROM", "Portline <no-reply@portline.example>")

    settings = SETTINGS[service]()

    assert settings.profile == "production"
    assert settings.host == "0.0.0.0"  # noqa: S104 - inside its container
    assert f"/{service}" in settings.database_url.get_secret_value()
    assert f"//{service}:" in settings.database_url.get_secret_value()
    assert f"//{service}_owner:" in settings.migrations_url.get_secret_value()


def test_each_service_has_its_own_database_and_password():
    databases = {PARTS[service]["environment"]["DATABASE_URL"] for service in SETTINGS}
    passwords = {
        match for url in databases for match in re.findall(r"\$\{(\w+_DATABASE_PASSWORD)", url)
    }

    assert len(databases) == len(passwords) == len(SETTINGS)
    assert passwords <= set(PARTS["postgres"]["environment"])
    script = (ROOT / "deploy/postgres/create-databases.sh").read_text()
    assert f"for service in {' '.join(SETTINGS)}; do" in script


def test_the_hook_that_makes_the_databases_is_there_to_be_mounted():
    mounts = dict(
        each.split(":")[:2] for each in PARTS["postgres"]["volumes"] if each.startswith("./")
    )

    assert all((ROOT / source).is_file() for source in mounts)
    assert os.access(ROOT / "deploy/postgres/create-databases.sh", os.X_OK)
    assert "/docker-entrypoint-initdb.d/create-databases.sh" in mounts.values()
    assert "/portline/roles.sql" in mounts.values()


def test_the_gateway_gets_what_its_settings_read_and_nothing_else():
    source = (ROOT / "gateway/settings.mjs").read_text()
    required = set(re.findall(r"required\('(\w+)'\)", source))
    known = required | set(re.findall(r"env\.([A-Z_]+)", source))
    known |= set(re.findall(r"(?:count|url)\(env, '(\w+)'", source))
    known |= set(re.findall(r"'(\w+_URL)'", source))

    given = set(PARTS["gateway"]["environment"])

    assert {"PROFILE", "JWKS_URL", "GATEWAY_SECRET"} <= required
    assert required <= given <= known


def test_gateway_and_services_share_issuer_audience_and_secret():
    shared = ("PROFILE", "JWKS_URL", "JWT_ISSUER", "JWT_AUDIENCE", "GATEWAY_SECRET")
    gateway = PARTS["gateway"]["environment"]

    for service in SETTINGS:
        given = PARTS[service]["environment"]
        for name in shared:
            assert variable_in(given[name]) == variable_in(gateway[name])


def variable_in(value: str) -> str:
    return re.sub(r":\?[^}]*", "", value)


@each_service
def test_the_gateway_finds_a_service_under_its_name_and_listen_port(service):
    supergraph = (ROOT / "gateway/supergraph.graphql").read_text()
    listen_port = PARTS[service]["environment"]["LISTEN_PORT"]

    assert f"http://{service}:{listen_port}/graphql" in supergraph
    assert f"EXPOSE {listen_port}" in instructions(SERVICE_RECIPE)
    assert f"127.0.0.1:{listen_port}/readyz" in SERVICE_RECIPE.read_text()


def test_only_gateway_file_routes_and_webhook_are_reachable_and_from_this_machine_alone():
    published = {name: part["ports"] for name, part in PARTS.items() if "ports" in part}

    assert set(published) == {"gateway", "porting", "numbers", "notifications", "mailbox"}
    assert all(port.startswith("127.0.0.1:") for ports in published.values() for port in ports)
    assert "EXPOSE 4000" in instructions(GATEWAY_RECIPE)
    assert published["gateway"][0].endswith(":4000")


def test_images_are_of_the_versions_that_the_tests_run_on():
    assert PARTS["postgres"]["image"] == POSTGRES_IMAGE
    assert PARTS["rabbitmq"]["image"] == RABBITMQ_IMAGE
    for service in SETTINGS:
        build = PARTS[service]["build"]
        assert (ROOT / build["dockerfile"]) == SERVICE_RECIPE
        assert build["args"] == {"SERVICE": service}
    assert (ROOT / PARTS["gateway"]["build"]["dockerfile"]) == GATEWAY_RECIPE
    assert "FROM node:24-slim" in instructions(GATEWAY_RECIPE)
    assert all(
        line.startswith("FROM python:3.11-slim-bookworm")
        for line in instructions(SERVICE_RECIPE)
        if line.startswith("FROM")
    )
    assert f"uv=={UV_VERSION}" in SERVICE_RECIPE.read_text()


def test_every_part_has_a_health_check_and_waits_for_healthy_ones():
    for name, part in PARTS.items():
        if "image" in part:
            assert part["healthcheck"]["test"][0] == "CMD"
        else:
            recipe = instructions(ROOT / part["build"]["dockerfile"])
            assert any(line.startswith("HEALTHCHECK ") for line in recipe)
            waits_for = part.get("depends_on", {})
            assert {each["condition"] for each in waits_for.values()} <= {"service_healthy"}
            expected = {"gateway": set(SETTINGS), "mailbox": set()}
            assert set(waits_for) == expected.get(name, {"postgres", "rabbitmq"})


def test_a_container_that_is_told_to_stop_has_time_to_drain():
    for name in (*SETTINGS, "gateway"):
        assert int(PARTS[name]["stop_grace_period"].removesuffix("s")) > 10


def test_no_secret_has_a_default():
    variables = re.findall(r"\$\{(\w+)([^}]*)\}", TEXT)
    demanded = {name for name, rest in variables if rest.startswith(":?")}

    assert demanded == {name for name, _ in variables}
    assert all(rest == "" or len(rest) > len(":?") for _, rest in variables)
    for part in PARTS.values():
        for name, value in part.get("environment", {}).items():
            if NEVER_TOLD.search(name) and name not in {"FILES_URL", "PORTING_URL"}:
                assert "${" in str(value), name


def test_the_example_names_exactly_what_compose_demands_and_tells_no_secret():
    example = (ROOT / ".env.example").read_text()
    named = dict(re.findall(r"^(\w+)=(.*)$", example, re.MULTILINE))

    assert set(named) == set(re.findall(r"\$\{(\w+):\?", TEXT))
    assert not any(named.values())
    assert "/.env" in (ROOT / ".gitignore").read_text().splitlines()


@pytest.mark.parametrize("recipe", [SERVICE_RECIPE, GATEWAY_RECIPE, MAILBOX_RECIPE])
def test_nothing_runs_as_root_and_sigterm_reaches_the_program(recipe):
    lines = instructions(recipe)
    user = [line for line in lines if line.startswith("USER ")]

    assert user
    assert user[-1] != "USER root"
    assert lines.index(user[-1]) < len(lines) - 1
    assert lines[-1].startswith("CMD [")
    if "/bin/sh" in lines[-1]:
        assert '"exec ' in lines[-1]


@pytest.mark.parametrize("recipe", [SERVICE_RECIPE, GATEWAY_RECIPE, MAILBOX_RECIPE])
def test_what_is_copied_into_an_image_is_there_and_not_held_back(recipe):
    sent = {
        line.removeprefix("!")
        for line in (ROOT / ".dockerignore").read_text().splitlines()
        if line.startswith("!")
    }
    for line in instructions(recipe):
        if not line.startswith("COPY ") or "--from=" in line:
            continue
        *sources, _to = line.split()[1:]
        for source in sources:
            pattern = source.replace("${SERVICE}", "porting")
            assert list(ROOT.glob(pattern)), source
            assert {pattern, pattern.split("/")[0]} & sent


@each_service
def test_an_image_holds_every_module_that_its_service_imports(service, tmp_path):
    copied = [line.split() for line in instructions(SERVICE_RECIPE) if "COPY " in line]
    final = copied[[words[1].startswith("--from") for words in copied].index(True) + 1 :]
    for _copy, source, target in final:
        at = tmp_path / target.replace("${SERVICE}", service)
        path = ROOT / source.replace("${SERVICE}", service)
        if path.is_dir():
            shutil.copytree(path, at)
        else:
            at.mkdir(exist_ok=True, parents=True)
            shutil.copy(path, at)

    run = subprocess.run(
        [sys.executable, "-m", "libs.common.serve", f"services.{service}.app:create_app"],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )

    assert run.returncode == 1
    assert "DATABASE_URL: Field required" in run.stderr
    assert "Traceback" not in run.stderr


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"SMTP_URL": "smtp://mail.example"}, "leave encrypted"),
        ({"SMTP_URL": "http://mail.example"}, "SMTP_URL is"),
        ({"SMTP_URL": None}, "SMTP_URL is required"),
        ({"UNSUBSCRIBE_SECRET": None}, "UNSUBSCRIBE_SECRET is required"),
        ({"TOKEN_URL": None}, "TOKEN_URL is required"),
        ({"MAIL_FROM": "nobody"}, "MAIL_FROM is"),
    ],
)
def test_notifications_does_not_start_where_mails_could_not_leave_safely(
    monkeypatch, changed, fault
):
    given = environment_of("notifications")
    given |= dict.fromkeys(("JWKS_URL", "PUBLIC_URL", "TOKEN_URL"), "https://login.example")
    given |= {"SMTP_URL": "smtps://mail.example", "MAIL_FROM": "a@b.example", **changed}
    for name, value in given.items():
        if value is not None:
            monkeypatch.setenv(name, value)

    with pytest.raises(ValueError, match=fault):
        NotificationsSettings()


@pytest.mark.parametrize("host", ["mailbox:1025", "127.0.0.1", "localhost:25", "[::1]:25"])
def test_a_mail_server_on_this_machine_or_network_needs_no_encryption(monkeypatch, host):
    for name, value in environment_of("notifications").items():
        monkeypatch.setenv(name, value)
    for name in ("JWKS_URL", "PUBLIC_URL", "TOKEN_URL"):
        monkeypatch.setenv(name, "https://login.example")
    monkeypatch.setenv("MAIL_FROM", "a@b.example")
    monkeypatch.setenv("SMTP_URL", f"smtp://{host}")

    assert NotificationsSettings().mail_server is not None
