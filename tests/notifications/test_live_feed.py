"""The live feed: bounded, in order, and whole after any loss."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress

import pytest

from libs.common.broker import Broker
from libs.common.caller import Caller, CallerResolver, Role
from libs.common.database import Database
from libs.common.memberships import memberships_of
from libs.contracts.topology import TOPOLOGY
from services.notifications.domain.feed_entries import NewEntries
from services.notifications.domain.status_changes import LoggedChange
from services.notifications.domain.visibility import DESK_QUEUE, NUMBERS, PORTS, Watch
from services.notifications.live_feed.exchange import LiveExchange
from services.notifications.live_feed.feed import LiveFeed
from services.notifications.live_feed.streams import (
    MOST_MISSED,
    ChangeStream,
    CursorTooOldError,
    CursorUnknownError,
)
from tests.notifications.callers import EVERYTHING, SUPPORT, hear, member
from tests.notifications.facts import approved, claimed, first_call, member_changed, submitted


class Replica:
    """One process's feed; without `amqp_url` it has only the table."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.exchange = LiveExchange()
        self.feed = LiveFeed(self.exchange)

    async def tell(self, *events) -> list[LoggedChange]:
        """Logged and announced, as the consumer does it."""
        changes = await hear(self.database, *events)
        self.exchange.announce(changes)
        return changes

    def hand_over(self, changes: list[LoggedChange]) -> None:
        """What the broker would bring."""
        self.exchange._heard.put_nowait(changes)

    def stream(self, caller: Caller, watch: Watch = EVERYTHING) -> ChangeStream:
        callers = CallerResolver(None, memberships_of(self.database))
        return ChangeStream(
            feed=self.feed,
            database=self.database,
            refresh=callers.refresh,
            caller=caller,
            watch=watch,
        )

    def subscribe(self, caller: Caller, watch: Watch = EVERYTHING, after: int | None = None):
        return Reader(self.stream(caller, watch).follow(after))


class Reader:
    """Reads a stream as a client does: `told` has what it got."""

    def __init__(self, changes) -> None:
        self.changes = changes
        self.told: list[LoggedChange] = []

    async def __aenter__(self):
        self._task = asyncio.create_task(self._read())
        await asyncio.sleep(0.1)
        return self

    async def __aexit__(self, *_) -> None:
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task

    async def _read(self) -> None:
        async for change in self.changes:
            self.told.append(change)

    async def wait_for_count(self, count: int) -> None:
        await wait_until(lambda: len(self.told) >= count)

    async def wait_for(self, count: int) -> list[str]:
        await self.wait_for_count(count)
        return [change.subject for change in self.told]

    async def wait_for_end(self, within_s: float = 2) -> None:
        async with asyncio.timeout(within_s):
            await self._task


async def wait_until(is_so: Callable[[], bool], within_s: float = 5) -> None:
    async with asyncio.timeout(within_s):
        while not is_so():  # noqa: ASYNC110 - what is waited for has no event
            await asyncio.sleep(0.01)


@asynccontextmanager
async def running(database: Database, amqp_url: str | None = None) -> AsyncIterator[Replica]:
    replica = Replica(database)
    work = [replica.feed.run(database)]
    broker = Broker(url=amqp_url or "", topology=TOPOLOGY, name="test replica")
    if amqp_url is not None:
        work.append(replica.exchange.run(broker))
    tasks = [asyncio.ensure_future(each) for each in work]
    try:
        await asyncio.wait_for(replica.feed._started.wait(), 5)
        if amqp_url is not None:
            await wait_until(lambda: broker.is_connected, within_s=10)
            await asyncio.sleep(0.5)
        yield replica
    finally:
        for task in tasks:
            task.cancel()
        ends = await asyncio.gather(*tasks, return_exceptions=True)
        assert all(isinstance(end, asyncio.CancelledError) for end in ends), ends


@pytest.fixture
async def replica(database: Database) -> AsyncIterator[Replica]:
    async with running(database) as running_replica:
        yield running_replica


async def test_what_was_never_announced_is_read_from_the_table_within_seconds(replica) -> None:
    async with replica.subscribe(SUPPORT) as reader:
        await hear(replica.database, submitted())

        assert await reader.wait_for(1) == ["pr_1"]


async def test_what_was_never_announced_is_read_while_other_news_keeps_coming(replica) -> None:
    async def chatter() -> None:
        while True:
            replica.exchange._heard.put_nowait(NewEntries(members_by_account={}))
            await asyncio.sleep(0.02)

    chattering = asyncio.create_task(chatter())
    async with replica.subscribe(SUPPORT) as support:
        await hear(replica.database, submitted())
        told = await support.wait_for(1)
    chattering.cancel()

    assert told == [submitted().subject]


async def test_a_gap_is_filled_from_the_table(replica) -> None:
    async with replica.subscribe(SUPPORT) as reader:
        await hear(replica.database, submitted("pr_1"), submitted("pr_2"))
        replica.hand_over(await hear(replica.database, submitted("pr_3")))

        async with asyncio.timeout(0.8):
            assert await reader.wait_for(3) == ["pr_1", "pr_2", "pr_3"]


async def test_what_comes_twice_or_out_of_order_is_told_once_and_in_order(replica) -> None:
    async with replica.subscribe(SUPPORT) as reader:
        first = await hear(replica.database, submitted("pr_1"))
        second = await hear(replica.database, submitted("pr_2"))
        for changes in (second, first, first, second):
            replica.hand_over(changes)
        replica.hand_over(await hear(replica.database, submitted("pr_3")))

        assert await reader.wait_for(3) == ["pr_1", "pr_2", "pr_3"]


async def test_a_late_version_is_not_told(replica) -> None:
    async with replica.subscribe(SUPPORT) as reader:
        replica.hand_over(await hear(replica.database, approved(sequence=2)))
        replica.hand_over(await hear(replica.database, submitted(sequence=1)))
        replica.hand_over(await hear(replica.database, submitted("pr_2")))

        assert await reader.wait_for(2) == ["pr_1", "pr_2"]
    async with replica.subscribe(SUPPORT, after=0) as reader:
        assert await reader.wait_for(2) == ["pr_1", "pr_2"]


async def test_two_replicas_tell_the_same(database: Database, amqp_url: str) -> None:
    async with AsyncExitStack() as stack:
        one = await stack.enter_async_context(running(database, amqp_url))
        other = await stack.enter_async_context(running(database, amqp_url))
        mine = await stack.enter_async_context(one.subscribe(SUPPORT))
        theirs = await stack.enter_async_context(other.subscribe(SUPPORT))

        for n in range(20):
            await (one, other)[n % 2].tell(submitted(f"pr_{n}"))

        expected = [f"pr_{n}" for n in range(20)]
        assert await mine.wait_for(20) == expected
        assert await theirs.wait_for(20) == expected


async def test_announced_changes_arrive_before_the_table_is_polled(database, amqp_url) -> None:
    async with running(database, amqp_url) as replica, replica.subscribe(SUPPORT) as reader:
        for n in range(5):
            await replica.tell(submitted(f"pr_{n}"))
            async with asyncio.timeout(0.3):
                await reader.wait_for(n + 1)


async def test_a_stream_resumes_without_gap_or_double_while_events_pour_in(replica) -> None:
    total = 900

    async def pour() -> None:
        for start in range(0, total, 10):
            changes = await hear(
                replica.database, *(submitted(f"pr_{n}") for n in range(start, start + 10))
            )
            # Now and then a process dies between commit and publish.
            if start % 50:
                replica.hand_over(changes)

    pouring = asyncio.create_task(pour())
    told: list[int] = []
    while len(told) < total:
        after = told[-1] if told else 0
        changes = replica.stream(SUPPORT).follow(after)
        async with asyncio.timeout(10):
            count = min(97, total - len(told))
            told += [(await anext(changes)).log_id for _ in range(count)]
        await changes.aclose()
    await pouring

    assert told == list(range(1, total + 1))
    assert not replica.feed._by_account  # nobody is left to whom anything would be told


async def test_a_lagging_client_gets_all_it_missed_where_that_is_not_much(replica) -> None:
    changes = replica.stream(SUPPORT).follow(0)
    waiting = asyncio.ensure_future(anext(changes))
    await asyncio.sleep(0.1)
    for n in range(5):
        batch = [submitted(f"pr_{n}_{m}") for m in range(100)]
        replica.hand_over(await hear(replica.database, *batch))
    await asyncio.sleep(0.3)

    told = [await waiting]
    async with asyncio.timeout(5):
        while len(told) < 500:
            told.append(await anext(changes))
    await changes.aclose()

    assert [change.log_id for change in told] == list(range(1, 501))


async def test_a_client_that_lags_far_behind_gets_the_newest_of_each_subject(replica) -> None:
    changes = replica.stream(SUPPORT).follow(None)
    waiting = asyncio.ensure_future(anext(changes))
    await asyncio.sleep(0.1)
    replica.hand_over(await hear(replica.database, submitted("pr_0")))
    await waiting
    for version in range(2, 302):
        batch = [approved(f"pr_{n}", version) for n in range(5)]
        replica.hand_over(await hear(replica.database, *batch))
    await wait_until(lambda: replica.feed._log_id == 1 + 5 * 300)
    (subscriber,) = replica.feed._all()

    assert len(subscriber._queued) <= 64
    async with asyncio.timeout(5):
        told = [await anext(changes) for _ in range(5)]
    assert {(change.subject, change.sequence) for change in told} == {
        (f"pr_{n}", 301) for n in range(5)
    }
    replica.hand_over(await hear(replica.database, submitted("pr_9")))
    async with asyncio.timeout(5):
        assert (await anext(changes)).subject == "pr_9"
    await changes.aclose()


async def test_a_cursor_too_far_back_is_refused(replica) -> None:
    batch = [submitted(f"pr_{n}") for n in range(MOST_MISSED + 1)]
    await hear(replica.database, *batch)

    with pytest.raises(CursorTooOldError):
        await anext(replica.stream(SUPPORT).follow(0))
    async with asyncio.timeout(5):
        change = await anext(replica.stream(SUPPORT).follow(1))
    assert change.log_id == 2


async def test_a_cursor_that_the_log_never_reached_is_refused(replica) -> None:
    with pytest.raises(CursorUnknownError):
        await anext(replica.stream(SUPPORT).follow(7))


async def test_far_back_counts_only_what_the_caller_may_see(replica) -> None:
    foreign = [submitted(f"pr_{n}", account_id="acc_b") for n in range(MOST_MISSED + 1)]
    await hear(replica.database, member_changed(), submitted("pr_mine"), *foreign)

    async with replica.subscribe(member(), after=0) as reader:
        assert await reader.wait_for(1) == ["pr_mine"]


async def test_the_desk_alone_hears_who_works_on_a_request(replica) -> None:
    await add_members(replica)
    queue = Watch(kinds=DESK_QUEUE)
    async with (
        replica.subscribe(SUPPORT, queue) as desk,
        replica.subscribe(SUPPORT, Watch(kinds=PORTS)) as dashboard,
        replica.subscribe(member(), queue) as administrator,
        replica.subscribe(member(), queue, after=0) as resuming,
    ):
        replica.hand_over(
            await hear(replica.database, submitted(), claimed(), approved(sequence=3))
        )

        assert await desk.wait_for(3) == ["pr_1"] * 3
        await dashboard.wait_for(2)
        await administrator.wait_for(2)
        await resuming.wait_for(2)
        for each in (dashboard, administrator, resuming):
            assert [change.sequence for change in each.told] == [1, 3]


async def test_what_the_desk_heard_first_makes_nothing_late_for_customers(replica) -> None:
    async with replica.subscribe(SUPPORT, Watch(kinds=PORTS)) as dashboard:
        replica.hand_over(await hear(replica.database, claimed(sequence=2)))
        replica.hand_over(await hear(replica.database, submitted(sequence=1)))

        assert await dashboard.wait_for(1) == ["pr_1"]


async def test_a_filter_by_status_hears_what_comes_and_what_leaves(replica) -> None:
    approvals = Watch(kinds=PORTS, statuses=frozenset({"APPROVED"}))
    changes = [
        submitted(),
        approved(sequence=2),
        submitted(sequence=3, status="WITH_CARRIER"),
        submitted(sequence=4, status="CANCELLED"),
    ]
    async with replica.subscribe(SUPPORT, approvals) as live:
        replica.hand_over(await hear(replica.database, *changes))
        await live.wait_for(2)
    async with replica.subscribe(SUPPORT, approvals, after=0) as resuming:
        await resuming.wait_for(2)

    for each in (live, resuming):
        assert [(change.status_before, change.status) for change in each.told] == [
            ("IN_REVIEW", "APPROVED"),
            ("APPROVED", "WITH_CARRIER"),
        ]


async def test_numbers_are_followed_by_the_request_that_they_came_by(replica) -> None:
    watch = Watch(kinds=NUMBERS, port_request_id="pr_1")
    async with replica.subscribe(SUPPORT, watch) as live:
        replica.hand_over(
            await hear(
                replica.database, first_call("num_2", port_request_id="pr_2"), first_call()
            )
        )
        await live.wait_for(1)
    async with replica.subscribe(SUPPORT, watch, after=0) as resuming:
        assert await resuming.wait_for(1) == ["num_1"]
    assert [change.subject for change in live.told] == ["num_1"]


async def test_only_who_sees_every_request_follows_its_numbers_by_it(replica) -> None:
    await add_members(replica)
    watch = Watch(kinds=NUMBERS, port_request_id="pr_1")
    clients = member(Role.CLIENT_MANAGER, "co_a", id="mem_c")
    async with (
        replica.subscribe(clients, watch) as live,
        replica.subscribe(clients, watch, after=0) as resuming,
        replica.subscribe(clients, Watch(kinds=NUMBERS)) as wide,
    ):
        replica.hand_over(await hear(replica.database, first_call()))
        await wide.wait_for(1)
        assert live.told == resuming.told == []


async def add_members(replica: Replica) -> None:
    await hear(
        replica.database,
        member_changed(sequence=1, member_id="mem_a"),
        member_changed(sequence=2, member_id="mem_m", role="MANAGER", company_ids=["co_a"]),
        member_changed(
            sequence=3, member_id="mem_c", role="CLIENT_MANAGER", company_ids=["co_a"]
        ),
        member_changed("acc_b", sequence=1, member_id="mem_z"),
    )


async def test_nobody_is_told_of_what_is_not_theirs(replica) -> None:
    await add_members(replica)
    async with (
        replica.subscribe(member()) as administrator,
        replica.subscribe(member(Role.MANAGER, "co_a", id="mem_m")) as manager,
        replica.subscribe(member(Role.CLIENT_MANAGER, "co_a", id="mem_c")) as client_manager,
        replica.subscribe(member(account="acc_b", id="mem_z")) as stranger,
        replica.subscribe(member(), Watch(kinds=PORTS, account_id="acc_b")) as curious,
        replica.subscribe(member(), Watch(kinds=PORTS, port_request_id="pr_1")) as narrow,
        replica.subscribe(SUPPORT, Watch(kinds=PORTS, account_id="acc_b")) as desk,
    ):
        replica.hand_over(
            await hear(
                replica.database,
                submitted("pr_1"),
                submitted("pr_2", company_id="co_b"),
                submitted("pr_3", requester_id="mem_c"),
                first_call("num_1"),
                submitted("pr_z", account_id="acc_b", requester_id="mem_c"),
            )
        )

        assert await administrator.wait_for(4) == ["pr_1", "pr_2", "pr_3", "num_1"]
        assert await manager.wait_for(3) == ["pr_1", "pr_3", "num_1"]
        assert await client_manager.wait_for(2) == ["pr_3", "num_1"]
        assert await stranger.wait_for(1) == ["pr_z"]
        assert await desk.wait_for(1) == ["pr_z"]
        assert await narrow.wait_for(1) == ["pr_1"]
        assert curious.told == []


@pytest.mark.parametrize(
    "taken",
    [
        {"active": False},
        {"role": "VIEWER", "company_ids": ["co_a"]},
        {"role": "MANAGER", "company_ids": ["co_b"]},
    ],
)
async def test_a_right_taken_away_ends_the_stream_within_a_second(replica, taken) -> None:
    await add_members(replica)
    manager = member(Role.MANAGER, "co_a", id="mem_m")
    async with replica.subscribe(manager) as reader, replica.subscribe(member()) as other:
        changes = await hear(
            replica.database,
            member_changed(
                sequence=9,
                **{"member_id": "mem_m", "role": "MANAGER", "company_ids": ["co_a"], **taken},
            ),
            submitted("pr_1"),
        )
        replica.hand_over(changes)

        await reader.wait_for_end(within_s=1)
        assert reader.told == []
        assert await other.wait_for(1) == ["pr_1"]


async def test_a_right_that_was_given_widens_the_stream(replica) -> None:
    await add_members(replica)
    async with replica.subscribe(member(Role.MANAGER, "co_a", id="mem_m")) as reader:
        changes = await hear(
            replica.database,
            member_changed(
                sequence=9, member_id="mem_m", role="MANAGER", company_ids=["co_a", "co_b"]
            ),
            submitted("pr_b", company_id="co_b"),
        )
        replica.hand_over(changes)

        assert await reader.wait_for(1) == ["pr_b"]


async def test_who_lost_the_right_before_it_subscribed_hears_nothing(replica) -> None:
    await add_members(replica)
    await hear(replica.database, member_changed(sequence=9, active=False))

    async with replica.subscribe(member()) as reader:
        await reader.wait_for_end()


async def test_waiting_streams_hold_no_connection(replica) -> None:
    async with AsyncExitStack() as stack:
        for _ in range(30):
            await stack.enter_async_context(replica.subscribe(SUPPORT))

        async with asyncio.timeout(1):
            await replica.database.is_reachable()
            for _ in range(8):
                await stack.enter_async_context(replica.database.working())


async def test_streams_end_with_the_feed(database: Database) -> None:
    async with AsyncExitStack() as stack:
        async with running(database) as replica:
            reader = await stack.enter_async_context(replica.subscribe(SUPPORT))
        await reader.wait_for_end()
