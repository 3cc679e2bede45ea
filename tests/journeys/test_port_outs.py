"""Port-outs that end aside, through the gateway: what porting decides, `numbers` follows."""

from datetime import UTC, datetime, timedelta

import pytest

from deploy.local.demo_accounts import Tokens
from deploy.local.graph_client import GraphClient
from tests.journeys.asking import ask
from tests.journeys.cast import found_account
from tests.journeys.observations import select, until
from tests.journeys.port_ins import numbers_of, submit_port_in

REPORT = """mutation ($input: ReportPortOutInput!) { reportPortOut(input: $input) {
  answers { trackingNumber code } userErrors { code }
} }"""
WITHDRAW = """mutation ($input: WithdrawPortOutInput!) { withdrawPortOut(input: $input) {
  answers { status } userErrors { code }
} }"""
LIST = "query ($n: PhoneNumber) { portOuts(filter: { trackingNumber: $n }) { edges { node { id } } } }"
DISPUTE = """mutation ($input: DisputePortOutInput!) { disputePortOut(input: $input) {
  portOut { status } userErrors { code }
} }"""
RETURN = """mutation ($input: RecordPortOutReturnedInput!) { recordPortOutReturned(input: $input) {
  portOut { status } userErrors { code }
} }"""


@pytest.mark.journey
@pytest.mark.requirement("S73", "S74")
async def test_what_is_withdrawn_stays_and_what_is_returned_is_here_again(stack):
    account = await found_account(stack, "Lovelace Looms")
    tokens = Tokens(stack.key_folder)
    url, support_token = stack.gateway_url, tokens.of_support()
    administrator_token = account.tokens["ADMINISTRATOR"]
    administrator = GraphClient(url, administrator_token)
    support = GraphClient(url, support_token)
    withdrawn, returned = numbers = numbers_of(646, 2)
    request_id = await submit_port_in(administrator, account, numbers)
    await support.do("SendToCarrier", portRequestId=request_id)
    await support.do(
        "RecordFirmDate",
        portRequestId=request_id,
        firmDate=(datetime.now(UTC).date() + timedelta(days=1)).isoformat(),
        overrideReason="This carrier ports numbers on every day.",
    )
    now = datetime.now(UTC).isoformat()
    await support.do("RecordPorted", portRequestId=request_id, portedAt=now)

    async def is_in(service: str, table: str, number: str, column: str, state: str) -> bool:
        rows = await select(
            stack, service, f"SELECT state FROM {table} WHERE {column} = $1", number
        )
        return state in {row["state"] for row in rows}

    async def reaches(number: str, state: str) -> None:
        """In inventory, and in porting's copy of it."""
        for service, table, column in (
            ("numbers", "tracking_numbers", "phone_number"),
            ("porting", "inventory_numbers", "tracking_number"),
        ):
            await until(lambda s=service, t=table, c=column: is_in(s, t, number, c, state))

    for number in numbers:
        await reaches(number, "AWAITING_FIRST_CALL")
        given = {"gainingCarrier": "Northern", "reference": f"PON-{number[-4:]}"}
        report = await ask(
            url,
            REPORT,
            tokens.of_machine(),
            input={**given, "trackingNumbers": [number, "+16465550199"]},
        )
        codes = [each["code"] for each in report["reportPortOut"]["answers"]]
        assert codes == ["ACCEPTED", "7516"]
        found = await ask(url, LIST, administrator_token, n=number)
        [port_out_id] = [edge["node"]["id"] for edge in found["portOuts"]["edges"]]
        await administrator.do("AuthorizePortOut", portOutId=port_out_id)
        await reaches(number, "PORTING_OUT")
        if number == withdrawn:
            answer = await ask(url, WITHDRAW, tokens.of_machine(), input=given)
            assert answer["withdrawPortOut"]["answers"][0]["status"] == "CANCELLED"
            await reaches(number, "AWAITING_FIRST_CALL")
            continue
        now = datetime.now(UTC).isoformat()
        await support.do("RecordPortedOut", portOutId=port_out_id, portedOutAt=now)
        await reaches(returned, "PORTED_OUT")
        said = {"portOutId": port_out_id, "statement": "Nobody here knows them."}
        answer = await ask(url, DISPUTE, administrator_token, input=said)
        assert answer["disputePortOut"]["portOut"]["status"] == "DISPUTED"
        back = {"portOutId": port_out_id, "returnedAt": datetime.now(UTC).isoformat()}
        answer = await ask(url, RETURN, support_token, input=back)
        assert answer["recordPortOutReturned"]["portOut"]["status"] == "RETURNED"
        # Nobody has called it yet.
        await reaches(returned, "AWAITING_FIRST_CALL")
