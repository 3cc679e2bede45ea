"""What every test may ask for: real servers, one pair for the session, and databases in them."""

import signal
from collections.abc import AsyncIterator, Iterator

import hypothesis
import pytest

from deploy.local.databases import DatabaseUrls
from deploy.local.guard import Guard
from deploy.local.servers import Servers, provide_servers
from deploy.local.vhosts import create_vhost
from libs.common.database import Database, open_database
from libs.common.dev_issuer import IssuerKey, load_key
from tests.databases import ReusedDatabases, service_of

# The same examples in every run, so that a change is judged by what it changed;
# `--hypothesis-profile=default` looks for others.
hypothesis.settings.register_profile("repeatable", derandomize=True)
hypothesis.settings.load_profile("repeatable")

pytest_plugins = ["pytester", "tests.requirements"]


def pytest_configure() -> None:
    """A script that starts the tests in its background makes them deaf to Ctrl-C.

    What they start would inherit it, and they do send such signals to what they start.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGQUIT, signal.SIG_DFL)


@pytest.hookimpl(tryfirst=True)  # before the groups are read
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Who runs in parallel shares by folder what is dear to start, and everything else by file."""
    for test in items:
        together = test.path if test.path.parent.name == "porting" else test.path.parent
        test.add_marker(pytest.mark.xdist_group(str(together)))


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def session_guard() -> Iterator[Guard]:
    with Guard() as guard:
        yield guard


@pytest.fixture(scope="session")
def servers(session_guard: Guard) -> Iterator[Servers]:
    with provide_servers(session_guard) as provided:
        yield provided


@pytest.fixture
def amqp_url(servers: Servers) -> Iterator[str]:
    """A broker of the test's own: a virtual host."""
    with create_vhost(servers) as url:
        yield url


@pytest.fixture(scope="session")
async def reused_databases(servers: Servers) -> AsyncIterator[ReusedDatabases]:
    async with ReusedDatabases(servers) as databases:
        yield databases


@pytest.fixture
async def urls(
    reused_databases: ReusedDatabases, migrated: str
) -> AsyncIterator[DatabaseUrls]:
    """A database as the folder's `migrated` is, which one test has to itself."""
    reused = await reused_databases.of(migrated)
    yield reused.urls
    await reused.empty()


@pytest.fixture
async def database(urls: DatabaseUrls, migrated: str) -> AsyncIterator[Database]:
    opened = await open_database(urls.database_url, service_of(migrated))
    yield opened
    await opened.close()


@pytest.fixture(scope="session")
def issuer_key(tmp_path_factory: pytest.TempPathFactory) -> IssuerKey:
    return load_key(tmp_path_factory.mktemp("keys"))
