"""An account's standing: by support, or by a billing system in whatever order it reports."""

from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest
from pydantic import ValidationError

from libs.common.sight import EVERYTHING
from libs.contracts.number_events import AccountChanged
from libs.contracts.number_reports import StandingChanged
from services.numbers.domain.accounts import Standing
from services.numbers.store.accounts import find_accounts
from services.numbers.use_cases.standings import note_standing
from tests.numbers.account_commands import code, do, refusals
from tests.numbers.builders import found_account, told

GOOD = {
    "card_on_file": True,
    "balance_current": True,
    "in_good_standing": True,
    "in_trial": False,
}
MACHINE = "accounts:report"


def a_standing(minutes, sequence=1, **changes):
    later = datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=minutes)
    return Standing(**{**GOOD, **changes}, changed_at=later, sequence=sequence)


async def note(database, house, *standings):
    async with database.working() as connection:
        for standing in standings:
            await note_standing(connection, house.id, standing)
        found = await find_accounts(connection, [house.id], EVERYTHING)
    return found[house.id].standing


async def test_reports_end_alike_in_every_order_and_twice(database):
    reports = [
        a_standing(1, 1, card_on_file=False),
        a_standing(2, 2, balance_current=False),
        a_standing(2, 3, in_trial=True),
    ]
    for order in permutations(reports):
        house = await found_account(database)
        assert await note(database, house, *order, *order) == reports[-1]
    before = len(await told(database, house.id))
    assert await note(database, house, *reports) == reports[-1]
    assert len(await told(database, house.id)) == before


async def test_a_report_that_says_nothing_new_is_no_event(database):
    house = await found_account(database)
    before = len(await told(database, house.id))
    newest = a_standing(3)
    assert await note(database, house, newest) == newest
    assert len(await told(database, house.id)) == before
    await note(database, house, a_standing(4, card_on_file=False))
    (event,) = (await told(database, house.id))[before:]
    assert isinstance(event.fact, AccountChanged)
    assert event.fact.card_on_file is False


async def test_support_s_word_is_not_undone_by_an_earlier_report(door, database):
    house = await found_account(database)
    await do(door, "support", "changeStanding", accountId=house.id, inGoodStanding=False)
    assert (await note(database, house, a_standing(-1))).in_good_standing is False
    ahead = a_standing(1)
    assert (await note(database, house, ahead)).in_good_standing is True
    # Also where the billing system's clock is ahead.
    changed = await do(door, "support", "changeStanding", accountId=house.id, inTrial=True)
    assert changed["inTrial"] is True
    assert (await note(database, house, ahead)).in_trial is True


async def test_a_machine_reports_over_the_graph_as_over_the_broker(door, database):
    house = await found_account(database)
    report = {
        "accountId": house.id,
        "cardOnFile": False,
        "balanceCurrent": True,
        "inGoodStanding": True,
        "inTrial": False,
        "changedAt": datetime.now(UTC).isoformat(),
    }
    assert await do(door, MACHINE, "reportStanding", **report) is True
    assert await do(door, MACHINE, "reportStanding", **report) is True
    late = report | {"cardOnFile": True, "changedAt": "2026-01-01T00:00:00Z"}
    assert await do(door, MACHINE, "reportStanding", **late) is False
    unknown = report | {"accountId": "acc_x"}
    answer = await refusals_of_report(door, unknown)
    assert answer == ["NOT_FOUND"]
    for wrong in (
        {"changedAt": (datetime.now(UTC) + timedelta(hours=1)).isoformat()},
        {"sequence": 0},
    ):
        assert (
            await code(door, MACHINE, "reportStanding", **report | wrong) == "BAD_USER_INPUT"
        )
    for caller in (house.administrator, "support", "calls:report", "stranger", None):
        answer = await code(door, caller, "reportStanding", **report)
        assert answer == ("FORBIDDEN" if caller else "UNAUTHENTICATED")
    assert await code(door, MACHINE, "changeStanding", accountId=house.id) == "FORBIDDEN"


async def refusals_of_report(door, report):
    query = """mutation ($input: ReportStandingInput!) {
      reportStanding(input: $input) { tookEffect userErrors { code } }
    }"""
    answer = (await door.see(MACHINE, query, input=report))["reportStanding"]
    assert answer["tookEffect"] is None
    return [fault["code"] for fault in answer["userErrors"]]


async def test_a_standing_that_leaves_all_as_it_is_changes_nothing(door, database):
    house = await found_account(database)
    before = await told(database, house.id)
    await do(door, "support", "changeStanding", accountId=house.id)
    await do(door, "support", "changeStanding", accountId=house.id, cardOnFile=True)
    assert await told(database, house.id) == before
    assert await refusals(door, "support", "changeStanding", accountId="acc_x") == [
        ("NOT_FOUND", "accountId")
    ]


@pytest.mark.parametrize(
    "wrong",
    [
        {"card_on_file": "yes"},
        {"in_trial": 1},
        {"changed_at": "2026-01-01T00:00:00"},
        {"changed_at": (datetime.now(UTC) + timedelta(hours=1)).isoformat()},
        {"balance_current": None},
    ],
)
def test_a_report_that_is_none_is_unreadable(wrong):
    said = {**GOOD, "changed_at": "2026-01-01T00:00:00Z"}
    assert StandingChanged.model_validate(said)
    with pytest.raises(ValidationError):
        StandingChanged.model_validate(said | wrong)
