"""A service's database: what waits for a commit, and a server that falls silent."""

import asyncio
from contextlib import suppress
from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest

import libs.common.database
from libs.common.caller import Anonymous
from libs.common.database import (
    DATABASE_LOST,
    after_commit,
    apart,
    open_database,
    savepoint,
)
from libs.common.timers import set_timer
from tests.journeys.wires import Wire


async def test_what_waits_for_the_commit_is_called_after_it_in_order(database):
    called = []
    async with database.working():
        after_commit(lambda: called.append("first"))
        after_commit(lambda: called.append("second"))
        assert called == []

    assert called == ["first", "second"]


async def test_a_transaction_that_is_rolled_back_calls_nothing(database):
    called = []
    with suppress(LookupError):
        async with database.working():
            after_commit(lambda: called.append("never"))
            raise LookupError

    assert called == []


async def test_what_is_undone_to_a_savepoint_is_not_called_and_the_rest_is(database):
    called = []
    async with database.working() as connection:
        after_commit(lambda: called.append("before"))
        with suppress(LookupError):
            async with savepoint(connection):
                after_commit(lambda: called.append("never"))
                async with savepoint(connection):
                    after_commit(lambda: called.append("never, though its own part held"))
                raise LookupError
        async with savepoint(connection):
            after_commit(lambda: called.append("after"))

    assert called == ["before", "after"]


async def test_what_is_undone_to_a_savepoint_leaves_no_row_and_the_rest_does(database):
    now = datetime.now(UTC)
    async with database.working() as connection:
        await set_timer(connection, "remind", "kept", now)
        with suppress(LookupError):
            async with savepoint(connection):
                await set_timer(connection, "remind", "undone", now)
                raise LookupError
        rows = await connection.fetch("SELECT key FROM timers")

    assert [row["key"] for row in rows] == ["kept"]


async def test_outside_a_transaction_nothing_can_wait(database):
    with pytest.raises(RuntimeError, match="no transaction"):
        after_commit(lambda: None)


async def test_a_server_that_falls_silent_is_lost_within_seconds_and_met_again(
    urls, servers, monkeypatch
):
    monkeypatch.setattr(libs.common.database, "_SILENCE_S", 0.5)
    server, url = urlsplit(servers.postgres_url), urlsplit(urls.database_url)
    wire = Wire(str(server.hostname), server.port or 5432)
    with wire.laid():
        login = url.netloc.rpartition("@")[0]
        through = url._replace(netloc=f"{login}@127.0.0.1:{wire.listen_port}").geturl()
        silent = await open_database(through, "sample", statement_timeout_s=1)
        async with asyncio.timeout(10):
            with pytest.raises(DATABASE_LOST):
                await _work_while(silent, wire.freeze)
        wire.thaw()
        await _work_while(silent, lambda: None)
        await silent.close()


async def _work_while(database, happens):
    async with database.working() as connection:
        happens()
        await connection.execute("SELECT 1")


async def test_what_is_written_apart_stays_though_the_present_transaction_rolls_back(database):
    now = datetime.now(UTC)
    with suppress(LookupError):
        async with database.working() as connection:
            await set_timer(connection, "remind", "undone", now)
            async with apart() as beside:
                await set_timer(beside, "remind", "kept", now)
            raise LookupError
    async with database.working() as connection:
        rows = await connection.fetch("SELECT key FROM timers")

    assert [row["key"] for row in rows] == ["kept"]


async def test_what_runs_apart_waits_for_no_connection_that_others_hold(database):
    all_hold_one = asyncio.Barrier(8)

    async def write_apart(place: int) -> None:
        async with database.working():
            await all_hold_one.wait()
            async with apart() as beside:
                await set_timer(beside, "remind", str(place), datetime.now(UTC))

    async with asyncio.timeout(10):
        await asyncio.gather(*map(write_apart, range(8)))


async def test_nothing_runs_apart_from_no_transaction():
    with pytest.raises(RuntimeError):
        async with apart():
            pass


@pytest.mark.parametrize("mode", ["working", "reading"])
async def test_who_is_cancelled_while_it_begins_leaves_no_transaction_open(database, mode):
    complaints = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _loop, context: complaints.append(context["message"]))

    async def work() -> None:
        begun = database.working() if mode == "working" else database.reading(Anonymous())
        async with begun as connection:
            await connection.execute("SELECT 1")

    try:
        for turns in range(12):
            task = asyncio.create_task(work())
            for _ in range(turns):
                await asyncio.sleep(0)
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
    finally:
        loop.set_exception_handler(None)

    assert complaints == []
    async with database.working() as connection:
        assert await connection.fetchval("SELECT 1") == 1
