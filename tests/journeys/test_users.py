"""Many people at once with the same query: each reads their own."""

import asyncio
import secrets

import pytest

from deploy.local.demo_accounts import Tokens
from deploy.local.graph_client import GraphClient
from tests.journeys.asking import ask, post
from tests.journeys.cast import account_input
from tests.journeys.observations import until

pytestmark = pytest.mark.journey

USERS = 20
ROUNDS = 5
MY_PAGE = """{
  viewer { member { id } account { id name portRequests(first: 5) { edges { node { name } } } } }
  portRequests(first: 5) { edges { node { name account { name } company { name } } } }
}"""


async def found_user(stack, number):
    """A name that nobody else has, and the token that sees it."""
    run, tokens = secrets.token_hex(4), Tokens(stack.key_folder)
    name = f"Account {number} of {run}"
    support = GraphClient(stack.gateway_url, tokens.of_support())
    made = await support.do("CreateAccount", **account_input(name, run))
    token = tokens.of_member(f"administrator-{run}", made["id"])
    company = made["companies"]["edges"][0]["node"]["id"]

    async def has_draft():
        query = """mutation ($input: CreatePortRequestInput!) { createPortRequest(input: $input) {
            portRequest { id } userErrors { code } } }"""
        given = {"companyId": company, "name": f"Draft of {name}", "idempotencyKey": run}
        answer = (await post(stack.gateway_url, query, token, input=given)).json()
        return not answer.get("errors") and bool(
            answer["data"]["createPortRequest"]["portRequest"]
        )

    await until(has_draft)
    return name, token


async def test_twenty_people_with_one_query_each_read_their_own(stack):
    users = await asyncio.gather(*(found_user(stack, number) for number in range(USERS)))

    for _ in range(ROUNDS):
        pages = await asyncio.gather(
            *(ask(stack.gateway_url, MY_PAGE, token) for _, token in users)
        )

        for (name, _), page in zip(users, pages, strict=True):
            draft = {"name": f"Draft of {name}"}
            account = page["viewer"]["account"]
            assert account["name"] == name
            assert account["portRequests"]["edges"] == [{"node": draft}]
            [listed] = page["portRequests"]["edges"]
            assert listed["node"]["name"] == draft["name"]
            assert listed["node"]["account"]["name"] == name
