"""Who asks in these tests: two accounts with a person for each role, and those who are nobody."""

import base64
import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec

from deploy.local.demo_accounts import COMPANIES, DemoAccount, Tokens
from deploy.local.graph_client import GraphClient, TransportError
from deploy.local.stack import Stack
from libs.common.dev_issuer import DEVELOPMENT_AUDIENCE, IssuerKey, load_key, sign_token
from libs.common.tokens import DEVELOPMENT_ISSUER
from tests.journeys.observations import until

# Each role of an account, the companies it has, and the role that our rows give it.
PEOPLE = {
    "ADMINISTRATOR": ("ADMINISTRATOR", []),
    "MANAGER": ("MANAGER", list(COMPANIES)),
    "UPTOWN_MANAGER": ("MANAGER", [COMPANIES[1]]),
    "CLIENT_MANAGER": ("CLIENT_MANAGER", list(COMPANIES)),
    "VIEWER": ("VIEWER", list(COMPANIES)),
}


@dataclass(frozen=True, kw_only=True)
class Account(DemoAccount):
    """`tokens` by the names of PEOPLE; `subjects` are the tokens' `sub`."""

    subjects: Mapping[str, str]


async def found_account(stack: Stack, name: str, **changes: Any) -> Account:
    """By support; returns when every service knows its people."""
    run = secrets.token_hex(4)
    tokens = Tokens(stack.key_folder)
    subjects = {person: f"{person.lower()}-{run}" for person in PEOPLE}
    given = account_input(name, run, **changes)
    made = await GraphClient(stack.gateway_url, tokens.of_support()).do(
        "CreateAccount", **given
    )
    companies = [edge["node"] for edge in made["companies"]["edges"]]
    account = Account(
        id=made["id"],
        name=name,
        company_ids={company["name"]: company["id"] for company in companies},
        tokens={
            person: tokens.of_member(subject, made["id"])
            for person, subject in subjects.items()
        },
        subjects=subjects,
    )
    for token in account.tokens.values():
        client = GraphClient(stack.gateway_url, token)
        await until(lambda client=client: _is_known(client))
    return account


def account_input(name: str, run: str, **changes: Any) -> dict[str, Any]:
    members = [
        {
            "name": person.replace("_", " ").title(),
            "email": f"{person.lower()}@customer.example",
            "role": role,
            "loginIssuer": DEVELOPMENT_ISSUER,
            "loginSubject": f"{person.lower()}-{run}",
            "companies": companies,
        }
        for person, (role, companies) in PEOPLE.items()
    ]
    return {
        "name": name,
        "cardOnFile": True,
        "balanceCurrent": True,
        "inGoodStanding": True,
        "inTrial": False,
        "companies": [{"name": company} for company in COMPANIES],
        "members": members,
        "idempotencyKey": f"found-{run}",
        **changes,
    }


async def _is_known(client: GraphClient) -> bool:
    try:
        await client.ask("CountVisible")
    except TransportError:
        return False
    return True


def nobodies(stack: Stack, victim: Account, other: Account) -> dict[str, str | None]:
    """Tokens of who has no business with the victim's account, and of what is no token."""
    key = load_key(stack.key_folder)
    tokens = Tokens(stack.key_folder)
    administrator = victim.subjects["ADMINISTRATOR"]
    return {
        "no token": None,
        "garbage": "hello.world.again",
        "expired": sign_token(
            key, subject=administrator, account_id=victim.id, lifetime_s=-60
        ),
        "unsigned": _unsigned(key, administrator, victim.id),
        "signed with another key": _signed_by_a_stranger(key, administrator, victim.id),
        "for another audience": sign_token(
            key, subject=administrator, account_id=victim.id, audience="elsewhere"
        ),
        "with a NUL in its subject": sign_token(key, subject=f"{administrator}\0"),
        "for longer than there are years": sign_token(
            key, subject=administrator, account_id=victim.id, lifetime_s=10**15
        ),
        "stranger": sign_token(key, subject="nobody-we-know"),
        "intruder": tokens.of_member(other.subjects["ADMINISTRATOR"], victim.id),
        "other administrator": other.tokens["ADMINISTRATOR"],
        "machine": tokens.of_machine(),
    }


def _unsigned(key: IssuerKey, subject: str, account_id: str) -> str:
    def part(content: Mapping[str, Any]) -> str:
        return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()

    header = {"alg": "none", "kid": key.key_id, "typ": "JWT"}
    return f"{part(header)}.{part(_claims(subject, account_id))}."


def _signed_by_a_stranger(key: IssuerKey, subject: str, account_id: str) -> str:
    """With the key id of the real key."""
    stranger = ec.generate_private_key(ec.SECP256R1())
    headers = {"kid": key.key_id}
    return jwt.encode(_claims(subject, account_id), stranger, "ES256", headers=headers)


def _claims(subject: str, account_id: str) -> dict[str, Any]:
    return {
        "iss": DEVELOPMENT_ISSUER,
        "aud": DEVELOPMENT_AUDIENCE,
        "sub": subject,
        "exp": int(time.time()) + 600,
        "account": account_id,
    }
