"""Who asks: a token's login, joined with the membership that our own rows give it."""

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

from libs.common.tokens import Claims, TokenVerifier, Unauthenticated

logger = logging.getLogger(__name__)

SUPPORT_SCOPE = "support"
# A closed list: `openid profile`, which people's tokens carry, makes nobody a machine.
MACHINE_SCOPES = frozenset(
    {
        "calls:report",
        "port-outs:report",
        "accounts:report",
        "numbers:route",
        "letters:deliver",
        "mails:report",
        "billing:read",
    }
)
_LONGEST_HEADER = 64


class Role(StrEnum):
    ADMINISTRATOR = "ADMINISTRATOR"
    MANAGER = "MANAGER"
    CLIENT_MANAGER = "CLIENT_MANAGER"
    VIEWER = "VIEWER"


@dataclass(frozen=True, kw_only=True)
class Login:
    issuer: str
    subject: str
    expires_at: datetime


@dataclass(frozen=True, kw_only=True)
class Membership:
    account_id: str
    member_id: str
    role: Role
    company_ids: frozenset[str]
    account_is_disabled: bool = False


@dataclass(frozen=True, kw_only=True)
class Member:
    """`company_ids` is empty for an administrator, who has every company of the account.

    Of an account that is disabled they read, and change nothing.
    """

    login: Login
    account_id: str
    member_id: str
    role: Role
    company_ids: frozenset[str] = frozenset()
    account_is_disabled: bool = False

    def has_company(self, company_id: str) -> bool:
        return self.role is Role.ADMINISTRATOR or company_id in self.company_ids


@dataclass(frozen=True, kw_only=True)
class Support:
    login: Login


@dataclass(frozen=True, kw_only=True)
class Machine:
    login: Login
    scopes: frozenset[str]


@dataclass(frozen=True)
class Anonymous:
    """Nobody we know: sees nothing."""


@dataclass(frozen=True, kw_only=True)
class Stranger(Anonymous):
    """A good token whose login has no membership: sees nothing either, but is signed in."""

    login: Login


Caller: TypeAlias = Member | Support | Machine | Anonymous
FindMemberships: TypeAlias = Callable[[str, str], Awaitable[Sequence[Membership]]]


class AccountNotChosen(Exception):
    """The login has several memberships, or not the one it names."""


def login_of(caller: Caller) -> Login | None:
    return None if type(caller) is Anonymous else getattr(caller, "login", None)


class CallerResolver:
    """Reads our own rows on every request: a role taken away is gone with the next one."""

    def __init__(self, verifier: TokenVerifier, find_memberships: FindMemberships) -> None:
        self._verifier = verifier
        self._find_memberships = find_memberships

    async def resolve(self, authorization: str | None, account_header: str | None) -> Caller:
        """Raises `Unauthenticated`, `AccountNotChosen` or `KeysUnavailable`."""
        if not authorization:
            return Anonymous()
        try:
            claims = await self._verifier.verify(_bearer_token(authorization))
        except Unauthenticated as refusal:
            logger.info(
                "token refused", extra={"action": "token.refused", "reason": refusal.reason}
            )
            raise
        login = Login(
            issuer=claims.issuer, subject=claims.subject, expires_at=claims.expires_at
        )
        if SUPPORT_SCOPE in claims.scopes:
            return Support(login=login)
        if scopes := claims.scopes & MACHINE_SCOPES:
            return Machine(login=login, scopes=scopes)
        chosen = _chosen_account(claims, account_header)
        memberships = await self._find_memberships(login.issuer, login.subject)
        if not memberships:
            return Stranger(login=login)
        return _member(login, _choose(memberships, chosen))

    async def refresh(self, caller: Caller) -> Caller:
        """The same login with the role it has now; `Stranger` where it lost its membership."""
        if not isinstance(caller, Member):
            return caller
        memberships = await self._find_memberships(caller.login.issuer, caller.login.subject)
        for membership in memberships:
            if membership.account_id == caller.account_id:
                return _member(caller.login, membership)
        return Stranger(login=caller.login)


def _bearer_token(authorization: str) -> str:
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthenticated("not a bearer token")
    return token.strip()


def _chosen_account(claims: Claims, account_header: str | None) -> str | None:
    header = (account_header or "").strip() or None
    if header is not None and len(header) > _LONGEST_HEADER:
        raise AccountNotChosen("x-portline-account names no account of this login.")
    if claims.account_id and header and claims.account_id != header:
        raise AccountNotChosen("x-portline-account and the token name different accounts.")
    return claims.account_id or header


def _choose(memberships: Sequence[Membership], chosen: str | None) -> Membership:
    if chosen is None:
        if len(memberships) > 1:
            raise AccountNotChosen(
                "This login belongs to several accounts: name one in x-portline-account."
            )
        return memberships[0]
    for membership in memberships:
        if membership.account_id == chosen:
            return membership
    raise AccountNotChosen("x-portline-account names no account of this login.")


def person_of(caller: Member | Support) -> str:
    """Who is kept with what they did: a member's id, or which person of support."""
    if isinstance(caller, Member):
        return caller.member_id
    return f"support:{caller.login.subject}"


def _member(login: Login, membership: Membership) -> Member:
    return Member(
        login=login,
        account_id=membership.account_id,
        member_id=membership.member_id,
        role=membership.role,
        company_ids=frozenset()
        if membership.role is Role.ADMINISTRATOR
        else membership.company_ids,
        account_is_disabled=membership.account_is_disabled,
    )
