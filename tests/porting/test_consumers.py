"""Events in: what porting does with numbers' facts and with reports, through the inbox."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, cast

import orjson
import pytest
from aio_pika.abc import AbstractIncomingMessage

from libs.common.broker import Broker
from libs.common.consumer import Consumer, Consumes, work_of
from libs.common.database import Database
from libs.common.events import Event, EventRegistry, encode
from libs.common.inbox import InboxWorker
from libs.common.memberships import memberships_of
from libs.contracts.number_events import (
    NUMBER_EVENTS,
    CompanyChanged,
    MemberChanged,
    NumberChanged,
    NumberDetails,
    NumberPortedIn,
    NumbersPreconfigured,
    PreconfiguredNumber,
)
from libs.contracts.porting_events.port_outs import PortOutWithdrawn
from libs.contracts.topology import TOPOLOGY
from services.porting.consumers import CONSUMES
from services.porting.domain.requests import PortRequestStatus
from services.porting.store import copies
from tests.porting.builders import (
    a_full_draft,
    a_line,
    a_port_out,
    a_request_with_the_carrier,
    account_changed,
    add_inventory,
    first_call,
    found_house,
    heard,
    lines_of,
    now,
    phone,
    port_out_of,
    port_out_reported,
    request_of,
    submit,
    types_told,
)

EVENTS, REPORTS = CONSUMES


@dataclass(frozen=True)
class Message:
    body: bytes


@dataclass(kw_only=True)
class Ears:
    """The consumers without the broker: batches as they come from it, and their work."""

    database: Database
    worker: InboxWorker

    async def take(self, *bodies: bytes, consumes: Consumes = EVENTS) -> None:
        consumer = Consumer(
            consumes=consumes,
            database=self.database,
            broker=Broker(url="amqp://nowhere", topology=TOPOLOGY, name="porting"),
            worker=self.worker,
        )
        messages = [cast("AbstractIncomingMessage", Message(body)) for body in bodies]
        await consumer._take(messages)
        while await self.worker.work_one():
            pass

    async def hear(self, *events: Event, consumes: Consumes = EVENTS) -> None:
        await self.take(*(encode(event).encode() for event in events), consumes=consumes)

    async def inbox(self) -> Sequence[tuple[Any, ...]]:
        """State, attempts and reason of what is not applied."""
        return await self.ask(
            "SELECT state, attempts, reason FROM inbox WHERE state <> 'applied'"
        )

    async def ask(self, sql: str, *arguments: object) -> list[tuple[Any, ...]]:
        async with self.database.working() as connection:
            return [tuple(row) for row in await connection.fetch(sql, *arguments)]


@pytest.fixture
def ears(database: Database) -> Ears:
    facts = [fact for each in CONSUMES for one in each.subscriptions for fact in one.facts]
    worker = InboxWorker(
        database=database, registry=EventRegistry(facts), work=work_of(CONSUMES)
    )
    return Ears(database=database, worker=worker)


def test_every_fact_of_numbers_starts_something():
    subscribed = {fact for one in EVENTS.subscriptions for fact in one.facts}
    assert subscribed == set(NUMBER_EVENTS)


def company(name: str) -> CompanyChanged:
    return CompanyChanged(company_id="co_1", name=name)


def member(name: str, *, active: bool = True) -> MemberChanged:
    return MemberChanged(
        member_id="mem_1",
        name=name,
        email="ada@example.com",
        role="MANAGER",
        company_ids=["co_1", "co_2"],
        login_issuer="issuer",
        login_subject="ada",
        active=active,
    )


async def test_copies_take_the_latest_version_in_whatever_order_it_comes(ears):
    first = [
        heard(account_changed(card_on_file=False), subject="acc_1", sequence=1),
        heard(company("Old"), subject="acc_1", sequence=2),
        heard(member("Old"), subject="acc_1", sequence=3),
    ]
    latest = [
        heard(account_changed(), subject="acc_1", sequence=4),
        heard(company("New"), subject="acc_1", sequence=5),
        heard(member("New"), subject="acc_1", sequence=6),
    ]
    await ears.hear(*latest, *first)
    await ears.hear(*first, *latest)

    assert await ears.ask("SELECT card_on_file, version FROM accounts") == [(True, 4)]
    assert await ears.ask("SELECT name, version FROM companies") == [("New", 5)]
    assert await ears.ask("SELECT name, version FROM members") == [("New", 6)]
    assert await ears.inbox() == []


async def test_a_member_who_left_has_no_membership(ears, database):
    find = memberships_of(database)
    await ears.hear(heard(member("Ada"), subject="acc_1", sequence=1))
    (found,) = await find("issuer", "ada")
    assert (found.account_id, found.member_id, found.company_ids) == (
        "acc_1",
        "mem_1",
        {"co_1", "co_2"},
    )
    await ears.hear(heard(member("Ada", active=False), subject="acc_1", sequence=2))
    assert await find("issuer", "ada") == []


def preconfigured(lines, account: str, *, batch: int, of: int) -> NumbersPreconfigured:
    numbers = [
        PreconfiguredNumber(
            number_id=f"num_{line.tracking_number[1:]}",
            line_id=line.id,
            tracking_number=line.tracking_number,
            company_id=line.company_id,
        )
        for line in lines
    ]
    return NumbersPreconfigured(account_id=account, batch=batch, of=of, numbers=numbers)


@pytest.mark.requirement("S21")
async def test_a_request_is_ready_when_the_last_batch_has_come(ears, database):
    house = await found_house(database)
    added = [a_line(house.dental, phone(100)), a_line(house.dental, phone(101))]
    request_id = await a_full_draft(database, house.administrator, house.dental, added)
    await submit(database, house.administrator, request_id)
    first, last = [
        heard(
            preconfigured([line], house.id, batch=batch, of=2),
            subject=request_id,
            sequence=batch,
        )
        for batch, line in enumerate(added, start=1)
    ]

    await ears.hear(first)
    assert (await request_of(database, request_id)).preconfigured_at is None
    await ears.hear(first, last)
    await ears.hear(last)

    assert (await request_of(database, request_id)).preconfigured_at is not None
    assert [line.number_id for line in await lines_of(database, request_id)] == [
        "num_12125550100",
        "num_12125550101",
    ]
    assert (await types_told(database, request_id)).count("lines_preconfigured") == 1
    states = await ears.ask("SELECT state, version FROM inventory_numbers")
    assert states == [("PRECONFIGURED", 0)] * 2


async def test_a_late_preconfiguration_takes_no_number_back(ears, database):
    house = await found_house(database)
    arrived = NumberPortedIn(
        account_id=house.id,
        company_id=house.dental,
        tracking_number=phone(100),
        state="AWAITING_FIRST_CALL",
        port_request_id="pr_x",
        ported_at=now(),
    )
    line = a_line(house.dental, phone(100))
    late = preconfigured([line], house.id, batch=1, of=1)
    await ears.hear(heard(arrived, subject="num_12125550100"))
    await ears.hear(heard(late, subject="pr_x"))
    assert await ears.ask("SELECT state, version FROM inventory_numbers") == [
        ("AWAITING_FIRST_CALL", 1)
    ]
    assert await ears.inbox() == []


async def test_a_number_that_moves_to_another_company_is_known_there(ears, database):
    house = await found_house(database)
    number_id = await add_inventory(database, house, phone(1))
    moved = NumberChanged(
        account_id=house.id,
        company_id=house.garage,
        tracking_number=phone(1),
        state="ACTIVE",
        port_request_id=None,
        details=NumberDetails(forwarding_number="+16175550100", name="Main", source="web"),
        changed=["company_id"],
        changed_by="mem_1",
        changed_at=now(),
    )
    await ears.hear(heard(moved, subject=number_id, sequence=9))
    assert await ears.ask("SELECT company_id, version FROM inventory_numbers") == [
        (house.garage, 9)
    ]


async def test_the_same_first_call_twice_ports_once(ears, database):
    house = await found_house(database)
    request_id = await a_request_with_the_carrier(database, house, [phone(100)])
    event = first_call(house, request_id, phone(100), now())
    await ears.hear(event, event)
    await ears.hear(event)
    assert (await request_of(database, request_id)).status is PortRequestStatus.COMPLETED
    assert (await types_told(database, request_id)).count("lines_ported") == 1


async def test_what_is_in_inventory_is_known_by_its_latest_state(ears, database):
    house = await found_house(database)
    number_id = await add_inventory(database, house, phone(1))
    event = first_call(house, None, phone(1), now())
    later = heard(event.fact, subject=number_id, sequence=3)
    await ears.hear(later)
    async with database.working() as connection:
        (number,) = await copies.find_inventory_numbers(connection, [phone(1)])
    assert (number.state, number.version) == ("ACTIVE", 3)


async def test_a_report_is_taken_once_and_by_its_reference(ears, database):
    house = await found_house(database)
    await add_inventory(database, house, phone(1))
    report = port_out_reported(phone(1))
    await ears.hear(report, report, consumes=REPORTS)
    await ears.hear(port_out_reported(phone(1)), consumes=REPORTS)
    port_out_id = await a_port_out(database, house, phone(1))
    assert (await port_out_of(database, port_out_id)).reference == "R-1"
    assert await types_told(database, port_out_id) == ["port_out_received"]


@pytest.mark.parametrize("minutes", [-1, 4])
async def test_a_report_of_unknown_numbers_is_answered_and_no_dead_message(
    ears, database, minutes
):
    said = now() + timedelta(minutes=minutes)
    report = replace(port_out_reported(phone(1)), time=said)
    await ears.hear(report, consumes=REPORTS)
    assert await ears.inbox() == []
    assert await ears.ask("SELECT 1 FROM port_outs") == []
    assert await ears.ask("SELECT kind, finding FROM port_out_alerts") == [
        ("ODD_NUMBERS", "UNKNOWN")
    ]


async def test_a_report_waits_a_moment_for_what_may_be_coming(ears, database):
    house = await found_house(database)
    await ears.hear(port_out_reported(phone(1)), consumes=REPORTS)
    assert await ears.inbox() == [("pending", 1, "NumbersMayBeComingError")]
    await add_inventory(database, house, phone(1))
    async with database.working() as connection:
        await connection.execute("UPDATE inbox SET next_attempt_at = now()")
    await ears.worker.work_one()
    assert await ears.inbox() == []
    assert await ears.ask("SELECT status FROM port_outs") == [("RECEIVED",)]
    assert await ears.ask("SELECT 1 FROM port_out_alerts") == []


async def test_what_a_carrier_withdraws_is_cancelled(ears, database):
    house = await found_house(database)
    await add_inventory(database, house, phone(1))
    await ears.hear(port_out_reported(phone(1)), consumes=REPORTS)
    withdrawn = PortOutWithdrawn(gaining_carrier="New  Telecom", reference="R-1")
    await ears.hear(heard(withdrawn, subject="R-1", sequence=2), consumes=REPORTS)
    assert await ears.inbox() == []
    assert await ears.ask("SELECT status FROM port_outs") == [("CANCELLED",)]
    unknown = PortOutWithdrawn(gaining_carrier="New Telecom", reference="R-2")
    await ears.hear(heard(unknown, subject="R-2"), consumes=REPORTS)
    assert await ears.ask("SELECT kind FROM port_out_alerts") == [("WITHDRAWN_UNKNOWN",)]


def changed(event: Event, **changes: Any) -> bytes:
    return orjson.dumps(orjson.loads(encode(event)) | changes)


async def test_what_cannot_be_read_is_kept_and_harms_nothing_else(ears):
    good = heard(account_changed(), subject="acc_1")
    future = (now() + timedelta(days=1)).isoformat()
    await ears.take(
        b"\x00 no json",
        changed(good, type="numbers.unheard_of.v1"),
        changed(good, time=future),
        changed(good, source="/porting"),
        changed(good, data={"name": "Acme"}),
        encode(good).encode(),
    )
    assert await ears.ask("SELECT account_id FROM accounts") == [("acc_1",)]
    reasons = [reason.partition(":")[0] for state, _, reason in await ears.inbox()]
    assert sorted(reasons) == ["FROM_THE_FUTURE", *["MALFORMED"] * 3, "UNKNOWN_TYPE"]
