"""What numbers hears over the broker about accounts: standings, and ports that tie them."""

from datetime import UTC, datetime

import pytest

from libs.common.sight import EVERYTHING
from libs.contracts.number_reports import StandingChanged
from libs.contracts.porting_events.port_outs import (
    PortOutAuthorized,
    PortOutConfirmed,
    PortOutPorted,
    PortOutReceived,
)
from libs.contracts.porting_events.requests import PortCancelled, PortSubmitted
from libs.contracts.topology import REPORTS
from services.numbers.consumers import CONSUMES
from services.numbers.store.accounts import find_accounts
from tests.numbers.account_commands import do, refusals
from tests.numbers.builders import found_account, heard, phone, told
from tests.numbers.test_consumers import listening
from tests.numbers.test_disabling_accounts import port_out_fact, request_fact


@pytest.fixture
async def ears(database, amqp_url):
    async with listening(database, amqp_url) as opened:
        yield opened


def a_report(account_id, sequence, **changes):
    said = {
        "card_on_file": True,
        "balance_current": True,
        "in_good_standing": True,
        "in_trial": False,
        "changed_at": datetime.now(UTC),
        **changes,
    }
    return heard(StandingChanged(**said), subject=account_id, sequence=sequence)


def test_each_fact_is_heard_in_one_way():
    """Of two lines for one fact the consumer would know the last alone."""
    for consumes in CONSUMES:
        types = [fact.type for each in consumes.subscriptions for fact in each.facts]
        assert len(types) == len(set(types))


async def test_a_billing_system_s_newest_report_holds_however_they_come(ears, database):
    house = await found_account(database)
    first = a_report(house.id, 1, balance_current=False)
    second = a_report(house.id, 2, card_on_file=False)
    third = a_report("acc_nobody", 1)
    await ears.hear(second, first, first, third, second, exchange=REPORTS)
    await ears.wait(first.id, second.id)
    async with database.working() as connection:
        found = (await find_accounts(connection, [house.id], EVERYTHING))[house.id]
    assert (found.standing.card_on_file, found.standing.balance_current) == (False, True)
    facts = [event.fact for event in (await told(database, house.id))[7:]]
    assert [fact.card_on_file for fact in facts][-1] is False
    # Nobody's account is no lost report: it waits for a person, and holds back nobody else.
    assert await ears.ask("SELECT reason FROM inbox WHERE event_id = $1", third.id) in {
        None,
        "AccountNotFound",
    }


@pytest.mark.requirement("S76", "S81", "S82")
async def test_porting_s_events_tie_an_account_and_let_it_go(ears, database, door):
    house = await found_account(database)
    coming = [
        request_fact(house, PortSubmitted, 2),
        port_out_fact(house, PortOutReceived, 1, phone(1), phone(2)),
    ]
    await ears.hear(*coming)
    await ears.wait(*(event.id for event in coming))
    assert await refusals(door, house.administrator, "disableAccount", accountId=house.id) == [
        ("PORT_IN_OPEN", "accountId"),
        ("PORT_OUT_OPEN", "accountId"),
    ]
    going = [
        request_fact(house, PortCancelled, 4),
        port_out_fact(house, PortOutAuthorized, 2, phone(1), phone(2)),
        port_out_fact(house, PortOutPorted, 3, phone(1), phone(2)),
        port_out_fact(house, PortOutConfirmed, 6, phone(1)),
    ]
    await ears.hear(*going)
    await ears.wait(*(event.id for event in going))
    assert await refusals(door, house.administrator, "disableAccount", accountId=house.id) == [
        ("PORT_OUT_UNCONFIRMED", "accountId")
    ]
    last = port_out_fact(house, PortOutConfirmed, 9, phone(2))
    await ears.hear(last, last)
    await ears.wait(last.id)
    await do(door, house.administrator, "disableAccount", accountId=house.id)
