"""A service's database with its roles, its copies for tests, and their ends."""

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

import asyncpg

from deploy.local.places import ROOT

ROLES = ROOT / "deploy/postgres/roles.sql"


@dataclass(frozen=True, kw_only=True)
class DatabaseUrls:
    """`database_url` is the service's login, `migrations_url` the owner of the tables."""

    database_url: str
    migrations_url: str


async def create_service_database(
    postgres_url: str, service: str, database_name: str, password: str | None = None
) -> DatabaseUrls:
    """`postgres_url` is a superuser's.

    Roles belong to the whole server. The password is made from the superuser's, unless given,
    so that runs which share a server agree on it.
    """
    secret = password or derive_password(postgres_url, service)
    async with _connect(postgres_url) as server:
        await server.execute(f'CREATE DATABASE "{database_name}"')
    await _set_rights(postgres_url, service, database_name, secret)
    return _build_urls(postgres_url, service, database_name, secret)


async def find_service_database(
    postgres_url: str, service: str, database_name: str
) -> DatabaseUrls | None:
    """One that was created before, with the password that is made from the superuser's."""
    async with _connect(postgres_url) as server:
        is_there = await server.fetchval(
            "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", database_name
        )
    if not is_there:
        return None
    secret = derive_password(postgres_url, service)
    return _build_urls(postgres_url, service, database_name, secret)


async def copy_service_database(
    postgres_url: str,
    service: str,
    template_name: str,
    database_name: str,
    password: str | None = None,
) -> DatabaseUrls:
    """Nobody may be connected to the template meanwhile."""
    secret = password or derive_password(postgres_url, service)
    async with _connect(postgres_url) as server:
        await server.execute(
            f'CREATE DATABASE "{database_name}" '
            f'TEMPLATE "{template_name}" STRATEGY file_copy OWNER "{service}_owner"'
        )
        # A copy has its template's tables and their rights, but not the database's own.
        await server.execute(f'REVOKE ALL ON DATABASE "{database_name}" FROM PUBLIC')
        await server.execute(
            f'GRANT CONNECT ON DATABASE "{database_name}" TO "{service}", "{service}_owner"'
        )
    return _build_urls(postgres_url, service, database_name, secret)


async def drop_database(postgres_url: str, database_name: str) -> None:
    """Ends whatever is still connected; the roles stay, others may use them."""
    async with _connect(postgres_url) as server:
        await server.execute(f'DROP DATABASE IF EXISTS "{database_name}" WITH (FORCE)')


def derive_password(postgres_url: str, service: str) -> str:
    secret = f"{service} {urlsplit(postgres_url).password or ''}"
    return hashlib.sha256(secret.encode()).hexdigest()[:32]


async def _set_rights(
    postgres_url: str, service: str, database_name: str, secret: str
) -> None:
    async with _connect(postgres_url, database_name) as database:
        settings = "SELECT set_config($1, $2, false)"
        await database.execute(settings, "portline.service", service)
        await database.execute(settings, "portline.password", secret)
        await database.execute(ROLES.read_text())


@asynccontextmanager
async def _connect(
    postgres_url: str, database_name: str | None = None
) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(postgres_url, database=database_name)
    try:
        yield connection
    finally:
        await connection.close()


def _build_urls(
    postgres_url: str, service: str, database_name: str, secret: str
) -> DatabaseUrls:
    server = urlsplit(postgres_url)
    where = server.netloc.rpartition("@")[2]

    def build(role: str) -> str:
        login = f"{quote(role)}:{quote(secret)}@{where}"
        return server._replace(netloc=login, path=f"/{database_name}").geturl()

    return DatabaseUrls(database_url=build(service), migrations_url=build(f"{service}_owner"))
