"""Migrations in dbmate's file format, each applied once and in order, by one process at a time.

dbmate takes no lock, so services that start together would trip over each other.
"""

import asyncio
import hashlib
from collections.abc import Sequence
from pathlib import Path

import asyncpg

COMMON_MIGRATIONS = Path(__file__).parent / "sql"

_LOCK = "SELECT pg_try_advisory_lock(hashtext('portline migrations'))"
_UNLOCK = "SELECT pg_advisory_unlock(hashtext('portline migrations'))"
_CREATE_TABLE = """
    CREATE TABLE IF NOT EXISTS schema_migrations (
      version text PRIMARY KEY,
      checksum text NOT NULL,
      applied_at timestamptz NOT NULL DEFAULT clock_timestamp()
    )
"""
_ADD = "INSERT INTO schema_migrations (version, checksum) VALUES ($1, $2)"


class MigrationChangedError(Exception):
    """A migration that has already been applied reads differently now."""


class MigrationUnreadableError(Exception):
    """A migration asks for something that is not known here."""


async def migrate(url: str, *folders: Path) -> None:
    """Applies the files of each folder; the first folder's come first."""
    files = [file for folder in folders for file in sorted(folder.glob("*.sql"))]
    connection = await asyncpg.connect(url)
    try:
        # Polled: a session blocked in pg_advisory_lock deadlocks with CREATE INDEX CONCURRENTLY.
        while not await connection.fetchval(_LOCK):  # noqa: ASYNC110 - another process decides
            await asyncio.sleep(0.1)
        try:
            await _apply(connection, files)
        finally:
            await connection.execute(_UNLOCK)
    finally:
        await connection.close()


async def _apply(connection: asyncpg.Connection, files: Sequence[Path]) -> None:
    await connection.execute(_CREATE_TABLE)
    rows = await connection.fetch("SELECT version, checksum FROM schema_migrations")
    applied = {row["version"]: row["checksum"] for row in rows}
    for file in files:
        version = f"{file.parent.parent.name}/{file.stem}"
        text = file.read_text()
        checksum = hashlib.sha256(text.encode()).hexdigest()
        if version not in applied:
            await _apply_one(connection, version, text, checksum)
        elif applied[version] != checksum:
            raise MigrationChangedError(
                f"{version} was applied with other contents: add a new migration instead"
            )


async def _apply_one(
    connection: asyncpg.Connection, version: str, text: str, checksum: str
) -> None:
    _, _, after = text.partition("-- migrate:down")[0].partition("-- migrate:up")
    options, _, up = after.partition("\n")
    match options.split():
        case []:
            async with connection.transaction():
                await connection.execute("SET LOCAL lock_timeout = '5s'")
                await connection.execute(up)
                await connection.execute(_ADD, version, checksum)
        case ["transaction:false"]:
            # To be one statement: of several PostgreSQL makes a transaction all the same.
            await connection.execute(up)
            await connection.execute(_ADD, version, checksum)
        case _:
            raise MigrationUnreadableError(f"{version}: {options.strip()} is not known")
