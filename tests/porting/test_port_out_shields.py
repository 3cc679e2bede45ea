"""Port-out shields on a real PostgreSQL: who changes them, and what a report meets."""

import asyncio
import json
import logging
from contextlib import suppress
from datetime import timedelta

import pytest

from libs.common.timers import TimerWorker
from libs.contracts.refusals import Refused, UserErrorCode
from services.porting.domain.port_out_shield import COOLING_OFF, LockState, Verdict
from services.porting.store import copies, port_out_locks, port_out_shields
from services.porting.use_cases import port_out_locks as locks
from services.porting.use_cases import port_out_pins as pins
from services.porting.use_cases.port_out_shield import judge_report
from tests.porting.builders import (
    SUPPORT,
    TIMERS,
    add_inventory,
    found_house,
    now,
    phone,
    told,
)

PIN = "482190"
WRONG = "482191"
# As wrong, and known for it without a hash.
TOO_SHORT = "482"


async def lock(database, caller, numbers=None, *, account_id=None, reason=None, version=None):
    async with database.transaction(caller) as connection:
        return await locks.lock_port_out(
            connection, caller, account_id, numbers, reason=reason, expected_version=version
        )


async def unlock(database, caller, numbers=None, *, account_id=None, reason=None, after=None):
    async with database.transaction(caller) as connection:
        return await locks.unlock_port_out(
            connection,
            caller,
            account_id,
            numbers,
            reason=reason,
            expected_version=None,
            cooling_off=COOLING_OFF if after is None else after,
        )


async def set_pin(database, caller, pin=PIN, version=None):
    async with database.transaction(caller) as connection:
        return await pins.set_port_out_pin(connection, caller, pin, expected_version=version)


async def reset_tries(database, caller, *, account_id=None, reason=None):
    async with database.transaction(caller) as connection:
        return await pins.reset_pin_tries(
            connection, caller, account_id, reason=reason, expected_version=None
        )


async def reveal(database, caller) -> str:
    async with database.transaction(caller) as connection:
        return await pins.reveal_identifier(connection, caller, None)


async def judge(database, house, *numbers, pin=None, identifier=None, at=None):
    """Each number's verdict, in their order."""
    async with database.working() as connection:
        found = await copies.find_inventory_numbers(connection, numbers)
        verdicts = await judge_report(
            connection, house.id, found, pin, identifier, at=at or now()
        )
    return [verdicts[number] for number in numbers]


async def shield_id(database, house) -> str:
    async with database.working() as connection:
        return await connection.fetchval(
            "SELECT id FROM port_out_shields WHERE account_id = $1", house.id
        )


async def acts(database, house) -> list[str]:
    async with database.working() as connection:
        rows = await connection.fetch(
            "SELECT act FROM port_out_shield_records WHERE account_id = $1 ORDER BY id",
            house.id,
        )
    return [row["act"] for row in rows]


async def facts(database, house) -> list:
    return [event.fact for event in await told(database, await shield_id(database, house))]


def refused_codes(refused) -> list[tuple[UserErrorCode, tuple[str, ...]]]:
    return [(each.code, each.path) for each in refused.value.refusals]


async def a_house(database, *places: int):
    house = await found_house(database)
    for place in places or (1,):
        await add_inventory(database, house, phone(place))
    return house


@pytest.mark.requirement("S73")
async def test_an_account_that_has_set_nothing_lets_every_report_pass(database):
    house = await a_house(database, 1, 2)
    assert await judge(database, house, phone(1), phone(2)) == [Verdict.PASSED] * 2
    stated = {"pin": "1234", "identifier": "whatever"}
    assert await judge(database, house, phone(1), **stated) == [Verdict.PASSED]


async def test_a_lock_of_one_number_holds_at_once_and_leaves_the_others_alone(database):
    house = await a_house(database, 1, 2)
    await lock(database, house.administrator, [phone(1)])
    assert await judge(database, house, phone(1), phone(2)) == [
        Verdict.LOCKED,
        Verdict.PASSED,
    ]


async def test_a_lock_of_the_account_holds_for_every_number(database):
    house = await a_house(database, 1, 2)
    await lock(database, house.administrator)
    assert await judge(database, house, phone(1), phone(2)) == [Verdict.LOCKED] * 2


async def test_unlocking_takes_effect_only_after_the_cooling_off(database):
    house = await a_house(database)
    await lock(database, house.administrator)
    await unlock(database, house.second_administrator)
    soon, later = now() + COOLING_OFF / 2, now() + COOLING_OFF
    assert await judge(database, house, phone(1), at=soon) == [Verdict.LOCKED]
    assert await judge(database, house, phone(1), at=later) == [Verdict.PASSED]
    (_, asked) = await facts(database, house)
    assert asked.type == "porting.port_out_unlock_asked.v1"
    assert asked.by == house.second_administrator.member_id
    assert asked.unlocks_at == asked.at + COOLING_OFF
    assert asked.is_account_locked


async def test_locking_again_takes_a_pending_unlock_back(database):
    house = await a_house(database)
    await lock(database, house.administrator, [phone(1)])
    await unlock(database, house.administrator, [phone(1)])
    await lock(database, house.second_administrator, [phone(1)])
    later = now() + 2 * COOLING_OFF
    assert await judge(database, house, phone(1), at=later) == [Verdict.LOCKED]
    async with database.working() as connection:
        assert not await connection.fetchval("SELECT count(*) FROM timers")
    assert await acts(database, house) == ["LOCKED", "UNLOCK_ASKED", "LOCKED"]


async def test_the_same_lock_twice_is_one_lock_and_one_fact(database):
    house = await a_house(database)
    await lock(database, house.administrator, [phone(1), phone(1)])
    await lock(database, house.administrator, [phone(1)])
    (fact,) = await facts(database, house)
    assert fact.tracking_numbers == [phone(1)]


async def test_what_has_cooled_off_is_told_and_gone(database):
    house = await a_house(database, 1, 2)
    await lock(database, house.administrator)
    await lock(database, house.administrator, [phone(1), phone(2)])
    for numbers in (None, [phone(1)]):
        await unlock(database, house.administrator, numbers, after=timedelta(0))
    assert await TimerWorker(database=database, kinds=TIMERS).fire_one()
    whole, one = (await facts(database, house))[-2:]
    assert (whole.type, whole.tracking_numbers) == ("porting.port_out_unlocked.v1", [])
    assert (one.tracking_numbers, one.by) == ([phone(1)], "system")
    assert await judge(database, house, phone(1), phone(2)) == [
        Verdict.PASSED,
        Verdict.LOCKED,
    ]
    async with database.working() as connection:
        assert not await connection.fetchval("SELECT count(*) FROM timers")


async def test_a_timer_that_meets_a_change_of_the_shield_comes_again(database):
    house = await a_house(database)
    await lock(database, house.administrator)
    await unlock(database, house.administrator, after=timedelta(0))
    async with database.transaction(house.administrator) as connection:
        await pins.set_port_out_pin(
            connection, house.administrator, PIN, expected_version=None
        )
        assert await TimerWorker(database=database, kinds=TIMERS).fire_one()
    async with database.working() as connection:
        assert await connection.fetchval("SELECT due_at > clock_timestamp() FROM timers")
    assert "UNLOCKED" not in await acts(database, house)


async def test_support_says_whose_lock_it_is_and_why(database):
    house = await a_house(database)
    with pytest.raises(Refused) as refused:
        await lock(database, SUPPORT)
    assert refused_codes(refused) == [
        (UserErrorCode.REQUIRED, ("input", "accountId")),
        (UserErrorCode.REQUIRED, ("input", "reason")),
    ]
    with pytest.raises(Refused) as refused:
        await unlock(database, SUPPORT, account_id="acc_x", reason="x" * 501)
    assert refused_codes(refused) == [
        (UserErrorCode.NOT_FOUND, ("input", "accountId")),
        (UserErrorCode.TOO_LONG, ("input", "reason")),
    ]
    await lock(database, SUPPORT, account_id=house.id, reason="they  called us")
    async with database.working() as connection:
        row = await connection.fetchrow("SELECT * FROM port_out_shield_records")
    assert (row["act"], row["actor"], row["reason"]) == (
        "LOCKED",
        "support:desk",
        "they called us",
    )
    (fact,) = await facts(database, house)
    assert fact.by == "support"
    await unlock(database, SUPPORT, account_id=house.id, reason="they called again")
    assert await judge(database, house, phone(1)) == [Verdict.LOCKED]


async def test_another_account_is_unknown(database):
    house, other = await a_house(database), await a_house(database, 7)
    with pytest.raises(Refused) as refused:
        await lock(database, house.administrator, account_id=other.id)
    assert refused_codes(refused) == [(UserErrorCode.NOT_FOUND, ("input", "accountId"))]


async def test_every_number_that_cannot_be_locked_is_named_at_once(database):
    house = await a_house(database, 1)
    await a_house(database, 7)
    with pytest.raises(Refused) as refused:
        await lock(
            database, house.administrator, [phone(1), phone(7), phone(9)], version=1_000
        )
    assert refused_codes(refused) == [
        (UserErrorCode.CONFLICT, ("input", "expectedVersion")),
        (UserErrorCode.NOT_FOUND, ("input", "trackingNumbers", "1")),
        (UserErrorCode.NOT_FOUND, ("input", "trackingNumbers", "2")),
    ]
    with pytest.raises(Refused) as refused:
        await lock(database, house.administrator, [])
    assert refused_codes(refused) == [(UserErrorCode.REQUIRED, ("input", "trackingNumbers"))]
    with pytest.raises(Refused) as refused:
        await lock(database, house.administrator, [phone(n) for n in range(501)])
    assert refused_codes(refused) == [(UserErrorCode.TOO_LONG, ("input", "trackingNumbers"))]


async def test_what_is_not_locked_by_itself_cannot_be_unlocked(database):
    house = await a_house(database, 1, 2)
    await lock(database, house.administrator, [phone(1)])
    with pytest.raises(Refused) as refused:
        await unlock(database, house.administrator, [phone(1), phone(2), phone(3)])
    assert refused_codes(refused) == [
        (UserErrorCode.NOT_FOUND, ("input", "trackingNumbers", "2")),
        (UserErrorCode.NOT_LOCKED, ("input", "trackingNumbers", "1")),
    ]
    with pytest.raises(Refused) as refused:
        await unlock(database, house.administrator)
    assert refused_codes(refused) == [(UserErrorCode.NOT_LOCKED, ("input",))]


async def test_a_number_that_another_account_has_now_keeps_no_lock_of_before(database):
    house, heir = await a_house(database, 1), await found_house(database)
    await lock(database, house.administrator, [phone(1)])
    async with database.working() as connection:
        await connection.execute(
            "UPDATE inventory_numbers SET account_id = $1, company_id = $2",
            heir.id,
            heir.dental,
        )
        (number,) = await copies.find_inventory_numbers(connection, [phone(1)])
        found = await port_out_locks.find_locks_of_numbers(
            connection, [number.number_id], None, None
        )
    assert found == {number.number_id: []}
    assert await judge(database, heir, phone(1)) == [Verdict.PASSED]


async def test_a_report_needs_the_right_pin_once_there_is_one(database):
    house = await a_house(database)
    await set_pin(database, house.administrator)
    assert await judge(database, house, phone(1)) == [Verdict.PIN_MISSING]
    assert await judge(database, house, phone(1), pin="n/a") == [Verdict.PIN_MISSING]
    assert await judge(database, house, phone(1), pin=WRONG) == [Verdict.PIN_WRONG]
    assert await judge(database, house, phone(1), pin=" 48-21 90") == [Verdict.PASSED]
    await set_pin(database, house.second_administrator, None)
    assert await judge(database, house, phone(1), pin=WRONG) == [Verdict.PASSED]
    assert [fact.is_pin_set for fact in await facts(database, house)] == [True, False]


async def test_to_take_away_a_pin_that_is_not_there_changes_nothing(database):
    house = await a_house(database)
    await set_pin(database, house.administrator, None)
    assert await acts(database, house) == []


async def test_a_pin_that_is_taken_away_meanwhile_is_not_asked_for(database, monkeypatch):
    house = await a_house(database)
    await set_pin(database, house.administrator)
    find_gates = port_out_shields.find_gates

    async def take_it_away_then(connection, account_id):
        found = await find_gates(connection, account_id)
        await set_pin(database, house.administrator, None)
        return found

    monkeypatch.setattr(port_out_shields, "find_gates", take_it_away_then)
    assert await judge(database, house, phone(1), pin=WRONG) == [Verdict.PASSED]


async def test_five_wrong_pins_over_all_reports_and_numbers_block_the_sixth(database):
    house = await a_house(database, 1, 2)
    await set_pin(database, house.administrator)
    for place in (1, 2, 1, 2, 1):
        assert await judge(database, house, phone(place), pin=TOO_SHORT) == [Verdict.PIN_WRONG]
    for pin in (PIN, WRONG):
        assert await judge(database, house, phone(2), pin=pin) == [Verdict.TOO_MANY_TRIES]
    (_, blocked) = await facts(database, house)
    assert blocked.type == "porting.port_out_pin_blocked.v1"
    assert blocked.blocked_until == blocked.at + timedelta(hours=24)
    assert (await acts(database, house)).count("PIN_BLOCKED") == 1
    later = now() + timedelta(hours=24)
    assert await judge(database, house, phone(2), pin=PIN, at=later) == [Verdict.PASSED]


async def test_a_locked_number_hears_no_pin_and_tells_nothing_of_it(database):
    house = await a_house(database)
    await set_pin(database, house.administrator)
    await lock(database, house.administrator)
    for _ in range(7):
        assert await judge(database, house, phone(1), pin=WRONG) == [Verdict.LOCKED]
    assert "PIN_WRONG" not in await acts(database, house)


async def test_the_right_pin_forgets_the_wrong_ones_before_it(database):
    house = await a_house(database)
    await set_pin(database, house.administrator)
    for pin in (*[TOO_SHORT] * 4, PIN, *[TOO_SHORT] * 4):
        await judge(database, house, phone(1), pin=pin)
    assert await judge(database, house, phone(1), pin=PIN) == [Verdict.PASSED]


async def test_concurrent_wrong_pins_are_counted_exactly(database):
    house = await a_house(database)
    await set_pin(database, house.administrator)
    verdicts = await asyncio.gather(
        *(judge(database, house, phone(1), pin=WRONG) for _ in range(12))
    )
    assert (
        sorted(verdict for (verdict,) in verdicts)
        == [Verdict.PIN_WRONG] * 5 + [Verdict.TOO_MANY_TRIES] * 7
    )
    assert (await acts(database, house)).count("PIN_WRONG") == 5


async def test_a_try_counts_though_its_report_is_rolled_back(database):
    house = await a_house(database)
    await set_pin(database, house.administrator)

    async def try_and_fail() -> None:
        async with database.working() as connection:
            numbers = await copies.find_inventory_numbers(connection, [phone(1)])
            await judge_report(connection, house.id, numbers, WRONG, None, at=now())
            raise LookupError

    for _ in range(5):
        with suppress(LookupError):
            await try_and_fail()
    assert await judge(database, house, phone(1), pin=PIN) == [Verdict.TOO_MANY_TRIES]


async def test_administrators_and_support_let_the_pin_be_tried_anew(database):
    house = await a_house(database)
    await set_pin(database, house.administrator)
    for reset in (
        lambda: reset_tries(database, house.second_administrator),
        lambda: reset_tries(database, SUPPORT, account_id=house.id, reason="they called"),
        lambda: set_pin(database, house.administrator),
    ):
        for _ in range(5):
            await judge(database, house, phone(1), pin=TOO_SHORT)
        assert await judge(database, house, phone(1), pin=PIN) == [Verdict.TOO_MANY_TRIES]
        await reset()
        assert await judge(database, house, phone(1), pin=PIN) == [Verdict.PASSED]
    before = await acts(database, house)
    await reset_tries(database, house.administrator)
    assert await acts(database, house) == before


@pytest.mark.requirement("S72")
async def test_each_reading_of_the_account_identifier_is_on_record(database):
    house = await a_house(database)
    identifier = await reveal(database, house.administrator)
    assert await reveal(database, house.second_administrator) == identifier
    async with database.working() as connection:
        rows = await connection.fetch(
            "SELECT act, actor FROM port_out_shield_records ORDER BY id"
        )
    assert [(row["act"], row["actor"]) for row in rows] == [
        ("IDENTIFIER_REVEALED", f"member:{member.member_id}")
        for member in (house.administrator, house.second_administrator)
    ]
    for event in await facts(database, house):
        assert identifier not in event.model_dump_json()


@pytest.mark.requirement("S72")
async def test_a_wrong_account_identifier_stops_a_report_before_its_pin_is_heard(database):
    house = await a_house(database)
    identifier = await reveal(database, house.administrator)
    await set_pin(database, house.administrator)
    wrong = {"pin": WRONG, "identifier": "PL000000000000"}
    assert await judge(database, house, phone(1), **wrong) == [
        Verdict.ACCOUNT_IDENTIFIER_WRONG
    ]
    right = {"pin": PIN, "identifier": identifier.lower()}
    assert await judge(database, house, phone(1), **right) == [Verdict.PASSED]
    assert await judge(database, house, phone(1), pin=PIN) == [Verdict.PASSED]
    assert "PIN_WRONG" not in await acts(database, house)


async def test_a_pin_is_in_no_row_event_or_log(database, caplog):
    house = await a_house(database)
    with caplog.at_level(logging.DEBUG):
        await set_pin(database, house.administrator)
        await judge(database, house, phone(1), pin=WRONG)
        await judge(database, house, phone(1), pin=PIN)
        with pytest.raises(Refused) as refused:
            await set_pin(database, house.administrator, "1234567")
    said = [caplog.text, *(str(vars(record)) for record in caplog.records), repr(refused)]
    async with database.working() as connection:
        for table in ("port_out_shields", "port_out_shield_records", "outbox", "timers"):
            rows = await connection.fetch(f"SELECT to_jsonb(t)::text AS row FROM {table} AS t")
            said += [row["row"] for row in rows]
    for secret in (PIN, WRONG, "1234567"):
        assert not [text for text in said if secret in text]


async def test_no_customers_role_reads_the_hash_of_a_pin(database):
    house = await a_house(database)
    await set_pin(database, house.administrator)
    for caller in (house.administrator, SUPPORT):
        with pytest.raises(Exception, match="permission denied"):
            async with database.reading(caller) as connection:
                await connection.fetch("SELECT pin_hash FROM port_out_shields")


async def test_shields_of_two_accounts_count_apart_and_their_versions_are_gapless(database):
    house, other = await a_house(database, 1), await a_house(database, 7)
    for each, place in ((house, 1), (other, 7)):
        await set_pin(database, each.administrator)
        for _ in range(5):
            await judge(database, each, phone(place), pin=TOO_SHORT)
        await lock(database, each.administrator, version=2)
    async with database.working() as connection:
        bodies = await connection.fetch("SELECT body FROM outbox WHERE subject LIKE 'shd_%'")
    sequences: dict[str, list[str]] = {}
    for row in bodies:
        event = json.loads(row["body"])
        sequences.setdefault(event["subject"], []).append(event["sequence"])
    assert list(sequences.values()) == [["1", "2", "3"]] * 2


async def test_the_longest_lock_is_what_a_number_shows(database):
    house = await a_house(database)
    await lock(database, house.administrator)
    await lock(database, house.administrator, [phone(1)])
    await unlock(database, house.administrator)
    async with database.working() as connection:
        (number,) = await copies.find_inventory_numbers(connection, [phone(1)])
        found = await port_out_locks.find_locks_of_numbers(
            connection, [number.number_id], house.id, [house.dental]
        )
        assert not await port_out_locks.find_locks_of_numbers(
            connection, [number.number_id], house.id, [house.garage]
        )
    states = {lock.number_id: lock.state_at(now()) for lock in found[number.number_id]}
    assert states == {None: LockState.UNLOCKING, number.number_id: LockState.LOCKED}
