"""Webhooks for tests: endpoints in the database, a worker, and time that passes at once."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from libs.common.caller import Member
from libs.common.database import Database
from libs.common.events import Event
from libs.common.vault import Vault
from services.notifications.domain.webhook_endpoints import EndpointWish
from services.notifications.domain.webhook_urls import UrlRules
from services.notifications.integrations.webhook_posts import AddressGate, Poster
from services.notifications.use_cases.webhook_deliveries import record_deliveries
from services.notifications.use_cases.webhook_endpoints import JudgedWish, create_endpoint
from services.notifications.workers.webhooks import WebhookWorker
from tests.databases import read_rows
from tests.notifications.callers import member
from tests.notifications.facts import START

# When what these tests tell began: recent, as what can be asked for again is.
BEGAN = datetime.now(UTC) - timedelta(hours=1)
RULES = UrlRules(allows_loopback=True)
VAULT = Vault([b"v" * 32])


def make_worker(timeout_s: float = 5) -> WebhookWorker:
    return WebhookWorker(poster=Poster(AddressGate(RULES), timeout_s=timeout_s), vault=VAULT)


@asynccontextmanager
async def sending(database: Database, timeout_s: float = 5) -> AsyncIterator[WebhookWorker]:
    worker = make_worker(timeout_s)
    task = asyncio.ensure_future(worker.run(database))
    try:
        yield worker
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def add_endpoint(
    database: Database,
    url: str,
    *,
    by: Member | None = None,
    types: Sequence[str] = (),
    ordered: bool = False,
) -> tuple[str, str]:
    """Its id and its secret."""
    by = by or member()
    wish = EndpointWish(url=url, description="", event_types=types, is_ordered=ordered)
    async with database.transaction(by) as connection:
        return await create_endpoint(
            connection, by, VAULT, JudgedWish(wish=wish, rules=RULES, fault=None)
        )


async def tell(database: Database, *events: Event) -> bool:
    """To endpoints that were there before, as if the first of it had happened at `BEGAN`."""
    recent = [replace(each, time=BEGAN + (each.time - START)) for each in events]
    async with database.working() as connection:
        await connection.execute("UPDATE webhook_endpoints SET created_at = '-infinity'")
        return await record_deliveries(connection, recent)


async def pass_time(database: Database, time: timedelta) -> None:
    """For webhooks alone: as if so much had passed."""
    async with database.working() as connection:
        await connection.execute(
            "UPDATE webhook_deliveries SET due_at = due_at - $1::interval", time
        )
        await connection.execute(
            """
            UPDATE webhook_endpoints
            SET rests_until = rests_until - $1::interval,
              leased_until = leased_until - $1::interval,
              failing_since = failing_since - $1::interval
            """,
            time,
        )
        await connection.execute(
            "UPDATE webhook_secrets SET ends_at = ends_at - $1::interval", time
        )


async def wait_until(database: Database, query: str, expected: object) -> None:
    """Until the query's one value is as expected."""
    value = None
    for _ in range(500):
        [(value,)] = await read_rows(database, query)
        if value == expected:
            return
        await asyncio.sleep(0.01)
    raise AssertionError(f"{value} instead of {expected}")


async def wait_until_idle(database: Database) -> None:
    """Until no endpoint is leased."""
    await wait_until(
        database, "SELECT count(*) FROM webhook_endpoints WHERE leased_until > now()", 0
    )
