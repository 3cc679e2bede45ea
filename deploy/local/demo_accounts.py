"""Two demonstration accounts, and a token for each role in them."""

import asyncio
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from deploy.local.errors import StartError
from deploy.local.graph_client import GraphClient, TransportError
from libs.common.dev_issuer import load_key, sign_token
from libs.common.tokens import DEVELOPMENT_ISSUER

ROLES = ("ADMINISTRATOR", "MANAGER", "CLIENT_MANAGER", "VIEWER")
COMPANIES = ("Downtown", "Uptown")
TOKEN_SECONDS = 12 * 3600
COPIED_SECONDS = 20
SUPPORT = "support"
MACHINE_SCOPES = (
    "calls:report",
    "port-outs:report",
    "accounts:report",
    "numbers:route",
    "mails:report",
)


@dataclass(frozen=True, kw_only=True)
class DemoAccount:
    """`company_ids` by company name, `tokens` by role."""

    id: str
    name: str
    company_ids: Mapping[str, str]
    tokens: Mapping[str, str] = field(repr=False)


class Tokens:
    """Signs with the development issuer's key, as its login page would."""

    def __init__(self, key_folder: Path) -> None:
        self._key = load_key(key_folder)

    def of_support(self) -> str:
        return self._sign("desk", SUPPORT)

    def of_machine(self) -> str:
        return self._sign("telephony", *MACHINE_SCOPES)

    def of_member(self, subject: str, account_id: str) -> str:
        return sign_token(
            self._key, subject=subject, account_id=account_id, lifetime_s=TOKEN_SECONDS
        )

    def _sign(self, subject: str, *scopes: str) -> str:
        return sign_token(self._key, subject=subject, scopes=scopes, lifetime_s=TOKEN_SECONDS)


async def create_account(gateway_url: str, tokens: Tokens, name: str) -> DemoAccount:
    """By support; returns when every service knows its members."""
    run = secrets.token_hex(3)
    subjects = {role: f"{role.lower()}-{run}" for role in ROLES}
    support = GraphClient(gateway_url, tokens.of_support())
    account = await support.do(
        "CreateAccount",
        name=name,
        cardOnFile=True,
        balanceCurrent=True,
        inGoodStanding=True,
        inTrial=False,
        companies=[{"name": company} for company in COMPANIES],
        members=[_member(role, subject) for role, subject in subjects.items()],
        idempotencyKey=f"demo-account-{run}",
    )
    companies = [edge["node"] for edge in account["companies"]["edges"]]
    made = DemoAccount(
        id=account["id"],
        name=name,
        company_ids={company["name"]: company["id"] for company in companies},
        tokens={
            role: tokens.of_member(subject, account["id"])
            for role, subject in subjects.items()
        },
    )
    await _wait_until_known(gateway_url, made)
    return made


def _member(role: str, subject: str) -> dict[str, Any]:
    return {
        "name": subject.replace("_", " ").rsplit("-", 1)[0].title(),
        "email": f"{subject.replace('_', '-')}@customer.example",
        "role": role,
        "loginIssuer": DEVELOPMENT_ISSUER,
        "loginSubject": subject,
        "companies": [] if role == "ADMINISTRATOR" else list(COMPANIES),
    }


async def _wait_until_known(gateway_url: str, account: DemoAccount) -> None:
    """The other services learn of members by event, a moment later."""
    try:
        async with asyncio.timeout(COPIED_SECONDS):
            for token in account.tokens.values():
                client = GraphClient(gateway_url, token)
                while not await _is_known(client):  # noqa: ASYNC110 - another process decides
                    await asyncio.sleep(0.05)
    except TimeoutError:
        raise StartError(
            "The services did not hear of the new account: look into their logs."
        ) from None


async def _is_known(client: GraphClient) -> bool:
    try:
        await client.ask("CountVisible")
    except TransportError:
        return False
    return True
