"""What is taken in or submitted by many at once, or by a process that dies: all or nothing."""

import asyncio
import json
import signal
import sys

import pytest

from deploy.local.places import ROOT
from libs.contracts.refusals import Refusal, Refused
from tests.porting.builders import (
    a_draft,
    a_full_draft,
    a_line,
    fill_lines,
    found_house,
    lines_of,
    phone,
    submit,
    types_told,
)


@pytest.mark.requirement("S44")
@pytest.mark.parametrize("stops", ["between lines", "after the lines", "before the commit"])
async def test_a_process_that_is_killed_takes_in_nothing(database, urls, stops):
    house = await found_house(database)
    request_id = await a_draft(database, house.administrator, house.dental)
    line = a_line(house.dental, phone(100))
    await fill_lines(database, house.administrator, request_id, [line])
    before = await lines_of(database, request_id), await types_told(database, request_id)
    told = {
        "database_url": urls.database_url,
        "account_id": house.id,
        "member_id": house.administrator.member_id,
        "company_id": house.dental,
        "request_id": request_id,
        "stops": stops,
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.porting.taking_in", json.dumps(told),
        cwd=ROOT, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    async with asyncio.timeout(60):
        assert await process.stdout.readline() == b"here\n"
    process.send_signal(signal.SIGKILL)
    await process.communicate()

    # The request is free again as soon as the server has noticed, and as it was.
    again = a_line(house.dental, phone(101))
    after = await lines_of(database, request_id), await types_told(database, request_id)
    assert after == before
    await fill_lines(database, house.administrator, request_id, [again])
    assert [each.id for each in await lines_of(database, request_id)] == [again.id]


async def test_of_200_submissions_of_one_number_one_wins_and_the_others_learn_nothing(
    database,
):
    houses = [await found_house(database) for _ in range(4)]
    drafts = [
        (house, await a_full_draft(
            database, house.administrator, house.dental, [a_line(house.dental, phone(100))]
        ))
        for house in houses
        for _ in range(50)
    ]  # fmt: skip

    async def try_to(house, request_id) -> tuple[tuple[str, str, tuple[str, ...]], ...] | None:
        try:
            await submit(database, house.administrator, request_id)
        except Refusal as refusal:
            return ((refusal.code, refusal.message, refusal.path),)
        except Refused as refused:
            return tuple((each.code, each.message, each.path) for each in refused.refusals)
        return None

    answers = await asyncio.gather(*(try_to(*draft) for draft in drafts))

    assert answers.count(None) == 1
    refusals = {each for answer in answers if answer is not None for each in answer}
    assert {(code, message) for code, message, _ in refusals} <= {
        ("NUMBER_ALREADY_CLAIMED", f"{phone(100)} is part of another open port request."),
        (
            "NUMBER_ALREADY_CLAIMED",
            "One of the numbers is part of another open port request.",
        ),
    }
    async with database.working() as connection:
        states = await connection.fetch("SELECT state, count(*) FROM lines GROUP BY state")
        statuses = await connection.fetch(
            "SELECT status, count(*) FROM port_requests GROUP BY status"
        )
    assert dict(map(tuple, states)) == {"READY": 1, "ADDED": 199}
    assert dict(map(tuple, statuses)) == {"IN_REVIEW": 1, "DRAFT": 199}
