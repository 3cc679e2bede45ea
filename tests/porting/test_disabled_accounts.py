"""A disabled account in porting: its people read, ask our support team, and change nothing else."""

from datetime import UTC, datetime
from typing import Any

import pytest

from libs.common.graphql.rights import EVEN_DISABLED
from libs.contracts.number_events import (
    AccountDisabled,
    AccountReactivated,
    AccountState,
    MemberChanged,
    PreconfigurationRefused,
    RefusedLine,
)
from libs.contracts.refusals import Refused
from services.porting.domain.actions import actions_for, case_actions_for
from services.porting.domain.port_out_actions import port_out_actions_for
from services.porting.domain.port_outs import PortOutStatus
from services.porting.domain.requests import PortRequestStatus
from services.porting.domain.support_cases import CaseState
from services.porting.schema.graph import RIGHTS
from tests.porting.builders import (
    a_draft,
    a_full_draft,
    a_line,
    a_member,
    a_port_out_row,
    a_request,
    account_changed,
    found_house,
    hear,
    heard,
    now,
    phone,
    request_of,
    submit,
)
from tests.porting.test_international import given

CARD = "query ($id: ID!) { portRequest(id: $id) { availableActions missing { code path } } }"
OPEN_CASE = """mutation ($input: OpenSupportCaseInput!) {
  openSupportCase(input: $input) { supportCase { id } userErrors { code } }
}"""


def account_as(kind: type[AccountState], **said: Any) -> AccountState:
    return kind(**vars(account_changed()) | {"disabled": kind is AccountDisabled} | said)


async def end(database, house, sequence=50):
    said = {"disabled_at": datetime.now(UTC), "disabled_by": "support"}
    fact = account_as(AccountDisabled, **said)
    await hear(database, heard(fact, subject=house.id, sequence=sequence))


def test_nothing_but_our_support_team_is_offered():
    caller = a_member("ADMINISTRATOR", account_is_disabled=True)
    for status in PortRequestStatus:
        assert actions_for(caller, a_request(status=status)) == ()
    for status in PortOutStatus:
        assert port_out_actions_for(caller, a_port_out_row(status=status), now()) == ()
    assert case_actions_for(caller, CaseState.OPEN)
    assert {name for name, right in RIGHTS.items() if not right.isdisjoint(EVEN_DISABLED)} == {
        "openSupportCase",
        "postMessage",
    }


async def test_its_people_read_and_ask_support_and_change_nothing(door, database):
    house = await found_house(database)
    request_id = await a_draft(database, house.administrator, house.dental)
    await end(database, house)

    card = (await door.see(house.administrator, CARD, id=request_id))["portRequest"]
    assert card["availableActions"] == []
    assert {
        "code": "ACCOUNT_DISABLED",
        "path": ["portRequest", "account", "disabledAt"],
    } in card["missing"]
    for caller in (house.administrator, house.manager):
        for mutation, about in (
            ("submitPortRequest", {"portRequestId": request_id}),
            ("createPortRequest", {"companyId": house.dental, "name": "More"}),
            ("cancelPortRequest", {"portRequestId": request_id}),
        ):
            code = await door.code(caller, door.mutation(mutation), input=about)
            assert (mutation, code) == (mutation, "FORBIDDEN")
    asked = {
        "accountId": house.id,
        "subject": "Let us in",
        "message": "Please reactivate us.",
    }
    opened = (await door.see(house.administrator, OPEN_CASE, input=asked))["openSupportCase"]
    assert opened["userErrors"] == []

    back = heard(account_as(AccountReactivated), subject=house.id, sequence=51)
    await hear(database, back)
    await end(database, house, sequence=49)
    renamed = await door.act(
        house.administrator, "renamePortRequest", portRequestId=request_id, name="Again"
    )
    assert renamed["userErrors"] == []


async def test_a_submission_that_was_on_its_way_is_refused_as_well(database):
    """Its caller was let in before the account's end was heard here."""
    house = await found_house(database)
    lines = [a_line(house.dental, phone(100))]
    request_id = await a_full_draft(database, house.administrator, house.dental, lines)
    await end(database, house)
    for act in (
        submit(database, house.administrator, request_id),
        a_draft(database, house.administrator, house.dental),
    ):
        with pytest.raises(Refused) as refused:
            await act
        assert [each.code for each in refused.value.refusals] == ["ACCOUNT_DISABLED"]
    assert (await request_of(database, request_id)).status is PortRequestStatus.DRAFT


async def test_a_submission_before_the_end_was_heard_stops_at_preconfiguration(database):
    house = await found_house(database)
    lines = [a_line(house.dental, phone(100))]
    request_id = await a_full_draft(database, house.administrator, house.dental, lines)
    await submit(database, house.administrator, request_id)
    refused = PreconfigurationRefused(
        account_id=house.id,
        refused_count=1,
        lines=[
            RefusedLine(
                line_id=lines[0].id, tracking_number=phone(100), code="ACCOUNT_DISABLED"
            )
        ],
    )
    await hear(database, heard(refused, subject=request_id))
    request = await request_of(database, request_id)
    assert request.status is PortRequestStatus.ACTION_REQUIRED
    assert (request.fault_code, request.fault_waiting_on) == ("ACCOUNT_DISABLED", "SUPPORT")
    assert request.sent_at is None


async def test_support_makes_no_request_for_a_disabled_account(door, database):
    house = await found_house(database)
    await end(database, house)
    payload = await door.act("support", "createPortRequestFor", **given(house))
    assert [(error["code"], error["path"]) for error in payload["userErrors"]] == [
        ("ACCOUNT_DISABLED", ["input", "accountId"])
    ]


async def test_a_member_who_was_deactivated_has_no_right_with_the_next_request(door, database):
    house = await found_house(database)
    manager = house.manager
    query = "{ portRequests { totalCount } }"
    await door.see(manager, query)
    said = MemberChanged(
        member_id=manager.member_id,
        name="Ada",
        email="ada@example.com",
        role="MANAGER",
        company_ids=[house.dental],
        login_issuer=manager.login.issuer,
        login_subject=manager.login.subject,
        active=False,
    )
    await hear(database, heard(said, subject=house.id, sequence=50))
    assert await door.code(manager, query) == "FORBIDDEN"
    before = heard(replace_active(said), subject=house.id, sequence=49)
    await hear(database, before)
    assert await door.code(manager, query) == "FORBIDDEN"


def replace_active(said):
    return said.model_copy(update={"active": True})
