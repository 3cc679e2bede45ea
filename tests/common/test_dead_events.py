"""Dead events: found, looked at, redriven in their aggregate's order, or dropped for the record."""

import asyncio
from typing import ClassVar
from uuid import UUID

import orjson
import pytest

from libs.common import dead_events, inbox
from libs.common.broker import declare
from libs.common.dead_events import Everything, Group
from libs.common.dropped_events import (
    DROPPED_EVENTS,
    BadWhy,
    drop,
    find_dropped,
    find_dropped_page,
    read_why,
)
from libs.common.events import EventRegistry, Fact, encode
from libs.common.inbox import InboxWorker, Work, add_received, bury_unreadable
from libs.common.paging import Page
from libs.common.replays import REPLAYS
from tests.common.test_consumer import Ears
from tests.common.traffic import (
    TOPOLOGY,
    Changed,
    Noted,
    channel,
    event,
    eventually,
    publish,
)

STATES = "SELECT subject, sequence, state FROM inbox ORDER BY subject, sequence"
ACTS = "SELECT act, actor, event_id, events, note FROM operator_acts ORDER BY act_id"


class Heard(Fact):
    type: ClassVar[str] = "sample.heard.v1"


@pytest.fixture
async def ears(database, amqp_url):
    async with channel(amqp_url) as opened:
        await declare(opened, TOPOLOGY)
    return Ears(database, amqp_url)


@pytest.fixture(autouse=True)
def _impatient(monkeypatch):
    monkeypatch.setattr(inbox, "_FIRST_DELAY_S", 0)


class Bench:
    """An inbox without a broker, and a worker that fails where the test says so."""

    def __init__(self, database, *facts):
        self.database = database
        self.told = []
        self.poison = set()
        self.worker = InboxWorker(
            database=database,
            registry=EventRegistry((Changed, Noted, *facts)),
            work={fact.type: Work(react=self._react) for fact in (Noted, *facts)},
        )

    async def _react(self, _connection, each):
        if each.subject in self.poison:
            raise LookupError("this one is poisoned")
        self.told.append((each.subject, each.sequence))

    async def receive(self, *events):
        async with self.database.working() as connection:
            await add_received(connection, events, {each.id: encode(each) for each in events})
        await self.work()

    async def bury(self, body, reason="UNKNOWN_TYPE: no such event type is known here"):
        async with self.database.working() as connection:
            await bury_unreadable(connection, body, reason)

    async def work(self):
        while await self.worker.work_one():
            pass

    async def do(self, call, *given, **more):
        async with self.database.working() as connection:
            return await call(connection, *given, **more)

    async def see(self, query):
        async with self.database.working() as connection:
            return [tuple(row) for row in await connection.fetch(query)]

    async def ids(self):
        return [
            row[0]
            for row in await self.see("SELECT event_id FROM inbox ORDER BY subject, sequence")
        ]


@pytest.fixture
def bench(database):
    return Bench(database)


@pytest.mark.parametrize("fact", [Changed(), Noted()])
async def test_after_the_fix_a_redriven_event_is_worked_before_all_that_came_while_it_was_parked(
    ears, amqp_url, database, fact
):
    ears.poison = {("one", 1)}
    await publish(
        amqp_url, *(event(name, number, fact) for number in (1, 2) for name in ("one", "two"))
    )

    async def groups():
        async with database.working() as connection:
            return await dead_events.find_dead_groups(connection)

    async with ears.listening():
        await eventually(groups)
        await publish(amqp_url, *(event(name, 3, fact) for name in ("one", "two", "three")))
        await eventually(lambda: asyncio.sleep(0, ("three", 3) in ears.told[fact.type]))
        told_meanwhile = [*ears.told[fact.type]]
        ears.poison = set()
        [group] = await groups()
        async with database.working() as connection:
            wanted = Group(reason=group.reason, type=group.type)
            assert len(await dead_events.redrive(connection, wanted)) == 1
        await eventually(lambda: asyncio.sleep(0, ("one", 3) in ears.told[fact.type]))

    assert sorted(told_meanwhile) == [("three", 3), ("two", 1), ("two", 2), ("two", 3)]
    assert [each for each in ears.told[fact.type] if each[0] == "one"] == [
        ("one", 1), ("one", 2), ("one", 3),
    ]  # fmt: skip
    assert (group.reason, group.events) == ("LookupError", 1)


async def test_the_dead_are_listed_newest_first_in_pages_and_counted_by_reason_and_type(bench):
    bench.poison = {"a", "b", "c"}
    for name in ("a", "b", "c"):
        await bench.receive(event(name, 1, Noted()))
    await bench.receive(event("a", 2, Noted()), event("a", 3, Noted()))
    await bench.bury(b"no json", "MALFORMED: the body is not JSON")

    first = await bench.do(dead_events.find_dead_page, Page(size=3))
    rest = await bench.do(
        dead_events.find_dead_page,
        Page(after=(first.rows[-1].received_at, first.rows[-1].event_id)),
    )
    of_one = await bench.do(
        dead_events.find_dead_page, Page(), reason="LookupError", type=Noted.type
    )

    assert [each.subject for each in first.rows[1:]] == ["c", "b"]
    assert [(each.subject, each.attempts, each.waiting_behind) for each in rest.rows] == [
        ("a", 5, 2)
    ]
    assert first.has_next
    assert not rest.has_next
    assert [each.subject for each in of_one.rows] == ["c", "b", "a"]
    assert [
        (group.reason, group.type, group.events)
        for group in await bench.do(dead_events.find_dead_groups)
    ] == [
        ("LookupError", Noted.type, 3),
        ("MALFORMED: the body is not JSON", "unreadable", 1),
    ]
    assert await bench.do(dead_events.count_dead) == 4


async def test_who_looks_at_a_body_is_on_record_and_who_looks_at_an_envelope_is_not(bench):
    bench.poison = {"one"}
    said = event("one", 1, Noted(state="open"), traceparent=f"00-{'a' * 32}-{'b' * 16}-01")
    await bench.receive(said)

    bodies = await bench.do(dead_events.find_bodies, [said.id])
    envelope = dead_events.read_envelope(bodies[said.id])
    assert await bench.see(ACTS) == []
    looked = await bench.do(dead_events.look_at_bodies, [said.id])

    assert looked == {said.id: encode(said)}
    assert (envelope.occurred_at, envelope.traceparent) == (said.time, said.traceparent)
    assert await bench.see(ACTS) == [("looked", "system", said.id, 1, None)]


@pytest.mark.parametrize(
    "body",
    ["", "[]", "7", '{"time": "4111-secret"}', '{"traceparent": "00-1"}', '{"time": null}'],
)
def test_an_envelope_shows_nothing_that_has_not_its_form(body):
    assert dead_events.read_envelope(body) == dead_events.Envelope()


async def test_some_or_all_are_redriven_and_what_is_not_dead_is_left(bench):
    bench.poison = {"a", "b", "c"}
    await bench.receive(*(event(name, 1, Noted()) for name in ("a", "b", "c", "d")))
    a, b, c, applied = await bench.ids()
    bench.poison = {"c"}

    assert await bench.do(dead_events.redrive, [a, applied]) == {a}
    await bench.work()
    assert await bench.do(dead_events.redrive, Everything()) == {b, c}
    await bench.work()

    assert bench.told == [("d", 1), ("a", 1), ("b", 1)]
    [left] = (await bench.do(dead_events.find_dead_page, Page())).rows
    assert (left.subject, left.attempts) == ("c", 5)
    assert await bench.see(ACTS) == [
        ("redriven", "system", a, 1, None),
        ("redriven", "system", None, 2, "all"),
    ]


async def test_a_dropped_event_holds_nothing_back_any_more_and_is_on_record(bench):
    bench.poison = {"one"}
    poisoned = event("one", 1, Noted())
    await bench.receive(poisoned, event("one", 2, Noted()), event("one", 3, Noted()))
    bench.poison = set()

    [dropped] = await bench.do(drop, [poisoned.id], "a port that never was")
    await bench.work()
    await bench.receive(poisoned)

    assert bench.told == [("one", 2), ("one", 3)]
    assert (dropped.why, dropped.dropped_by, dropped.fault, dropped.released) == (
        "a port that never was", "system", "LookupError", 2,
    )  # fmt: skip
    assert "event 1 of one" in dropped.meaning
    assert "2 later events" in dropped.meaning
    assert await bench.see("SELECT event_id, body FROM dropped_events") == [
        (poisoned.id, encode(poisoned))
    ]
    assert (await bench.do(find_dropped_page, Page())).rows == [dropped]
    assert await bench.do(find_dropped, [poisoned.id]) == [dropped]
    assert await bench.do(drop, [poisoned.id], "again") == []


async def test_what_nobody_could_read_is_worked_in_its_place_once_its_type_is_known(database):
    before, after = Bench(database), Bench(database, Heard)
    before.poison = after.poison = {"one"}
    late = event("one", 2, Heard())
    await before.receive(event("one", 1, Noted()))
    await before.bury(encode(late).encode())

    await before.do(dead_events.redrive, Everything())
    await before.work()
    reasons = {group.reason for group in await before.do(dead_events.find_dead_groups)}
    await after.do(dead_events.redrive, Everything())
    await after.work()
    held = [*after.told]
    after.poison = set()
    await after.do(dead_events.redrive, Everything())
    await after.work()
    await after.receive(late)

    assert reasons == {"LookupError", "UNKNOWN_TYPE: no such event type is known here"}
    assert held == []
    assert after.told == [("one", 1), ("one", 2)]
    assert {state for _, _, state in await after.see(STATES)} == {"applied"}


async def test_what_is_known_by_now_and_starts_nothing_is_settled_by_a_redrive(bench):
    await bench.bury(encode(event("one", 1, Changed())).encode())

    await bench.do(dead_events.redrive, Everything())
    await bench.work()

    assert bench.told == []
    assert await bench.do(dead_events.count_dead) == 0


async def test_what_was_not_kept_byte_for_byte_is_never_worked(database):
    after = Bench(database, Heard)
    whole = orjson.loads(encode(event("one", 1, Heard())))
    await after.bury(orjson.dumps({**whole, "more": "?"}).replace(b"?", b"\xff"))

    await after.do(dead_events.redrive, Everything())
    await after.work()

    assert after.told == []
    [group] = await after.do(dead_events.find_dead_groups)
    assert group.reason == "MALFORMED: it was not kept byte for byte"


async def test_dropping_what_nobody_could_read_releases_nothing(bench):
    await bench.bury(b"no json")
    [event_id] = await bench.ids()

    [dropped] = await bench.do(drop, [event_id], "noise")
    await bench.bury(b"no json")

    assert dropped.released == 0
    assert "Nobody could read it" in dropped.meaning
    assert await bench.do(dead_events.count_dead) == 0
    assert isinstance(dropped.event_id, UUID)


@pytest.mark.parametrize("why", ["", "  ", "a\nb", "x" * 1_001])
def test_a_reason_that_nobody_can_read_is_none(why):
    with pytest.raises(BadWhy):
        read_why(why)


async def test_every_list_of_an_operator_fits_the_tables_in_each_of_its_shapes(database):
    async with database.working() as connection:
        for listing in (dead_events.DEAD_EVENTS, DROPPED_EVENTS, REPLAYS):
            for sql in listing:
                await connection.prepare(sql)
