"""Inventories of 1,000,000 and 10,000,000 numbers: built once, kept below `.local/bench`.

They are built anew when a migration of numbers has changed.
"""

import hashlib
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import asyncpg

from bench.measuring import Stopwatch
from bench.rooms import migrations_of
from deploy.local.databases import (
    DatabaseUrls,
    create_service_database,
    derive_password,
    drop_database,
)
from deploy.local.guard import Guard
from deploy.local.places import ROOT
from deploy.local.postgres import LocalPostgres
from libs.common.database import Connection
from libs.common.migrations import COMMON_MIGRATIONS, migrate

KEPT: Final = ROOT / ".local" / "bench" / "inventory"
MIGRATIONS: Final = migrations_of("numbers")
BIG: Final = "acc_big"
SMALL: Final = "acc_small"
ORDINARY: Final = "acc_0"
IN_SMALL: Final = 3_000
IN_ORDINARY: Final = 30_000
COMPANIES_OF_BIG: Final = 100
COMPANIES: Final = 10
_AT_ONCE: Final = 250_000
_SETTINGS: Final = {
    "fsync": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "8GB",
    "maintenance_work_mem": "512MB",
}

# Three in ten are of the big account, 3,000 of the small one, the others of ordinary ones; all
# are mixed, as they come in over the years. Every name has a word that all have, one in 20 and
# one in 2,000.
_NUMBERS: Final = """
    INSERT INTO tracking_numbers
      (id, account_id, company_id, version, state, phone_number, forwarding_number, name, source,
      added_at)
    SELECT 'num_' || lpad(place::text, 26, '0'), account_id,
      'co' || substr(account_id, 4) || '_' ||
        mixed / 7 % CASE account_id WHEN 'acc_big' THEN $5::integer ELSE $6::integer END,
      3, coalesce(
        (ARRAY['PRECONFIGURED', 'AWAITING_FIRST_CALL', 'DISABLED'])[mixed / 70 % 60 + 1], 'ACTIVE'
      ),
      '+1' || 2000000000 + place::bigint * 7368787 % 7999999993,
      '+1' || 2000000000 + mixed % 100000,
      'Campaign colour' || mixed / 11 % 20 || ' place' || mixed / 13 % 2000,
      'Source ' || mixed / 17 % 5,
      timestamptz '2024-01-01' + place * interval '1 s'
    FROM generate_series($1::integer, $2::integer) AS place
    CROSS JOIN LATERAL (SELECT abs(hashint4(place)::bigint) AS mixed) AS mixing
    CROSS JOIN LATERAL (
      SELECT CASE
        WHEN place % $3::integer = 5 THEN 'acc_small'
        WHEN place % 10 < 3 THEN 'acc_big'
        ELSE 'acc_' || mixed % $4::integer
      END AS account_id
    ) AS owner
"""
_ACCOUNTS: Final = """
    INSERT INTO accounts (id, version, name, name_key, card_on_file, balance_current,
      in_good_standing, in_trial, standing_changed_at)
    SELECT account_id, 1, account_id, account_id, true, true, true, false, now()
    FROM (
      SELECT DISTINCT account_id FROM number_counts
    ) AS counted
"""
_COMPANIES: Final = """
    INSERT INTO companies (id, account_id, name, name_key)
    SELECT DISTINCT company_id, account_id, company_id, company_id
    FROM number_counts
    WHERE company_id <> ''
"""
_COUNTS: Final = """
    INSERT INTO number_counts (account_id, company_id, tab, numbers)
    SELECT account_id, coalesce(company_id, ''), tab, count(*)
    FROM tracking_numbers
    GROUP BY GROUPING SETS ((account_id, tab), (account_id, company_id, tab))
"""
_WORDS: Final = """
    INSERT INTO number_words (account_id, word, number_id)
    SELECT account_id, unnest(words_of(name)), id
    FROM tracking_numbers
"""


class KeptPostgres(LocalPostgres):
    """Its data folder stays, with the password that it was made with."""

    def __init__(self, guard: Guard, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        super().__init__(guard, folder, durable=True)
        self._settings: dict[str, str] = dict(_SETTINGS)
        self._kept_password = folder / "superuser"
        self._is_made = self._kept_password.exists()
        if self._is_made:
            self._password = self._kept_password.read_text()

    def _make_cluster(self) -> None:
        if self._is_made:
            return
        super()._make_cluster()
        self._kept_password.touch(mode=0o600)
        self._kept_password.write_text(self._password)


@contextmanager
def kept_postgres(guard: Guard) -> Iterator[str]:
    """A superuser's URL."""
    postgres = KeptPostgres(guard, KEPT)
    postgres.create()
    try:
        yield postgres.url
    finally:
        postgres.stop()


async def provide_inventory(postgres_url: str, size: int) -> DatabaseUrls:
    """Built where there is none of this size and of these migrations."""
    name = f"numbers_{size}_{_fingerprint()}"
    server = await asyncpg.connect(postgres_url)
    names = [
        row["datname"]
        for row in await server.fetch("SELECT datname FROM pg_database")
        if row["datname"].startswith(f"numbers_{size}_")
    ]
    await server.close()
    if name not in names:
        for old in names:
            await drop_database(postgres_url, old)
        await _build(postgres_url, size, name)
    secret = derive_password(postgres_url, "numbers")
    where = urlsplit(postgres_url).netloc.rpartition("@")[2]
    return DatabaseUrls(
        database_url=f"postgresql://numbers:{secret}@{where}/{name}",
        migrations_url=f"postgresql://numbers_owner:{secret}@{where}/{name}",
    )


def _fingerprint() -> str:
    content = b"".join(path.read_bytes() for path in sorted(MIGRATIONS.glob("*.sql")))
    return hashlib.sha256(content + Path(__file__).read_bytes()).hexdigest()[:8]


async def _build(postgres_url: str, size: int, name: str) -> None:
    """Under another name until it is whole; minutes for the larger one, and 15 GB."""
    building = f"building_{size}"
    _say_free_space(size)
    await drop_database(postgres_url, building)
    urls = await create_service_database(postgres_url, "numbers", building)
    await migrate(urls.migrations_url, COMMON_MIGRATIONS, MIGRATIONS)
    url = urlsplit(postgres_url)._replace(path=f"/{building}").geturl()
    connection = await asyncpg.connect(url)
    await connection.execute("SET session_replication_role = replica")
    await _fill(connection, size)
    await connection.execute("VACUUM (ANALYZE, FREEZE)")
    await connection.execute("CHECKPOINT")
    await connection.close()
    server = await asyncpg.connect(postgres_url)
    await server.execute(f'ALTER DATABASE "{building}" RENAME TO "{name}"')
    await server.close()


async def _fill(connection: Connection, size: int) -> None:
    """Without indexes first: they are made faster over all rows at once."""
    watch = Stopwatch()
    indexes = await _drop_indexes(connection)
    async with connection.transaction():
        # What is written after it in its own transaction needs no log.
        await connection.execute("TRUNCATE tracking_numbers, number_words, number_counts")
        ordinary = max(1, size * 7 // 10 // IN_ORDINARY)
        for start in range(0, size, _AT_ONCE):
            end = min(start + _AT_ONCE, size)
            await connection.execute(
                _NUMBERS,
                start,
                end - 1,
                size // IN_SMALL,
                ordinary,
                COMPANIES_OF_BIG,
                COMPANIES,
            )
            _say(watch, f"{end:,} of {size:,} numbers")
        for what, statement in (
            ("words", _WORDS),
            ("counts", _COUNTS),
            ("accounts", _ACCOUNTS),
            ("companies", _COMPANIES),
        ):
            await connection.execute(statement)
            _say(watch, what)
    for index, definition in indexes.items():
        await connection.execute(definition)
        _say(watch, index)


async def _drop_indexes(connection: Connection) -> Mapping[str, str]:
    """The statements that make them again."""
    definitions: dict[str, str] = {}
    for row in await connection.fetch(
        """
        SELECT c.conname AS name, c.conrelid::regclass::text AS relation,
          pg_get_constraintdef(c.oid) AS definition, true AS is_constraint
        FROM pg_constraint AS c
        WHERE c.conrelid IN ('tracking_numbers'::regclass, 'number_words'::regclass)
          AND c.contype IN ('p', 'u', 'x')
        UNION ALL
        SELECT i.indexrelid::regclass::text, i.indrelid::regclass::text,
          pg_get_indexdef(i.indexrelid), false
        FROM pg_index AS i
        WHERE i.indrelid IN ('tracking_numbers'::regclass, 'number_words'::regclass)
          AND NOT EXISTS (SELECT FROM pg_constraint AS c WHERE c.conindid = i.indexrelid)
        """
    ):
        name, relation, definition = row["name"], row["relation"], row["definition"]
        if row["is_constraint"]:
            await connection.execute(f"ALTER TABLE {relation} DROP CONSTRAINT {name} CASCADE")
            definition = f"ALTER TABLE {relation} ADD CONSTRAINT {name} {definition}"
        else:
            await connection.execute(f"DROP INDEX {name}")
        definitions[name] = definition
    return definitions


def _say_free_space(size: int) -> None:
    room = os.statvfs(KEPT)
    gigabytes = room.f_bavail * room.f_frsize / 1e9
    print(
        f"inventory of {size:,}: is built once; {gigabytes:.0f} GB are free", file=sys.stderr
    )


def _say(watch: Stopwatch, what: str) -> None:
    print(f"  {watch.seconds:6.0f} s  {what}", file=sys.stderr, flush=True)
