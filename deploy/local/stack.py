"""The whole system as private processes: servers, databases, issuer, services, gateway."""

import asyncio
import os
import secrets
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from deploy.local.databases import DatabaseUrls, create_service_database, drop_database
from deploy.local.errors import StartError
from deploy.local.guard import Guard
from deploy.local.listen_ports import LOOPBACK, choose_listen_port
from deploy.local.places import GATEWAY, RUNS, find_node_package
from deploy.local.programs import ListenPortTakenError, Program, Programs
from deploy.local.servers import Servers, provide_servers, stay_silent
from deploy.local.vhosts import create_vhost

SERVICES = ("porting", "numbers", "notifications")
TRIES = 3


@dataclass(frozen=True, kw_only=True)
class Stack:
    """`key_folder` is where the development issuer keeps the key that signs tokens."""

    servers: Servers
    amqp_url: str
    databases: Mapping[str, DatabaseUrls]
    programs: Programs
    folder: Path
    key_folder: Path
    urls: Mapping[str, str]

    @property
    def gateway_url(self) -> str:
        return self.urls["gateway"]


@contextmanager
def run_stack(
    guard: Guard,
    *,
    issuer: str,
    audience: str,
    durable: bool = False,
    signed_hop: bool = False,
    servers: Servers | None = None,
    carrier: str | None = None,
    settings: Mapping[str, str] = MappingProxyType({}),
    say: Callable[[str], None] = stay_silent,
) -> Iterator[Stack]:
    """`issuer` and `audience` are what tokens carry as `iss` and `aud`.

    With `signed_hop` the services take requests from the gateway alone. Servers that are
    given serve others too: nothing of this run stays in them. `carrier` is the character of an
    emulated one; without it support plays the carrier's part. `settings` go to every program.
    """
    folder = guard.make_folder(RUNS)
    they_stay = servers is not None or bool(os.environ.get("PORTLINE_POSTGRES_URL"))
    with (
        nullcontext(servers)
        if servers
        else provide_servers(guard, durable=durable, say=say) as used,
        _create_databases(used.postgres_url, drop_them=they_stay) as databases,
        create_vhost(used) as amqp_url,
    ):
        shared = {
            "PROFILE": "development",
            "JWT_ISSUER": issuer,
            "JWT_AUDIENCE": audience,
            "AMQP_URL": amqp_url,
            "UPLOAD_SECRET": secrets.token_hex(32),
            "DOWNLOAD_SECRET": secrets.token_hex(32),
            "PIN_KEYS": secrets.token_hex(32),
            "LETTER_SECRET": secrets.token_hex(32),
            "SUPPORT_ADDRESS": "desk@portline.example",
            # Whoever tries it out waits for nothing.
            "GATHER_MINUTES": "0",
            "CALL_SECRETS": secrets.token_hex(32),
            "WEBHOOK_KEYS": secrets.token_hex(32),
            "WEBHOOK_LOOPBACK": "true",
            "FILES_URL": (folder / "files").as_uri(),
            "ALLOW_FICTIONAL_NUMBERS": "true",
            "UNSUBSCRIBE_SECRET": secrets.token_hex(32),
            "TOKEN_CLIENT_ID": "notifications",
            "TOKEN_CLIENT_SECRET": secrets.token_hex(32),
            "MAIL_FROM": "Portline <no-reply@portline.example>",
            **settings,
        }
        if carrier:
            shared["CARRIER_SECRET"] = secrets.token_hex(32)
        if signed_hop:
            shared["GATEWAY_SECRET"] = secrets.token_hex(32)
        (folder / "files").mkdir()
        programs = Programs(guard, folder)
        try:
            urls = _start_programs(programs, folder, databases, shared, carrier, say)
            yield Stack(
                servers=used,
                amqp_url=amqp_url,
                databases=databases,
                programs=programs,
                folder=folder,
                key_folder=folder / "keys",
                urls=urls,
            )
        finally:
            programs.stop()


@contextmanager
def _create_databases(
    postgres_url: str, *, drop_them: bool
) -> Iterator[dict[str, DatabaseUrls]]:
    """Under names of this run, for a given server may serve others too."""
    run = secrets.token_hex(4)
    names = {service: f"{service}_{run}" for service in SERVICES}

    async def create() -> list[DatabaseUrls]:
        each = [create_service_database(postgres_url, *pair) for pair in names.items()]
        return await asyncio.gather(*each)

    async def drop() -> None:
        await asyncio.gather(*[drop_database(postgres_url, name) for name in names.values()])

    try:
        yield dict(zip(SERVICES, asyncio.run(create()), strict=True))
    finally:
        if drop_them:
            asyncio.run(drop())


def _start_programs(
    programs: Programs,
    folder: Path,
    databases: Mapping[str, DatabaseUrls],
    shared: Mapping[str, str],
    carrier: str | None,
    say: Callable[[str], None],
) -> dict[str, str]:
    """Their URLs."""
    names = [
        *("issuer", "mailbox", "mail server"),
        *SERVICES,
        *("gateway", *(["carrier"] if carrier else [])),
    ]
    for _ in range(TRIES):
        listen_ports = {name: choose_listen_port() for name in names}
        urls = {name: f"http://{LOOPBACK}:{each}" for name, each in listen_ports.items()}
        common = {
            **os.environ,
            **shared,
            "JWKS_URL": f"{urls['issuer']}/.well-known/jwks.json",
            "CARRIER": "emulator" if carrier else "desk",
            "CARRIER_URL": urls.get("carrier", urls["porting"]),
            "CARRIER_FIRST_LOOK_S": "1",
            "SMTP_URL": f"smtp://{LOOPBACK}:{listen_ports['mail server']}",
            "PORTING_URL": urls["porting"],
            "TOKEN_URL": f"{urls['issuer']}/token",
        }
        try:
            programs.start(
                [
                    _describe_issuer(listen_ports["issuer"], urls["issuer"], folder, common),
                    _describe_mailbox(listen_ports, urls, common),
                    *(
                        _describe_service(
                            service, listen_ports[service], databases[service], common
                        )
                        for service in SERVICES
                    ),
                    _describe_gateway(listen_ports["gateway"], urls, common),
                    *([_describe_carrier(carrier, urls, common)] if carrier else []),
                ],
                say,
            )
        except ListenPortTakenError:
            programs.stop()
        else:
            return urls
    raise StartError("Found no free listen ports: stop what uses so many and run it again.")


def _describe_issuer(
    listen_port: int, url: str, folder: Path, common: Mapping[str, str]
) -> Program:
    keys = folder / "keys"
    keys.mkdir(mode=0o700, exist_ok=True)
    place = ["--listen-port", str(listen_port), "--key-folder", str(keys)]
    return Program(
        name="issuer",
        command=[sys.executable, "-m", "libs.common.dev_issuer", *place],
        env=common,
        ready_url=f"{url}/.well-known/jwks.json",
    )


def _describe_mailbox(
    listen_ports: Mapping[str, int], urls: Mapping[str, str], common: Mapping[str, str]
) -> Program:
    places = ["--listen-port", str(listen_ports["mailbox"])]
    places += ["--smtp-listen-port", str(listen_ports["mail server"])]
    return Program(
        name="mailbox",
        command=[sys.executable, "-m", "deploy.mailbox", *places],
        env=common,
        ready_url=f"{urls['mailbox']}/healthz",
    )


def _describe_service(
    service: str, listen_port: int, database: DatabaseUrls, common: Mapping[str, str]
) -> Program:
    app = f"services.{service}.app:create_app"
    return Program(
        name=service,
        command=[sys.executable, "-m", "libs.common.serve", app],
        env={
            **common,
            "HOST": LOOPBACK,
            "LISTEN_PORT": str(listen_port),
            "PUBLIC_URL": f"http://{LOOPBACK}:{listen_port}",
            "DATABASE_URL": database.database_url,
            "MIGRATIONS_URL": database.migrations_url,
        },
        ready_url=f"http://{LOOPBACK}:{listen_port}/readyz",
    )


def _describe_carrier(
    character: str, urls: Mapping[str, str], common: Mapping[str, str]
) -> Program:
    callbacks = f"{urls['porting']}/carriers/emulator/callbacks"
    place = ["--listen-port", urls["carrier"].rpartition(":")[2], "--callback-url", callbacks]
    return Program(
        name="carrier",
        command=[sys.executable, "-m", "deploy.emulator", "--character", character, *place],
        env=common,
        ready_url=f"{urls['carrier']}/healthz",
    )


def _describe_gateway(
    listen_port: int, urls: Mapping[str, str], common: Mapping[str, str]
) -> Program:
    node = find_node_package()
    if node is None:
        raise StartError("Node is missing: run `make` with any target.")
    return Program(
        name="gateway",
        command=[node / "bin/node", GATEWAY / "server.mjs"],
        env={
            **common,
            **{f"{service.upper()}_URL": f"{urls[service]}/graphql" for service in SERVICES},
            "GATEWAY_HOST": LOOPBACK,
            "GATEWAY_LISTEN_PORT": str(listen_port),
            "SUPERGRAPH": str(GATEWAY / "supergraph.graphql"),
        },
        ready_url=f"{urls['gateway']}/readiness",
    )
