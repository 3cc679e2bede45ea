"""Events in, events out: what numbers does with porting's facts and the calls."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import permutations
from typing import Any
from uuid import UUID

import aio_pika
import pytest

from libs.common.broker import Broker, declare
from libs.common.consumer import Consumer, work_of
from libs.common.database import Database
from libs.common.events import Event, EventRegistry, encode
from libs.common.inbox import InboxWorker
from libs.contracts.number_events import (
    FirstCallReceived,
    NumberPortedIn,
    NumbersPreconfigured,
    PreconfigurationRefused,
)
from libs.contracts.number_reports import CallReceived
from libs.contracts.porting_events.lines import (
    LinesCancelled,
    LinesNotPortable,
    LinesPorted,
    LinesReverted,
    NamedLine,
    PortedLine,
)
from libs.contracts.porting_events.port_outs import (
    PortOutAuthorized,
    PortOutCancelled,
    PortOutPorted,
    PortOutReturned,
)
from libs.contracts.porting_events.requests import ReviewStarted
from libs.contracts.topology import (
    EVENTS,
    NUMBERS_EVENTS,
    NUMBERS_REPORTS,
    NUMBERS_STANDINGS,
    REPORTS,
    TOPOLOGY,
)
from services.numbers.consumers import CONSUMES
from services.numbers.domain.tracking_numbers import NumberState
from services.numbers.store.billing_periods import find_periods
from tests.numbers.builders import (
    NOON,
    a_line,
    add_number,
    found_account,
    heard,
    numbers_by_phone,
    phone,
    port_out_state,
    readied,
    request_state,
    told,
)


@dataclass(kw_only=True)
class Ears:
    """The running consumers, and a way to tell them something."""

    database: Database
    channel: aio_pika.abc.AbstractChannel

    async def hear(self, *events: Event, exchange: str = EVENTS) -> None:
        for event in events:
            await self.send(encode(event).encode(), event.type, exchange)

    async def send(self, body: bytes, key: str, exchange: str = EVENTS) -> None:
        target = await self.channel.get_exchange(exchange)
        await target.publish(aio_pika.Message(body), key)

    async def wait(self, *event_ids: UUID) -> None:
        """Until the inbox has applied them."""

        async def are_applied() -> bool:
            count = await self.ask(
                "SELECT count(*) FROM inbox WHERE state = 'applied' AND event_id = ANY($1)",
                event_ids,
            )
            return count == len(set(event_ids))

        await until(are_applied)

    async def wait_for_dead(self) -> str:
        """Until one is buried, and why."""
        reason = "SELECT reason FROM inbox WHERE state = 'dead'"

        async def is_buried() -> bool:
            return await self.ask(reason) is not None

        await until(is_buried)
        return await self.ask(reason)

    async def ask(self, sql: str, *arguments: object) -> Any:
        async with self.database.working() as connection:
            return await connection.fetchval(sql, *arguments)


async def until(is_so: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(20):
        while not await is_so():  # noqa: ASYNC110 - a row tells nobody that it has changed
            await asyncio.sleep(0.02)


async def is_active(database: Database) -> bool:
    return (await numbers_by_phone(database))[phone(1)].state is NumberState.ACTIVE


@asynccontextmanager
async def listening(database: Database, amqp_url: str) -> AsyncIterator[Ears]:
    broker = Broker(url=amqp_url, topology=TOPOLOGY, name="numbers")
    worker = InboxWorker(
        database=database,
        registry=EventRegistry(
            fact for each in CONSUMES for one in each.subscriptions for fact in one.facts
        ),
        work=work_of(CONSUMES),
    )
    consumers = [
        Consumer(consumes=consumes, database=database, broker=broker, worker=worker)
        for consumes in CONSUMES
    ]
    connection = await aio_pika.connect(amqp_url)
    channel = await connection.channel()
    await declare(channel, TOPOLOGY)
    work = [asyncio.ensure_future(each.run()) for each in (worker, *consumers)]
    try:
        yield Ears(database=database, channel=channel)
    finally:
        for task in work:
            task.cancel()
        await asyncio.gather(*work, return_exceptions=True)
        await connection.close()


@pytest.fixture
async def ears(database: Database, amqp_url: str) -> AsyncIterator[Ears]:
    async with listening(database, amqp_url) as opened:
        yield opened


def ported(house, *lines, at=NOON, sequence=9):
    fact = LinesPorted(
        **request_state(house),
        batch=1,
        of=1,
        lines=[
            PortedLine(
                line_id=line.line_id,
                tracking_number=line.tracking_number,
                ported_at=at,
                evidence="carrier",
            )
            for line in lines
        ],
    )
    return heard(fact, subject="pr_1", sequence=sequence)


def a_call(number, at=NOON, calling_number=None):
    call = CallReceived(tracking_number=number, called_at=at, calling_number=calling_number)
    return heard(call, subject=number)


def a_review(house, lines, *, sequence=5):
    return [
        heard(readied(house, lines), subject="pr_1", sequence=sequence),
        heard(ReviewStarted(**request_state(house)), subject="pr_1", sequence=sequence + 1),
    ]


QUEUES = (NUMBERS_EVENTS, NUMBERS_REPORTS, NUMBERS_STANDINGS)


@pytest.mark.parametrize("consumes", CONSUMES, ids=lambda consumes: consumes.queue)
def test_a_queue_receives_exactly_what_is_consumed_from_it(consumes):
    queue = {each.name: each for each in QUEUES}[consumes.queue]
    consumed = {fact.type for one in consumes.subscriptions for fact in one.facts}
    assert set(queue.keys) == consumed


async def test_a_number_s_way_from_review_to_having_left(ears, database):
    house = await found_account(database)
    line = a_line(house.companies["Dental"], phone(1))
    start = a_review(house, [line])
    await ears.hear(*start)
    await ears.wait(*(event.id for event in start))
    assert isinstance((await told(database, "pr_1"))[-1].fact, NumbersPreconfigured)

    port = ported(house, line)
    await ears.hear(port)
    await ears.wait(port.id)
    await ears.hear(a_call(phone(1)), exchange=REPORTS)

    await until(partial(is_active, database))
    state = port_out_state(house, [phone(1)])
    leaving = [
        heard(PortOutAuthorized(**state, by_silence=False), subject="po_1", sequence=3),
        heard(PortOutPorted(**state, ported_out_at=NOON), subject="po_1", sequence=4),
    ]
    await ears.hear(*leaving)
    await ears.wait(*(event.id for event in leaving))
    number = (await numbers_by_phone(database))[phone(1)]
    assert (number.state, number.version) == (NumberState.PORTED_OUT, 4)
    sequences = [event.sequence for event in await told(database, number.id)]
    assert sequences == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("fact", "said"), [(LinesCancelled, {}), (LinesNotPortable, {"code": "NOT_PORTABLE"})]
)
async def test_lines_that_will_never_port_leave_the_inventory(ears, database, fact, said):
    house = await found_account(database)
    lines = [a_line(house.companies["Dental"], phone(place)) for place in (1, 2)]
    ended = fact(
        **request_state(house),
        batch=1,
        of=1,
        lines=[NamedLine(line_id=lines[0].line_id, tracking_number=phone(1))],
        **said,
    )
    events = [*a_review(house, lines), heard(ended, subject="pr_1", sequence=9)]
    await ears.hear(*events, events[-1])
    await ears.wait(*(event.id for event in events))
    found = await numbers_by_phone(database)
    assert found[phone(1)].state is NumberState.RELEASED
    assert found[phone(2)].state is NumberState.PRECONFIGURED
    (released,) = await told(database, found[phone(1)].id)
    assert released.type == "numbers.number_released.v1"


async def test_what_snaps_back_is_released_and_what_returns_is_in_use_again(ears, database):
    house = await found_account(database)
    lines = [a_line(house.companies["Dental"], phone(place)) for place in (1, 2, 3)]
    start = [*a_review(house, lines), ported(house, *lines)]
    await ears.hear(*start)
    await ears.wait(*(event.id for event in start))
    reverted = LinesReverted(
        **request_state(house),
        batch=1,
        of=1,
        lines=[NamedLine(line_id=lines[0].line_id, tracking_number=phone(1))],
    )
    state = port_out_state(house, [phone(2)])
    kept = port_out_state(house, [phone(3)])
    facts = [
        ("pr_1", reverted),
        ("po_1", PortOutAuthorized(**state, by_silence=False)),
        ("po_1", PortOutPorted(**state, ported_out_at=NOON)),
        ("po_1", PortOutReturned(**state, returned_at=NOON + timedelta(hours=1))),
        ("po_2", PortOutAuthorized(**kept, by_silence=True)),
        ("po_2", PortOutCancelled(**kept, cancelled_at=NOON)),
    ]
    events = [
        heard(fact, subject=subject, sequence=sequence)
        for sequence, (subject, fact) in enumerate(facts, start=20)
    ]
    await ears.hear(*events, *events)
    await ears.wait(*(event.id for event in events))
    found = await numbers_by_phone(database)
    assert [found[phone(place)].state for place in (1, 2, 3)] == [
        NumberState.RELEASED,
        NumberState.AWAITING_FIRST_CALL,
        NumberState.AWAITING_FIRST_CALL,
    ]
    async with database.working() as connection:
        periods = await find_periods(connection, list(found.values()))
    ends = [periods[found[phone(place)].id][-1].ended_at for place in (1, 2, 3)]
    assert ends == [events[0].time, None, None]


@pytest.mark.requirement("S66")
async def test_everything_heard_twice_has_one_effect(ears, database):
    house = await found_account(database)
    line = a_line(house.companies["Dental"], phone(1))
    events = [*a_review(house, [line]), ported(house, line)]
    await ears.hear(*events, *events)
    await ears.wait(*(event.id for event in events))
    await ears.hear(*[a_call(phone(1))] * 50, exchange=REPORTS)
    last = ported(house, line, sequence=10)
    await ears.hear(last)
    await ears.wait(last.id)

    await until(partial(is_active, database))
    number = (await numbers_by_phone(database))[phone(1)]
    kinds = [type(event.fact) for event in await told(database, number.id)]
    assert sorted(kind.__name__ for kind in kinds) == ["FirstCallReceived", "NumberPortedIn"]
    assert len(await told(database, "pr_1")) == 1


async def test_a_review_s_lines_and_the_port_may_arrive_in_one_batch(ears, database):
    house = await found_account(database)
    line = a_line(house.companies["Dental"], phone(1))
    events = [*a_review(house, [line]), ported(house, line)]
    await ears.hear(*events)
    await ears.wait(*(event.id for event in events))
    assert (await numbers_by_phone(database))[phone(1)].ported_at == NOON


@pytest.mark.requirement("S21")
async def test_a_refused_set_is_an_answer_and_no_fault(ears, database):
    house = await found_account(database)
    events = a_review(house, [a_line("co_nowhere", phone(1))])
    await ears.hear(*events)
    await ears.wait(*(event.id for event in events))
    assert isinstance((await told(database, "pr_1"))[-1].fact, PreconfigurationRefused)


@pytest.mark.requirement("S65")
async def test_anybodys_call_is_the_first_the_accounts_own_test_call_too(ears, database):
    house = await found_account(database)
    own = await add_number(database, house, phone(9), state=NumberState.ACTIVE)
    callers = ("+13125550155", own.phone_number, own.forwarding_number, "anonymous", None)
    numbers = [await add_number(database, house, phone(place)) for place in range(5)]
    for number, calling in zip(numbers, callers, strict=True):
        await ears.hear(a_call(number.phone_number, calling_number=calling), exchange=REPORTS)

    async def are_active():
        found = (await numbers_by_phone(database)).values()
        return {number.state for number in found} == {NumberState.ACTIVE}

    await until(are_active)


async def test_what_is_no_call_is_buried_and_the_next_call_counts(ears, database):
    house = await found_account(database)
    events = a_review(house, [a_line(house.companies["Dental"], phone(1))])
    await ears.hear(*events)
    await ears.wait(*(event.id for event in events))
    await ears.send(b"{", "calls.call_received.v1", REPORTS)
    assert "MALFORMED" in await ears.wait_for_dead()
    assert (await numbers_by_phone(database))[phone(1)].state is NumberState.PRECONFIGURED
    await ears.hear(a_call(phone(1)), exchange=REPORTS)

    await until(partial(is_active, database))


@pytest.mark.parametrize("jump", [timedelta(days=400), timedelta(days=-20_000)])
async def test_a_call_counts_whatever_its_systems_clock_says_and_leaves_no_row(
    ears, database, jump
):
    house = await found_account(database)
    number = await add_number(database, house, phone(1))
    at = datetime.now(UTC) + jump
    call = a_call(phone(1), at)
    jumped = Event(**{name: getattr(call, name) for name in Event.__slots__} | {"time": at})
    await ears.hear(jumped, jumped, exchange=REPORTS)

    await until(partial(is_active, database))
    called = (await numbers_by_phone(database))[phone(1)].first_called_at
    assert NOON - timedelta(days=30) <= called <= datetime.now(UTC)
    assert len(await told(database, number.id)) == 1
    assert await ears.ask("SELECT count(*) FROM inbox") == 0


@pytest.mark.requirement("S66")
async def test_port_and_call_in_every_order_activate_each_number_once(ears, database):
    house = await found_account(database)
    orders = list(permutations(("port", "call", "port again")))
    lines = [a_line(house.companies["Dental"], phone(place)) for place in range(len(orders))]
    events = a_review(house, lines)
    await ears.hear(*events)
    await ears.wait(*(event.id for event in events))
    sequence = 9
    for step in range(3):
        for order, line in zip(orders, lines, strict=True):
            if order[step] == "call":
                await ears.hear(a_call(line.tracking_number), exchange=REPORTS)
            else:
                sequence += 1
                port = ported(house, line, sequence=sequence)
                await ears.hear(port)
                await ears.wait(port.id)

    async def are_active():
        numbers = (await numbers_by_phone(database)).values()
        return {number.state for number in numbers} == {NumberState.ACTIVE}

    await until(are_active)
    kinds = [type(event.fact) for event in await told(database)]
    assert kinds.count(FirstCallReceived) == len(lines)
    assert kinds.count(NumberPortedIn) == len(lines)
    assert {number.version for number in (await numbers_by_phone(database)).values()} == {2}
