"""What waits for a commit is called after it, and not where what asked for it was undone."""

from contextlib import suppress
from datetime import UTC, datetime

import pytest

from libs.common.database import after_commit, savepoint
from libs.common.timers import set_timer


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
