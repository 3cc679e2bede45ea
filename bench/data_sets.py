"""A million numbers in inventory: built once for a server, in one statement, and kept there."""

from urllib.parse import urlsplit

import asyncpg

from bench.rooms import migrations_of
from deploy.local.databases import (
    DatabaseUrls,
    create_service_database,
    find_service_database,
)
from deploy.local.servers import Servers
from libs.common.migrations import COMMON_MIGRATIONS, migrate

MILLION = 1_000_000
# Of these one waits for its first call.
WAITING_EVERY = 100

_IS_BUILT = "SELECT EXISTS (SELECT FROM tracking_numbers)"
_ADD_ACCOUNT = """
    INSERT INTO accounts (
      id, version, name, name_key, card_on_file, balance_current, in_good_standing, in_trial,
      standing_changed_at
    )
    VALUES ('acc_1', 1, 'Acme', 'acme', true, true, true, false, now());
    INSERT INTO companies (id, account_id, name, name_key)
    VALUES ('co_1', 'acc_1', 'Acme East', 'acme east');
"""
_ADD_NUMBERS = """
    INSERT INTO tracking_numbers (
      id, account_id, company_id, version, state, phone_number, forwarding_number, name, source,
      ported_at, first_called_at
    )
    SELECT 'num_' || lpad(place::text, 26, '0'), 'acc_1', 'co_1', 2,
      CASE WHEN place % $2 = 0 THEN 'AWAITING_FIRST_CALL' ELSE 'ACTIVE' END,
      '+1' || 212 + place / 500000 || 320 + place % 500000 / 10000
        || lpad((place % 10000)::text, 4, '0'),
      '+13125550100', 'Spring flyer ' || place, 'Flyer', clock_timestamp(),
      CASE WHEN place % $2 = 0 THEN NULL ELSE clock_timestamp() END
    FROM generate_series(0, $1 - 1) AS place
"""


def phone_number_at(place: int) -> str:
    """Of each place in a data set the number."""
    return f"+1{212 + place // 500_000}{320 + place % 500_000 // 10_000}{place % 10_000:04d}"


async def numbers_data_set(servers: Servers, size: int = MILLION) -> DatabaseUrls:
    """A migrated database of numbers with so many of one account."""
    name = f"numbers_of_{size}"
    urls = await find_service_database(
        servers.postgres_url, "numbers", name
    ) or await create_service_database(servers.postgres_url, "numbers", name)
    await migrate(urls.migrations_url, COMMON_MIGRATIONS, migrations_of("numbers"))
    everything = await asyncpg.connect(superuser_url(servers, urls))
    if not await everything.fetchval(_IS_BUILT):
        async with everything.transaction():
            await everything.execute(_ADD_ACCOUNT)
            await everything.execute(_ADD_NUMBERS, size, WAITING_EVERY, timeout=1_200)
        await everything.execute("VACUUM ANALYZE", timeout=600)
    await everything.close()
    return urls


def superuser_url(servers: Servers, urls: DatabaseUrls) -> str:
    path = urlsplit(urls.database_url).path
    return urlsplit(servers.postgres_url)._replace(path=path).geturl()
