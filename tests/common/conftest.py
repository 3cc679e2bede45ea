import os
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest

from libs.common.database import Database, open_database
from libs.common.dev_issuer import IssuerKey, load_key
from libs.common.migrations import COMMON_MIGRATIONS, migrate

_SERVER_USER = "nobody" if os.geteuid() == 0 else None


@pytest.fixture(scope="session")
def anyio_backend():
    return "asyncio"


@pytest.fixture(scope="session")
def issuer_key(tmp_path_factory) -> IssuerKey:
    return load_key(tmp_path_factory.mktemp("keys"))


def _postgres_folder() -> Path:
    if found := shutil.which("postgres"):
        return Path(found).parent
    return max(Path("/usr/lib/postgresql").glob("*/bin"))


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    programs = _postgres_folder()
    folder = Path(tempfile.mkdtemp(prefix="portline-"))
    if _SERVER_USER:
        shutil.chown(folder, _SERVER_USER)
    storage = folder / "storage"
    subprocess.run(
        [programs / "initdb", "-A", "trust", "-U", "postgres", "-N", "-D", storage],
        check=True,
        capture_output=True,
        user=_SERVER_USER,
        cwd="/",
    )
    options = f"-c listen_addresses='' -c unix_socket_directories={folder} -c fsync=off"
    control = [programs / "pg_ctl", "-w", "-D", storage]
    subprocess.run(
        [*control, "-o", options, "-l", folder / "log", "start"],
        check=True,
        stdout=subprocess.DEVNULL,
        user=_SERVER_USER,
        cwd="/",
    )
    try:
        yield f"postgresql://postgres@/postgres?host={folder}"
    finally:
        subprocess.run(
            [*control, "-m", "immediate", "stop"],
            check=True,
            stdout=subprocess.DEVNULL,
            user=_SERVER_USER,
            cwd="/",
        )
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
async def sample_url(postgres_url) -> str:
    """A service's database with its roles and the common tables."""
    connection = await asyncpg.connect(postgres_url)
    await connection.execute("""
        CREATE ROLE sample_owner LOGIN;
        CREATE ROLE sample LOGIN NOINHERIT;
        CREATE ROLE sample_tenant;
        CREATE ROLE sample_support;
        CREATE ROLE sample_worker BYPASSRLS;
        GRANT sample_tenant, sample_support, sample_worker TO sample;
    """)
    await connection.execute("CREATE DATABASE sample OWNER sample_owner")
    await connection.close()
    owner = postgres_url.replace("postgres@/postgres", "sample_owner@/sample")
    admin = await asyncpg.connect(postgres_url.replace("@/postgres", "@/sample"))
    await admin.execute("ALTER SCHEMA public OWNER TO sample_owner")
    await admin.close()
    await migrate(owner, COMMON_MIGRATIONS)
    return postgres_url.replace("postgres@/postgres", "sample@/sample")


@pytest.fixture
async def database(sample_url) -> AsyncIterator[Database]:
    opened = await open_database(sample_url, "sample")
    yield opened
    await opened.close()
