"""Disabling an account: what keeps it from that, what it ends, and who brings it back."""

import asyncio
from itertools import permutations, product

import pytest

from libs.common.caller import Member, Role, Support
from libs.common.sight import EVERYTHING
from libs.contracts.number_events import (
    AccountDisabled,
    AccountReactivated,
    NumbersPreconfigured,
    PreconfigurationRefused,
)
from libs.contracts.porting_events.port_outs import (
    PortOutAuthorized,
    PortOutCancelled,
    PortOutConfirmed,
    PortOutDisputed,
    PortOutDisputeRefused,
    PortOutFact,
    PortOutPorted,
    PortOutReceived,
    PortOutRejected,
    PortOutReturned,
)
from libs.contracts.porting_events.registry import PORTING_EVENTS
from libs.contracts.porting_events.requests import (
    PortCancelled,
    PortCompleted,
    PortDeclined,
    PortExpired,
    PortSubmitted,
)
from services.numbers.domain.account_actions import (
    AccountAction,
    Ties,
    account_actions_for,
)
from services.numbers.domain.accounts import Account, Standing
from services.numbers.domain.tracking_numbers import NumberState
from services.numbers.use_cases.account_access import By
from services.numbers.use_cases.accounts import disable_account
from services.numbers.use_cases.ports_under_way import (
    STATES_AFTER,
    keep_leaving_numbers,
    keep_port_requests,
)
from services.numbers.use_cases.preconfigurations import announce_lines, preconfigure_numbers
from services.numbers.use_cases.tracking_numbers import disable_number
from tests.numbers.account_commands import code, do, refusals
from tests.numbers.builders import (
    NOON,
    SUPPORT,
    a_line,
    add_number,
    found_account,
    heard,
    login,
    phone,
    port_out_state,
    readied,
    request_state,
    told,
)

FREE = Ties(
    has_open_port_in=False, has_open_port_out=False, has_unconfirmed=False, has_numbers=False
)
TIES = ("has_open_port_in", "has_open_port_out", "has_unconfirmed", "has_numbers")
CODES = ("PORT_IN_OPEN", "PORT_OUT_OPEN", "PORT_OUT_UNCONFIRMED", "NUMBERS_LEFT")


def an_account(**changes):
    standing = Standing(
        card_on_file=True,
        balance_current=True,
        in_good_standing=True,
        in_trial=False,
        changed_at=NOON,
    )
    return Account(
        **{"id": "acc_1", "version": 1, "name": "A", "standing": standing, **changes}
    )


def a_caller(role):
    return Member(login=login(), account_id="acc_1", member_id="mem_1", role=role)


@pytest.mark.requirement("S76", "S81")
@pytest.mark.parametrize("holding", list(product([True, False], repeat=4)))
def test_everything_that_ties_an_account_is_told_at_once(holding):
    ties = Ties(**dict(zip(TIES, holding, strict=True)))
    expected = [code for code, holds in zip(CODES, holding, strict=True) if holds]
    assert [fault.code for fault in ties.find_faults()] == expected
    actions = account_actions_for(SUPPORT, an_account(), ties)
    assert (AccountAction.DISABLE in actions) is not any(holding)


def test_what_can_be_done_is_what_is_offered():
    active, ended = an_account(), an_account(disabled_at=NOON, disabled_by="support")
    administrator = a_caller(Role.ADMINISTRATOR)
    adding = (AccountAction.ADD_COMPANY, AccountAction.ADD_MEMBER)
    assert account_actions_for(administrator, active, FREE) == (*adding, AccountAction.DISABLE)
    assert account_actions_for(administrator, ended, FREE) == ()
    assert account_actions_for(Support(login=login()), ended, FREE) == (
        AccountAction.RENAME,
        AccountAction.CHANGE_STANDING,
        *adding,
        AccountAction.REACTIVATE,
    )
    for role in (Role.MANAGER, Role.CLIENT_MANAGER, Role.VIEWER):
        assert account_actions_for(a_caller(role), active, FREE) == ()


def test_every_fact_of_a_port_out_that_moves_a_number_is_known_here():
    facts = {fact.__name__ for fact in PORTING_EVENTS if issubclass(fact, PortOutFact)}
    known = {fact.__name__ for fact in STATES_AFTER}
    # They leave a number where it is.
    unmoved = {"PortOutScheduled", "PortOutChecklistChanged", "PortOutRejectionProposed"}
    assert facts - known == unmoved


def request_fact(house, kind, sequence, request="pr_1"):
    said = {
        PortSubmitted: {"submitted_at": NOON, "submitted_by": "mem_1"},
        PortDeclined: {"declined_by": "m", "submitted_by": "m", "reason": "no"},
        PortCancelled: {"cancelled_at": NOON},
        PortExpired: {"expired_at": NOON},
        PortCompleted: {"completed_at": NOON, "partial": False},
    }[kind]
    return heard(kind(**request_state(house), **said), subject=request, sequence=sequence)


def port_out_fact(house, kind, sequence, *numbers, port_out="po_1"):
    said = {
        PortOutReceived: {"received_at": NOON, "answer_by": NOON},
        PortOutAuthorized: {"by_silence": True},
        PortOutRejected: {"code": "X", "is_correctable": False},
        PortOutCancelled: {"cancelled_at": NOON},
        PortOutPorted: {"ported_out_at": NOON},
        PortOutDisputed: {"disputed_at": NOON},
        PortOutDisputeRefused: {},
        PortOutReturned: {"returned_at": NOON},
        PortOutConfirmed: {"tracking_number": numbers[0], "confirmed_at": NOON},
    }[kind]
    state = port_out_state(house, numbers)
    return heard(kind(**state, **said), subject=port_out, sequence=sequence)


async def hear(database, *events):
    async with database.working() as connection:
        for event in events:
            keep = (
                keep_leaving_numbers
                if isinstance(event.fact, PortOutFact)
                else keep_port_requests
            )
            await keep(connection, [event])


async def disable(database, house):
    async with database.transaction(SUPPORT) as connection:
        return await disable_account(connection, house.id, by=By(caller=SUPPORT))


@pytest.mark.requirement("S81")
async def test_an_account_that_nothing_ties_is_disabled_and_its_people_only_read(
    door, database
):
    house = await found_account(database)
    administrator = house.administrator
    query = "query ($id: ID!) { account(id: $id) { availableActions disabledAt } }"
    offered = await door.see(administrator, query, id=house.id)
    assert offered["account"]["availableActions"] == ["ADD_COMPANY", "ADD_MEMBER", "DISABLE"]

    ended = await do(door, administrator, "disableAccount", accountId=house.id)

    assert ended["disabledAt"] is not None
    fact = (await told(database, house.id))[-1].fact
    assert isinstance(fact, AccountDisabled)
    assert (fact.disabled, fact.disabled_by) == (True, administrator.member_id)
    seen = (await door.see(administrator, query, id=house.id))["account"]
    assert (seen["availableActions"], bool(seen["disabledAt"])) == ([], True)
    for mutation, given in (
        ("addCompany", {"accountId": house.id, "name": "New"}),
        ("renameCompany", {"companyId": house.companies["Dental"], "name": "New"}),
        ("changeMember", {"memberId": administrator.member_id, "name": "New"}),
        ("disableAccount", {"accountId": house.id}),
    ):
        assert await code(door, administrator, mutation, **given) == "FORBIDDEN"
    assert await refusals(door, "support", "disableAccount", accountId=house.id) == [
        ("INVALID_STATE", "accountId")
    ]
    await do(door, "support", "renameCompany", companyId=house.companies["Dental"], name="New")


async def test_nothing_is_offered_for_the_numbers_of_a_disabled_account(door, database):
    house = await found_account(database)
    number = await add_number(database, house, phone(1), state=NumberState.ACTIVE)
    async with database.working() as connection:
        await disable_number(
            connection,
            number.id,
            sight=EVERYTHING,
            disabled_by="support",
            expected_version=None,
        )
    query = "query ($id: ID!) { trackingNumber(id: $id) { availableActions } }"
    offered = await door.see(house.administrator, query, id=number.id)
    assert offered["trackingNumber"]["availableActions"] == ["RESTORE"]
    await disable(database, house)
    offered = await door.see(house.administrator, query, id=number.id)
    assert offered["trackingNumber"]["availableActions"] == []


async def test_support_alone_reactivates_an_account(door, database):
    house = await found_account(database)
    assert await refusals(door, "support", "reactivateAccount", accountId=house.id) == [
        ("INVALID_STATE", "accountId")
    ]
    await do(door, "support", "disableAccount", accountId=house.id)
    given = {"accountId": house.id}
    assert await code(door, house.administrator, "reactivateAccount", **given) == "FORBIDDEN"
    back = await do(door, "support", "reactivateAccount", **given)
    assert (back["disabledAt"], "DISABLE" in back["availableActions"]) == (None, True)
    fact = (await told(database, house.id))[-1].fact
    assert isinstance(fact, AccountReactivated)
    assert not fact.disabled
    await do(door, house.administrator, "addCompany", accountId=house.id, name="New")


@pytest.mark.requirement("S76")
async def test_an_account_stays_while_ports_are_open_or_numbers_are_left(door, database):
    house, other = await found_account(database), await found_account(database)
    number = await add_number(database, house, phone(1), state=NumberState.PORTED_OUT)
    await hear(
        database,
        request_fact(house, PortSubmitted, 2),
        port_out_fact(house, PortOutReceived, 1, phone(2)),
        port_out_fact(house, PortOutPorted, 3, phone(1), port_out="po_2"),
    )
    before = await told(database)
    for caller in (house.administrator, "support"):
        assert await refusals(door, caller, "disableAccount", accountId=house.id) == [
            (fault, "accountId") for fault in CODES
        ]
    query = "query ($id: ID!) { account(id: $id) { availableActions } }"
    offered = (await door.see("support", query, id=house.id))["account"]["availableActions"]
    assert "DISABLE" not in offered
    assert await told(database) == before
    # Another account's ports tie nobody else.
    await do(door, other.administrator, "disableAccount", accountId=other.id)
    assert number.state is NumberState.PORTED_OUT


@pytest.mark.parametrize("end", [PortDeclined, PortCancelled, PortExpired, PortCompleted])
async def test_a_port_request_ties_from_its_submission_to_its_end_in_whatever_order(
    database, door, end
):
    house = await found_account(database)
    submitted, ended = request_fact(house, PortSubmitted, 2), request_fact(house, end, 5)
    await hear(database, submitted, submitted)
    assert await refusals(door, "support", "disableAccount", accountId=house.id)
    await hear(database, ended, submitted, ended)
    await disable(database, house)


@pytest.mark.requirement("S82")
async def test_a_port_out_ties_until_each_of_its_numbers_is_confirmed(door, database):
    house = await found_account(database)
    await hear(
        database,
        port_out_fact(house, PortOutReceived, 1, phone(1), phone(2)),
        port_out_fact(house, PortOutAuthorized, 2, phone(1), phone(2)),
        port_out_fact(house, PortOutPorted, 4, phone(1), phone(2)),
        port_out_fact(house, PortOutConfirmed, 6, phone(1), phone(2)),
    )
    assert await refusals(door, house.administrator, "disableAccount", accountId=house.id) == [
        ("PORT_OUT_UNCONFIRMED", "accountId")
    ]
    await hear(database, port_out_fact(house, PortOutConfirmed, 8, phone(2), phone(1)))
    await do(door, house.administrator, "disableAccount", accountId=house.id)


WAYS = {
    "confirmed": (PortOutReceived, PortOutAuthorized, PortOutPorted, PortOutConfirmed),
    "refused": (PortOutReceived, PortOutRejected),
    "withdrawn": (PortOutReceived, PortOutAuthorized, PortOutCancelled),
    "returned": (PortOutReceived, PortOutPorted, PortOutDisputed, PortOutReturned),
    "disputed in vain": (PortOutPorted, PortOutDisputed, PortOutDisputeRefused),
}
ENDS = {
    "confirmed": "CONFIRMED",
    "refused": "STAYED",
    "withdrawn": "STAYED",
    "returned": "STAYED",
    "disputed in vain": "LEFT",
}


@pytest.mark.parametrize("way", WAYS)
async def test_a_port_out_s_facts_end_alike_in_every_order(database, way):
    house = await found_account(database)
    states = set()
    for place, order in enumerate(permutations(enumerate(WAYS[way], start=1))):
        port_out = f"po_{place}"
        events = [
            port_out_fact(house, kind, sequence, phone(1), port_out=port_out)
            for sequence, kind in order
        ]
        await hear(database, *events, *events)
        async with database.working() as connection:
            states.add(
                await connection.fetchval(
                    "SELECT state FROM port_out_numbers WHERE port_out_id = $1", port_out
                )
            )
    assert states == {ENDS[way]}


async def test_numbers_are_not_preconfigured_for_a_disabled_account(database):
    house = await found_account(database)
    await disable(database, house)
    lines = [a_line(house.companies["Dental"], phone(place)) for place in (1, 2)]
    async with database.working() as connection:
        await announce_lines(connection, "pr_1", 5, readied(house, lines))
        await preconfigure_numbers(connection, "pr_1", house.id, 6)
    (event,) = await told(database, "pr_1")
    assert isinstance(event.fact, PreconfigurationRefused)
    assert [line.code for line in event.fact.lines] == ["ACCOUNT_DISABLED"] * 2


@pytest.mark.parametrize("first", ["preconfigured", "disabled"])
async def test_of_a_disabling_and_a_preconfiguration_at_one_moment_one_is_refused(
    database, door, first
):
    house = await found_account(database)
    async with database.working() as connection:
        line = a_line(house.companies["Dental"], phone(1))
        await announce_lines(connection, "pr_1", 5, readied(house, [line]))

    async def preconfigure(go_on=None):
        async with database.working() as connection:
            await preconfigure_numbers(connection, "pr_1", house.id, 6)
            if go_on:
                await go_on()

    async def end(go_on=None):
        async with database.transaction(SUPPORT) as connection:
            await disable_account(connection, house.id, by=By(caller=SUPPORT))
            if go_on:
                await go_on()

    second = None

    async def start_the_other():
        nonlocal second
        second = asyncio.ensure_future((end if first == "preconfigured" else preconfigure)())
        await asyncio.sleep(0.2)
        assert not second.done()

    await (preconfigure if first == "preconfigured" else end)(start_the_other)
    await asyncio.gather(second, return_exceptions=True)
    (answer,) = await told(database, "pr_1")
    ended = isinstance((await told(database, house.id))[-1].fact, AccountDisabled)
    kind = NumbersPreconfigured if first == "preconfigured" else PreconfigurationRefused
    assert isinstance(answer.fact, kind)
    assert ended is (first == "disabled")
