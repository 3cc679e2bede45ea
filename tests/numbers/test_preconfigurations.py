"""A port request's lines become numbers: all of them, or none."""

import asyncio
from itertools import permutations

import pytest

from libs.common.sight import EVERYTHING
from libs.contracts.number_events import (
    NumbersPreconfigured,
    PreconfigurationRefused,
)
from libs.contracts.phone_number import PhoneNumber
from services.numbers.domain.preconfigurations import LinesMissingError
from services.numbers.domain.tracking_numbers import NumberState
from services.numbers.use_cases.calls import receive_calls
from services.numbers.use_cases.preconfigurations import announce_lines, preconfigure_numbers
from services.numbers.use_cases.tracking_numbers import disable_number, release_numbers
from tests.numbers.builders import (
    NOON,
    a_line,
    add_number,
    found_account,
    numbers_by_phone,
    phone,
    readied,
    review,
    told,
)


async def reasons(database, port_request_id="pr_1"):
    event = (await told(database, port_request_id))[-1]
    assert isinstance(event.fact, PreconfigurationRefused)
    return {line.line_id: line.code for line in event.fact.lines}


@pytest.mark.requirement("S2", "S19", "S43")
async def test_every_line_becomes_a_number_with_what_the_customer_gave(database):
    house = await found_account(database)
    dental = house.companies["Dental"]
    line = a_line(dental, phone(1), name="Ånd", source="Bus", forwarding_number="+13125550199")
    await review(database, house, [line])
    number = (await numbers_by_phone(database))[phone(1)]
    assert (number.state, number.version) == (NumberState.PRECONFIGURED, 0)
    assert (number.account_id, number.company_id) == (house.id, dental)
    assert (number.name, number.source) == ("Ånd", "Bus")
    assert number.forwarding_number == "+13125550199"
    assert (number.port_request_id, number.line_id) == ("pr_1", line.line_id)


async def test_the_answer_comes_in_batches_of_at_most_500_numbers(database):
    house = await found_account(database)
    lines = [a_line(house.companies["Dental"], phone(place)) for place in range(1, 1202)]
    async with database.working() as connection:
        for batch in range(3):
            part = readied(
                house, lines[batch * 500 : batch * 500 + 500], batch=batch + 1, of=3
            )
            await announce_lines(connection, "pr_1", 5 + batch, part)
        await preconfigure_numbers(connection, "pr_1", house.id, 8)
    events = await told(database, "pr_1")
    assert [event.sequence for event in events] == [1, 2, 3]
    facts = [event.fact for event in events]
    assert all(isinstance(fact, NumbersPreconfigured) for fact in facts)
    assert {fact.review for fact in facts} == {8}
    assert [(fact.batch, fact.of, len(fact.numbers)) for fact in facts] == [
        (1, 3, 500),
        (2, 3, 500),
        (3, 3, 201),
    ]
    numbers = await numbers_by_phone(database)
    assert {each.number_id for fact in facts for each in fact.numbers} == {
        number.id for number in numbers.values()
    }


@pytest.mark.requirement("S21", "S24", "S25", "S42")
async def test_one_bad_line_refuses_the_whole_set_with_a_reason_for_each(database):
    house = await found_account(database)
    other = await found_account(database)
    dental = house.companies["Dental"]
    await add_number(database, other, phone(1))
    taken, loop, own_loop, foreign = faulty = [
        a_line(dental, phone(1)),
        a_line(dental, phone(3), forwarding_number=phone(1)),
        a_line(dental, phone(4), forwarding_number=phone(2)),
        a_line(other.companies["Dental"], phone(5)),
    ]
    await review(database, house, [a_line(dental, phone(2)), *faulty])
    assert await reasons(database) == {
        taken.line_id: "INTERNAL_PORT",
        loop.line_id: "FORWARDING_LOOP",
        own_loop.line_id: "FORWARDING_LOOP",
        foreign.line_id: "UNKNOWN_COMPANY",
    }
    assert set(await numbers_by_phone(database)) == {phone(1)}


async def test_a_line_has_one_reason_even_where_all_hold(database):
    house = await found_account(database)
    await add_number(database, house, phone(1))
    line = a_line("co_nowhere", phone(1), forwarding_number=phone(1))
    await review(database, house, [line])
    assert await reasons(database) == {line.line_id: "INTERNAL_PORT"}


async def test_a_number_that_two_lines_name_is_refused_once(database):
    house = await found_account(database)
    dental = house.companies["Dental"]
    lines = sorted(
        (a_line(dental, phone(1)), a_line(dental, phone(1))), key=lambda line: line.line_id
    )
    await review(database, house, lines)
    assert await reasons(database) == {lines[1].line_id: "INTERNAL_PORT"}


@pytest.mark.requirement("S2")
async def test_the_same_review_twice_has_no_second_effect(database):
    house = await found_account(database)
    lines = [a_line(house.companies["Dental"], phone(1))]
    await review(database, house, lines)
    before = await numbers_by_phone(database)
    await review(database, house, lines)
    assert await numbers_by_phone(database) == before
    assert len(await told(database, "pr_1")) == 1


async def test_a_refused_set_may_come_again_corrected(database):
    house = await found_account(database)
    good = a_line(house.companies["Dental"], phone(1))
    await review(database, house, [a_line("co_nowhere", phone(2)), good])
    await review(database, house, [good], sequence=9)
    events = await told(database, "pr_1")
    assert [event.sequence for event in events] == [1, 2]
    assert isinstance(events[-1].fact, NumbersPreconfigured)
    assert set(await numbers_by_phone(database)) == {phone(1)}


async def test_a_second_review_keeps_the_numbers_and_brings_corrections(database):
    house = await found_account(database)
    line = a_line(house.companies["Dental"], phone(1))
    await review(database, house, [line])
    first = (await numbers_by_phone(database))[phone(1)]
    corrected = line.model_copy(update={"forwarding_number": PhoneNumber("+13125550111")})
    added = a_line(house.companies["Garage"], phone(2))
    await review(database, house, [corrected, added], sequence=9)
    numbers = await numbers_by_phone(database)
    assert numbers[phone(1)].id == first.id
    assert numbers[phone(1)].forwarding_number == "+13125550111"
    assert len((await told(database, "pr_1"))[-1].fact.numbers) == 2


async def test_a_number_that_rang_is_not_changed_by_a_second_review(database):
    house = await found_account(database)
    line = a_line(house.companies["Dental"], phone(1))
    await review(database, house, [line])
    async with database.working() as connection:
        await receive_calls(connection, [phone(1)], [NOON])
    rung = await numbers_by_phone(database)
    await review(database, house, [line.model_copy(update={"name": "New"})], sequence=9)
    assert await numbers_by_phone(database) == rung


async def test_a_disabled_number_may_come_back(database):
    house = await found_account(database)
    old = await add_number(database, house, phone(1), state=NumberState.PORTED_OUT)
    async with database.working() as connection:
        await disable_number(
            connection, old.id, sight=EVERYTHING, disabled_by="support", expected_version=None
        )
    await review(database, house, [a_line(house.companies["Dental"], phone(1))])
    assert isinstance((await told(database, "pr_1"))[-1].fact, NumbersPreconfigured)


@pytest.mark.parametrize("announced", [0, 1])
async def test_a_review_without_all_its_lines_is_a_fault(database, announced):
    house = await found_account(database)
    lines = [a_line(house.companies["Dental"], phone(1))]
    async with database.working() as connection:
        for batch in range(1, announced + 1):
            part = readied(house, lines, batch=batch, of=2)
            await announce_lines(connection, "pr_1", 4 + batch, part)
        with pytest.raises(LinesMissingError):
            await preconfigure_numbers(connection, "pr_1", house.id, 7)


async def test_lines_of_a_later_review_wait_for_it(database):
    house = await found_account(database)
    dental = house.companies["Dental"]
    async with database.working() as connection:
        await announce_lines(connection, "pr_1", 5, readied(house, [a_line(dental, phone(1))]))
        await announce_lines(connection, "pr_1", 9, readied(house, [a_line(dental, phone(2))]))
        await preconfigure_numbers(connection, "pr_1", house.id, 6)
    assert set(await numbers_by_phone(database)) == {phone(1)}


async def test_no_more_than_500_reasons_are_named_and_all_are_counted(database):
    house = await found_account(database)
    lines = [a_line("co_nowhere", phone(place)) for place in range(1, 603)]
    await review(database, house, lines)
    fact = (await told(database, "pr_1"))[-1].fact
    assert (fact.refused_count, len(fact.lines)) == (602, 500)


async def test_20000_lines_are_preconfigured_in_one_transaction(database):
    house = await found_account(database)
    dental = house.companies["Dental"]
    lines = [
        a_line(
            dental, PhoneNumber(f"+1312{2_000_000 + place}"), forwarding_number="+12125550100"
        )
        for place in range(20_000)
    ]
    async with database.working() as connection:
        for batch in range(40):
            part = readied(
                house, lines[batch * 500 : batch * 500 + 500], batch=batch + 1, of=40
            )
            await announce_lines(connection, "pr_1", 5 + batch, part)
        await preconfigure_numbers(connection, "pr_1", house.id, 45)
    async with database.working() as connection:
        assert await connection.fetchval("SELECT count(*) FROM tracking_numbers") == 20_000
        assert await connection.fetchval("SELECT count(*) FROM announced_lines") == 0
    assert len(await told(database, "pr_1")) == 40


@pytest.mark.requirement("S2")
async def test_of_two_requests_at_once_for_one_number_one_gets_it(database):
    house = await found_account(database)
    dental = house.companies["Dental"]
    requests = [f"pr_{place}" for place in range(8)]
    await asyncio.gather(
        *(
            review(database, house, [a_line(dental, phone(1))], port_request_id=request)
            for request in requests
        )
    )
    answers = [type((await told(database, request))[-1].fact) for request in requests]
    assert answers.count(NumbersPreconfigured) == 1
    assert answers.count(PreconfigurationRefused) == 7


@pytest.mark.requirement("S25")
async def test_two_requests_at_once_that_forward_to_each_other_do_not_loop(database):
    house = await found_account(database)
    dental = house.companies["Dental"]
    lines = {
        "pr_1": a_line(dental, phone(1), forwarding_number=phone(2)),
        "pr_2": a_line(dental, phone(2), forwarding_number=phone(1)),
    }
    await asyncio.gather(
        *(
            review(database, house, [line], port_request_id=request)
            for request, line in lines.items()
        )
    )
    assert len(await numbers_by_phone(database)) == 1


@pytest.mark.requirement("S24", "S25")
@pytest.mark.parametrize(
    ("state", "is_anothers"),
    [
        (NumberState.PRECONFIGURED, True),
        (NumberState.PRECONFIGURED, False),
        (NumberState.ACTIVE, False),
        (NumberState.PORTED_OUT, False),
    ],
)
async def test_a_number_at_which_one_of_ours_rings_is_not_ported_in(
    database, state, is_anothers
):
    house, other = await found_account(database), await found_account(database)
    ours = await add_number(database, house, phone(1), state=state)
    dental = other.companies["Dental"] if is_anothers else house.companies["Dental"]
    lines = [
        a_line(dental, ours.forwarding_number, forwarding_number=phone(8)),
        a_line(dental, phone(2), forwarding_number=phone(9)),
    ]
    await review(database, other if is_anothers else house, lines)
    assert await reasons(database) == {lines[0].line_id: "FORWARDING_LOOP"}


@pytest.mark.requirement("S24", "S25")
@pytest.mark.parametrize("is_one_request", [True, False])
async def test_no_order_of_requests_closes_a_loop_over_two_hops(database, is_one_request):
    house = await found_account(database)
    dental = house.companies["Dental"]
    hops = [(1, 2), (2, 3), (3, 1)]
    for order, start in enumerate(permutations(hops)):
        lines = [
            a_line(
                dental,
                phone(100 * order + number),
                forwarding_number=phone(100 * order + forwarding),
            )
            for number, forwarding in start
        ]
        parts = [lines] if is_one_request else [[line] for line in lines]
        for part, its_lines in enumerate(parts):
            await review(database, house, its_lines, port_request_id=f"pr_{order}_{part}")
    numbers = await numbers_by_phone(database)
    # Whoever came first may stay; at none of them does another ring.
    assert len(numbers) == (0 if is_one_request else 6)
    assert not {number.forwarding_number for number in numbers.values()} & set(numbers)


@pytest.mark.requirement("S22")
async def test_what_was_cancelled_is_free_to_come_and_to_be_forwarded_to(database):
    house = await found_account(database)
    number = await add_number(database, house, phone(1))
    async with database.working() as connection:
        await release_numbers(connection, house.id, [number.line_id], NOON)
    dental = house.companies["Dental"]
    await review(database, house, [a_line(dental, phone(2), forwarding_number=phone(1))])
    assert set(await numbers_by_phone(database)) == {phone(1), phone(2)}
    line = a_line(dental, number.forwarding_number, forwarding_number=phone(9))
    await review(database, house, [line], port_request_id="pr_2")
    assert isinstance((await told(database, "pr_2"))[-1].fact, NumbersPreconfigured)
