"""A member's feed: whose it is, what is unread, and what comes in live."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from libs.common.caller import CallerResolver, Role
from libs.common.database import Database
from libs.common.memberships import memberships_of
from libs.common.paging import Page
from services.notifications.domain.feed_entries import FeedWatch
from services.notifications.domain.messages import Message
from services.notifications.live_feed.entry_streams import EntryStream
from services.notifications.live_feed.streams import CursorUnknownError
from services.notifications.store import feed_entries as store
from services.notifications.use_cases.feed_reading import read_all_entries
from tests.notifications.callers import hear, member
from tests.notifications.facts import member_changed
from tests.notifications.feeds import add_entries
from tests.notifications.test_live_feed import Reader, Replica, running

ADA = member(id="mem_ada")
MIA = member(Role.MANAGER, "co_a", id="mem_mia")
CLEO = member(Role.CLIENT_MANAGER, "co_a", id="mem_cleo")


async def subjects_of(database: Database, reader, **asked) -> list[str]:
    watch = FeedWatch(**asked)
    async with database.reading(reader) as connection:
        page = await store.find_page(connection, reader, watch, Page(size=100))
        count = await store.count_entries(connection, reader, watch)
        unread = await store.count_unread(connection, reader)
    assert count == len(page.rows)
    if not asked:
        assert unread == len([entry for entry in page.rows if entry.read_at is None])
    return [entry.subject for entry in page.rows]


async def test_a_feed_shows_ones_own_entries_newest_first(database) -> None:
    await add_entries(database, "mem_ada", "pr_1", "pr_2")
    await add_entries(database, "mem_mia", "pr_3")

    assert await subjects_of(database, ADA) == ["pr_2", "pr_1"]
    assert await subjects_of(database, MIA) == ["pr_3"]
    assert await subjects_of(database, member(account="acc_b", id="mem_ada")) == []


async def test_a_company_or_request_that_is_no_longer_ones_own_is_in_no_feed(database) -> None:
    for reader in ("mem_ada", "mem_mia", "mem_cleo"):
        await add_entries(database, reader, f"pr_b_{reader}", company_ids=("co_b",))
        await add_entries(database, reader, f"pr_m_{reader}", requester_id="mem_mia")
        await add_entries(database, reader, f"acc_{reader}", company_ids=())

    assert len(await subjects_of(database, ADA)) == 3
    assert await subjects_of(database, MIA) == ["acc_mem_mia", "pr_m_mem_mia"]
    assert await subjects_of(database, CLEO) == ["acc_mem_cleo"]


async def test_who_is_no_administrator_any_more_sees_nothing_told_to_them_alone(
    database,
) -> None:
    for reader in ("mem_ada", "mem_mia"):
        await add_entries(
            database, reader, f"acc_{reader}", message=Message.MEMBER_CHANGED, company_ids=()
        )
        await add_entries(database, reader, f"po_{reader}", message=Message.PORT_OUT_RECEIVED)

    assert await subjects_of(database, ADA) == ["po_mem_ada", "acc_mem_ada"]
    assert await subjects_of(database, MIA) == []


async def test_the_tables_policies_hide_what_a_statement_forgets(database) -> None:
    await add_entries(database, "mem_ada", "pr_1")
    await add_entries(database, "mem_cleo", "pr_2", requester_id="mem_mia")
    async with database.reading(CLEO) as connection:
        entries = await connection.fetchval("SELECT count(*) FROM feed_entries")
        notices = await connection.fetch("SELECT subject FROM notices")

    assert entries == 0
    assert [row["subject"] for row in notices] == ["pr_1"]


async def test_all_that_was_shown_is_read_and_what_came_since_is_not(database) -> None:
    await add_entries(database, "mem_ada", "pr_1", "pr_2")
    await add_entries(database, "mem_mia", "pr_9")
    async with database.transaction(ADA) as connection:
        shown = await store.find_last_place_of(connection, ADA)
        await read_all_entries(connection, ADA, shown - 1)
    await add_entries(database, "mem_ada", "pr_3")

    assert await subjects_of(database, ADA, only_unread=True) == ["pr_3", "pr_2"]
    assert await subjects_of(database, MIA, only_unread=True) == ["pr_9"]


async def test_the_unread_are_counted_from_the_index_alone(database) -> None:
    await add_entries(database, "mem_mia", *(f"pr_{n:04}" for n in range(2_000)))
    async with database.working() as connection:
        await connection.execute("ANALYZE feed_entries")
    statement = store._COUNT_UNREAD
    for place, value in enumerate(("'acc_a'", "'mem_mia'", "'{co_a}'", "NULL"), start=1):
        statement = statement.replace(f"${place}", value)
    async with database.reading(MIA) as connection:
        await connection.execute("SET LOCAL enable_seqscan = off")
        await connection.execute("SET LOCAL enable_bitmapscan = off")
        plan = await connection.fetch(f"EXPLAIN {statement}")

    assert any("Index Only Scan using feed_entries_unread" in row[0] for row in plan), plan


def follow(replica: Replica, reader, after: int | None = None, **asked) -> Reader:
    stream = EntryStream(
        feed=replica.feed,
        database=replica.database,
        refresh=CallerResolver(None, memberships_of(replica.database)).refresh,
        reader=reader,
        watch=FeedWatch(**asked),
    )
    return Reader(stream.follow(after))


def told(reader: Reader) -> list[str]:
    return [entry.subject for entry, _ in reader.told]


async def add_readers(database: Database) -> None:
    await hear(
        database,
        member_changed(sequence=1, member_id="mem_ada"),
        member_changed(sequence=2, member_id="mem_mia", role="MANAGER", company_ids=["co_a"]),
    )


async def test_every_replica_tells_a_members_entries_at_once(database, amqp_url) -> None:
    await add_readers(database)
    async with AsyncExitStack() as stack:
        one = await stack.enter_async_context(running(database, amqp_url))
        other = await stack.enter_async_context(running(database, amqp_url))
        mine = await stack.enter_async_context(follow(one, ADA))
        theirs = await stack.enter_async_context(follow(other, ADA))
        foreign = await stack.enter_async_context(follow(one, MIA))

        for n in range(5):
            one.exchange.announce_entries(await add_entries(database, "mem_ada", f"pr_{n}"))
            async with asyncio.timeout(0.5):
                await mine.wait_for_count(n + 1)
                await theirs.wait_for_count(n + 1)

        assert told(mine) == told(theirs) == [f"pr_{n}" for n in range(5)]
        assert foreign.told == []


async def test_a_feed_is_followed_and_listed_by_company_request_and_message(database) -> None:
    await add_readers(database)
    async with running(database) as replica, AsyncExitStack() as stack:
        asked = [
            {"company_id": "co_b"},
            {"subject": "pr_1"},
            {"messages": ("port_approved",)},
        ]
        readers = [
            await stack.enter_async_context(follow(replica, ADA, **each)) for each in asked
        ]
        await add_entries(database, "mem_ada", "pr_1")
        await add_entries(database, "mem_ada", "pr_2", company_ids=("co_a", "co_b"))
        await add_entries(database, "mem_ada", "pr_3", message=Message.PORT_APPROVED)
        for reader in readers:
            await reader.wait_for_count(1)

        assert [told(reader) for reader in readers] == [["pr_2"], ["pr_1"], ["pr_3"]]
        for each, reader in zip(asked, readers, strict=True):
            assert await subjects_of(database, ADA, **each) == told(reader)


async def test_entries_that_were_never_announced_are_told_within_seconds(database) -> None:
    await add_readers(database)
    async with running(database) as replica, follow(replica, ADA) as reader:
        await add_entries(database, "mem_ada", "pr_1")

        await reader.wait_for_count(1)


async def test_a_feed_resumes_without_gap_or_double_while_entries_pour_in(database) -> None:
    await add_readers(database)
    total = 120

    async def pour(kind: str) -> None:
        for n in range(total // 2):
            await add_entries(database, "mem_ada", f"{kind}_{n:03}")

    async with running(database) as replica:
        pouring = [asyncio.create_task(pour(kind)) for kind in ("pr", "po")]
        places: list[int] = []
        while len(places) < total:
            stream = follow(replica, ADA, places[-1] if places else 0).changes
            async with asyncio.timeout(10):
                count = min(17, total - len(places))
                places += [(await anext(stream))[0].place for _ in range(count)]
            await stream.aclose()
        await asyncio.gather(*pouring)

    assert len(set(places)) == total
    assert places == sorted(places)


async def test_a_feed_ends_within_a_second_where_a_right_is_taken_away(database) -> None:
    await add_readers(database)
    async with running(database) as replica, follow(replica, MIA) as reader:
        replica.hand_over(
            await hear(database, member_changed(sequence=9, member_id="mem_mia", active=False))
        )

        await reader.wait_for_end(within_s=1)


async def test_a_place_that_the_feed_never_reached_is_refused(database) -> None:
    await add_readers(database)
    await add_entries(database, "mem_mia", "pr_1")
    async with running(database) as replica:
        with pytest.raises(CursorUnknownError):
            await anext(follow(replica, ADA, 1_000_000).changes)
