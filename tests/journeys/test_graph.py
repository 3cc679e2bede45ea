"""One graph over three services: from a line to its account and back, whatever their number."""

import asyncio
import secrets

import pytest

from deploy.local.demo_accounts import Tokens
from deploy.local.graph_client import GraphClient
from deploy.local.stack import SERVICES
from tests.journeys.asking import ask, post
from tests.journeys.cast import account_input, found_account
from tests.journeys.observations import read_log
from tests.journeys.port_ins import numbers_of, submit_port_in
from tests.journeys.wires import count_statements

pytestmark = pytest.mark.journey

THERE_AND_BACK = """
query ($id: ID!) {
  portRequest(id: $id) {
    lines(first: 100) {
      edges {
        node {
          phoneNumber
          company { name }
          trackingNumber {
            phoneNumber
            portRequest { id name status }
            company {
              name
              trackingNumbers(first: 1) { edges { node { id } } }
              account { name portRequests(first: 5) { edges { node { id status } } } }
            }
          }
        }
      }
    }
  }
}
"""


@pytest.fixture(scope="module")
async def requests(wired):
    """A small request and a large one, each with every line a number in inventory."""
    account = await found_account(wired.stack, "Lovelace Looms")
    client = GraphClient(wired.stack.gateway_url, account.tokens["ADMINISTRATOR"])
    return {
        count: await submit_port_in(client, account, numbers_of(area_code, count))
        for area_code, count in ((212, 3), (312, 30))
    }


async def test_a_line_leads_to_its_account_and_back(wired, requests):
    support = Tokens(wired.stack.key_folder).of_support()

    answer = await ask(wired.stack.gateway_url, THERE_AND_BACK, support, id=requests[30])

    lines = [edge["node"] for edge in answer["portRequest"]["lines"]["edges"]]
    assert len(lines) == 30
    for line in lines:
        number = line["trackingNumber"]
        assert number["phoneNumber"] == line["phoneNumber"]
        assert number["portRequest"]["id"] == requests[30]
        assert number["company"]["name"] == line["company"]["name"] == "Downtown"
        assert len(number["company"]["trackingNumbers"]["edges"]) == 1
        back = number["company"]["account"]["portRequests"]["edges"]
        assert {edge["node"]["id"] for edge in back} == set(requests.values())


async def test_ten_times_the_lines_cost_not_one_statement_or_request_more(wired, requests):
    costs = {}
    for count, request_id in requests.items():
        await measure(wired, id=request_id)  # prepares statements, reads types
        costs[count] = await measure(wired, id=request_id)

    assert costs[30] == costs[3]
    assert costs[3]["statements"] > 0
    assert all(costs[3][service] > 0 for service in ("porting", "numbers"))


ACCOUNTS = """
query ($first: Int!) {
  accounts(first: $first) {
    edges {
      node {
        name
        companies(first: 3) { totalCount edges { node { name } } }
        members(first: 3) { edges { node { name companies { name } } } }
        portRequests(first: 3) { totalCount edges { node { name letter { state } } } }
      }
    }
  }
}
"""


async def test_five_times_the_accounts_cost_no_statement_more(wired, requests):
    support = GraphClient(wired.stack.gateway_url, Tokens(wired.stack.key_folder).of_support())
    for _ in range(10):
        given = account_input("One of many", secrets.token_hex(4))
        await support.do("CreateAccount", **given)
    costs = []
    for first in (2, 10):
        await measure(wired, query=ACCOUNTS, first=first)
        costs.append(await measure(wired, query=ACCOUNTS, first=first))

    few, many = costs
    assert many == few


async def measure(wired, query=THERE_AND_BACK, **variables):
    """Statements in the databases, and requests to each subgraph, for one query."""
    stack = wired.stack
    name = f"measured-{secrets.token_hex(6)}"
    with wired.database.listened_to() as heard:
        answer = await post(
            stack.gateway_url,
            query,
            Tokens(stack.key_folder).of_support(),
            headers={"x-request-id": name},
            **variables,
        )
    assert "errors" not in answer.json(), answer.text
    await asyncio.sleep(0.2)  # a request's line follows its answer
    cost = {
        service: sum(
            line.get("request_id") == name and line.get("path") == "/graphql"
            for line in read_log(stack, service)
        )
        for service in SERVICES
    }
    cost["statements"] = sum(
        count_statements(heard, f"{service}_support") for service in SERVICES
    )
    return cost
