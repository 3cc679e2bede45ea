"""Consumers: each event once and in order, whatever comes twice, late or broken."""

from collections import defaultdict
from datetime import UTC, datetime, timedelta

import asyncpg
import orjson
import pytest
from aiormq.exceptions import ChannelNotFoundEntity

from libs.common import consumer as consumer_module
from libs.common import inbox
from libs.common.broker import declare
from libs.common.consumer import (
    Consumer,
    Consumes,
    Ignored,
    Projection,
    Reaction,
    Report,
    work_of,
)
from libs.common.events import EventRegistry, Fact, encode
from libs.common.inbox import InboxWorker
from tests.common.traffic import (
    QUEUE,
    TOPOLOGY,
    Changed,
    Noted,
    broker,
    channel,
    count_waiting,
    event,
    eventually,
    publish,
    running,
)


class Called(Fact):
    type = "sample.called.v1"


class Unimportant(Fact):
    type = "sample.unimportant.v1"


class Ears:
    """A consumer with one subscription of each kind, and what each was told."""

    def __init__(self, database, amqp_url):
        self.told = defaultdict(list)
        self.poison = set()
        consumes = Consumes(
            queue=QUEUE.name,
            subscriptions=(
                Projection(facts=(Changed,), apply=self._apply),
                Reaction(fact=Noted, react=self._react),
                Report(fact=Called, apply=self._apply),
                Ignored(facts=(Unimportant,)),
            ),
        )
        self.worker = InboxWorker(
            database=database,
            registry=EventRegistry((Changed, Noted, Called)),
            work=work_of((consumes,)),
        )
        self.consumer = Consumer(
            consumes=consumes, database=database, broker=broker(amqp_url), worker=self.worker
        )

    def listening(self):
        return running(self.consumer.run, self.worker.run)

    async def _apply(self, connection, events):
        for each in events:
            await self._react(connection, each)

    async def _react(self, _connection, each):
        if (each.subject, each.sequence) in self.poison:
            raise LookupError("this one is poisoned")
        self.told[each.type].append((each.subject, each.sequence))


@pytest.fixture
async def ears(database, amqp_url):
    async with channel(amqp_url) as opened:
        await declare(opened, TOPOLOGY)
    return Ears(database, amqp_url)


@pytest.fixture
async def look(urls):
    """Rows of one query, as the owner sees them."""
    owner = await asyncpg.connect(urls.migrations_url)

    async def fetch(query):
        return [tuple(row) for row in await owner.fetch(query)]

    yield fetch
    await owner.close()


STATES = "SELECT subject, sequence, state FROM inbox ORDER BY subject, sequence"
REASONS = "SELECT reason FROM inbox WHERE state = 'dead' ORDER BY reason"


async def test_what_comes_twice_has_one_effect_in_one_batch_or_in_two(ears, amqp_url, look):
    once, other = event("one", 1), event("two", 1, Noted())
    await publish(amqp_url, once, once, other, other)

    async with ears.listening():
        await eventually(lambda: _returns(len(ears.told[Noted.type]) == 1))
        await publish(amqp_url, once, other, event("one", 2))
        await eventually(lambda: _returns(ears.told[Changed.type][-1:] == [("one", 2)]))

    assert ears.told[Changed.type] == [("one", 1), ("one", 2)]
    assert ears.told[Noted.type] == [("two", 1)]
    assert {state for _, _, state in await look(STATES)} == {"applied"}


async def test_a_report_leaves_no_row_and_what_is_ignored_neither(ears, amqp_url, look):
    await publish(amqp_url, event(fact=Called()), event(fact=Unimportant()), event("two", 1))

    async with ears.listening():
        await eventually(lambda: _returns(ears.told[Changed.type]))

    assert ears.told[Called.type] == [("one", 1)]
    assert await look(STATES) == [("two", 1, "applied")]


def _altered(**attributes) -> bytes:
    return orjson.dumps({**orjson.loads(encode(event())), **attributes})


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"no json \xff\x00", "MALFORMED"),
        (b"[]", "MALFORMED"),
        (b"{}", "UNKNOWN_TYPE"),
        (_altered(type="sample.unheard.v1"), "UNKNOWN_TYPE"),
        (_altered(data=[]), "MALFORMED"),
        (_altered(data={"state": 7}), "MALFORMED"),
        (_altered(id="nobody"), "MALFORMED"),
        (_altered(source="/elsewhere"), "MALFORMED"),
        (_altered(time="tomorrow"), "MALFORMED"),
        (_altered(sequence="0"), "MALFORMED"),
        (_altered(sequence=str(2**31)), "MALFORMED"),
        (_altered(subject="a\x00b"), "MALFORMED"),
        (_altered(subject=""), "MALFORMED"),
        (_altered(traceparent="\x00"), "MALFORMED"),
        (
            encode(event(time=datetime.now(UTC) + timedelta(hours=1))).encode(),
            "FROM_THE_FUTURE",
        ),
    ],
)
async def test_what_cannot_be_read_is_kept_once_with_its_reason_and_the_rest_goes_on(
    ears, amqp_url, look, body, code
):
    await publish(amqp_url, event("one", 1), body, event("two", 1))

    async with ears.listening():
        await eventually(lambda: _returns(len(ears.told[Changed.type]) == 2))
        await publish(amqp_url, body, event("three", 1))
        await eventually(lambda: _returns(len(ears.told[Changed.type]) == 3))
        await eventually(lambda: _is_held(amqp_url))

    ((reason,),) = await look(REASONS)
    assert reason.startswith(f"{code}: ")


@pytest.mark.parametrize("fact", [Changed(), Noted()])
async def test_a_poisoned_event_holds_back_only_its_subject_and_is_parked(
    ears, amqp_url, look, monkeypatch, fact
):
    monkeypatch.setattr(inbox, "_FIRST_DELAY_S", 0.001)
    ears.poison = {("one", 1)}
    await publish(
        amqp_url, *(event(name, number, fact) for number in (1, 2) for name in ("one", "two"))
    )

    async with ears.listening():
        await eventually(lambda: look("SELECT FROM inbox WHERE state = 'dead'"))
        await publish(amqp_url, event("one", 3, fact), event("two", 3, fact))
        await eventually(lambda: _returns(("two", 3) in ears.told[fact.type]))

    assert ears.told[fact.type] == [("two", 1), ("two", 2), ("two", 3)]
    rows = await look(
        "SELECT sequence, state, attempts, reason FROM inbox WHERE subject = 'one'"
    )
    assert min(rows) == (1, "dead", 5, "LookupError")
    assert [state for _, state, _, _ in sorted(rows)[1:]] == ["pending", "pending"]


async def test_nothing_is_acked_before_its_transaction_has_committed(
    ears, amqp_url, look, monkeypatch
):
    async def fail(*_arguments):
        raise asyncpg.ConnectionDoesNotExistError

    with monkeypatch.context() as patched:
        patched.setattr(Consumer, "_store", fail)
        await publish(amqp_url, event("one", 1), event("two", 1))
        async with ears.listening():
            await eventually(lambda: _is_held(amqp_url))
        assert await look(STATES) == []
        await eventually(lambda: count_waiting(amqp_url))
    assert await count_waiting(amqp_url) == 2

    async with ears.listening():
        await eventually(lambda: _returns(len(ears.told[Changed.type]) == 2))


async def test_while_the_database_is_away_a_batch_is_held_and_not_given_back(
    ears, amqp_url, look, monkeypatch
):
    monkeypatch.setattr(consumer_module, "_LONGEST_PAUSE_S", 0.001)
    monkeypatch.setattr(consumer_module, "_FIRST_PAUSE_S", 0.001)
    real = Consumer._take
    tries = []

    async def take(self, messages):
        tries.append([message.redelivered for message in messages])
        if len(tries) < 200:
            raise asyncpg.CannotConnectNowError
        await real(self, messages)

    monkeypatch.setattr(Consumer, "_take", take)
    await publish(amqp_url, event("one", 1))

    async with ears.listening():
        await eventually(lambda: _returns(ears.told[Changed.type]))

    assert tries == [[False]] * 200
    assert await look(STATES) == [("one", 1, "applied")]


@pytest.mark.parametrize(
    "fault",
    [asyncpg.exceptions._base.DataError("too large"), asyncpg.QueryCanceledError("too slow")],
)
async def test_a_fault_that_reads_like_a_lost_database_is_the_event_s_own(
    ears, amqp_url, monkeypatch, fault
):
    monkeypatch.setattr(inbox, "_FIRST_DELAY_S", 0.001)

    async def fail(_connection, each):
        if each.subject == "one":
            raise fault
        ears.told[each.type].append((each.subject, each.sequence))

    monkeypatch.setattr(ears, "_react", fail)
    await publish(amqp_url, event("one", 1), event("two", 1))

    async with ears.listening():
        await eventually(lambda: _returns(ears.told[Changed.type] == [("two", 1)]))


async def test_a_consumer_whose_queue_was_deleted_comes_back(ears, amqp_url):
    async with ears.listening():
        await publish(amqp_url, event("one", 1))
        await eventually(lambda: _returns(ears.told[Changed.type]))
        async with channel(amqp_url) as opened:
            await opened.queue_delete(QUEUE.name)
        await eventually(lambda: _queue_is_there(amqp_url))
        await publish(amqp_url, event("one", 2))
        await eventually(lambda: _returns(len(ears.told[Changed.type]) == 2))


async def _returns(value):
    return value


async def _is_held(amqp_url):
    return not await count_waiting(amqp_url)


async def _queue_is_there(amqp_url):
    async with channel(amqp_url) as opened:
        try:
            queue = await opened.declare_queue(QUEUE.name, passive=True)
        except ChannelNotFoundEntity:
            return False
        return bool(queue.declaration_result.consumer_count)
