"""Where benchmarks happen: durable servers, a migrated database, a broker with one queue."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

from deploy.local.databases import DatabaseUrls, create_service_database, drop_database
from deploy.local.places import ROOT
from deploy.local.servers import Servers
from libs.common.broker import Queue, Topology
from libs.common.migrations import COMMON_MIGRATIONS, migrate

EXCHANGE = "bench.events"
QUEUE = Queue(name="bench.events", exchange=EXCHANGE, keys=("#",))
# The least that an event can need: what more the real topology binds costs both sides alike.
TOPOLOGY = Topology(exchanges=(EXCHANGE,), queues=(QUEUE,), streams=())


@asynccontextmanager
async def service_database(servers: Servers, service: str) -> AsyncIterator[DatabaseUrls]:
    """Migrated and empty."""
    name = f"{service}_{uuid4().hex[:8]}"
    urls = await create_service_database(servers.postgres_url, service, name)
    await migrate(urls.migrations_url, COMMON_MIGRATIONS, migrations_of(service))
    yield urls
    await drop_database(servers.postgres_url, name)


def migrations_of(service: str) -> Path:
    return ROOT / "services" / service / "migrations"
