"""Charges in the graph: who may ask, what an invoice run is answered, and what can be changed."""

from datetime import UTC, datetime

import pytest

from libs.common.caller import Role
from services.numbers.domain.tracking_numbers import NumberState
from tests.numbers.builders import add_number, found_account, phone, told

BILLABLE = """
    query ($account: ID!, $month: String!, $first: Int, $after: String) {
      billableNumbers(accountId: $account, month: $month, first: $first, after: $after) {
        month from until numberCount dayCount
        numbers {
          totalCount
          pageInfo { hasNextPage endCursor }
          edges { node { numberId companyId phoneNumber from until days parts { from until } } }
        }
      }
    }
"""
NUMBER = """
    query ($id: ID!) {
      trackingNumber(id: $id) { state availableActions billingPeriods { startedAt endedAt } }
    }
"""
DISABLE = """
    mutation ($id: ID!) {
      disableTrackingNumber(input: {trackingNumberId: $id}) { userErrors { code } }
    }
"""
RESTORE = """
    mutation ($id: ID!, $key: String) {
      restoreTrackingNumber(input: {trackingNumberId: $id, idempotencyKey: $key}) {
        trackingNumber { state version }
        userErrors { code path ... on InvalidStateError { status } }
      }
    }
"""
CHANGE = """
    mutation ($account: ID, $key: String) {
      changePortOutDisabling(
        input: {accountId: $account, disablesPortedOut: true, idempotencyKey: $key}
      ) {
        account { disablesPortedOut }
        userErrors { code path }
      }
    }
"""


@pytest.mark.requirement("S12", "S80")
async def test_an_invoice_run_reads_each_charged_number_page_by_page(database, door):
    house, other = await found_account(database), await found_account(database)
    await add_number(database, other, phone(9), state=NumberState.ACTIVE)
    await add_number(database, house, phone(8))
    numbers = [
        await add_number(database, house, phone(place), state=NumberState.ACTIVE)
        for place in range(3)
    ]
    for caller in (house.administrator, "support", "billing:read"):
        seen, after = [], None
        while True:
            answer = await door.see(
                caller, BILLABLE, account=house.id, month="2026-03", first=2, after=after
            )
            month = answer["billableNumbers"]
            assert (month["numberCount"], month["dayCount"]) == (3, 90)
            assert month["numbers"]["totalCount"] == 3
            seen += [edge["node"] for edge in month["numbers"]["edges"]]
            if not month["numbers"]["pageInfo"]["hasNextPage"]:
                break
            after = month["numbers"]["pageInfo"]["endCursor"]
        part = {"from": "2026-03-02T12:00:00Z", "until": "2026-04-01T00:00:00Z"}
        assert seen == [
            {
                "numberId": number.id,
                "companyId": house.companies["Dental"],
                "phoneNumber": number.phone_number,
                "days": 30,
                "parts": [part],
                **part,
            }
            for number in numbers
        ]


async def test_a_month_that_runs_is_counted_until_now_and_a_coming_one_is_empty(
    database, door
):
    house = await found_account(database)
    await add_number(database, house, phone(1), state=NumberState.ACTIVE)
    before = datetime.now(UTC)
    answer = await door.see(
        "support", BILLABLE, account=house.id, month=f"{before:%Y-%m}", first=1
    )
    month = answer["billableNumbers"]
    assert month["dayCount"] in {before.day, datetime.now(UTC).day}
    assert before <= datetime.fromisoformat(month["until"]) <= datetime.now(UTC)
    answer = await door.see("support", BILLABLE, account=house.id, month="2999-12")
    assert answer["billableNumbers"]["numberCount"] == 0
    assert answer["billableNumbers"]["numbers"]["edges"] == []


async def test_charges_are_for_administrators_support_and_their_own_machine(database, door):
    house, other = await found_account(database), await found_account(database)
    asked = {"account": house.id, "month": "2026-03"}
    for caller, code in (
        (house.callers[Role.MANAGER], "FORBIDDEN"),
        (house.callers[Role.VIEWER], "FORBIDDEN"),
        ("numbers:route calls:report", "FORBIDDEN"),
        ("stranger", "FORBIDDEN"),
        (None, "UNAUTHENTICATED"),
    ):
        assert await door.code(caller, BILLABLE, **asked) == code
    answer = await door.see(other.administrator, BILLABLE, **asked)
    assert answer["billableNumbers"] is None


@pytest.mark.parametrize(
    "month", ["2026-13", "2026-3", "1999-01", "", "2026-03-01", "٢026-03"]
)
async def test_what_is_no_month_is_refused(database, door, month):
    code = await door.code("support", BILLABLE, account="acc_x", month=month)
    assert code == "BAD_USER_INPUT"


@pytest.mark.requirement("S12", "S80")
async def test_a_number_shows_its_charges_and_is_restored_once(database, door):
    house = await found_account(database)
    number = await add_number(database, house, phone(1), state=NumberState.ACTIVE)
    admin, manager = house.administrator, house.callers[Role.MANAGER]
    await door.see(admin, DISABLE, id=number.id)
    disabled = (await door.see(admin, NUMBER, id=number.id))["trackingNumber"]
    assert (disabled["state"], disabled["availableActions"]) == ("DISABLED", ["RESTORE"])
    assert await door.code(manager, RESTORE, id=number.id) == "FORBIDDEN"
    for _ in range(2):
        answer = await door.see(admin, RESTORE, id=number.id, key="once")
        assert answer["restoreTrackingNumber"] == {
            "trackingNumber": {"state": "ACTIVE", "version": number.version + 2},
            "userErrors": [],
        }
    answer = await door.see("support", RESTORE, id=number.id)
    assert answer["restoreTrackingNumber"]["userErrors"] == [
        {
            "code": "INVALID_STATE",
            "path": ["input", "trackingNumberId"],
            "status": "ACTIVE",
        }
    ]
    seen = (await door.see(manager, NUMBER, id=number.id))["trackingNumber"]
    first, second = seen["billingPeriods"]
    assert first["startedAt"] == "2026-03-02T12:00:00Z"
    assert first["endedAt"] < second["startedAt"]
    assert second["endedAt"] is None
    assert "RESTORE" not in seen["availableActions"]


@pytest.mark.requirement("S79")
async def test_an_administrator_says_that_numbers_which_leave_are_disabled(database, door):
    house, other = await found_account(database), await found_account(database)
    before = len(await told(database, house.id))
    for _ in range(2):
        answer = await door.see(house.administrator, CHANGE, key="once")
        assert answer["changePortOutDisabling"] == {
            "account": {"disablesPortedOut": True},
            "userErrors": [],
        }
    assert len(await told(database, house.id)) == before + 1
    answer = await door.see(house.administrator, CHANGE, account=other.id)
    assert answer["changePortOutDisabling"]["userErrors"] == [
        {"code": "NOT_FOUND", "path": ["input", "accountId"]}
    ]
    assert await door.code("support", CHANGE) == "BAD_USER_INPUT"
    answer = await door.see("support", CHANGE, account=other.id)
    assert answer["changePortOutDisabling"]["account"] == {"disablesPortedOut": True}
